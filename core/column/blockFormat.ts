/**
 * The format of a block: a sequence of values as bytes, little-endian.
 *
 *   block    magic, version, two zero bytes, number of values (uint32), column
 *   column   kind, then what the kind says; the number of values is known from outside
 *   value    tag, then what the tag says
 *
 * Values that are alike are written column by column, others one after another, each behind its tag. Every value takes at
 * least one byte in each column, so that no count can promise more values than there are bytes. Lengths and counts are
 * varints (7 bits a byte, low bits first) but where said otherwise; fixed-width data is aligned to its width, counted
 * from the start of the block.
 */

/** First byte of every block. */
export const magic = 0x53;

/** Second byte: changes whenever old readers would misread. */
export const version = 1;

/** Containers in containers, at most. */
export const maxDepth = 64;

/** Columns in columns, at most: deeper values are written one after another. Bounds what a lying block can make grow. */
export const maxColumnDepth = 8;

/** Longest block, in bytes. */
export const maxBlockBytes: number = 2 ** 31 - 1;

/** How a column is written. */
export const kind = {
  /** Values one after another, each behind its tag. */
  mixed: 0,
  /** Numbers that are 32-bit integers. */
  int32: 1,
  /** Numbers. */
  float64: 2,
  /** Booleans, a byte each. */
  boolean: 3,
  /** Bigints that fit 64 bits. */
  bigint64: 4,
  /** Well-formed strings: width of lengths (1, 2, 4), lengths in UTF-16 units, then UTF-8 in segments. */
  strings: 5,
  /** Strings with repetitions: number of distinct ones, these as a column, width of codes, codes. */
  dictionary: 6,
  /** Some missing: a byte each (0 undefined, 1 null, 2 a value), then the values there are as a column. */
  optional: 7,
  /** Plain objects with the same keys in the same order: shape, then a column per key. */
  records: 8,
  /** Arrays of one length, at least 1: the length, then a column per position. */
  tuples: 9,
  /** Arrays of any lengths: lengths (uint32), then all elements as one column. */
  lists: 10,
} as const;

/** What a single value is. */
export const tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  int32: 4,
  float64: 5,
  /** Sign byte, number of bytes, magnitude with low bytes first. */
  bigint: 6,
  /** Number of bytes, UTF-8. */
  string: 7,
  /** Number of UTF-16 units, UTF-16: for strings with a lone surrogate. */
  string16: 8,
  /** Number of values, values. */
  array: 9,
  /** Number of values, column. */
  columnArray: 10,
  /** Shape, values. */
  object: 11,
  /** As `object`, without a prototype. */
  bareObject: 12,
  /** Number of entries; key, value each. */
  map: 13,
  /** Number of values, values. */
  set: 14,
  /** Milliseconds as float64. */
  date: 15,
  /** Source as a tagged string, flags as text. */
  regExp: 16,
  /** Type of its elements, number of bytes, bytes aligned to 8. */
  typedArray: 17,
  /** Number of bytes, bytes. */
  arrayBuffer: 18,
  /** Name, message and stack (or undefined) as tagged values, number of fields; key, value each. `cause` is a field. */
  error: 19,
} as const;

/** A shape is written as its number; the first time (number = shapes so far) its keys follow: count, strings. */
export type Shape = readonly string[];

/** A typed array or DataView over bytes. */
export interface ViewType {
  readonly prototype: object;
  readonly name: string;
  readonly BYTES_PER_ELEMENT?: number;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): ArrayBufferView;
}

/** The typed arrays that travel, by the number that stands for them. */
export const viewTypes: readonly ViewType[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
];
