/**
 * Edges brought into order; see `partition/orderEdges.ts`. Sources are words, of destinations the low 16 bits are kept.
 */
import { setWord, word } from "./words.as";

const digitBits: u32 = 11;

function half(base: usize, i: u32): u32 {
  return load<u16>(base + ((<usize>i) << 1));
}

function setHalf(base: usize, i: u32, value: u32): void {
  store<u16>(base + ((<usize>i) << 1), <u16>value);
}

/** `out[i] = table[codes[i]]` for i below `length`. */
export function gatherWords(codes: usize, table: usize, length: u32, out: usize): void {
  for (let i: u32 = 0; i < length; i++) setWord(out, i, word(table, word(codes, i)));
}

/**
 * Writes, for entries [from, to) of rows, the vertex of the row that holds each. `row` is the one that holds `from`; rows
 * are of consecutive vertices from `firstRow` on, or of `targets`, unless that is 0.
 */
export function writeRowVertices(
  offsets: usize,
  row: u32,
  from: u32,
  to: u32,
  firstRow: u32,
  targets: usize,
  out: usize,
): void {
  let entry = from;
  while (entry < to) {
    while (word(offsets, row + 1) <= entry) row++;
    const end = min(to, word(offsets, row + 1));
    const vertex = targets == 0 ? firstRow + row : word(targets, row);
    for (; entry < end; entry++) setWord(out, entry - from, vertex);
  }
}

/** Counts `length` keys by their bits from `shift` on. */
export function countKeys(keys: usize, length: u32, shift: u32, counts: usize): void {
  for (let i: u32 = 0; i < length; i++) {
    const key = word(keys, i) >> shift;
    setWord(counts, key, word(counts, key) + 1);
  }
}

/**
 * Moves `length` edges to the buckets of their destinations, whose next places are `next`. Edge i stood at `first` + i of
 * the input, which is written to `order`, unless that is 0.
 */
export function scatterEdges(
  src: usize,
  dst: usize,
  length: u32,
  first: u32,
  shift: u32,
  next: usize,
  neighbours: usize,
  lowDst: usize,
  order: usize,
): void {
  for (let i: u32 = 0; i < length; i++) {
    const target = word(dst, i);
    const bucket = target >> shift;
    const at = word(next, bucket);
    setWord(next, bucket, at + 1);
    setWord(neighbours, at, word(src, i));
    setHalf(lowDst, at, target);
    if (order != 0) setWord(order, at, first + i);
  }
}

/**
 * Sorts the edges [start, start + length) by destination, source and place in the input, by which they are ordered
 * already, and writes where the rows of `numRows` vertices from `firstVertex` on start. All have their destinations among
 * those. Radix sort from the least significant digit of the sources on; nothing is moved that is in order.
 *
 * `spare`: 10 bytes an edge; `counters`: 2048 words or one a row, whatever is more.
 */
export function sortBucket(
  neighbours: usize,
  lowDst: usize,
  order: usize,
  start: u32,
  length: u32,
  firstVertex: u32,
  numRows: u32,
  rowStart: usize,
  spare: usize,
  counters: usize,
): void {
  const wordBytes = (<usize>length) << 2;
  const minor = neighbours + ((<usize>start) << 2);
  const payload: usize = order == 0 ? 0 : order + ((<usize>start) << 2);
  const major = lowDst + ((<usize>start) << 1);
  let fromMinor = minor;
  let fromPayload = payload;
  let fromMajor = major;
  let toMinor = spare;
  let toPayload: usize = payload == 0 ? 0 : spare + wordBytes;
  let toMajor = spare + 2 * wordBytes;

  const differing = differingDigits(minor, length);
  if (differing != 0) {
    const low = ctz(differing);
    const width = 32 - clz(differing) - low;
    const numDigits = (width + digitBits - 1) / digitBits;
    const bits = (width + numDigits - 1) / numDigits;
    for (let shift = low; shift < low + width; shift += bits) {
      startDigits(fromMinor, length, shift, bits, counters);
      const mask = ((<u32>1) << bits) - 1;
      for (let i: u32 = 0; i < length; i++) {
        const source = word(fromMinor, i);
        const at = takePlace(counters, (source >> shift) & mask);
        setWord(toMinor, at, source);
        setHalf(toMajor, at, half(fromMajor, i));
        if (payload != 0) setWord(toPayload, at, word(fromPayload, i));
      }
      let other = fromMinor;
      fromMinor = toMinor;
      toMinor = other;
      other = fromPayload;
      fromPayload = toPayload;
      toPayload = other;
      other = fromMajor;
      fromMajor = toMajor;
      toMajor = other;
    }
  }

  const firstLow = firstVertex & 0xffff;
  if (!startRows(fromMajor, length, firstLow, numRows, counters, start, rowStart + ((<usize>firstVertex) << 2))) {
    for (let i: u32 = 0; i < length; i++) {
      const at = takePlace(counters, half(fromMajor, i) - firstLow);
      setWord(toMinor, at, word(fromMinor, i));
      if (payload != 0) setWord(toPayload, at, word(fromPayload, i));
    }
    fromMinor = toMinor;
    fromPayload = toPayload;
  }
  if (fromMinor == minor) return;
  memory.copy(minor, fromMinor, wordBytes);
  if (payload != 0) memory.copy(payload, fromPayload, wordBytes);
}

function takePlace(counters: usize, key: u32): u32 {
  const at = word(counters, key);
  setWord(counters, key, at + 1);
  return at;
}

/** The bits in which keys differ; 0 if they ascend. */
function differingDigits(keys: usize, length: u32): u32 {
  if (length == 0) return 0;
  const first = word(keys, 0);
  let last = first;
  let differing: u32 = 0;
  let ascends: u32 = 1;
  for (let i: u32 = 1; i < length; i++) {
    const key = word(keys, i);
    differing |= key ^ first;
    ascends &= u32(key >= last);
    last = key;
  }
  return ascends != 0 ? 0 : differing;
}

/** Counts keys by one digit; `counters` become where each digit starts. */
function startDigits(keys: usize, length: u32, shift: u32, bits: u32, counters: usize): void {
  const numDigits: u32 = 1 << bits;
  memory.fill(counters, 0, (<usize>numDigits) << 2);
  for (let i: u32 = 0; i < length; i++) takePlace(counters, (word(keys, i) >> shift) & (numDigits - 1));
  let start: u32 = 0;
  for (let digit: u32 = 0; digit < numDigits; digit++) {
    const count = word(counters, digit);
    setWord(counters, digit, start);
    start += count;
  }
}

/** Counts edges by row; `counters` become where each row starts, `rowStart` the same from `base` on. True if rows ascend. */
function startRows(
  lowDst: usize,
  length: u32,
  firstLow: u32,
  numRows: u32,
  counters: usize,
  base: u32,
  rowStart: usize,
): bool {
  memory.fill(counters, 0, (<usize>numRows) << 2);
  let last: u32 = 0;
  let ascends: u32 = 1;
  for (let i: u32 = 0; i < length; i++) {
    const row = half(lowDst, i) - firstLow;
    takePlace(counters, row);
    ascends &= u32(row >= last);
    last = row;
  }
  let start: u32 = 0;
  for (let row: u32 = 0; row < numRows; row++) {
    const count = word(counters, row);
    setWord(counters, row, start);
    setWord(rowStart, row, base + start);
    start += count;
  }
  return ascends != 0;
}
