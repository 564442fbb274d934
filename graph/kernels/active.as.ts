/**
 * Active vertices: as a byte each, as a bit each with a bit for each word of those, and as an ascending list.
 */
import { setWord, word } from "./words.as";

/** Lists the vertices in [0, numVertices) whose byte at `marks` is not 0; returns how many. */
export function listMarked(marks: usize, numVertices: u32, list: usize): u32 {
  let count: u32 = 0;
  let vertex: u32 = 0;
  while (vertex < numVertices) {
    if (vertex + 8 <= numVertices && load<u64>(marks + vertex) == 0) {
      vertex += 8;
      continue;
    }
    const end = min(vertex + 8, numVertices);
    for (; vertex < end; vertex++) if (load<u8>(marks + vertex) != 0) setWord(list, count++, vertex);
  }
  return count;
}

/**
 * Lists the vertices whose bits are set, and clears the bits. Bit i of word w at `summary` is set where word 32 w + i at
 * `bits` is not 0. Returns how many.
 */
export function listTouched(summary: usize, numWords: u32, bits: usize, list: usize): u32 {
  let count: u32 = 0;
  for (let w: u32 = 0; w < numWords; w++) {
    let above = word(summary, w);
    if (above == 0) continue;
    setWord(summary, w, 0);
    while (above != 0) {
      const at = (w << 5) + ctz(above);
      above &= above - 1;
      let below = word(bits, at);
      setWord(bits, at, 0);
      while (below != 0) {
        setWord(list, count++, (at << 5) + ctz(below));
        below &= below - 1;
      }
    }
  }
  return count;
}

/** Clears the bytes at `marks` of the `count` vertices of a list. */
export function unmark(list: usize, count: u32, marks: usize): void {
  for (let at: u32 = 0; at < count; at++) store<u8>(marks + word(list, at), 0);
}

/** Entries in the rows of the `count` vertices of a list. */
export function countEntries(list: usize, count: u32, rowStart: usize): f64 {
  let total: u64 = 0;
  for (let at: u32 = 0; at < count; at++) {
    const vertex = word(list, at);
    total += word(rowStart, vertex + 1) - word(rowStart, vertex);
  }
  return <f64>total;
}

/**
 * For blocks [from, to) of `blockLength` entries of a list: the least and the largest neighbour in the rows of its vertices, two
 * words a block; of rows without neighbours, the largest word and 0. Neighbours of a row ascend.
 */
export function writeSpans(
  list: usize,
  count: u32,
  from: u32,
  to: u32,
  blockLength: u32,
  rowStart: usize,
  neighbours: usize,
  spans: usize,
): void {
  for (let block = from; block < to; block++) {
    let least: u32 = u32.MAX_VALUE;
    let largest: u32 = 0;
    const end = min(count, (block + 1) * blockLength);
    for (let at = block * blockLength; at < end; at++) {
      const vertex = word(list, at);
      const first = word(rowStart, vertex);
      const last = word(rowStart, vertex + 1);
      if (first == last) continue;
      least = min(least, word(neighbours, first));
      largest = max(largest, word(neighbours, last - 1));
    }
    setWord(spans, 2 * block, least);
    setWord(spans, 2 * block + 1, largest);
  }
}
