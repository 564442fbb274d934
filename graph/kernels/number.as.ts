/**
 * Small integer ids marked in a table and numbered by it; see `partition/numberDense.ts`.
 */
import { setWord, word } from "./words.as";

/** The largest of `length` words, or `least` if that is larger. */
export function largestWord(words: usize, length: u32, least: u32): u32 {
  let largest = least;
  for (let i: u32 = 0; i < length; i++) largest = max(largest, word(words, i));
  return largest;
}

/** Sets the byte of each of `length` words to 1. */
export function markWords(words: usize, length: u32, marks: usize): void {
  for (let i: u32 = 0; i < length; i++) store<u8>(marks + <usize>word(words, i), 1);
}

/** How many of the bytes [from, to) are 1; the others are 0. */
export function countMarks(marks: usize, from: u32, to: u32): u32 {
  let count: u32 = 0;
  for (let i = from; i < to; i++) count += load<u8>(marks + <usize>i);
  return count;
}

/**
 * Numbers the integers of [from, to) whose byte is 1, from `index` on: writes each to `ids` at its number, and its number to
 * `ranks`, unless that is 0.
 */
export function numberMarks(marks: usize, from: u32, to: u32, index: u32, ids: usize, ranks: usize): void {
  for (let i = from; i < to; i++) {
    if (load<u8>(marks + <usize>i) == 0) continue;
    setWord(ids, index, i);
    if (ranks != 0) setWord(ranks, i, index);
    index++;
  }
}
