/**
 * Integers from bytes, exact in signed 64 bits: optional minus, decimal digits. Never through a double.
 */

/** What `IntegerParser.parse` found. */
export const integerOutcome = {
  /** In [0, 2^32): `low` holds it. */
  uint32: 0,
  /** In [-2^63, 2^63): `low` and `high` hold it, two's complement. */
  int64: 1,
  /** Not an optional minus and decimal digits. */
  notInteger: 2,
  /** An integer outside signed 64 bits. */
  outOfRange: 3,
} as const;

/** One of `integerOutcome`. */
export type IntegerOutcome = (typeof integerOutcome)[keyof typeof integerOutcome];

/** Parses integers into two 32-bit halves, so that no bigint is made per value. */
export class IntegerParser {
  /** Bits 0 to 31, in [0, 2^32). */
  low = 0;
  /** Bits 32 to 63, in [0, 2^32). */
  high = 0;

  /** Reads bytes [from, to) as a whole. Sets `low` and `high` for the first two outcomes. */
  parse(bytes: Uint8Array, from: number, to: number): IntegerOutcome {
    const isNegative = from < to && bytes[from] === 45;
    let at = isNegative ? from + 1 : from;
    if (at >= to) return integerOutcome.notInteger;
    while (at < to - 1 && bytes[at] === 48) at++;

    // value = head * 10^9 + tail; both exact while there are at most 19 digits
    const numDigits = to - at;
    const tailFrom = to - 9;
    let head = 0;
    let tail = 0;
    for (; at < to; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) return integerOutcome.notInteger;
      if (at < tailFrom) head = head * 10 + digit;
      else tail = tail * 10 + digit;
    }
    if (numDigits > 19) return integerOutcome.outOfRange;

    let low: number;
    let high: number;
    if (head === 0) {
      low = tail;
      high = 0;
    } else {
      const upper = Math.floor(head / 0x10000) * 1e9; // below 2^48
      const lower = (head % 0x10000) * 1e9 + tail; // below 2^47
      const sum = (upper % 0x10000) * 0x10000 + lower;
      low = sum >>> 0;
      high = Math.floor(upper / 0x10000) + Math.floor(sum / 0x100000000);
    }
    if (!isNegative) {
      this.low = low;
      this.high = high;
      if (high === 0) return integerOutcome.uint32;
      return high < 0x80000000 ? integerOutcome.int64 : integerOutcome.outOfRange;
    }
    if (high > 0x80000000 || (high === 0x80000000 && low > 0)) return integerOutcome.outOfRange;
    this.low = -low >>> 0;
    this.high = (~high + (low === 0 ? 1 : 0)) >>> 0;
    return low === 0 && high === 0 ? integerOutcome.uint32 : integerOutcome.int64;
  }
}
