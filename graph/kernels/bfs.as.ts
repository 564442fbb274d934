/**
 * One level of a breadth-first search, by lists or by bits; see `bfs.ts`.
 *
 * `degreeStart` and `otherStart` are the row starts by which the edges out of found vertices are counted; 0 for none.
 */
import { bit, bufferWords, flush, setDouble, setWord, touch, word } from "./words.as";

/** The depth of a vertex that was not reached. */
const unseen: u32 = 0xffffffff;

/** Byte offsets in the state that threads share: 64 bits each. */
const numFoundAt: usize = 0;
const edgesFoundAt: usize = 8;
const edgesScannedAt: usize = 16;

function degree(degreeStart: usize, otherStart: usize, v: u32): u64 {
  let edges: u64 = 0;
  if (degreeStart != 0) edges += word(degreeStart, v + 1) - word(degreeStart, v);
  if (otherStart != 0) edges += word(otherStart, v + 1) - word(otherStart, v);
  return edges;
}

/** Every vertex of [from, to) unseen. */
export function initDepths(depths: usize, from: u32, to: u32): void {
  memory.fill(depths + ((<usize>from) << 2), 0xff, (<usize>(to - from)) << 2);
}

/** Top-down: from entries [from, to) of `list`, of depth `depth` - 1, to what they see first, appended to `next`. */
export function searchDown(
  list: usize,
  from: u32,
  to: u32,
  rowStart: usize,
  neighbours: usize,
  depths: usize,
  depth: u32,
  next: usize,
  state: usize,
  buffer: usize,
  degreeStart: usize,
  otherStart: usize,
): void {
  let count: u32 = 0;
  let edges: u64 = 0;
  for (let i = from; i < to; i++) {
    const u = word(list, i);
    const end = word(rowStart, u + 1);
    for (let entry = word(rowStart, u); entry < end; entry++) {
      const v = word(neighbours, entry);
      if (word(depths, v) != unseen) continue;
      if (atomic.cmpxchg<u32>(depths + ((<usize>v) << 2), unseen, depth) != unseen) continue;
      edges += degree(degreeStart, otherStart, v);
      setWord(buffer, count++, v);
      if (count == bufferWords) {
        flush(buffer, count, next, state + numFoundAt);
        count = 0;
      }
    }
  }
  flush(buffer, count, next, state + numFoundAt);
  atomic.add<u64>(state + edgesFoundAt, edges);
}

/** Of 64 rows, those unseen from which on the neighbours of all are read in the order in which they lie. */
const minTouching: u32 = 8;
/** And words of neighbours for each of them up to which that pays: eight lines of the cache. */
const wordsPerUnseen: u32 = 128;

/**
 * Bottom-up: unseen vertices of [from, to), both multiples of 64 or the end, that have a neighbour among the bits of
 * `frontier` get `depth`, and their bits are set in `next`: besides those that are set if `isMore`. `spare`: a word of the thread's own.
 */
export function searchUp(
  from: u32,
  to: u32,
  rowStart: usize,
  neighbours: usize,
  depths: usize,
  depth: u32,
  frontier: usize,
  next: usize,
  isMore: bool,
  state: usize,
  degreeStart: usize,
  otherStart: usize,
  spare: usize,
): void {
  let found: u64 = 0;
  let edges: u64 = 0;
  let scanned: u64 = 0;
  for (let start = from; start < to; start += 64) {
    const last = min(start + 64, to);
    let numUnseen: u32 = 0;
    for (let v = start; v < last; v++) numUnseen += u32(word(depths, v) == unseen);
    if (numUnseen == 0) {
      if (!isMore) store<u64>(next + (start >> 3), 0);
      continue;
    }
    const first = word(rowStart, start);
    const length = word(rowStart, last) - first;
    if (numUnseen >= minTouching && length <= wordsPerUnseen * numUnseen)
      touch(neighbours, first, first + length, spare);
    // Without a branch on what is read, the first neighbours of many vertices are fetched from memory at once.
    let hits: u64 = 0;
    let open: u64 = 0;
    for (let v = start; v < last; v++) {
      const begin = word(rowStart, v);
      const isOpen = u32(word(depths, v) == unseen) & u32(begin < word(rowStart, v + 1));
      const isHit = isOpen & u32(bit(frontier, word(neighbours, begin & -isOpen)));
      hits |= (<u64>isHit) << (v & 63);
      open |= (<u64>(isOpen ^ isHit)) << (v & 63);
    }
    scanned += popcnt<u64>(hits | open);
    for (; open != 0; open &= open - 1) {
      const v = start + <u32>ctz<u64>(open);
      const begin = word(rowStart, v) + 1;
      const end = word(rowStart, v + 1);
      let entry = begin;
      while (entry < end) {
        if (bit(frontier, word(neighbours, entry++))) {
          hits |= (<u64>1) << (v & 63);
          break;
        }
      }
      scanned += entry - begin;
    }
    store<u64>(next + (start >> 3), isMore ? hits | load<u64>(next + (start >> 3)) : hits);
    for (; hits != 0; hits &= hits - 1) {
      const v = start + <u32>ctz<u64>(hits);
      setWord(depths, v, depth);
      edges += degree(degreeStart, otherStart, v);
      found++;
    }
  }
  atomic.add<u64>(state + numFoundAt, found);
  atomic.add<u64>(state + edgesFoundAt, edges);
  atomic.add<u64>(state + edgesScannedAt, scanned);
}

