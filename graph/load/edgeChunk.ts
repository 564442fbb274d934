/**
 * Edges as they are read: columns in input order, before ids become indices. What every reader of edges makes, and what
 * `buildTopology` takes. All arrays view SharedArrayBuffers, so that threads hand them on without a copy.
 */

/** Strings as UTF-8: value i is bytes [offsets[i], offsets[i + 1]). */
export interface Utf8Values {
  /** Count + 1 entries, ascending. */
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
}

/** Strings that one reader met first in one chunk: codes go on from those of the parts before it of the same name. */
export interface DictionaryPart extends Utf8Values {
  readonly of: string;
  /** Code of its first string. */
  readonly from: number;
}

/**
 * A column of vertex ids: 32-bit where all fit (never negative), else 64-bit, or codes into distinct strings. `most`: no value
 * is larger, where the reader knows.
 */
export type IdValues =
  | { readonly kind: "uint32"; readonly values: Uint32Array; readonly most?: number }
  | { readonly kind: "int64"; readonly values: BigInt64Array }
  | { readonly kind: "string"; readonly codes: Uint32Array; readonly dictionary: Utf8Values };

/** A typed column beside the ids. `validity`: one byte a row, 0 where the value is missing; absent if none is. */
export type RawColumn = { readonly name: string; readonly validity?: Uint8Array } & (
  | { readonly type: "number"; readonly values: Float64Array }
  | { readonly type: "bigint"; readonly values: BigInt64Array }
  | { readonly type: "boolean"; readonly values: Uint8Array }
  | { readonly type: "string"; readonly codes: Uint32Array; readonly dictionary: Utf8Values }
);

/** A run of consecutive edges of the input. Chunks of one load have the same kinds of ids and the same columns. */
export interface EdgeChunk {
  readonly numEdges: number;
  readonly src: IdValues;
  readonly dst: IdValues;
  readonly attrs: readonly RawColumn[];
}

/** A run of consecutive rows of a vertex table. */
export interface VertexChunk {
  readonly numVertices: number;
  readonly ids: IdValues;
  readonly attrs: readonly RawColumn[];
}
