/**
 * Union-find over the vertices of a graph; see `components.ts`.
 *
 * A parent is never a higher index than its child, so trees have no circle, and a root is the lowest of its tree.
 */
import { bit, setDouble, setWord, word } from "./words.as";

/** Every vertex of [from, to) its own parent. */
export function initParents(parents: usize, from: u32, to: u32): void {
  for (let v = from; v < to; v++) setWord(parents, v, v);
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

/** Links each vertex of [from, to) with its neighbour number `sample`, if it has so many. */
export function linkSample(parents: usize, rowStart: usize, neighbours: usize, from: u32, to: u32, sample: u32): void {
  for (let v = from; v < to; v++) {
    const entry = word(rowStart, v) + sample;
    if (entry < word(rowStart, v + 1)) link(parents, v, word(neighbours, entry));
  }
}

/** Sets the bits of the vertices of [from, to) that are not in the tree `largest`; `from` is a multiple of 64. */
export function markOthers(parents: usize, others: usize, from: u32, to: u32, largest: u32): void {
  for (let start = from; start < to; start += 64) {
    let bits: u64 = 0;
    const end = min(start + 64, to);
    for (let v = start; v < end; v++) bits |= (<u64>(word(parents, v) != largest)) << (v & 63);
    store<u64>(others + (start >> 3), bits);
  }
}

/**
 * Links each vertex of [from, to) with its neighbours from number `skipped` on; inside the largest tree there is no need.
 * `others`: the bits of vertices outside of it, small enough to stay in the cache.
 */
export function linkRest(
  parents: usize,
  rowStart: usize,
  neighbours: usize,
  from: u32,
  to: u32,
  skipped: u32,
  others: usize,
): void {
  for (let v = from; v < to; v++) {
    const end = word(rowStart, v + 1);
    let entry = word(rowStart, v) + skipped;
    if (bit(others, v)) {
      for (; entry < end; entry++) link(parents, v, word(neighbours, entry));
    } else {
      for (; entry < end; entry++) {
        const u = word(neighbours, entry);
        if (bit(others, u)) link(parents, v, u);
      }
    }
  }
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
