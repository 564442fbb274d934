/**
 * Words and bytes of the module's own memory by address. Whatever holds bytes of text has `slack` bytes more, so that the last
 * ones can be read and written eight or sixteen at a time.
 */

export const slack: usize = 16;

export function word(base: usize, i: u32): u32 {
  return load<u32>(base + ((<usize>i) << 2));
}

export function setWord(base: usize, i: u32, value: u32): void {
  store<u32>(base + ((<usize>i) << 2), value);
}

/** Bytes [at, at + length) as a little-endian integer, length in [1, 8]. */
export function partOfWord(at: usize, length: u32): u64 {
  return load<u64>(at) & (u64.MAX_VALUE >> ((8 - length) << 3));
}

/** True if `length` bytes at `a` and at `b` are the same. */
export function areEqual(a: usize, b: usize, length: u32): bool {
  while (length > 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    length -= 8;
  }
  return length == 0 || partOfWord(a, length) == partOfWord(b, length);
}

/** Copies `length` bytes, and up to 15 more. For short strings: `memory.copy` is a call. */
export function copyBytes(to: usize, from: usize, length: u32): void {
  const end = from + <usize>length;
  for (; from < end; from += 16) {
    v128.store(to, v128.load(from));
    to += 16;
  }
}

/** An array of `needed` bytes in place of `array`, which is freed; its first `used` bytes are kept. 0 is no array. */
export function grown(array: usize, used: usize, needed: usize): usize {
  const larger = heap.alloc(needed);
  if (used > 0) memory.copy(larger, array, used);
  if (array != 0) heap.free(array);
  return larger;
}
