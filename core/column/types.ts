/**
 * The types a column can have, and the reference by which a column in the arena is named.
 */

/** Element types of fixed width, which live in the arena as they are. */
export type FixedType = "float64" | "float32" | "int32" | "uint32" | "int64" | "uint8" | "boolean";

/** Bytes of one element; a boolean takes one byte, 0 or 1. */
export const bytesPerElement: Readonly<Record<FixedType, number>> = {
  float64: 8,
  float32: 4,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint8: 1,
  boolean: 1,
};

/** The view that reads a fixed type. Views of shared memory and of plain memory are used alike. */
export interface FixedViews {
  float64: Float64Array;
  float32: Float32Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  boolean: Uint8Array;
}

/**
 * Names `length` elements of type `type` in the arena of a host, from byte `offset` on. Plain data: it travels to
 * threads, where `arena.view(ref)` turns it into a typed array.
 */
export interface ColumnRef<T extends FixedType = FixedType> {
  readonly type: T;
  /** In bytes from the start of the arena; a multiple of 64, of a slice a multiple of the element size. */
  readonly offset: number;
  /** In elements. */
  readonly length: number;
}

/** What a value of an attribute, or of one of its fields, can be. `object`: anything else that can travel, encoded. */
export type FieldType = "number" | "boolean" | "bigint" | "string" | "object";

/** One field of a record. `nullable`: values can be missing (null), and a validity column says where. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
}

/** What the values of a column set are: one value each, or a flat record of fields. */
export type Schema =
  { readonly kind: "scalar"; readonly field: Field } | { readonly kind: "record"; readonly fields: readonly Field[] };

/** A column of one field: fixed width in the arena, or encoded in chunks of consecutive rows. */
export type StoredColumn =
  | {
      readonly kind: "fixed";
      readonly data: ColumnRef;
      /** One byte a value, 1 where there is one; absent when none is missing. */
      readonly validity?: ColumnRef<"uint8">;
    }
  | { readonly kind: "encoded"; readonly chunks: readonly EncodedChunk[]; readonly placed?: PlacedValues };

/** Where the values of an encoded column lie instead of in chunks: in an arena that holds some of its rows, on executors. */
export interface PlacedValues {
  /** The place of each row's value in the heap; 0 where there is none. */
  readonly places: ColumnRef<"uint32">;
  /** A `ValueHeap`. */
  readonly heap: ColumnRef<"uint8">;
}

/** Rows [from, to) of an encoded column: strings or other values, as written by `encodeValues`. */
export interface EncodedChunk {
  readonly from: number;
  readonly to: number;
  readonly bytes: SharedArrayBuffer;
}

/** The values of `length` rows, one stored column a field in the order of the schema. */
export interface ColumnSet {
  readonly schema: Schema;
  readonly length: number;
  readonly columns: readonly StoredColumn[];
}