/**
 * Bottom-up from `source` alone: the vertices of [from, to), both multiples of 64 or the end, that have it as neighbour and
 * are unseen get `depth`, and are the bits set in `next`. Entries are compared sixteen at a time, rows looked for at hits only.
 */
export function searchFrom(
  source: u32,
  from: u32,
  to: u32,
  rowStart: usize,
  neighbours: usize,
  depths: usize,
  depth: u32,
  next: usize,
  state: usize,
): void {
  clearBits(next, from, to);
  const end = word(rowStart, to);
  const sources = i32x4.splat(source);
  let found: u64 = 0;
  let row = from;
  let entry = word(rowStart, from);
  while (entry < end) {
    const last = min(entry + 16, end);
    if (entry + 16 <= end) {
      const at = neighbours + ((<usize>entry) << 2);
      const first = v128.or(i32x4.eq(v128.load(at), sources), i32x4.eq(v128.load(at, 16), sources));
      const second = v128.or(i32x4.eq(v128.load(at, 32), sources), i32x4.eq(v128.load(at, 48), sources));
      if (!v128.any_true(v128.or(first, second))) {
        entry = last;
        continue;
      }
    }
    for (; entry < last; entry++) {
      if (word(neighbours, entry) != source) continue;
      row = rowOf(rowStart, row, to, entry);
      if (word(depths, row) != unseen) continue;
      setWord(depths, row, depth);
      const bits = next + ((row >> 5) << 2);
      store<u32>(bits, load<u32>(bits) | ((<u32>1) << (row & 31)));
      found++;
    }
  }
  atomic.add<u64>(state + numFoundAt, found);
  atomic.add<u64>(state + edgesScannedAt, end - word(rowStart, from));
}

/** The row of [from, to) that holds `entry`. */
function rowOf(rowStart: usize, from: u32, to: u32, entry: u32): u32 {
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = low + ((high - low) >> 1);
    if (word(rowStart, middle) <= entry) low = middle;
    else high = middle;
  }
  return low;
}

/** Clears the bits of [from, to), both multiples of 64 or the end. */
export function clearBits(bits: usize, from: u32, to: u32): void {
  memory.fill(bits + (from >> 3), 0, ((to - from + 63) >> 6) << 3);
}

/** Sets the bits of entries [from, to) of `list`. */
export function listToBits(list: usize, from: u32, to: u32, bits: usize): void {
  for (let i = from; i < to; i++) {
    const v = word(list, i);
    atomic.or<u32>(bits + ((v >> 5) << 2), (<u32>1) << (v & 31));
  }
}

/** Appends the vertices of [from, to) whose depth is `depth` to `list`, and counts their edges. */
export function collectLevel(
  from: u32,
  to: u32,
  depths: usize,
  depth: u32,
  list: usize,
  state: usize,
  buffer: usize,
  degreeStart: usize,
  otherStart: usize,
): void {
  let count: u32 = 0;
  let edges: u64 = 0;
  for (let v = from; v < to; v++) {
    if (word(depths, v) != depth) continue;
    edges += degree(degreeStart, otherStart, v);
    setWord(buffer, count++, v);
    if (count == bufferWords) {
      flush(buffer, count, list, state + numFoundAt);
      count = 0;
    }
  }
  flush(buffer, count, list, state + numFoundAt);
  atomic.add<u64>(state + edgesFoundAt, edges);
}

/** Depths as doubles, Infinity where a vertex was not reached. */
export function writeDepths(depths: usize, values: usize, from: u32, to: u32): void {
  for (let v = from; v < to; v++) {
    const depth = word(depths, v);
    setDouble(values, v, depth == unseen ? Infinity : <f64>depth);
  }
}
