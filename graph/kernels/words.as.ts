/**
 * Arrays in linear memory by their address, and lists that threads append to together.
 */

/** The 32-bit word of index `i`. */
export function word(base: usize, i: u32): u32 {
  return load<u32>(base + ((<usize>i) << 2));
}

export function setWord(base: usize, i: u32, value: u32): void {
  store<u32>(base + ((<usize>i) << 2), value);
}

/** The double of index `i`. */
export function double(base: usize, i: u32): f64 {
  return load<f64>(base + ((<usize>i) << 3));
}

export function setDouble(base: usize, i: u32, value: f64): void {
  store<f64>(base + ((<usize>i) << 3), value);
}

/** True if the bit of index `i` is set. */
export function bit(bits: usize, i: u32): bool {
  return ((load<u32>(bits + ((i >> 5) << 2)) >> (i & 31)) & 1) != 0;
}

/**
 * Reads a word of each cache line of words [from, to), so that some of them, read next in no order, are in the cache: lines one
 * after the other come several times faster. `spare`: a word that is lost, since what nobody reads would not be read.
 */
export function touch(words: usize, from: u32, to: u32, spare: usize): void {
  let all: u32 = 0;
  const end = words + ((<usize>to) << 2);
  for (let at = (words + ((<usize>from) << 2)) & ~63; at < end; at += 64) all ^= load<u32>(at);
  store<u32>(spare, all);
}

/** Words that a thread gathers before it appends them to a shared list. */
export const bufferWords: u32 = 1024;

/** Appends `count` words of `buffer` to `list`, whose length is the shared word at `tail`. */
export function flush(buffer: usize, count: u32, list: usize, tail: usize): void {
  if (count == 0) return;
  const start = atomic.add<u32>(tail, count);
  memory.copy(list + ((<usize>start) << 2), buffer, (<usize>count) << 2);
}

/** Lowers the double at `address` to `value` if that is less; neither is NaN or -0. True if it did. */
export function lower(address: usize, value: f64): bool {
  let found = atomic.load<u64>(address);
  while (value < reinterpret<f64>(found)) {
    const before = atomic.cmpxchg<u64>(address, found, reinterpret<u64>(value));
    if (before == found) return true;
    found = before;
  }
  return false;
}
