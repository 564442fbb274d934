/**
 * Sorts strings by their UTF-8 bytes, which is their order by code points; a prefix comes first.
 */
import type { Utf8Values } from "../load/edgeChunk.ts";
import { radixSort, type SortRows } from "./radixSort.ts";

/** Strings [from, to) of the order so far, equal in their first `depth` bytes. */
interface Group {
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

/** Up to so many strings are sorted by insertion. */
const smallGroup = 16;
const stepBytes = 8;

/**
 * The order of the strings: entry i is which of them comes i-th; equal ones in the order they came.
 *
 * Radix sort by eight bytes at a time, the first eight first; only strings that agree go on to the next. Cost: linear in
 * the bytes that tell strings apart.
 */
export function sortUtf8(strings: Utf8Values): Uint32Array {
  const count = strings.offsets.length - 1;
  const order = new Uint32Array(count);
  for (let string = 0; string < count; string++) order[string] = string;
  const rows = { major: new Uint32Array(count), minor: new Uint32Array(count), payload: order };
  const spare = { major: new Uint32Array(count), minor: new Uint32Array(count), payload: new Uint32Array(count) };
  const groups: Group[] = [{ from: 0, to: count, depth: 0 }];
  for (let group = groups.pop(); group; group = groups.pop()) {
    if (group.to - group.from <= smallGroup) insertionSort(strings, order, group);
    else sortGroup(strings, rows, spare, group, groups);
  }
  return order;
}

/** Byte order of two strings: negative, 0 or positive. */
export function compareUtf8(
  a: Uint8Array,
  aFrom: number,
  aTo: number,
  b: Uint8Array,
  bFrom: number,
  bTo: number,
): number {
  const common = Math.min(aTo - aFrom, bTo - bFrom);
  for (let at = 0; at < common; at++) {
    const difference = a[aFrom + at]! - b[bFrom + at]!;
    if (difference !== 0) return difference;
  }
  return aTo - aFrom - (bTo - bFrom);
}

/** Sorts a group by its next eight bytes, and puts up for sorting the groups of those that agree in them. */
function sortGroup(
  { offsets, bytes }: Utf8Values,
  all: SortRows & { payload: Uint32Array },
  allSpare: SortRows & { payload: Uint32Array },
  { from, to, depth }: Group,
  groups: Group[],
): void {
  const rows = rowsOf(all, from, to);
  const spare = rowsOf(allSpare, from, to);
  const numRows = to - from;
  let longest = 0;
  for (let row = 0; row < numRows; row++) {
    const string = rows.payload[row]!;
    const start = offsets[string]! + depth;
    const end = offsets[string + 1]!;
    longest = Math.max(longest, end - start);
    rows.major[row] = bigEndianWord(bytes, start, end);
    rows.minor[row] = bigEndianWord(bytes, start + 4, end);
  }
  if (longest <= 0) {
    // All have ended, and differ at most by bytes of zero at the end: the shorter first.
    for (let row = 0; row < numRows; row++) {
      const string = rows.payload[row]!;
      rows.major[row] = 0;
      rows.minor[row] = offsets[string + 1]! - offsets[string]!;
    }
  }
  const sorted = radixSort(rows, spare, numRows);
  if (sorted !== rows) rows.payload.set(sorted.payload!);
  if (longest <= 0) return;
  const { major, minor } = sorted;
  for (let start = 0; start < numRows;) {
    let end = start + 1;
    while (end < numRows && major[end] === major[start] && minor[end] === minor[start]) end++;
    if (end - start > 1) groups.push({ from: from + start, to: from + end, depth: depth + stepBytes });
    start = end;
  }
}

/** Four bytes from `at` on, the first the most significant; zeros from `end` on. */
function bigEndianWord(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  let word = 0;
  for (let byte = 0; byte < 4; byte++) word = (word << 8) | (at + byte < end ? bytes[at + byte]! : 0);
  return word;
}

function rowsOf(
  rows: SortRows & { payload: Uint32Array },
  from: number,
  to: number,
): SortRows & { payload: Uint32Array } {
  return {
    major: rows.major.subarray(from, to),
    minor: rows.minor.subarray(from, to),
    payload: rows.payload.subarray(from, to),
  };
}

function insertionSort({ offsets, bytes }: Utf8Values, order: Uint32Array, { from, to, depth }: Group): void {
  for (let next = from + 1; next < to; next++) {
    const string = order[next]!;
    const start = offsets[string]!;
    const end = offsets[string + 1]!;
    let at = next;
    while (at > from) {
      const before = order[at - 1]!;
      const beforeStart = offsets[before]!;
      const beforeEnd = offsets[before + 1]!;
      // Of strings that ended before `depth`, and agree up to zeros, the lengths decide.
      if (compareUtf8(bytes, beforeStart + depth, beforeEnd, bytes, start + depth, end) <= 0) break;
      order[at] = before;
      at--;
    }
    order[at] = string;
  }
}
