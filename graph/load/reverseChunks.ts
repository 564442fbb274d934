/**
 * Edges in another direction, chunk by chunk, before they are put in order.
 */
import { compareIds } from "../partition/idColumn.ts";
import { idValueReader } from "../operators/idValueReader.ts";
import type { EdgeChunk, IdValues, RawColumn } from "./edgeChunk.ts";

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

function takeIds(ids: IdValues, rows: Uint32Array): IdValues {
  if (ids.kind === "uint32") return { kind: "uint32", values: take(ids.values, rows, Uint32Array) };
  if (ids.kind === "int64") return { kind: "int64", values: take(ids.values, rows, BigInt64Array) };
  return { ...ids, codes: take(ids.codes, rows, Uint32Array) };
}

function takeColumn(column: RawColumn, rows: Uint32Array): RawColumn {
  const validity = column.validity && { validity: take(column.validity, rows, Uint8Array) };
  switch (column.type) {
    case "number":
      return { ...column, ...validity, values: take(column.values, rows, Float64Array) };
    case "bigint":
      return { ...column, ...validity, values: take(column.values, rows, BigInt64Array) };
    case "boolean":
      return { ...column, ...validity, values: take(column.values, rows, Uint8Array) };
    case "string":
      return { ...column, ...validity, codes: take(column.codes, rows, Uint32Array) };
  }
}

type Words = Uint8Array | Uint32Array | Float64Array | BigInt64Array;

interface WordsConstructor<A extends Words> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: SharedArrayBuffer): A;
}

function take<A extends Words>(values: A, rows: Uint32Array, Type: WordsConstructor<A>): A {
  const taken = new Type(new SharedArrayBuffer(rows.length * Type.BYTES_PER_ELEMENT));
  for (let i = 0; i < rows.length; i++) taken[i] = values[rows[i]!]!;
  return taken;
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
