import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import type { VertexChunk } from "../load/edgeChunk.ts";
import { gatherColumns, keepColumns } from "./gatherColumns.ts";
import { Scratch } from "./scratch.ts";
import type { TaskRunner } from "./taskRunner.ts";

/**
 * The columns of a table of vertices, always as records, in the order of the vertices. `rows`: which row of the table is
 * whose, or `noIndex` where the values are missing. The columns belong to the caller.
 *
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full.
 */
export async function gatherVertices(
  runner: TaskRunner,
  chunks: readonly VertexChunk[],
  rows: ColumnRef<"uint32">,
  numVertices: number,
): Promise<ColumnSet> {
  const scratch = new Scratch(runner.arena, "graph");
  try {
    const sources = chunks.map((chunk) => ({ numRows: chunk.numVertices, attrs: chunk.attrs }));
    return keepColumns(scratch, await gatherColumns(runner, { sources, order: rows, numRows: numVertices }, scratch));
  } finally {
    scratch.freeAll();
  }
}
