/**
 * What cells of text say: UTF-8 or not, integers, numbers. The clear forms are `isUtf8` of Node, `parseInteger.ts` and
 * `parseNumber.ts`; what is not plain is left to those.
 */
import { partOfWord } from "./memory.as";

/** True if bytes [at, to) are UTF-8: no overlong form, no surrogate, nothing beyond U+10FFFF. */
export function isUtf8(at: usize, to: usize): bool {
  while (at < to) {
    const first = <u32>load<u8>(at++);
    if (first < 0x80) continue;
    let rest: u32 = 1;
    let least: u32 = 0x80;
    let most: u32 = 0xbf;
    if (first < 0xc2 || first > 0xf4) return false;
    if (first >= 0xf0) {
      rest = 3;
      if (first == 0xf0) least = 0x90;
      else if (first == 0xf4) most = 0x8f;
    } else if (first >= 0xe0) {
      rest = 2;
      if (first == 0xe0) least = 0xa0;
      else if (first == 0xed) most = 0x9f;
    }
    if (to - at < rest) return false;
    const second = <u32>load<u8>(at++);
    if (second < least || second > most) return false;
    for (rest--; rest > 0; rest--) if ((load<u8>(at++) & 0xc0) != 0x80) return false;
  }
  return true;
}

/** The integer of the last `parseInteger`, two's complement. */
export let integer: u64 = 0;

/** Reads bytes [at, to): an optional minus and at most 16 digits. False if it is anything else. */
export function parseInteger(at: usize, to: usize): bool {
  const isNegative = at < to && load<u8>(at) == 45;
  if (isNegative) at++;
  if (at >= to) return false;
  let length = <u32>(to - at);
  let value: u64 = 0;
  if (length > 8) {
    if (length > 16) return false;
    value = digits(at, length - 8);
    if (value == notDigits) return false;
    at += length - 8;
    length = 8;
  }
  const low = digits(at, length);
  if (low == notDigits) return false;
  value = value * 100000000 + low;
  integer = isNegative ? 0 - value : value;
  return true;
}

/** The number of the last `parseNumber`. */
export let number: f64 = 0;

/** What `parseNumber` found. */
export const notPlain: u32 = 0;
/** An integer as programs write it: no leading zero, no plus; not -0. */
export const plainInteger: u32 = 1;
/** Any other decimal. */
export const plainDecimal: u32 = 2;
/** A number that began with a zero before another digit, or with a plus sign. */
export const padded: u32 = 3;

const powersOfTen = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

/** Reads bytes [at, to) if both operands of the one operation that rounds are exact: at most 15 digits, 10^-22 to 10^22. */
export function parseNumber(at: usize, to: usize): u32 {
  const first = at < to ? <u32>load<u8>(at) : 0;
  const isNegative = first == 45;
  if (isNegative || first == 43) at++;
  const digitsFrom = at;
  let mantissa: u64 = 0;
  let digit: u32 = 0;
  while (at < to && (digit = <u32>load<u8>(at) - 48) <= 9) {
    mantissa = mantissa * 10 + digit;
    at++;
  }
  let numDigits = <u32>(at - digitsFrom);
  let kind = first == 43 || (numDigits > 1 && load<u8>(digitsFrom) == 48) ? padded : plainInteger;
  let exponent: i32 = 0;
  if (at < to && load<u8>(at) == 46) {
    const pointAt = at++;
    while (at < to && (digit = <u32>load<u8>(at) - 48) <= 9) {
      mantissa = mantissa * 10 + digit;
      at++;
    }
    exponent = <i32>(pointAt + 1 - at);
    numDigits -= <u32>exponent;
    if (kind == plainInteger) kind = plainDecimal;
  }
  if (numDigits == 0 || numDigits > 15) return notPlain;
  if (at < to && (load<u8>(at) | 32) == 101) {
    at++;
    let isDown = false;
    if (at < to && (load<u8>(at) == 45 || load<u8>(at) == 43)) isDown = load<u8>(at++) == 45;
    const exponentFrom = at;
    let written: i32 = 0;
    while (at < to && (digit = <u32>load<u8>(at) - 48) <= 9) {
      written = min(written * 10 + <i32>digit, 1000000);
      at++;
    }
    if (at == exponentFrom) return notPlain;
    exponent += isDown ? -written : written;
    if (kind == plainInteger) kind = plainDecimal;
  }
  if (at != to || exponent < -22 || exponent > 22) return notPlain;
  const whole = <f64>mantissa;
  const size =
    exponent < 0
      ? whole / load<f64>(powersOfTen + ((<usize>-exponent) << 3))
      : whole * load<f64>(powersOfTen + ((<usize>exponent) << 3));
  number = isNegative ? -size : size;
  return isNegative && mantissa == 0 && kind == plainInteger ? plainDecimal : kind;
}

const notDigits: u64 = u64.MAX_VALUE;

/** The value of 1 to 8 digits, eight bytes at a time; `notDigits` if one is none. */
function digits(at: usize, length: u32): u64 {
  // the digits at the high end, zeros below them
  const shift = (8 - length) << 3;
  let value = (partOfWord(at, length) << shift) ^ (0x3030303030303030 << shift);
  if (((value + 0x7676767676767676) | value) & 0x8080808080808080) return notDigits;
  return valueOfDigits(value);
}

/** The number that eight bytes from 0 to 9 are the digits of, the first byte the highest. */
export function valueOfDigits(bytes: u64): u64 {
  const pairs = bytes * 10 + (bytes >> 8);
  return (
    ((pairs & 0x000000ff000000ff) * 0x000f424000000064 + ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >>
    32
  );
}

/** The decimal `whole`.`fraction` of `places` digits behind the point, at most 15 in all: both operands of the division are exact. */
export function decimal(whole: u64, fraction: u64, places: u32): f64 {
  const scale = load<f64>(powersOfTen + ((<usize>places) << 3));
  return (<f64>whole * scale + <f64>fraction) / scale;
}
