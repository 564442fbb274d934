/**
 * Degrees as tables: vertices with at least one such edge.
 */
import type { Driver } from "../../core/cluster/driver.ts";
import { Deferred } from "../deferred.ts";
import { makeRoom } from "../makeRoom.ts";
import type { GraphParts } from "../parts.ts";
import type { Shape } from "../shape.ts";
import { freeTable, type VertexTable } from "../superstep/messagesToColumns.ts";

/** Edges in, out, or at a vertex, where there are any; a self-loop counts twice at a vertex. */
export function degreeTable({ ctx, shape }: GraphParts, direction: "in" | "out" | "either"): Deferred<VertexTable> {
  return new Deferred(
    () => shape.use((made) => makeRoom(ctx.driver, () => countDegrees(ctx.driver, made, direction))),
    (table) => freeTable(ctx.driver, table),
    [shape],
  );
}

async function countDegrees({ arena }: Driver, shape: Shape, direction: "in" | "out" | "either"): Promise<VertexTable> {
  const { numVertices, partitions } = shape.topology;
  const outgoing = direction === "in" ? undefined : await shape.outDegrees();
  const data = arena.allocate("float64", numVertices, "degrees");
  const present = arena.allocate("uint8", numVertices, "degrees");
  const degrees = arena.view(data);
  const marks = arena.view(present);
  if (outgoing !== undefined) degrees.set(arena.view(outgoing));
  if (direction !== "out") {
    for (const { from, to, inRows } of partitions) {
      const offsets = arena.view(inRows.offsets);
      for (let index = from; index < to; index++) {
        degrees[index] = degrees[index]! + offsets[index - from + 1]! - offsets[index - from]!;
      }
    }
  }
  for (let index = 0; index < numVertices; index++) marks[index] = degrees[index]! > 0 ? 1 : 0;
  const schema = { kind: "scalar", field: { name: "", type: "number", nullable: false } } as const;
  return { columns: { schema, length: numVertices, columns: [{ kind: "fixed", data }] }, present };
}
