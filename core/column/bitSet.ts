/**
 * A set of small integers, one bit each.
 */
import { assert } from "../errors.ts";

/**
 * A set of integers in [0, size), in words of 32 bits: bit i is bit i % 32 of word i / 32.
 *
 * Over shared words several threads may read at once. Changes are plain reads and writes of words: threads that change a
 * set at once must keep to ranges that start at multiples of 32.
 */
export class BitSet {
  /** Number of integers that could be in the set. */
  readonly size: number;
  /** ceil(size / 32) words; bits from `size` on are 0. */
  readonly words: Uint32Array;

  /** Over `words`, an arena view say, or over fresh ones. */
  constructor(size: number, words: Uint32Array = new Uint32Array(BitSet.wordsFor(size))) {
    assert(words.length === BitSet.wordsFor(size), `a set of ${size} takes ${BitSet.wordsFor(size)} words`);
    this.size = size;
    this.words = words;
  }

  /** Number of words that a set of `size` takes. */
  static wordsFor(size: number): number {
    return Math.ceil(size / 32);
  }

  has(index: number): boolean {
    return ((this.words[index >>> 5]! >>> (index & 31)) & 1) === 1;
  }

  /** Puts `index`, in [0, size), into the set. */
  set(index: number): void {
    this.words[index >>> 5]! |= 1 << (index & 31);
  }

  /** Takes `index`, in [0, size), out of the set. */
  clear(index: number): void {
    this.words[index >>> 5]! &= ~(1 << (index & 31));
  }

  /** Puts all of [from, to) into the set. */
  setRange(from: number, to: number): void {
    this.#eachWord(from, to, (word, mask) => {
      this.words[word]! |= mask;
    });
  }

  /** Takes all of [from, to) out of the set. */
  clearRange(from: number, to: number): void {
    this.#eachWord(from, to, (word, mask) => {
      this.words[word]! &= ~mask;
    });
  }

  /** How many of [from, to) are in the set. */
  count(from = 0, to: number = this.size): number {
    let count = 0;
    this.#eachWord(from, to, (word, mask) => {
      count += onesIn(this.words[word]! & mask);
    });
    return count;
  }

  /** The first integer in the set from `from` on; -1 if there is none. */
  next(from: number): number {
    if (from >= this.size) return -1;
    let word = from >>> 5;
    let bits = this.words[word]! & (-1 << (from & 31));
    while (bits === 0) {
      if (++word >= this.words.length) return -1;
      bits = this.words[word]!;
    }
    return word * 32 + lowestBit(bits);
  }

  /** Calls `visit` for those of [from, to) that are in the set, ascending. `visit` may change what is behind it. */
  forEach(visit: (index: number) => void, from = 0, to: number = this.size): void {
    this.#eachWord(from, to, (word, mask) => {
      let bits = this.words[word]! & mask;
      while (bits !== 0) {
        visit(word * 32 + lowestBit(bits));
        bits &= bits - 1;
      }
    });
  }

  /** Calls `act` for each word that has bits of [from, to), with the mask of these bits. */
  #eachWord(from: number, to: number, act: (word: number, mask: number) => void): void {
    assert(from >= 0 && to <= this.size, `[${from}, ${to}) lies outside a set of ${this.size}`);
    if (from >= to) return;
    const first = from >>> 5;
    const last = (to - 1) >>> 5;
    for (let word = first; word <= last; word++) {
      let mask = -1;
      if (word === first) mask &= -1 << (from & 31);
      if (word === last) mask &= -1 >>> (31 - ((to - 1) & 31));
      act(word, mask);
    }
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function onesIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
