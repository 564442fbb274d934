/**
 * Triangles over adjacency that leads to higher ranks; see `triangles.ts`.
 */
import { setDouble, setWord, word } from "./words.as";

/** Lists that are fetched from memory together. */
const listsAhead: u32 = 32;

/** The number of edges at a vertex, cut off where it no longer matters how many. */
function degree(rowStart: usize, outDegrees: usize, v: u32, limit: u32): u32 {
  return min(word(rowStart, v + 1) - word(rowStart, v) + word(outDegrees, v), limit);
}

/** Ranks vertices by ascending degree, equal ones by index. `buckets`: numVertices + 1 words, used up. */
export function rankByDegree(rowStart: usize, outDegrees: usize, numVertices: u32, buckets: usize, ranks: usize): void {
  memory.fill(buckets, 0, (<usize>(numVertices + 1)) << 2);
  for (let v: u32 = 0; v < numVertices; v++) {
    const key = degree(rowStart, outDegrees, v, numVertices);
    setWord(buckets, key, word(buckets, key) + 1);
  }
  let start: u32 = 0;
  for (let key: u32 = 0; key <= numVertices; key++) {
    const count = word(buckets, key);
    setWord(buckets, key, start);
    start += count;
  }
  for (let v: u32 = 0; v < numVertices; v++) {
    const key = degree(rowStart, outDegrees, v, numVertices);
    const rank = word(buckets, key);
    setWord(buckets, key, rank + 1);
    setWord(ranks, v, rank);
  }
}

/** The lower ranks, or the higher ones, of the ends of `length` edges. */
export function rankEnds(a: usize, b: usize, ranks: usize, length: u32, isHigher: bool, out: usize): void {
  for (let i: u32 = 0; i < length; i++) {
    const x = word(ranks, word(a, i));
    const y = word(ranks, word(b, i));
    setWord(out, i, isHigher ? max(x, y) : min(x, y));
  }
}

/** How many entries of each ascending row of [from, to) are distinct, and not the row itself. */
export function countDistinct(rowStart: usize, neighbours: usize, from: u32, to: u32, counts: usize): void {
  for (let row = from; row < to; row++) {
    const end = word(rowStart, row + 1);
    let last = row;
    let count: u32 = 0;
    for (let entry = word(rowStart, row); entry < end; entry++) {
      const other = word(neighbours, entry);
      count += u32(other != last) & u32(other != row);
      last = other;
    }
    setWord(counts, row, count);
  }
}

/** Where each row starts if it has as many entries as are counted. */
export function startLists(counts: usize, numRows: u32, starts: usize): void {
  let start: u32 = 0;
  for (let row: u32 = 0; row < numRows; row++) {
    const count = word(counts, row);
    setWord(starts, row, start);
    start += count;
  }
  setWord(starts, numRows, start);
}

/** Copies what `countDistinct` counted. */
export function copyDistinct(
  rowStart: usize,
  neighbours: usize,
  from: u32,
  to: u32,
  starts: usize,
  higher: usize,
): void {
  for (let row = from; row < to; row++) {
    const end = word(rowStart, row + 1);
    let at = word(starts, row);
    let last = row;
    for (let entry = word(rowStart, row); entry < end; entry++) {
      const other = word(neighbours, entry);
      if (other != last && other != row) setWord(higher, at++, other);
      last = other;
    }
  }
}

/**
 * Counts the triangles whose middle rank is in [from, to), at each of their corners. Lists of higher ranks are ascending;
 * row `middle` of `lowers` has the ranks whose lists hold it, and at the same place in `entries` where they do. `marks`, a
 * byte a rank, all clear before and after, and `counts`, a word a rank, are of this thread alone. A word is enough: no
 * vertex has more triangles than there are pairs. What it returns means nothing: it keeps loads from being left out.
 */
export function countTriangles(
  from: u32,
  to: u32,
  starts: usize,
  higher: usize,
  lowerStart: usize,
  lowers: usize,
  entries: usize,
  marks: usize,
  counts: usize,
): u32 {
  let touched: u32 = 0;
  for (let middle = from; middle < to; middle++) {
    const start = word(starts, middle);
    const end = word(starts, middle + 1);
    const lastLower = word(lowerStart, middle + 1);
    let at = word(lowerStart, middle);
    if (start == end || at == lastLower) continue;
    for (let entry = start; entry < end; entry++) store<u8>(marks + <usize>word(higher, entry), 1);
    let atMiddle: u32 = 0;
    while (at < lastLower) {
      const first = at;
      const last = min(at + listsAhead, lastLower);
      // touched first, one after the other, so that they come from memory at once
      for (let i = first; i < last; i++) touched ^= word(higher, word(entries, i)) ^ word(starts, word(lowers, i) + 1);
      for (; at < last; at++) {
        const low = word(lowers, at);
        const end = higher + ((<usize>word(starts, low + 1)) << 2);
        let atLow: u32 = 0;
        // without a branch: whether the next rank is marked cannot be foreseen
        for (let address = higher + ((<usize>word(entries, at) + 1) << 2); address < end; address += 4) {
          const high = load<u32>(address);
          const isMarked = <u32>load<u8>(marks + <usize>high);
          atLow += isMarked;
          add(counts, high, isMarked);
        }
        add(counts, low, atLow);
        atMiddle += atLow;
      }
    }
    add(counts, middle, atMiddle);
    for (let entry = start; entry < end; entry++) store<u8>(marks + <usize>word(higher, entry), 0);
  }
  return touched;
}

/** The counts of all threads, `stride` bytes apart, by vertex. */
export function sumCounts(
  counts: usize,
  stride: u32,
  numThreads: u32,
  ranks: usize,
  totals: usize,
  from: u32,
  to: u32,
): void {
  for (let v = from; v < to; v++) {
    const rank = word(ranks, v);
    let total: u64 = 0;
    for (let thread: u32 = 0; thread < numThreads; thread++) total += word(counts + <usize>(thread * stride), rank);
    setDouble(totals, v, <f64>total);
  }
}

/** Clears `numBytes` bytes. */
export function clear(address: usize, numBytes: u32): void {
  memory.fill(address, 0, numBytes);
}

function add(counts: usize, rank: u32, count: u32): void {
  const at = counts + ((<usize>rank) << 2);
  store<u32>(at, load<u32>(at) + count);
}
