/**
 * Arrays in shared memory of their own: what tasks return without a copy.
 */

/** `length` zeros. */
export function sharedWords(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}

/** A copy of `words`. */
export function shareWords(words: Uint32Array): Uint32Array {
  const copy = sharedWords(words.length);
  copy.set(words);
  return copy;
}

/** Little-endian 64-bit integers as words: the low one first. */
export function wordsOf(integers: BigInt64Array): Uint32Array {
  return new Uint32Array(integers.buffer, integers.byteOffset, 2 * integers.length);
}
