/**
 * The ids at the other end of each vertex's edges.
 */
import { encodeValues } from "../../core/column/codec.ts";
import type { EncodedChunk } from "../../core/column/types.ts";
import { invalidArgument } from "../../core/errors.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { sharedCopy } from "../columns/output.ts";
import { Deferred } from "../deferred.ts";
import { makeRoom } from "../makeRoom.ts";
import type { GraphParts } from "../parts.ts";
import { idReader } from "../partition/idColumn.ts";
import type { EdgeRows, IdColumn } from "../partition/topology.ts";
import { freeTable, type VertexTable } from "../superstep/messagesToColumns.ts";
import type { EdgeDirection, VertexId } from "../types.ts";

const neighborIdsRef: OperatorRef = operatorRef(import.meta.url, "neighborIds");

interface Rows {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly EdgeRows[];
}

/**
 * For every vertex, the ids at the other end of its edges: along them, against them, or both ways; duplicates kept,
 * incoming ones first. Empty where there are none.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `direction` is "both".
 */
export function collectNeighborIds({ ctx, shape }: GraphParts, direction: EdgeDirection): Deferred<VertexTable> {
  if (!["in", "out", "either"].includes(direction)) {
    throw invalidArgument("collectNeighborIds", "direction", '"in", "out" or "either"', direction);
  }
  const { driver } = ctx;
  const make = (): Promise<VertexTable> =>
    shape.use(async (made) => {
      const { ids, partitions, numVertices } = made.topology;
      const outgoing = direction === "in" ? undefined : await made.outRows();
      const tasks = partitions.map(({ from, to, inRows }, at): Rows => {
        const rows = direction === "out" ? [] : [inRows];
        return { from, to, rows: outgoing === undefined ? rows : [...rows, outgoing[at]!] };
      });
      const spec = { name: "collectNeighborIds", operator: neighborIdsRef, shared: ids, tasks };
      const chunks = await driver.runTasks<EncodedChunk>(spec);
      const present = driver.arena.allocate("uint8", numVertices, "collectNeighborIds");
      driver.arena.view(present).fill(1);
      const schema = { kind: "scalar", field: { name: "", type: "object", nullable: false } } as const;
      return { columns: { schema, length: numVertices, columns: [{ kind: "encoded", chunks }] }, present };
    });
  return new Deferred(
    () => makeRoom(driver, make),
    (table) => freeTable(driver, table),
    [shape],
  );
}

/** Task: the neighbours of the vertices [from, to). */
export function neighborIds(ids: IdColumn, { from, to, rows }: Rows, task: TaskContext): EncodedChunk {
  const idOf = idReader(ids, task.arena);
  const open = rows.map((each) => ({
    offsets: task.arena.view(each.offsets),
    neighbours: task.arena.view(each.neighbours),
  }));
  const values: VertexId[][] = [];
  for (let row = 0; row < to - from; row++) {
    const found: VertexId[] = [];
    for (const { offsets, neighbours } of open) {
      for (let entry = offsets[row]!; entry < offsets[row + 1]!; entry++) found.push(idOf(neighbours[entry]!));
    }
    values.push(found);
  }
  return { from, to, bytes: sharedCopy(encodeValues(values)) };
}
