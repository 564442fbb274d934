/**
 * Rows of a whole graph from the rows of its partitions.
 */
import { setWord, word } from "./words.as";

/** Adds `firstEdge` to the offsets of `numRows` rows, so that they count from the first edge of all. */
export function flattenOffsets(offsets: usize, numRows: u32, firstEdge: u32, rowStart: usize): void {
  for (let row: u32 = 0; row < numRows; row++) setWord(rowStart, row, firstEdge + word(offsets, row));
}
