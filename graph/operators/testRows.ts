/**
 * Predicates over the rows of a graph, as one byte a row: what `subgraph` and `filter` decide by.
 */
import { freeColumns } from "../../core/column/columnSet.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import { SuperstepError } from "../../core/errors.ts";
import { describeSchema } from "../../core/column/schema.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import type { Topology } from "../partition/topology.ts";
import { mapRows, type RowSource } from "./mapRows.ts";

/**
 * One byte for each row: 1 where `predicate` holds. The caller frees it.
 *
 * @throws SuperstepError TYPE_MISMATCH if `predicate` returns anything but true or false.
 */
export async function testRows(
  driver: Driver,
  topology: Topology,
  operation: string,
  predicate: ShippedFunction<AnyFunction>,
  source: RowSource,
): Promise<ColumnRef<"boolean">> {
  const set = await mapRows(driver, topology, operation, predicate, source);
  const column = set.columns[0];
  const isBoolean = set.schema.kind === "scalar" && set.schema.field.type === "boolean" && !set.schema.field.nullable;
  if (set.length === 0) {
    freeColumns(driver.arena, set);
    return driver.arena.allocate("boolean", 0, operation);
  }
  if (isBoolean && column?.kind === "fixed") return column.data as ColumnRef<"boolean">;
  freeColumns(driver.arena, set);
  throw new SuperstepError(
    "TYPE_MISMATCH",
    `${operation}: a predicate must return true or false, got ${describeSchema(set.schema)}. Write Boolean(...) around it.`,
  );
}
