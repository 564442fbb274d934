/**
 * Arithmetic of unsigned 64-bit integers as two 32-bit words: exact, and without making a BigInt.
 */

/** high * 2^32 + low, both unsigned. */
export interface Words64 {
  readonly high: number;
  readonly low: number;
}

const fnvOffset: Words64 = { high: 0xcbf29ce4, low: 0x84222325 };
const fnvPrime: Words64 = { high: 0x100, low: 0x1b3 };

/** The low 64 bits of a * b. */
export function multiply64(a: Words64, b: Words64): Words64 {
  const high = multiplyHigh(a.low, b.low) + Math.imul(a.high, b.low) + Math.imul(a.low, b.high);
  return { high: high >>> 0, low: Math.imul(a.low, b.low) >>> 0 };
}

/** FNV-1a of 64 bits, by Fowler, Noll and Vo, of bytes [from, to). */
export function hashUtf8(bytes: Uint8Array, from = 0, to: number = bytes.length): Words64 {
  let hash = fnvOffset;
  for (let at = from; at < to; at++) {
    hash = multiply64({ high: hash.high, low: (hash.low ^ bytes[at]!) >>> 0 }, fnvPrime);
  }
  return hash;
}

/** The high 32 bits of the product of two unsigned 32-bit integers, from products of halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  return aHigh * bHigh + (first >>> 16) + (second >>> 16);
}
