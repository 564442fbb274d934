import { randomInt } from "node:crypto";
import type { Utf8Values } from "../edgeChunk.ts";

/**
 * Distinct strings in order of first appearance, as UTF-8 bytes: `intern` gives each its code, from 0 on.
 *
 * Memory: the bytes once, 12 bytes a string and the hash table, 8 to 16 bytes a string.
 */
export class Utf8Dictionary {
  #bytes: Uint8Array = new Uint8Array(1024);
  #offsets: Uint32Array = new Uint32Array(65);
  #hashes: Int32Array = new Int32Array(64);
  /** Open addressing, linear probing: code + 1, or 0 where free. Length a power of two, at most half full. */
  #table: Uint32Array = new Uint32Array(128);
  #size = 0;
  /** Differs from run to run, so that no file can be made to collide; codes do not depend on it. */
  readonly #seed: number = randomInt(0x7fffffff);

  /** Number of distinct strings. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of all strings together. */
  get numBytes(): number {
    return this.#offsets[this.#size]!;
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

    const mask = this.#table.length - 1;
    let slot = hash & mask;
    for (let entry = this.#table[slot]!; entry !== 0; entry = this.#table[slot]!) {
      if (this.#hashes[entry - 1] === hash && this.#equals(entry - 1, source, from, to)) return entry - 1;
      slot = (slot + 1) & mask;
    }
    const code = this.#append(source, from, to, hash);
    if (this.#size * 2 > this.#table.length) this.#rehash();
    else this.#table[slot] = code + 1;
    return code;
  }

  /** All strings, in shared memory. The dictionary must not be used after. */
  finish(): Utf8Values {
    const offsets = new Uint32Array(new SharedArrayBuffer((this.#size + 1) * 4));
    offsets.set(this.#offsets.subarray(0, this.#size + 1));
    const bytes = new Uint8Array(new SharedArrayBuffer(this.numBytes));
    bytes.set(this.#bytes.subarray(0, this.numBytes));
    return { offsets, bytes };
  }

  #equals(code: number, source: Uint8Array, from: number, to: number): boolean {
    const start = this.#offsets[code]!;
    const length = this.#offsets[code + 1]! - start;
    if (length !== to - from) return false;
    for (let i = 0; i < length; i++) if (this.#bytes[start + i] !== source[from + i]) return false;
    return true;
  }

  #append(source: Uint8Array, from: number, to: number, hash: number): number {
    const code = this.#size++;
    const start = this.#offsets[code]!;
    const end = start + (to - from);
    if (this.#size + 1 > this.#offsets.length) {
      const offsets = new Uint32Array(this.#offsets.length * 2);
      offsets.set(this.#offsets);
      this.#offsets = offsets;
      const hashes = new Int32Array(this.#offsets.length);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    if (end > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    for (let i = from, target = start; i < to; i++, target++) this.#bytes[target] = source[i]!;
    this.#offsets[code + 1] = end;
    this.#hashes[code] = hash;
    return code;
  }

  #rehash(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    const mask = this.#table.length - 1;
    for (let code = 0; code < this.#size; code++) {
      let slot = this.#hashes[code]! & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = code + 1;
    }
  }
}
