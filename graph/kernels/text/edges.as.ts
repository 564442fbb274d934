/**
 * The lines that most edge lists consist of: two ids in digits and perhaps a weight, between single blanks. A line is taken
 * apart by one look at its first 32 bytes, so that lines are read side by side by the processor, not byte by byte.
 */
import { decimal, valueOfDigits } from "./cells.as";

/** Bytes behind a line that may be read with it. */
export const edgeSlack: usize = 40;

const most: u32 = 16;
const mostOfWeight: u32 = 15;

/** Where `readEdges` stopped: at the start of a line, or at its `to`. */
export let edgesEnd: usize = 0;

/**
 * Reads lines of bytes [at, to), which end with LF, into rows from `row` on, below `mostRows`, as long as each is such a line.
 * Returns the row after the last. What stands behind the columns that are read is ignored.
 *
 * @param isWide ids take 64 bits; else a line with one that needs them ends it
 * @param weights where doubles go, 0 if there are none to be read
 */
export function readEdges(
  at: usize,
  to: usize,
  row: u32,
  mostRows: u32,
  isWide: bool,
  src: usize,
  dst: usize,
  weights: usize,
): u32 {
  const zeros = i8x16.splat(48);
  while (at < to && row < mostRows) {
    const first = v128.load(at);
    const second = v128.load(at, 16);
    // where bytes are that come before the digits: blanks, line ends, points; a further one is taken to be behind them
    let ends = (<u32>i8x16.bitmask(i8x16.lt_u(first, zeros))) | ((<u32>i8x16.bitmask(i8x16.lt_u(second, zeros))) << 16);
    const srcEnd = ctz(ends);
    ends &= ends - 1;
    const dstEnd = ctz(ends);
    ends &= ends - 1;
    const dstLength = dstEnd - srcEnd - 1;
    if (srcEnd - 1 >= most || dstLength - 1 >= most || !isBlank(at + <usize>srcEnd)) break;

    const srcLow = digitsBefore(at + <usize>srcEnd, min(srcEnd, 8));
    const dstLow = digitsBefore(at + <usize>dstEnd, min(dstLength, 8));
    let flaws = flawsOf(srcLow) | flawsOf(dstLow);
    let srcId = valueOfDigits(srcLow);
    let dstId = valueOfDigits(dstLow);
    if (srcEnd > 8) {
      const high = digitsBefore(at + <usize>srcEnd - 8, srcEnd - 8);
      flaws |= flawsOf(high);
      srcId += valueOfDigits(high) * 100000000;
    }
    if (dstLength > 8) {
      const high = digitsBefore(at + <usize>dstEnd - 8, dstLength - 8);
      flaws |= flawsOf(high);
      dstId += valueOfDigits(high) * 100000000;
    }

    let lineEnd = dstEnd;
    if (weights != 0) {
      lineEnd = ctz(ends);
      const length = lineEnd - dstEnd - 1;
      if (length - 1 >= mostOfWeight || !isBlank(at + <usize>dstEnd)) break;
      const low = digitsBefore(at + <usize>lineEnd, min(length, 8));
      flaws |= flawsOf(low);
      let whole = valueOfDigits(low);
      if (length > 8) {
        const high = digitsBefore(at + <usize>lineEnd - 8, length - 8);
        flaws |= flawsOf(high);
        whole += valueOfDigits(high) * 100000000;
      }
      let weight = <f64>whole;
      if (load<u8>(at + <usize>lineEnd) == 46) {
        ends &= ends - 1;
        const pointAt = lineEnd;
        lineEnd = ctz(ends);
        const places = lineEnd - pointAt - 1;
        if (places - 1 >= 8 || length + places > mostOfWeight) break;
        const fraction = digitsBefore(at + <usize>lineEnd, places);
        flaws |= flawsOf(fraction);
        weight = decimal(whole, valueOfDigits(fraction), places);
      }
      store<f64>(weights + ((<usize>row) << 3), weight);
    }
    if (flaws != 0) break;

    const byte = load<u8>(at + <usize>lineEnd);
    if (byte != 10) {
      if (byte == 13) {
        if (load<u8>(at + <usize>lineEnd + 1) != 10) break;
        lineEnd++;
      } else {
        if (byte != 32 && byte != 9) break;
        const feeds = i8x16.splat(10);
        const lines =
          (<u32>i8x16.bitmask(i8x16.eq(first, feeds))) | ((<u32>i8x16.bitmask(i8x16.eq(second, feeds))) << 16);
        if (lines == 0) break;
        lineEnd = ctz(lines); // what came before was blanks and points
      }
    }
    if (isWide) {
      store<u64>(src + ((<usize>row) << 3), srcId);
      store<u64>(dst + ((<usize>row) << 3), dstId);
    } else {
      if ((srcId | dstId) >> 32 != 0) break;
      store<u32>(src + ((<usize>row) << 2), <u32>srcId);
      store<u32>(dst + ((<usize>row) << 2), <u32>dstId);
    }
    row++;
    at += <usize>lineEnd + 1;
  }
  edgesEnd = at;
  return row;
}

function isBlank(at: usize): bool {
  const byte = load<u8>(at);
  return byte == 32 || byte == 9;
}

/** The 1 to 8 bytes before `end`, less 48 each, at the high end of a word whose other bytes are 0. */
function digitsBefore(end: usize, length: u32): u64 {
  const shift = <u64>((8 - length) << 3);
  return ((load<u64>(end - 8) ^ 0x3030303030303030) >> shift) << shift;
}

/** Not 0 if some byte is more than 9. */
function flawsOf(digits: u64): u64 {
  return ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
}
