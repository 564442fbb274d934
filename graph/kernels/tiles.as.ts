/**
 * The edges into a block of vertices by segments of sources; see `partition/tiles.ts`.
 */
import { setWord, word } from "./words.as";

/** Entries that are sorted by insertion: fewer than counting by digits is worth. */
const fewEntries: u32 = 32;
const maxDigitBits: u32 = 12;

/** Slots of a strip, but for the first and the last: their sums take 32 KiB, most of a first cache. */
const stripSlots: u32 = 4096;

/**
 * Lays out one block. `offsets`: numRows + 1 words, where its rows begin and end in `neighbours`. Written are: `slots`, a
 * word a row, rows of high degree first; `starts`, numSegments + 1 words, where in `entries` the tile of each segment of
 * 65536 sources begins, the first at `firstEntry`; and the tiles, strip by strip of slots, the first of which has at least
 * `minFirstEdges` edges in the block.
 *
 * `spare`: a word an edge of the block, and at least a row; `counters`: 4096 words.
 */
export function tileBlock(
  offsets: usize,
  neighbours: usize,
  numRows: u32,
  numSegments: u32,
  firstEntry: u32,
  minFirstEdges: u32,
  slots: usize,
  starts: usize,
  entries: usize,
  spare: usize,
  counters: usize,
): void {
  writeSlots(offsets, numRows, slots, counters);
  memory.fill(starts, 0, (<usize>(numSegments + 1)) << 2);
  const end = word(offsets, numRows);
  for (let entry = word(offsets, 0); entry < end; entry++) {
    const segment = word(neighbours, entry) >> 16;
    setWord(starts, segment, word(starts, segment) + 1);
  }
  startAt(starts, numSegments, firstEntry);
  const rows = spare;
  for (let row: u32 = 0; row < numRows; row++) setWord(rows, word(slots, row), row);
  let edges: u32 = 0;
  let firstStrip: u32 = 0;
  for (let slot: u32 = 0; slot < numRows; slot++) {
    const row = word(rows, slot);
    const rowEnd = word(offsets, row + 1);
    if (slot < stripSlots || edges < minFirstEdges) firstStrip = slot + 1;
    edges += rowEnd - word(offsets, row);
    for (let entry = word(offsets, row); entry < rowEnd; entry++) {
      const source = word(neighbours, entry);
      const at = word(starts, source >> 16);
      setWord(starts, source >> 16, at + 1);
      setWord(entries, at, (source << 16) | slot);
    }
  }
  // Each start has moved to the end of its tile, which is where the next one begins.
  for (let segment = numSegments; segment > 0; segment--) setWord(starts, segment, word(starts, segment - 1));
  setWord(starts, 0, firstEntry);
  for (let segment: u32 = 0; segment < numSegments; segment++) {
    const tileEnd = word(starts, segment + 1);
    let from = word(starts, segment);
    for (let strip = firstStrip; from < tileEnd; strip += stripSlots) {
      let to = from;
      while (to < tileEnd && (word(entries, to) & 0xffff) < strip) to++;
      sortBySource(entries + ((<usize>from) << 2), to - from, spare, counters);
      from = to;
    }
  }
}

/** Numbers rows by the powers of two of their degrees, the highest first, alike ones in order. */
function writeSlots(offsets: usize, numRows: u32, slots: usize, counters: usize): void {
  memory.fill(counters, 0, 33 << 2);
  for (let row: u32 = 0; row < numRows; row++) {
    const group = clz(word(offsets, row + 1) - word(offsets, row));
    setWord(counters, group, word(counters, group) + 1);
  }
  startAt(counters, 33, 0);
  for (let row: u32 = 0; row < numRows; row++) {
    const group = clz(word(offsets, row + 1) - word(offsets, row));
    const slot = word(counters, group);
    setWord(counters, group, slot + 1);
    setWord(slots, row, slot);
  }
}

/** Makes of counts where each of them begins. */
function startAt(counts: usize, length: u32, first: u32): void {
  let start = first;
  for (let i: u32 = 0; i < length; i++) {
    const count = word(counts, i);
    setWord(counts, i, start);
    start += count;
  }
}

/**
 * Sorts entries of a tile by source, as far as the cache asks for it: entries of one slot, which ascend, keep their
 * order.
 */
function sortBySource(tile: usize, length: u32, spare: usize, counters: usize): void {
  if (length <= fewEntries) {
    for (let i: u32 = 1; i < length; i++) {
      const entry = word(tile, i);
      let at = i;
      for (; at > 0 && word(tile, at - 1) > entry; at--) setWord(tile, at, word(tile, at - 1));
      setWord(tile, at, entry);
    }
    return;
  }
  const bits = min(maxDigitBits, 30 - clz(length));
  const shift = 32 - bits;
  const numDigits: u32 = 1 << bits;
  memory.fill(counters, 0, (<usize>numDigits) << 2);
  for (let i: u32 = 0; i < length; i++) {
    const digit = word(tile, i) >> shift;
    setWord(counters, digit, word(counters, digit) + 1);
  }
  startAt(counters, numDigits, 0);
  for (let i: u32 = 0; i < length; i++) {
    const entry = word(tile, i);
    const digit = entry >> shift;
    const at = word(counters, digit);
    setWord(counters, digit, at + 1);
    setWord(spare, at, entry);
  }
  memory.copy(tile, spare, (<usize>length) << 2);
}
