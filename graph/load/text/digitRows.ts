/**
 * The fast form of reading rows of edge lists: two columns of digits and perhaps a plain weight, straight into columns. It
 * stops in front of the first line that is anything else, which then goes the general way. Beside `plainRows.ts`, because it is
 * as fast once warm, and sooner warm.
 */
import { maxLineBytes } from "./rowFault.ts";
import type { RowBuilder } from "./rowBuilder.ts";
import type { TextPlan } from "./textPlan.ts";

/** True if rows of this plan can go the fast way: ids in the first two columns, nothing else or a weight in the third. */
export function allowsDigitRows(plan: TextPlan): boolean {
  const [src, dst, ...more] = plan.idColumns;
  const [attr, ...moreAttrs] = plan.attrs;
  return (
    plan.layout === "blanks" &&
    plan.idType === "integer" &&
    src?.column === 0 &&
    dst?.column === 1 &&
    more.length === 0 &&
    plan.mirror === undefined &&
    plan.maxIndex === undefined &&
    plan.maxColumns === undefined &&
    (attr === undefined || (attr.isWeight && attr.column === 2)) &&
    moreAttrs.length === 0
  );
}

/**
 * Reads lines from `at` on while they are such and the chunk at hand has room for them. Returns where it
 * stopped: at the start of a line, or `to`. Each row read is one line.
 *
 * @param bytes ends each line, also the last one before `to`, with LF
 */
export function readDigitRows(bytes: Uint8Array, at: number, to: number, builder: RowBuilder): number {
  const { integers } = builder;
  if (integers === undefined) return at;
  return integers.isWide ? readWideRows(bytes, at, to, builder) : readNarrowRows(bytes, at, to, builder);
}

/** Ids below 2^32. */
function readNarrowRows(bytes: Uint8Array, at: number, to: number, builder: RowBuilder): number {
  const integers = builder.integers!;
  const src = integers.narrow[0]!;
  const dst = integers.narrow[1]!;
  const weights = builder.attrs[0]?.numbers;
  const room = builder.capacity;
  const firstRow = builder.row;
  let row = firstRow;
  let lineStart = at;

  while (lineStart < to && row < room) {
    let p = lineStart;
    let digit = bytes[p]! - 48;
    if (digit < 0 || digit > 9) break;
    let srcId = digit;
    while ((digit = bytes[++p]! - 48) >= 0 && digit <= 9) srcId = (Math.imul(srcId, 10) + digit) | 0;
    if (p - lineStart > 9) {
      if (p - lineStart > 10) break;
      const wide = tenDigits(bytes, lineStart);
      if (wide > 0xffffffff) break;
      srcId = wide | 0;
    }

    let byte = digit + 48;
    if (byte !== 32 && byte !== 9) break;
    do byte = bytes[++p]!;
    while (byte === 32 || byte === 9);

    const dstFrom = p;
    digit = byte - 48;
    if (digit < 0 || digit > 9) break;
    let dstId = digit;
    while ((digit = bytes[++p]! - 48) >= 0 && digit <= 9) dstId = (Math.imul(dstId, 10) + digit) | 0;
    if (p - dstFrom > 9) {
      if (p - dstFrom > 10) break;
      const wide = tenDigits(bytes, dstFrom);
      if (wide > 0xffffffff) break;
      dstId = wide | 0;
    }

    byte = digit + 48;
    if (weights !== undefined) {
      if (byte !== 32 && byte !== 9) break;
      do byte = bytes[++p]!;
      while (byte === 32 || byte === 9);

      const weightFrom = p;
      let weight = 0;
      while ((digit = byte - 48) >= 0 && digit <= 9) {
        weight = weight * 10 + digit;
        byte = bytes[++p]!;
      }
      if (p === weightFrom) break;
      if (byte === 46) {
        const pointAt = p;
        while ((digit = bytes[++p]! - 48) >= 0 && digit <= 9) weight = weight * 10 + digit;
        byte = digit + 48;
        if (p - weightFrom > 16) break; // more digits than a float64 holds exactly
        weight /= powersOfTen[p - pointAt - 1]!;
      } else if (p - weightFrom > 15) break;
      weights[row] = weight;
    }

    if (byte !== 10) {
      if (byte === 32 || byte === 9) {
        do byte = bytes[++p]!;
        while (byte !== 10);
        if (p - lineStart > maxLineBytes) break;
      } else if (byte === 13 && bytes[p + 1] === 10) p++;
      else break;
    }
    src[row] = srcId;
    dst[row] = dstId;
    row++;
    lineStart = p + 1;
  }
  builder.wrote(row - firstRow);
  return lineStart;
}

/** Ids of up to 15 digits, into columns of 64 bits; rows without weight. */
function readWideRows(bytes: Uint8Array, at: number, to: number, builder: RowBuilder): number {
  if (builder.attrs.length > 0) return at;
  const [src, dst] = builder.integers!.halves as [Uint32Array, Uint32Array];
  const room = builder.capacity;
  const firstRow = builder.row;
  let row = firstRow;
  let lineStart = at;

  while (lineStart < to && row < room) {
    let p = lineStart;
    let srcId = 0;
    let digit = bytes[p]! - 48;
    while (digit >= 0 && digit <= 9) {
      srcId = srcId * 10 + digit;
      digit = bytes[++p]! - 48;
    }
    let byte = digit + 48;
    if (p === lineStart || p - lineStart > 15 || (byte !== 32 && byte !== 9)) break;
    do byte = bytes[++p]!;
    while (byte === 32 || byte === 9);

    const dstFrom = p;
    let dstId = 0;
    digit = byte - 48;
    while (digit >= 0 && digit <= 9) {
      dstId = dstId * 10 + digit;
      digit = bytes[++p]! - 48;
    }
    byte = digit + 48;
    if (p === dstFrom || p - dstFrom > 15) break;
    if (byte !== 10) {
      if (byte !== 13 || bytes[p + 1] !== 10) break;
      p++;
    }
    src[row * 2] = srcId; // modulo 2^32
    src[row * 2 + 1] = srcId / 0x100000000;
    dst[row * 2] = dstId;
    dst[row * 2 + 1] = dstId / 0x100000000;
    row++;
    lineStart = p + 1;
  }
  builder.wrote(row - firstRow);
  return lineStart;
}

/** The ten digits from `from` on. */
function tenDigits(bytes: Uint8Array, from: number): number {
  let value = 0;
  for (let i = from; i < from + 10; i++) value = value * 10 + (bytes[i]! - 48);
  return value;
}

const powersOfTen: Float64Array = Float64Array.from({ length: 17 }, (_, power) => 10 ** power);
