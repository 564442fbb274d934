/**
 * Seeded random numbers: the one source of chance in Superstep. Same seed and streams, same numbers, on every machine.
 */
import { assert } from "./errors.ts";

/**
 * The generator of stream (`seed`, ...`streams`): any finite numbers, say a seed, a vertex id and a superstep. Different
 * lists of numbers give unrelated sequences; 0 and -0 are one number.
 *
 * Cost: about 0.3 microseconds, so one may be made per record.
 */
export function randomFor(seed: number, ...streams: number[]): Random {
  const entropy = [streams.length];
  pushNumber(entropy, seed);
  for (let i = 0; i < streams.length; i++) pushNumber(entropy, streams[i]!);
  return new Random(seedWords(entropy));
}

/**
 * A generator with 128 bits of state and period 2^128 - 1: xoshiro128**, by Blackman and Vigna, Scrambled Linear
 * Pseudorandom Number Generators (2021).
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  #spareNormal: number | undefined;

  /** `state`: four 32-bit words, not all zero. */
  constructor(state: ArrayLike<number>) {
    assert(
      state.length === 4 && (state[0]! | state[1]! | state[2]! | state[3]!) !== 0,
      "a state is 4 words, not all 0",
    );
    this.#a = state[0]! | 0;
    this.#b = state[1]! | 0;
    this.#c = state[2]! | 0;
    this.#d = state[3]! | 0;
  }

  /** A uniform integer in [0, 2^32). */
  nextUint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  /** A uniform number in [0, 1): a multiple of 2^-53. */
  next(): number {
    return this.#next53() / 2 ** 53;
  }

  /** A uniform integer in [0, n), every one exactly as likely, for an integer n in [1, 2^53]. */
  nextInt(n: number): number {
    assert(Number.isInteger(n) && n >= 1 && n <= 2 ** 53, `nextInt: n must be an integer from 1 to 2^53, got ${n}`);
    const range = n <= 2 ** 32 ? 2 ** 32 : 2 ** 53;
    const limit = range - (range % n); // a multiple of n: draws from here on would favour small results
    let draw: number;
    do draw = n <= 2 ** 32 ? this.nextUint32() : this.#next53();
    while (draw >= limit);
    return draw % n;
  }

  /** A standard normal number: mean 0, variance 1. By Marsaglia's polar method. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    let x: number, y: number, square: number;
    do {
      x = 2 * this.next() - 1;
      y = 2 * this.next() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const scale = Math.sqrt((-2 * Math.log(square)) / square);
    this.#spareNormal = y * scale;
    return x * scale;
  }

  /** Puts `values` into a uniformly random order, in place, and returns it. */
  shuffle<A extends { length: number; [index: number]: unknown }>(values: A): A {
    for (let last = values.length - 1; last > 0; last--) {
      const other = this.nextInt(last + 1);
      const value = values[last];
      values[last] = values[other];
      values[other] = value;
    }
    return values;
  }

  /** A uniform integer in [0, 2^53). */
  #next53(): number {
    const high = this.nextUint32() >>> 5;
    return high * 2 ** 26 + (this.nextUint32() >>> 6);
  }
}

/**
 * Four well mixed words from any number of 32-bit words: seed_seq_fe128, by O'Neill, Developing a seed_seq Alternative
 * (2015), as NumPy's SeedSequence has it. Every bit of `entropy` reaches every word; words that are missing count as 0.
 */
export function seedWords(entropy: ArrayLike<number>): number[] {
  const pool = [0, 0, 0, 0];
  let constant = 0x43b0d7e5;
  const hash = (word: number): number => {
    const mixed = word ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    return foldHalves(Math.imul(mixed, constant));
  };
  const stir = (into: number, word: number): void => {
    pool[into] = foldHalves(Math.imul(pool[into]!, 0xca01f9dd) - Math.imul(hash(word), 0x4973f715));
  };
  for (let i = 0; i < 4; i++) pool[i] = hash(entropy[i] ?? 0);
  for (let from = 0; from < 4; from++) {
    for (let into = 0; into < 4; into++) if (into !== from) stir(into, pool[from]!);
  }
  for (let from = 4; from < entropy.length; from++) {
    for (let into = 0; into < 4; into++) stir(into, entropy[from]!);
  }
  constant = 0x8b51f9dd;
  for (let i = 0; i < 4; i++) {
    const mixed = pool[i]! ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    pool[i] = foldHalves(Math.imul(mixed, constant));
  }
  return pool;
}

function foldHalves(word: number): number {
  return (word ^ ((word | 0) >>> 16)) >>> 0;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

function pushNumber(entropy: number[], value: number): void {
  assert(Number.isFinite(value), `a random stream is named by finite numbers, got ${value}`);
  float[0] = value + 0; // -0 + 0 is 0
  entropy.push(words[0]!, words[1]!);
}
