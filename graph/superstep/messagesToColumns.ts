/**
 * From merged messages of parts to columns over the vertices, with a mark for those that received one: the last half
 * of `aggregateMessages`, and of every table that is laid over a graph's vertices.
 */
import { freeColumns } from "../../core/column/columnSet.ts";
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import { commonSchema } from "../columns/commonSchema.ts";
import type { WrittenRows } from "../columns/output.ts";
import { writeColumns } from "../columns/writeColumns.ts";
import type { Topology } from "../partition/topology.ts";
import { combineMessagesRef, type CombineInput, type CombinePartition, type PartMessages } from "./combine.ts";

/** Values of some of a graph's vertices: columns over all of them, and one byte each, 1 where there is a value. */
export interface VertexTable {
  readonly columns: ColumnSet;
  readonly present: ColumnRef<"uint8">;
}

/** Gives a table's columns back to the arena. */
export function freeTable(driver: Driver, { columns, present }: VertexTable): void {
  freeColumns(driver.arena, columns);
  driver.arena.free(present);
}

/**
 * Merges `parts`, in their order, into a table.
 *
 * @throws SuperstepError TYPE_MISMATCH if messages are of different types.
 */
export async function messagesToColumns(
  driver: Driver,
  topology: Topology,
  operation: string,
  mergeMessage: ShippedFunction<AnyFunction>,
  parts: readonly PartMessages[],
): Promise<VertexTable> {
  const schema = commonSchema(parts);
  const received = driver.arena.allocate("uint8", topology.numVertices, operation);
  try {
    const write = (output: ColumnSet): Promise<WrittenRows[]> => {
      const shared: CombineInput = { operation, mergeMessage, ids: topology.ids, output, received };
      const tasks = topology.partitions.map(({ from, to }, at): CombinePartition => ({
        from,
        to,
        parts: partsFor(parts, topology, at),
      }));
      return driver.runTasks<WrittenRows>({
        name: `${operation}: combine`,
        operator: combineMessagesRef,
        shared,
        tasks,
      });
    };
    const cleared = {}; // vertices without messages are not written
    const columns = await writeColumns(driver, operation, schema, topology.numVertices, write, cleared);
    return { columns, present: received };
  } catch (error) {
    driver.arena.free(received);
    throw error;
  }
}

/** Only parts that hold a target of the partition travel to its task. */
function partsFor(parts: readonly PartMessages[], topology: Topology, partition: number): readonly PartMessages[] {
  const { from, to } = topology.partitions[partition]!;
  return parts.filter(({ targets }) => targets.length > 0 && targets[0]! < to && targets[targets.length - 1]! >= from);
}
