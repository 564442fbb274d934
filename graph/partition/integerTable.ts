/**
 * Codes for distinct 64-bit integers in order of first appearance, as words: no BigInt is made.
 */

const initialSlots = 1024;

/** A hash table from integers, given as two 32-bit words, to codes 0, 1, 2, … */
export class IntegerTable {
  /** Distinct integers so far: codes are below this. */
  size = 0;
  /** Low and high words by code; at least `size` entries. */
  low: Uint32Array<ArrayBuffer> = new Uint32Array(initialSlots / 2);
  high: Uint32Array<ArrayBuffer> = new Uint32Array(initialSlots / 2);
  /** Code + 1 by slot, 0 where the slot is free; a power of two, at most half of them taken. */
  #slots: Uint32Array<ArrayBuffer> = new Uint32Array(initialSlots);

  /** The code of an integer, a new one if it was not seen before. */
  codeOf(low: number, high: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashWords(low, high) & mask;
    for (;;) {
      const code = slots[slot]! - 1;
      if (code < 0) break;
      if (this.low[code] === low && this.high[code] === high) return code;
      slot = (slot + 1) & mask;
    }
    const code = this.size;
    if (code === this.low.length) {
      this.#grow();
      return this.codeOf(low, high);
    }
    this.low[code] = low;
    this.high[code] = high;
    slots[slot] = code + 1;
    this.size++;
    return code;
  }

  #grow(): void {
    const low = new Uint32Array(2 * this.low.length);
    const high = new Uint32Array(2 * this.high.length);
    low.set(this.low);
    high.set(this.high);
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let code = 0; code < this.size; code++) {
      let slot = hashWords(low[code]!, high[code]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    }
    this.low = low;
    this.high = high;
    this.#slots = slots;
  }
}

/** Spreads integers over slots; the finish is MurmurHash3's. */
function hashWords(low: number, high: number): number {
  let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high ^ (high >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
