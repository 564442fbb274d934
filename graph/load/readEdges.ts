import type { EdgeChunk } from "./edgeChunk.ts";
import { loadRows, type RowOptions } from "./loadRows.ts";
import type { InputFile, TextColumn } from "./text/loadText.ts";
import type { BadRows } from "./text/mergeResults.ts";
import type { TaskRunner } from "./text/taskRunner.ts";

/** Options of `readEdges`. */
export type ReadEdgesOptions = Omit<RowOptions, "id">;

/** Edges as they were read, and how. */
export interface EdgeInput {
  readonly chunks: readonly EdgeChunk[];
  /** The attributes of the edges, in the order of the chunks' `attrs`. */
  readonly columns: readonly TextColumn[];
  /** The name of the weight column, if one was asked for or the format has one. */
  readonly weight?: string;
  readonly numEdges: number;
  readonly numLines: number;
  readonly numComments: number;
  readonly numBlankLines: number;
  readonly badRows: BadRows;
  readonly idType: "integer" | "string";
  /** Vertices that exist even without an edge: ids 1 to this (Matrix Market). */
  readonly numDeclaredVertices?: number;
  /** What the input was taken for, and why; for users. */
  readonly format: string;
  readonly files: readonly InputFile[];
}

/**
 * Reads edges: SNAP-like edge lists, CSV and TSV, Matrix Market, plain, gzip or zstd; Parquet and Arrow; files, directories of
 * part files, globs, or `-`. Plain text is read in parallel by all threads of `runner`, a compressed file by one; row groups of
 * Parquet and batches of Arrow by as many threads of their own.
 *
 * Edges come in the order of the input, whatever the number of threads. A symmetric matrix gives each entry off the
 * diagonal twice, its mirror image following it.
 *
 * @throws SuperstepError INVALID_INPUT with file, line and column (or row) for the first row that is bad (after `maxErrors`), or
 * for a file that is unreadable, damaged, or not text; INVALID_ARGUMENT for options.
 */
export async function readEdges(
  runner: TaskRunner,
  paths: string | readonly string[],
  options: ReadEdgesOptions = {},
): Promise<EdgeInput> {
  const { numRows: _, chunks: rows, ...rest } = await loadRows(runner, paths, "edges", options);
  const chunks = rows.map(({ numRows, ids, attrs }): EdgeChunk => {
    return { numEdges: numRows, src: ids[0]!, dst: ids[1]!, attrs };
  });
  return { ...rest, chunks, numEdges: chunks.reduce((sum, { numEdges }) => sum + numEdges, 0) };
}
