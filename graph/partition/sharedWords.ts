/**
 * Arrays in shared memory of their own, which tasks return without a copy, and other views of shared arrays.
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

/** Bytes as 16-bit integers, two bytes each. */
export function halfWordsOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}
