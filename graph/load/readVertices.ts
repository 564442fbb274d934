import type { VertexChunk } from "./edgeChunk.ts";
import { loadRows, type RowOptions } from "./loadRows.ts";
import type { InputFile, TextColumn } from "./text/loadText.ts";
import type { BadRows } from "./text/mergeResults.ts";
import type { TaskRunner } from "./text/taskRunner.ts";

/** Options of `readVertices`. */
export type ReadVerticesOptions = Omit<RowOptions, "src" | "dst" | "weight">;

/** Vertices as they were read, and how. */
export interface VertexInput {
  readonly chunks: readonly VertexChunk[];
  /** The attributes of the vertices, in the order of the chunks' `attrs`. */
  readonly columns: readonly TextColumn[];
  /** Rows; an id that occurs twice counts twice. */
  readonly numVertices: number;
  readonly numLines: number;
  readonly numComments: number;
  readonly numBlankLines: number;
  readonly badRows: BadRows;
  readonly idType: "integer" | "string";
  /** What the input was taken for, and why; for users. */
  readonly format: string;
  readonly files: readonly InputFile[];
}

/**
 * Reads a table of vertices: an id and attributes a row, CSV or TSV with or without header, or columns between blanks.
 * The column of ids is `options.id`, else a known name, else the first where there is no header.
 *
 * Rows come in the order of the input, whatever the number of threads; of ids that occur twice, all rows are given.
 *
 * @throws SuperstepError INVALID_INPUT, INVALID_ARGUMENT as `readEdges`.
 */
export async function readVertices(
  runner: TaskRunner,
  paths: string | readonly string[],
  options: ReadVerticesOptions = {},
): Promise<VertexInput> {
  const {
    numRows,
    chunks: rows,
    weight: _,
    numDeclaredVertices: __,
    ...rest
  } = await loadRows(runner, paths, "vertices", options);
  const chunks = rows.map(({ numRows: numVertices, ids, attrs }): VertexChunk => ({
    numVertices,
    ids: ids[0]!,
    attrs,
  }));
  return { ...rest, chunks, numVertices: numRows };
}
