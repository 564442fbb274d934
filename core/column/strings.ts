/**
 * Columns of strings as UTF-8 bytes and offsets: compared and searched as bytes, whose order is that of code points.
 */
import { excerpt, SuperstepError } from "../errors.ts";
import { arrayOf, isWellFormed } from "./flatColumns.ts";

/** Strings as UTF-8: value i is bytes [offsets[i], offsets[i + 1]). */
export interface StringColumn {
  /** Count + 1 entries, ascending, in bytes. */
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
}

/**
 * The strings as a column in SharedArrayBuffers.
 *
 * @throws SuperstepError INVALID_INPUT if a string has a lone surrogate, which UTF-8 cannot say.
 * @throws SuperstepError OUT_OF_MEMORY if the bytes would pass 4 GiB.
 */
export function encodeStrings(values: readonly string[]): StringColumn {
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (values.length + 1)));
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!isWellFormed(value)) {
      throw new SuperstepError(
        "INVALID_INPUT",
        `strings: value ${i} must be well-formed Unicode, got ${excerpt(value)} with a lone surrogate`,
        { details: { index: i } },
      );
    }
    total += Buffer.byteLength(value);
    if (total >= 2 ** 32) {
      throw new SuperstepError("OUT_OF_MEMORY", `strings: a column must take less than 4 GiB. Use more partitions.`, {
        details: { neededBytes: total, values: values.length },
      });
    }
    offsets[i + 1] = total;
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(total));
  const target = Buffer.from(bytes.buffer);
  for (let i = 0; i < values.length; i++) target.write(values[i]!, offsets[i]!, "utf8");
  return { offsets, bytes };
}

/** Value `index` of the column. */
export function stringAt(column: StringColumn, index: number): string {
  const { buffer, byteOffset, byteLength } = column.bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString("utf8", column.offsets[index], column.offsets[index + 1]);
}

/** Values [from, to) of the column. */
export function stringsOf(column: StringColumn, from = 0, to: number = column.offsets.length - 1): string[] {
  const bytes = Buffer.from(column.bytes.buffer, column.bytes.byteOffset, column.bytes.byteLength);
  const values = arrayOf<string>(to - from);
  for (let i = from; i < to; i++) values[i - from] = bytes.toString("utf8", column.offsets[i], column.offsets[i + 1]);
  return values;
}

/** Negative, 0 or positive as value `i` of `a` comes before, equals, or comes after value `j` of `b`. */
export function compareStringsAt(a: StringColumn, i: number, b: StringColumn, j: number): number {
  return compareBytes(a.bytes, a.offsets[i]!, a.offsets[i + 1]!, b.bytes, b.offsets[j]!, b.offsets[j + 1]!);
}

/** The index of `value` in a column of ascending distinct strings; -1 if it is not there. */
export function findString(column: StringColumn, value: string): number {
  if (!isWellFormed(value)) return -1; // no column holds it, but its UTF-8 would be that of another string
  const bytes = Buffer.from(value, "utf8");
  const at = lowerBound(column, bytes);
  const isThere = at < column.offsets.length - 1 && compareAt(column, at, bytes) === 0;
  return isThere ? at : -1;
}

/** The first index in an ascending column whose value is not before `bytes`; the number of values if all are. */
export function lowerBound(column: StringColumn, bytes: Uint8Array): number {
  let low = 0;
  let high = column.offsets.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAt(column, middle, bytes) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareAt(column: StringColumn, index: number, bytes: Uint8Array): number {
  return compareBytes(column.bytes, column.offsets[index]!, column.offsets[index + 1]!, bytes, 0, bytes.length);
}

function compareBytes(a: Uint8Array, fromA: number, toA: number, b: Uint8Array, fromB: number, toB: number): number {
  const shorter = Math.min(toA - fromA, toB - fromB);
  for (let k = 0; k < shorter; k++) {
    const difference = a[fromA + k]! - b[fromB + k]!;
    if (difference !== 0) return difference;
  }
  return toA - fromA - (toB - fromB);
}
