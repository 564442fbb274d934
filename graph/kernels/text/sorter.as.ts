/**
 * Strings in the order of their bytes, which is that of code points; a prefix comes first. Equal strings become one.
 *
 * Radix sort by eight bytes at a time, the first eight first; only strings that agree go on to the next. The clear form is a
 * comparison sort by `compareUtf8`. Cost: linear in the bytes that tell strings apart.
 */
import { grown, partOfWord, setWord, slack, word } from "./memory.as";

/** Strings that were added, in words: where the bytes end (they begin where the ones before end), and the entry each is. */
let ends: usize = 0;
let entries: usize = 0;
let count: u32 = 0;
let maxCount: u32 = 0;
let bytes: usize = 0;
let maxBytes: u32 = 0;

/** Rows of a key, two words, and a string. Two of each, between which rows move. */
let keys: usize = 0;
let order: usize = 0;
let spareKeys: usize = 0;
let spareOrder: usize = 0;

/** Groups yet to be sorted: first row, end, and the depth in bytes up to which they agree. */
let groups: usize = 0;
let numGroups: u32 = 0;
let maxGroups: u32 = 0;

const counters = memory.data(256 * 4);
/** Up to so many rows are sorted by insertion. */
const smallGroup: u32 = 24;

/**
 * Adds those strings of a dictionary, `size` of them with offsets and bytes at the addresses, that are used (a byte each) and in
 * [low, high): bytes in UTF-8; `highEnd` 0 is no bound. String c is entry `firstEntry` + c.
 */
export function addStrings(
  offsets: usize,
  text: usize,
  used: usize,
  size: u32,
  firstEntry: u32,
  low: usize,
  lowEnd: usize,
  high: usize,
  highEnd: usize,
): void {
  const numBytes = word(offsets, size);
  const taken: u32 = count == 0 ? 0 : word(ends, count - 1);
  if (count + size > maxCount) {
    const most = max(count + size, 2 * maxCount);
    ends = grown(ends, (<usize>count) << 2, (<usize>most) << 2);
    entries = grown(entries, (<usize>count) << 2, (<usize>most) << 2);
    maxCount = most;
  }
  if (taken + numBytes > maxBytes || bytes == 0) {
    const most = max(taken + numBytes, 2 * maxBytes);
    bytes = grown(bytes, taken, <usize>most + slack);
    maxBytes = most;
  }
  let end = taken;
  for (let code: u32 = 0; code < size; code++) {
    if (load<u8>(used + <usize>code) == 0) continue;
    const from = text + <usize>word(offsets, code);
    const to = text + <usize>word(offsets, code + 1);
    if (compare(from, to, low, lowEnd) < 0) continue;
    if (highEnd != 0 && compare(from, to, high, highEnd) >= 0) continue;
    memory.copy(bytes + <usize>end, from, to - from);
    end += <u32>(to - from);
    setWord(ends, count, end);
    setWord(entries, count++, firstEntry + code);
  }
}

/** Bytes of all that was added. */
export function addedBytes(): u32 {
  return count == 0 ? 0 : word(ends, count - 1);
}

/** Sorts what was added. Returns how many strings there are. */
export function sortStrings(): u32 {
  keys = heap.alloc((<usize>count) << 3);
  order = heap.alloc((<usize>count) << 2);
  spareKeys = heap.alloc((<usize>count) << 3);
  spareOrder = heap.alloc((<usize>count) << 2);
  for (let row: u32 = 0; row < count; row++) setWord(order, row, row);
  pushGroup(0, count, 0);
  while (numGroups > 0) {
    numGroups--;
    const group = groups + <usize>numGroups * 12;
    sortGroup(word(group, 0), word(group, 1), word(group, 2));
  }
  return count;
}

/**
 * Writes, in sorted order, the entry of each string and its place among the distinct ones, and of those the offsets and bytes.
 * Returns their number.
 */
export function takeSorted(sortedEntries: usize, places: usize, offsets: usize, text: usize): u32 {
  let numDistinct: u32 = 0;
  let end: u32 = 0;
  setWord(offsets, 0, 0);
  for (let row: u32 = 0; row < count; row++) {
    const string = word(order, row);
    const from = startOf(string);
    const length = word(ends, string) - from;
    const before = numDistinct == 0 ? 0 : word(offsets, numDistinct - 1);
    const isNew =
      numDistinct == 0 ||
      end - before != length ||
      compare(text + <usize>before, text + <usize>end, bytes + <usize>from, bytes + <usize>(from + length)) != 0;
    if (isNew) {
      memory.copy(text + <usize>end, bytes + <usize>from, length);
      end += length;
      setWord(offsets, ++numDistinct, end);
    }
    setWord(sortedEntries, row, word(entries, string));
    setWord(places, row, numDistinct - 1);
  }
  return numDistinct;
}

function startOf(string: u32): u32 {
  return string == 0 ? 0 : word(ends, string - 1);
}

