/**
 * Numbers from bytes: decimal and exponent form, correctly rounded to float64.
 */

/** How a piece of text is written, as far as numbers go. */
export const numberShape = {
  /** Neither of the two below. */
  none: 0,
  /** An integer as programs write it: optional minus, digits without a leading zero; not -0. */
  integer: 1,
  /** Any other decimal: point, exponent, plus sign, leading zeros, -0. */
  decimal: 2,
} as const;

/** One of `numberShape`. */
export type NumberShape = (typeof numberShape)[keyof typeof numberShape];

/** Parses decimals; `value` is the last one. */
export class NumberParser {
  /** Infinite if the number is beyond float64; 0 if it is nearer to 0 than any float64. */
  value = 0;
  /** True if the last number began with a zero before another digit, or with a plus sign: "007", "+49". */
  isPadded = false;

  /** Reads bytes [from, to) as a whole: sign, digits with at most one point, exponent. */
  parse(bytes: Uint8Array, from: number, to: number): NumberShape {
    let at = from;
    const first = at < to ? bytes[at]! : 0;
    const isNegative = first === 45;
    if (isNegative || first === 43) at++;
    const digitsFrom = at;
    let mantissa = 0;
    let digit = 0;
    while (at < to && (digit = bytes[at]! - 48) >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      at++;
    }
    let numDigits = at - digitsFrom;
    this.isPadded = first === 43 || (numDigits > 1 && bytes[digitsFrom] === 48);
    if (at === to && numDigits > 0 && numDigits <= 15) {
      this.value = isNegative ? -mantissa : mantissa;
      return this.isPadded || (isNegative && mantissa === 0) ? numberShape.decimal : numberShape.integer;
    }

    let exponent = 0;
    let isInteger = true;
    if (at < to && bytes[at] === 46) {
      isInteger = false;
      const pointAt = at++;
      while (at < to && (digit = bytes[at]! - 48) >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
        at++;
      }
      exponent = pointAt + 1 - at;
      numDigits -= exponent;
    }
    if (numDigits === 0) return numberShape.none;
    if (at < to && (bytes[at]! | 32) === 101) {
      isInteger = false;
      at++;
      let isDown = false;
      if (at < to && (bytes[at] === 45 || bytes[at] === 43)) isDown = bytes[at++] === 45;
      const exponentFrom = at;
      let written = 0;
      while (at < to && (digit = bytes[at]! - 48) >= 0 && digit <= 9) {
        written = Math.min(written * 10 + digit, 1e6);
        at++;
      }
      if (at === exponentFrom) return numberShape.none;
      exponent += isDown ? -written : written;
    }
    if (at !== to) return numberShape.none;

    if (numDigits <= 15 && exponent >= -22 && exponent <= 22) {
      // both operands are exact, so the one operation rounds correctly
      const size = exponent < 0 ? mantissa / powersOfTen[-exponent]! : mantissa * powersOfTen[exponent]!;
      this.value = isNegative ? -size : size;
    } else {
      this.value = Number(latin1(bytes, from, to));
    }
    return isInteger && !this.isPadded ? numberShape.integer : numberShape.decimal;
  }
}

const powersOfTen: Float64Array = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}
