/**
 * Union-find over the vertices of a graph; see `components.ts`.
 *
 * A parent is never a higher index than its child, so trees have no circle, and a root is the lowest of its tree.
 */
import { bit, setDouble, setWord, touch, word } from "./words.as";

/** Vertices whose neighbours are read before any of them is linked. */
const blockRows: u32 = 256;
/** Words of neighbours a row up to which all are read in order to have the first ones: eight lines of the cache. */
const wordsPerRow: u32 = 128;

/**
 * Gives each vertex of [from, to) its first neighbour as parent, if that has a lower index, else itself. `seconds`: a word
 * a vertex, the neighbour to link it with next: the second, or the first if that is no parent; itself if there is none.
 *
 * Neighbours of a row ascend, so the first one is the lowest. Nothing branches on what is read.
 */
export function hook(parents: usize, rowStart: usize, neighbours: usize, seconds: usize, from: u32, to: u32): void {
  for (let start = from; start < to; start += blockRows) {
    const last = min(start + blockRows, to);
    const first = word(rowStart, start);
    const end = word(rowStart, last);
    if (end - first <= wordsPerRow * blockRows) touch(neighbours, first, end, seconds + ((<usize>start) << 2));
    for (let v = start; v < last; v++) {
      const entry = word(rowStart, v);
      const length = word(rowStart, v + 1) - entry;
      const hasOne = -u32(length > 0);
      const hasTwo = -u32(length > 1);
      const one = v ^ ((word(neighbours, entry & hasOne) ^ v) & hasOne);
      const two = v ^ ((word(neighbours, (entry + 1) & hasTwo) ^ v) & hasTwo);
      const isLower = -u32(one < v);
      setWord(parents, v, v ^ ((one ^ v) & isLower));
      setWord(seconds, v, one ^ ((two ^ one) & isLower));
    }
  }
}

/** Makes the trees of `a` and `b` one: the higher root gets the lower one as parent. */
function link(parents: usize, a: u32, b: u32): void {
  let x = word(parents, a);
  let y = word(parents, b);
  while (x != y) {
    const high = max(x, y);
    const low = min(x, y);
    const above = word(parents, high);
    if (above == low) return;
    if (above == high && atomic.cmpxchg<u32>(parents + ((<usize>high) << 2), high, low) == high) return;
    x = word(parents, word(parents, high));
    y = word(parents, low);
  }
}

/** Links each vertex of [from, to) with its word at `seconds`, which is lost. */
export function linkSeconds(parents: usize, seconds: usize, from: u32, to: u32): void {
  for (let start = from; start < to; start += blockRows) {
    const last = min(start + blockRows, to);
    // Parents lie all over memory: without a branch on what is read, many are fetched at once.
    for (let v = start; v < last; v++) setWord(seconds, v, word(parents, word(seconds, v)));
    for (let v = start; v < last; v++) link(parents, v, word(seconds, v));
  }
}

/**
 * Sets the bits of the vertices of [from, to) that are not in the tree `largest`, and at `groups` a bit for each eight
 * vertices of which one is not; `from` is a multiple of 64. Returns how many are not.
 */
export function markOthers(parents: usize, others: usize, groups: usize, from: u32, to: u32, largest: u32): u32 {
  let count: u32 = 0;
  for (let start = from; start < to; start += 64) {
    let bits: u64 = 0;
    const end = min(start + 64, to);
    for (let v = start; v < end; v++) bits |= (<u64>(word(parents, v) != largest)) << (v & 63);
    store<u64>(others + (start >> 3), bits);
    count += <u32>popcnt<u64>(bits);
    let group: u32 = 0;
    for (let at: u32 = 0; at < 8; at++) group |= u32(((bits >> (at << 3)) & 0xff) != 0) << at;
    store<u8>(groups + (start >> 6), group);
  }
  return count;
}

/**
 * Links the vertices of [from, to) with their neighbours, except those of which both are in the largest tree; `from` is a
 * multiple of 64. `others` and `groups` as of `markOthers`: the groups are small enough to stay in the nearest cache.
 */
export function linkRest(
  parents: usize,
  rowStart: usize,
  neighbours: usize,
  from: u32,
  to: u32,
  others: usize,
  groups: usize,
): void {
  let row = from;
  while (row < to) {
    if (bit(others, row)) {
      const end = word(rowStart, row + 1);
      for (let entry = word(rowStart, row); entry < end; entry++) link(parents, row, word(neighbours, entry));
      row++;
      continue;
    }
    const last = nextOther(others, row, to);
    linkOthers(parents, rowStart, neighbours, row, last, others, groups);
    row = last;
  }
}

/** The first vertex of [from, to) whose bit is set, or `to`. */
function nextOther(others: usize, from: u32, to: u32): u32 {
  let v = from;
  while (v < to) {
    const bits = word(others, v >> 5) >> (v & 31);
    if (bits != 0) return min(v + ctz(bits), to);
    v = (v | 31) + 1;
  }
  return to;
}

/**
 * Links the vertices of [from, to), all of one tree, with those of their neighbours whose bits are set: whichever of them has
 * it, `from` is as good. Entries are looked at eight at a time, as they lie, and closely only where one is of a group with a bit.
 */
function linkOthers(
  parents: usize,
  rowStart: usize,
  neighbours: usize,
  from: u32,
  to: u32,
  others: usize,
  groups: usize,
): void {
  const end = word(rowStart, to);
  let entry = word(rowStart, from);
  while (entry < end) {
    const last = min(entry + 8, end);
    if (entry + 8 <= end) {
      const at = neighbours + ((<usize>entry) << 2);
      const found =
        groupBit(groups, load<u32>(at)) |
        groupBit(groups, load<u32>(at, 4)) |
        groupBit(groups, load<u32>(at, 8)) |
        groupBit(groups, load<u32>(at, 12)) |
        groupBit(groups, load<u32>(at, 16)) |
        groupBit(groups, load<u32>(at, 20)) |
        groupBit(groups, load<u32>(at, 24)) |
        groupBit(groups, load<u32>(at, 28));
      if ((found & 1) == 0) {
        entry = last;
        continue;
      }
    }
    for (; entry < last; entry++) {
      const u = word(neighbours, entry);
      if (bit(others, u)) link(parents, from, u);
    }
  }
}

/** The bit of the group of vertex `v`, as the lowest of a word whose others mean nothing. */
function groupBit(groups: usize, v: u32): u32 {
  return word(groups, v >> 8) >> ((v >> 3) & 31);
}

/** Makes the root of each vertex of [from, to) its parent. Not while trees are linked. */
export function compress(parents: usize, from: u32, to: u32): void {
  for (let v = from; v < to; v++) {
    let root = word(parents, v);
    while (true) {
      const above = word(parents, root);
      if (above == root) break;
      root = above;
    }
    setWord(parents, v, root);
  }
}

/** As labels the roots themselves. */
export function writeRoots(parents: usize, labels: usize, from: u32, to: u32): void {
  for (let v = from; v < to; v++) setDouble(labels, v, <f64>word(parents, v));
}

/** As labels the 32-bit ids of the roots. */
export function writeIds32(parents: usize, ids: usize, labels: usize, from: u32, to: u32): void {
  for (let v = from; v < to; v++) setDouble(labels, v, <f64>word(ids, word(parents, v)));
}

/** As labels the 64-bit ids of the roots, all exact as doubles. */
export function writeIds64(parents: usize, ids: usize, labels: usize, from: u32, to: u32): void {
  for (let v = from; v < to; v++) setDouble(labels, v, <f64>load<i64>(ids + ((<usize>word(parents, v)) << 3)));
}