/** Byte order of two strings: negative, 0 or positive. */
function compare(a: usize, aEnd: usize, b: usize, bEnd: usize): i32 {
  while (a + 8 <= aEnd && b + 8 <= bEnd) {
    const left = load<u64>(a);
    const right = load<u64>(b);
    if (left != right) return bswap(left) < bswap(right) ? -1 : 1;
    a += 8;
    b += 8;
  }
  const left = keyAt(a, aEnd);
  const right = keyAt(b, bEnd);
  if (left != right) return left < right ? -1 : 1;
  // up to zeros at the end one is the beginning of the other, and both have less than eight bytes or one has none
  const aLeft = <i32>(aEnd - a);
  const bLeft = <i32>(bEnd - b);
  return min(aLeft, 9) - min(bLeft, 9);
}

/** The first eight bytes of [at, end), the first the most significant; zeros from `end` on. */
function keyAt(at: usize, end: usize): u64 {
  if (at + 8 <= end) return bswap(load<u64>(at));
  return at >= end ? 0 : bswap(partOfWord(at, <u32>(end - at)));
}

function keyOf(row: u32): u64 {
  return load<u64>(keys + ((<usize>row) << 3));
}

function setRow(row: u32, key: u64, string: u32): void {
  store<u64>(keys + ((<usize>row) << 3), key);
  setWord(order, row, string);
}

function pushGroup(from: u32, to: u32, depth: u32): void {
  if (to - from < 2) return;
  if (numGroups == maxGroups) {
    const most = max(64, 2 * maxGroups);
    groups = grown(groups, <usize>numGroups * 12, <usize>most * 12);
    maxGroups = most;
  }
  const group = groups + <usize>numGroups * 12;
  numGroups++;
  setWord(group, 0, from);
  setWord(group, 1, to);
  setWord(group, 2, depth);
}

/** Sorts rows [from, to) by their bytes from `depth` on, and puts up for sorting those that agree in the next eight. */
function sortGroup(from: u32, to: u32, depth: u32): void {
  let isMore = false;
  let differing: u64 = 0;
  let first: u64 = 0;
  for (let row = from; row < to; row++) {
    const string = word(order, row);
    const start = startOf(string) + depth;
    const end = word(ends, string);
    const key = start >= end ? 0 : keyAt(bytes + <usize>start, bytes + <usize>end);
    isMore = isMore || end > start + 8;
    if (row == from) first = key;
    differing |= key ^ first;
    store<u64>(keys + ((<usize>row) << 3), key);
  }
  sortRows(from, to, differing);
  for (let start = from; start < to;) {
    const key = keyOf(start);
    let end = start + 1;
    while (end < to && keyOf(end) == key) end++;
    if (end - start > 1) {
      if (isMore) pushGroup(start, end, depth + 8);
      else sortByLength(start, end);
    }
    start = end;
  }
}

/** Strings that agree but for zeros at their ends: the shorter first. */
function sortByLength(from: u32, to: u32): void {
  let differing: u64 = 0;
  let first: u64 = 0;
  for (let row = from; row < to; row++) {
    const string = word(order, row);
    const length = <u64>(word(ends, string) - startOf(string));
    if (row == from) first = length;
    differing |= length ^ first;
    store<u64>(keys + ((<usize>row) << 3), length);
  }
  sortRows(from, to, differing);
}

/** Sorts rows by their keys, which differ in these bits; equal ones stay in order. */
function sortRows(from: u32, to: u32, differing: u64): void {
  if (differing == 0) return;
  if (to - from <= smallGroup) return insertionSort(from, to);
  let isMoved = false;
  for (let shift: u32 = 0; shift < 64; shift += 8) {
    if (((differing >> shift) & 0xff) == 0) continue;
    memory.fill(counters, 0, 1024);
    for (let row = from; row < to; row++) {
      const digit = (<u32>(keyOf(row) >> shift)) & 0xff;
      setWord(counters, digit, word(counters, digit) + 1);
    }
    let next = from;
    for (let digit: u32 = 0; digit < 256; digit++) {
      const numRows = word(counters, digit);
      setWord(counters, digit, next);
      next += numRows;
    }
    for (let row = from; row < to; row++) {
      const key = keyOf(row);
      const digit = (<u32>(key >> shift)) & 0xff;
      const place = word(counters, digit);
      setWord(counters, digit, place + 1);
      store<u64>(spareKeys + ((<usize>place) << 3), key);
      setWord(spareOrder, place, word(order, row));
    }
    swapRows();
    isMoved = !isMoved;
  }
  if (!isMoved) return;
  // an odd number of moves: the other rows are where they were
  swapRows();
  memory.copy(keys + ((<usize>from) << 3), spareKeys + ((<usize>from) << 3), (<usize>(to - from)) << 3);
  memory.copy(order + ((<usize>from) << 2), spareOrder + ((<usize>from) << 2), (<usize>(to - from)) << 2);
}

function swapRows(): void {
  const otherKeys = keys;
  const otherOrder = order;
  keys = spareKeys;
  order = spareOrder;
  spareKeys = otherKeys;
  spareOrder = otherOrder;
}

function insertionSort(from: u32, to: u32): void {
  for (let next = from + 1; next < to; next++) {
    const key = keyOf(next);
    const string = word(order, next);
    let row = next;
    for (; row > from && keyOf(row - 1) > key; row--) setRow(row, keyOf(row - 1), word(order, row - 1));
    setRow(row, key, string);
  }
}
