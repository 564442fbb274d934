/**
 * Strings in the order of their bytes, which is that of code points; a prefix comes first. Equal strings become one.
 *
 * Radix sort by eight bytes at a time, the first eight first; only strings that agree go on to the next. The clear form is a
 * comparison sort by `compareUtf8`. Cost: linear in the bytes that tell strings apart.
 *
 * Loops over all rows are calls of exported functions over blocks of them: only a call can be one of better code.
 */
import { areEqual, copyBytes, grown, partOfWord, setWord, slack, word } from "./memory.as";

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

/** Makes room for so many further strings of so many bytes. */
export function makeRoom(numStrings: u32, numBytes: u32): void {
  const taken = addedBytes();
  if (count + numStrings > maxCount) {
    const most = max(count + numStrings, 2 * maxCount);
    ends = grown(ends, (<usize>count) << 2, (<usize>most) << 2);
    entries = grown(entries, (<usize>count) << 2, (<usize>most) << 2);
    maxCount = most;
  }
  if (taken + numBytes > maxBytes || bytes == 0) {
    const most = max(taken + numBytes, 2 * maxBytes);
    bytes = grown(bytes, taken, <usize>most + slack);
    maxBytes = most;
  }
}

/**
 * Adds those of strings [from, to) of a dictionary, with offsets and bytes at the addresses, that are used (a byte each) and in
 * [low, high), bytes of UTF-8; `highEnd` 0 is no bound. There must be room. String c is entry `firstEntry` + c.
 */
