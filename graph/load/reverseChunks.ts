/**
 * Edges in another direction, chunk by chunk, before they are put in order.
 */
import { compareIds } from "../partition/idColumn.ts";
import { idValueReader } from "../operators/idValueReader.ts";
import type { EdgeChunk, IdValues } from "./edgeChunk.ts";
import { takeColumn, takeIds } from "./takeRows.ts";

/** The chunks, and after them every edge the other way round; self-loops stay single. Arrays are shared, not copied. */
export function withReversedEdges(chunks: readonly EdgeChunk[]): EdgeChunk[] {
  const reversed = chunks.map((chunk): EdgeChunk => {
    const turned = { ...chunk, src: chunk.dst, dst: chunk.src };
    const kept = rowsWhere(chunk, isNoLoop(chunk));
    return kept.length === chunk.numEdges ? turned : takeRows(turned, kept);
  });
  return [...chunks, ...reversed];
}

/** The chunks with each edge leading from the lower id to the higher. */
export function orientEdges(chunks: readonly EdgeChunk[]): EdgeChunk[] {
  return chunks.map((chunk) => {
    const srcAt = idValueReader(chunk.src);
    const dstAt = idValueReader(chunk.dst);
    const isTurned = (row: number): boolean => compareIds(srcAt(row), dstAt(row)) > 0;
    return turnRows(chunk, isTurned);
  });
}

function isNoLoop({ src, dst }: EdgeChunk): (row: number) => boolean {
  if (src.kind !== "string" && dst.kind !== "string") return (row) => src.values[row] !== dst.values[row];
  const srcAt = idValueReader(src);
  const dstAt = idValueReader(dst);
  return (row) => srcAt(row) !== dstAt(row);
}

function rowsWhere({ numEdges }: EdgeChunk, holds: (row: number) => boolean): Uint32Array {
  const rows = new Uint32Array(numEdges);
  let count = 0;
  for (let row = 0; row < numEdges; row++) if (holds(row)) rows[count++] = row;
  return rows.subarray(0, count);
}

function takeRows(chunk: EdgeChunk, rows: Uint32Array): EdgeChunk {
  return {
    numEdges: rows.length,
    src: takeIds(chunk.src, rows),
    dst: takeIds(chunk.dst, rows),
    attrs: chunk.attrs.map((column) => takeColumn(column, rows)),
  };
}

/** Swaps the ends of the rows for which `isTurned` holds. */
function turnRows(chunk: EdgeChunk, isTurned: (row: number) => boolean): EdgeChunk {
  const every = rowsWhere(chunk, () => true);
  const src = takeIds(chunk.src, every);
  const dst = takeIds(chunk.dst, every);
  if (src.kind === "string" && dst.kind === "string" && src.dictionary !== dst.dictionary) {
    throw new Error("internal error: string ids of one chunk must share a dictionary");
  }
  const [a, b] = [wordsOf(src), wordsOf(dst)];
  for (let row = 0; row < chunk.numEdges; row++) {
    if (isTurned(row)) [a[row], b[row]] = [b[row]!, a[row]!];
  }
  return { ...chunk, src, dst };
}

function wordsOf(ids: IdValues): Uint32Array | BigInt64Array {
  return ids.kind === "string" ? ids.codes : ids.values;
}
