/**
 * Codes for distinct strings in order of first appearance, as bytes: no JavaScript string is made.
 */
import type { Utf8Values } from "../load/edgeChunk.ts";

const initialSlots = 1024;

/** A hash table from UTF-8 strings to codes 0, 1, 2, … It keeps a copy of each distinct string. */
export class Utf8Table {
  /** Distinct strings so far: codes are below this. */
  size = 0;
  #offsets: Uint32Array<ArrayBuffer> = new Uint32Array(initialSlots / 2 + 1);
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(8 * initialSlots);
  /** Hash by code. */
  #hashes: Uint32Array<ArrayBuffer> = new Uint32Array(initialSlots / 2);
  /** Code + 1 by slot, 0 where the slot is free; a power of two, at most half of them taken. */
  #slots: Uint32Array<ArrayBuffer> = new Uint32Array(initialSlots);

  /** The code of the string bytes[from, to), a new one if it was not seen before. */
  codeOf(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashBytes(bytes, from, to);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const code = slots[slot]! - 1;
      if (code < 0) break;
      if (this.#hashes[code] === hash && this.#isAt(code, bytes, from, to)) return code;
      slot = (slot + 1) & mask;
    }
    const code = this.size;
    if (code === this.#hashes.length) {
      this.#growTable();
      return this.codeOf(bytes, from, to);
    }
    this.#append(bytes, from, to);
    this.#hashes[code] = hash;
    slots[slot] = code + 1;
    return code;
  }

  /** The distinct strings by code: views of what the table holds, valid until it grows. */
  strings(): Utf8Values {
    const offsets = this.#offsets.subarray(0, this.size + 1);
    return { offsets, bytes: this.#bytes.subarray(0, offsets[this.size]!) };
  }

  #isAt(code: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#offsets[code]!;
    if (this.#offsets[code + 1]! - start !== to - from) return false;
    const own = this.#bytes;
    for (let at = from; at < to; at++) if (own[start + at - from] !== bytes[at]) return false;
    return true;
  }

  #append(bytes: Uint8Array, from: number, to: number): void {
    const start = this.#offsets[this.size]!;
    const end = start + to - from;
    if (end > this.#bytes.length) {
      const longer = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    for (let at = from; at < to; at++) this.#bytes[start + at - from] = bytes[at]!;
    this.size++;
    this.#offsets[this.size] = end;
  }

  #growTable(): void {
    const offsets = new Uint32Array(2 * this.size + 1);
    offsets.set(this.#offsets);
    const hashes = new Uint32Array(2 * this.size);
    hashes.set(this.#hashes);
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let code = 0; code < this.size; code++) {
      let slot = hashes[code]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    }
    this.#offsets = offsets;
    this.#hashes = hashes;
    this.#slots = slots;
  }
}

/** FNV-1a of 32 bits, finished so that all bits depend on all bytes. */
function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
