import { randomInt } from "node:crypto";
import type { Utf8Values } from "../edgeChunk.ts";

/**
 * Distinct strings in order of first appearance, as UTF-8 bytes: `intern` gives each its code, from 0 on.
 *
 * Memory: the bytes once, 4 bytes a string, and the hash table, 16 to 32 bytes a string; twice that while it grows.
 */
export class Utf8Dictionary {
  #bytes: Uint8Array = new Uint8Array(1024);
  #offsets: Uint32Array = new Uint32Array(64);
  /**
   * Open addressing, linear probing, at most half full. Slot s: the hash at 2 s, code + 1 (0 where free) at 2 s + 1, side
   * by side so that a look-up touches one cache line.
   */
  #table: Int32Array = new Int32Array(256);
  #size = 0;
  /** Differs from run to run, so that no file can be made to collide; codes do not depend on it. */
  readonly #seed: number = randomInt(0x7fffffff);

  /** Number of distinct strings. */
  get size(): number {
    return this.#size;
  }

  /** The code of bytes [from, to) of `source`. */
  intern(source: Uint8Array, from: number, to: number): number {
    let hash = this.#seed;
    for (let i = from; i < to; i++) {
      hash = Math.imul(hash ^ source[i]!, 0x01000193);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash ^= hash >>> 13;

    const table = this.#table;
    const mask = table.length - 1;
    let slot = (hash << 1) & mask;
    for (let entry = table[slot + 1]!; entry !== 0; entry = table[slot + 1]!) {
      if (table[slot] === hash && this.#equals(entry - 1, source, from, to)) return entry - 1;
      slot = (slot + 2) & mask;
    }
    const code = this.#append(source, from, to);
    table[slot] = hash;
    table[slot + 1] = code + 1;
    if (this.#size * 4 > table.length) this.#rehash();
    return code;
  }

  /** All strings, in shared memory. The dictionary must not be used after. */
  finish(): Utf8Values {
    const offsets = new Uint32Array(new SharedArrayBuffer((this.#size + 1) * 4));
    offsets.set(this.#offsets.subarray(0, this.#size + 1));
    const numBytes = this.#offsets[this.#size]!;
    const bytes = new Uint8Array(new SharedArrayBuffer(numBytes));
    bytes.set(this.#bytes.subarray(0, numBytes));
    return { offsets, bytes };
  }

  #equals(code: number, source: Uint8Array, from: number, to: number): boolean {
    const bytes = this.#bytes;
    const start = this.#offsets[code]!;
    const length = this.#offsets[code + 1]! - start;
    if (length !== to - from) return false;
    for (let i = 0; i < length; i++) if (bytes[start + i] !== source[from + i]) return false;
    return true;
  }

  #append(source: Uint8Array, from: number, to: number): number {
    const code = this.#size++;
    const start = this.#offsets[code]!;
    const end = start + (to - from);
    if (this.#size >= this.#offsets.length) {
      const offsets = new Uint32Array(this.#offsets.length * 2);
      offsets.set(this.#offsets);
      this.#offsets = offsets;
    }
    if (end > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    const bytes = this.#bytes;
    for (let i = from, target = start; i < to; i++, target++) bytes[target] = source[i]!;
    this.#offsets[code + 1] = end;
    return code;
  }

  #rehash(): void {
    const old = this.#table;
    const table = (this.#table = new Int32Array(old.length * 2));
    const mask = table.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from]! << 1) & mask;
      while (table[slot + 1] !== 0) slot = (slot + 2) & mask;
      table[slot] = old[from]!;
      table[slot + 1] = old[from + 1]!;
    }
  }
}