export function addStrings(
  offsets: usize,
  text: usize,
  used: usize,
  from: u32,
  to: u32,
  firstEntry: u32,
  low: usize,
  lowEnd: usize,
  high: usize,
  highEnd: usize,
): void {
  let end = addedBytes();
  for (let code = from; code < to; code++) {
    if (load<u8>(used + <usize>code) == 0) continue;
    const start = text + <usize>word(offsets, code);
    const stop = text + <usize>word(offsets, code + 1);
    if (compare(start, stop, low, lowEnd) < 0) continue;
    if (highEnd != 0 && compare(start, stop, high, highEnd) >= 0) continue;
    copyBytes(bytes + <usize>end, start, <u32>(stop - start));
    end += <u32>(stop - start);
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

/** How many of the rows before `takeSorted` is at are distinct, and the last of them. */
let numDistinct: u32 = 0;
let last: usize = 0;
let lastEnd: usize = 0;

/**
 * Writes, in sorted order, the entry of each of rows [from, to) and its place among the distinct strings, and of those the
 * offsets and bytes. Rows come in order, a few hundred at a time. Returns how many are distinct up to here.
 */
export function takeSorted(from: u32, to: u32, sortedEntries: usize, places: usize, offsets: usize, text: usize): u32 {
  if (from == 0) {
    last = text;
    lastEnd = text;
    setWord(offsets, 0, 0);
  }
  let touched: u32 = 0;
  for (let row = from; row < to; row++) {
    const string = word(order, row);
    touched |= load<u8>(bytes + <usize>startOf(string));
    setWord(sortedEntries, row, word(entries, string));
  }
  if (from < to) setWord(places, from, touched); // which is overwritten: or nobody would have asked for them
  for (let row = from; row < to; row++) {
    const string = word(order, row);
    const start = startOf(string);
    const length = word(ends, string) - start;
    if (row == 0 || <u32>(lastEnd - last) != length || !areEqual(last, bytes + <usize>start, length)) {
      last = lastEnd;
      copyBytes(last, bytes + <usize>start, length);
      lastEnd += <usize>length;
      setWord(offsets, ++numDistinct, <u32>(lastEnd - text));
    }
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

/** Rows of a block. */
const blockRows: u32 = 4096;

/** In which bits the keys that were found differ from the first, and whether a string goes on behind its key. */
let firstKey: u64 = 0;
let differing: u64 = 0;
let isMore: bool = false;

/** Finds the keys of rows [from, to): their bytes from `depth` on. */
export function findKeys(from: u32, to: u32, depth: u32): void {
  for (let row = from; row < to; row++) {
    const string = word(order, row);
    const start = startOf(string) + depth;
    const end = word(ends, string);
    const key = start >= end ? 0 : keyAt(bytes + <usize>start, bytes + <usize>end);
    isMore = isMore || end > start + 8;
    differing |= key ^ firstKey;
    store<u64>(keys + ((<usize>row) << 3), key);
  }
}

/** Sorts rows [from, to) by their bytes from `depth` on, and puts up for sorting those that agree in the next eight. */
function sortGroup(from: u32, to: u32, depth: u32): void {
  isMore = false;
  findKeys(from, from + 1, depth);
  firstKey = keyOf(from);
  differing = 0;
  for (let row = from; row < to; row += blockRows) findKeys(row, min(to, row + blockRows), depth);
  const goesOn = isMore;
  sortRows(from, to, differing);
  for (let start = from; start < to;) {
    const key = keyOf(start);
    let end = start + 1;
    while (end < to && keyOf(end) == key) end++;
    if (end - start > 1) {
      if (goesOn) pushGroup(start, end, depth + 8);
      else sortByLength(start, end);
    }
    start = end;
  }
}

/** Strings that agree but for zeros at their ends: the shorter first. */
function sortByLength(from: u32, to: u32): void {
  const first = lengthOf(word(order, from));
  let bits: u64 = 0;
  for (let row = from; row < to; row++) {
    const length = lengthOf(word(order, row));
    bits |= length ^ first;
    store<u64>(keys + ((<usize>row) << 3), length);
  }
  sortRows(from, to, bits);
}

function lengthOf(string: u32): u64 {
  return <u64>(word(ends, string) - startOf(string));
}

/** Sorts rows by their keys, which differ in these bits; equal ones stay in order. */
function sortRows(from: u32, to: u32, bits: u64): void {
  if (bits == 0) return;
  if (to - from <= smallGroup) return insertionSort(from, to);
  let isMoved = false;
  for (let shift: u32 = 0; shift < 64; shift += 8) {
    if (((bits >> shift) & 0xff) == 0) continue;
    memory.fill(counters, 0, 1024);
    for (let row = from; row < to; row += blockRows) countDigits(row, min(to, row + blockRows), shift);
    let next = from;
    for (let digit: u32 = 0; digit < 256; digit++) {
      const numRows = word(counters, digit);
      setWord(counters, digit, next);
      next += numRows;
    }
    for (let row = from; row < to; row += blockRows) moveRows(row, min(to, row + blockRows), shift);
    swapRows();
    isMoved = !isMoved;
  }
  if (!isMoved) return;
  // an odd number of moves: the other rows are where they were
  swapRows();
  memory.copy(keys + ((<usize>from) << 3), spareKeys + ((<usize>from) << 3), (<usize>(to - from)) << 3);
  memory.copy(order + ((<usize>from) << 2), spareOrder + ((<usize>from) << 2), (<usize>(to - from)) << 2);
}

/** Counts the keys of rows [from, to) by eight of their bits. */
export function countDigits(from: u32, to: u32, shift: u32): void {
  for (let row = from; row < to; row++) {
    const digit = (<u32>(keyOf(row) >> shift)) & 0xff;
    setWord(counters, digit, word(counters, digit) + 1);
  }
}

/** Moves rows [from, to) to the next places of those bits. */
export function moveRows(from: u32, to: u32, shift: u32): void {
  for (let row = from; row < to; row++) {
    const key = keyOf(row);
    const digit = (<u32>(key >> shift)) & 0xff;
    const place = word(counters, digit);
    setWord(counters, digit, place + 1);
    store<u64>(spareKeys + ((<usize>place) << 3), key);
    setWord(spareOrder, place, word(order, row));
  }
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
