/**
 * Task half of compiled functions over rows.
 */
import type { ColumnSet } from "../../core/column/types.ts";
import { compiledPaths, refusedPaths, type FunctionPath } from "../../core/compile/functionPath.ts";
import { isRefusal, type Refusal } from "../../core/compile/refused.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import type { TaskContext } from "../../core/host/task.ts";
import type { RowSource } from "../operators/mapRows.ts";
import type { TopologyPartition } from "../partition/topology.ts";
import { columnsKey } from "./columnsKey.ts";
import { compileMap, type CompiledMap } from "./compileMap.ts";
import { putColumns, putIds, putRows, type LoopValues } from "./loopOffsets.ts";
import { runnableLoop, runRounds } from "./rounds.ts";

/** The compiled form of a function over rows, or why it has none. Kept by the thread. */
export function compiledMap(
  fn: ShippedFunction<AnyFunction>,
  source: RowSource,
  output: ColumnSet,
  task: TaskContext,
): CompiledMap | Refusal {
  const { kind, ids, vertices, edges, table } = source;
  const ofTable = table && [columnsKey(table.columns), table.keepsAbsent];
  const key = JSON.stringify([
    fn.id,
    kind,
    ids.kind,
    columnsKey(vertices),
    columnsKey(edges),
    ofTable,
    columnsKey(output),
  ]);
  return task.memo(`map ${key}`, () => compileMap(fn, source, output));
}

/** How a function over rows runs. */
export function mapPaths(
  { argument }: ShippedFunction<AnyFunction>,
  map: CompiledMap | Refusal,
): readonly FunctionPath[] {
  return isRefusal(map) ? refusedPaths([argument], map) : compiledPaths([argument]);
}

/** Runs it over a partition. `missing` is called where a value is missing that there is no room for, and must throw. */
export function runCompiledMap(
  { loop, walk }: CompiledMap,
  source: RowSource,
  output: ColumnSet,
  { from, to, inRows }: TopologyPartition,
  missing: () => never,
  task: TaskContext,
): void {
  const { ids, vertices, edges, table } = source;
  const { firstEdge, neighbours } = inRows;
  const [first, numRows] = walk === "edges" ? [firstEdge, neighbours.length] : [from, to - from];
  const values: LoopValues = { first };
  putIds(values, ids);
  putColumns(values, "vertex", vertices);
  putColumns(values, "edge", edges);
  putColumns(values, "out", output);
  putRows(values, "in", inRows);
  if (table) {
    putColumns(values, "table", table.columns);
    values["present"] = table.present.offset;
  }
  const offsets = walk === "rows" ? [task.arena.view(inRows.offsets)] : [];
  runRounds(runnableLoop(loop, task), numRows, offsets, values, [], { missing }, task);
}
