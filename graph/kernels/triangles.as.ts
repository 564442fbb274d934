/**
 * Triangles over adjacency that leads to higher ranks only; see `triangles.ts`.
 */
import { bit, setDouble, setWord, word } from "./words.as";

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

/** Counts, for the lower end of each edge into [from, to), an edge to the higher one. */
export function countHigher(rowStart: usize, neighbours: usize, from: u32, to: u32, ranks: usize, counts: usize): void {
  for (let v = from; v < to; v++) {
    const own = word(ranks, v);
    const end = word(rowStart, v + 1);
    for (let entry = word(rowStart, v); entry < end; entry++) {
      const other = word(ranks, word(neighbours, entry));
      if (other != own) atomic.add<u32>(counts + ((<usize>min(own, other)) << 2), 1);
    }
  }
}

/** Where the list of each rank starts; `counts` become cursors. */
export function startLists(counts: usize, numVertices: u32, starts: usize): void {
  let start: u32 = 0;
  for (let rank: u32 = 0; rank < numVertices; rank++) {
    const count = word(counts, rank);
    setWord(starts, rank, start);
    setWord(counts, rank, start);
    start += count;
  }
  setWord(starts, numVertices, start);
}

/** Appends to the list of the lower end of each edge into [from, to) the higher one. */
export function fillHigher(
  rowStart: usize,
  neighbours: usize,
  from: u32,
  to: u32,
  ranks: usize,
  cursors: usize,
  higher: usize,
): void {
  for (let v = from; v < to; v++) {
    const own = word(ranks, v);
    const end = word(rowStart, v + 1);
    for (let entry = word(rowStart, v); entry < end; entry++) {
      const other = word(ranks, word(neighbours, entry));
      if (other == own) continue;
      const at = atomic.add<u32>(cursors + ((<usize>min(own, other)) << 2), 1);
      setWord(higher, at, max(own, other));
    }
  }
}

/** Lists of ranks [from, to) without repetitions: `ends` says where each ends. `marks`: bits, all clear before and after. */
export function dropRepeated(from: u32, to: u32, starts: usize, ends: usize, higher: usize, marks: usize): void {
  for (let rank = from; rank < to; rank++) {
    const start = word(starts, rank);
    const last = word(starts, rank + 1);
    let end = start;
    for (let entry = start; entry < last; entry++) {
      const other = word(higher, entry);
      if (bit(marks, other)) continue;
      mark(marks, other);
      setWord(higher, end++, other);
    }
    for (let entry = start; entry < end; entry++) unmark(marks, word(higher, entry));
    setWord(ends, rank, end);
  }
}

/**
 * Counts the triangles whose lowest rank is in [from, to), at each of their three corners. `counts`: 64 bits a rank, of
 * this thread alone.
 */
export function countTriangles(
  from: u32,
  to: u32,
  starts: usize,
  ends: usize,
  higher: usize,
  marks: usize,
  counts: usize,
): void {
  for (let low = from; low < to; low++) {
    const start = word(starts, low);
    const end = word(ends, low);
    if (end - start < 2) continue;
    for (let entry = start; entry < end; entry++) mark(marks, word(higher, entry));
    let atLow: u64 = 0;
    for (let entry = start; entry < end; entry++) {
      const middle = word(higher, entry);
      const last = word(ends, middle);
      let atMiddle: u64 = 0;
      for (let other = word(starts, middle); other < last; other++) {
        const high = word(higher, other);
        if (!bit(marks, high)) continue;
        atMiddle++;
        add(counts, high, 1);
      }
      if (atMiddle != 0) add(counts, middle, atMiddle);
      atLow += atMiddle;
    }
    if (atLow != 0) add(counts, low, atLow);
    for (let entry = start; entry < end; entry++) unmark(marks, word(higher, entry));
  }
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
    const at = counts + ((<usize>word(ranks, v)) << 3);
    let total: u64 = 0;
    for (let thread: u32 = 0; thread < numThreads; thread++) total += load<u64>(at + <usize>(thread * stride));
    setDouble(totals, v, <f64>total);
  }
}

/** Clears `numBytes` bytes. */
export function clear(address: usize, numBytes: u32): void {
  memory.fill(address, 0, numBytes);
}

function mark(marks: usize, i: u32): void {
  const at = marks + ((i >> 5) << 2);
  store<u32>(at, load<u32>(at) | ((<u32>1) << (i & 31)));
}

function unmark(marks: usize, i: u32): void {
  store<u32>(marks + ((i >> 5) << 2), 0);
}

function add(counts: usize, rank: u32, count: u64): void {
  const at = counts + ((<usize>rank) << 3);
  store<u64>(at, load<u64>(at) + count);
}
