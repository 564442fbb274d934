/**
 * Some rows of columns as they were read: copies in shared memory.
 */
import type { IdValues, RawColumn } from "./edgeChunk.ts";

/** The ids of these rows. */
export function takeIds(ids: IdValues, rows: Uint32Array): IdValues {
  if (ids.kind === "uint32") return { kind: "uint32", values: take(ids.values, rows, Uint32Array) };
  if (ids.kind === "int64") return { kind: "int64", values: take(ids.values, rows, BigInt64Array) };
  return { ...ids, codes: take(ids.codes, rows, Uint32Array) };
}

/** The values of these rows. */
export function takeColumn(column: RawColumn, rows: Uint32Array): RawColumn {
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
