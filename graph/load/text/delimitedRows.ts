/**
 * Rows of CSV and TSV: columns between single delimiters, quotes as in RFC 4180, so that a row can go over line ends.
 *
 * Blanks round a field go; inside quotes they stay. The delimiter itself is no blank.
 */
import { quoteBytes } from "../inputError.ts";
import type { Fields } from "./fields.ts";
import { longLineShown, maxFieldBytes, maxLineBytes, rowFault, type RowFault } from "./rowFault.ts";
import type { SplitState } from "./splitState.ts";

/** Where a row ended, and what was wrong with it. Kept between rows. */
export interface RowEnd {
  /** Position past the row's LF; -1 if the row goes on past the bytes at hand: its quote at `faultAt` is still open. */
  next: number;
  /** LFs in the row, its last one included. */
  numLines: number;
  fault: RowFault;
  /** The byte at fault. */
  faultAt: number;
  hasQuote: boolean;
}

/**
 * Reads all rows of bytes [from, to), which ends with LF. Returns where it stopped: `to`, or the start of a row that
 * goes on past `to`. `isLast`: nothing comes after, so such a row is a failure.
 */
export function readDelimitedRows(
  state: SplitState,
  bytes: Uint8Array,
  from: number,
  to: number,
  isLast: boolean,
): number {
  const { delimiter, comments } = state.plan;
  const end: RowEnd = { next: 0, numLines: 0, fault: rowFault.none, faultAt: 0, hasQuote: false };
  state.open(bytes, to);
  let at = from;
  while (at < to && !state.isStopped) {
    at = state.readPlainRows(bytes, at, to);
    if (at >= to) return to;
    if (comments.length > 0 && comments.includes(bytes[at]!)) {
      at = bytes.indexOf(10, at) + 1;
      state.numComments++;
      state.numLines++;
      continue;
    }
    splitRow(state.fields, bytes, at, to, delimiter, end);
    if (end.hasQuote && !state.allowsQuotes) {
      state.metQuote = true;
      return to;
    }
    if (end.next < 0) {
      const isTooLong = to - end.faultAt > maxFieldBytes || to - at > maxLineBytes;
      if (!isLast && !isTooLong) return at;
      failOpenQuote(state, bytes, at, to, end.faultAt, isTooLong);
      return to;
    }
    let rowEnd = end.next - 1;
    if (rowEnd > at && bytes[rowEnd - 1] === 13) rowEnd--;
    if (rowEnd - at > maxLineBytes) {
      state.setAside(rowFault.longLine, 0, bytes, at, at + longLineShown, state.isAtFirstRow);
      state.isAtFirstRow = false;
    } else if (end.fault !== rowFault.none) {
      state.setAside(end.fault, end.faultAt, bytes, at, rowEnd, state.isAtFirstRow);
      state.isAtFirstRow = false;
    } else if (state.fields.count === 1 && state.fields.isMissing(0)) {
      state.numBlankLines++;
    } else {
      state.addRow(bytes, at, rowEnd);
    }
    state.numLines += end.numLines;
    at = end.next;
  }
  return at;
}

/** Splits the row that starts at `from`. A row with a fault ends at the next LF after it. */
export function splitRow(
  fields: Fields,
  bytes: Uint8Array,
  from: number,
  to: number,
  delimiter: number,
  end: RowEnd,
): void {
  fields.clear(bytes);
  end.numLines = 1;
  end.fault = rowFault.none;
  end.hasQuote = false;
  let anyByte = 0;
  let at = from;
  for (;;) {
    let byte = bytes[at]!;
    while ((byte === 32 || byte === 9) && byte !== delimiter) byte = bytes[++at]!;
    if (byte === 34) {
      end.hasQuote = true;
      at = skipQuoted(fields, bytes, at, to, end);
      if (at < 0) return;
      byte = bytes[at]!;
      while ((byte === 32 || byte === 9) && byte !== delimiter) byte = bytes[++at]!;
      if (byte === 13 && bytes[at + 1] === 10) byte = bytes[++at]!;
      if (byte !== delimiter && byte !== 10) return faulty(rowFault.textAfterQuote, bytes, at, end);
    } else {
      const fieldFrom = at;
      while (byte !== delimiter && byte !== 10) {
        if (byte === 34) {
          end.hasQuote = true;
          return faulty(rowFault.strayQuote, bytes, at, end);
        }
        anyByte |= byte;
        byte = bytes[++at]!;
      }
      let fieldTo = at;
      if (byte === 10 && fieldTo > fieldFrom && bytes[fieldTo - 1] === 13) fieldTo--;
      while (fieldTo > fieldFrom && (bytes[fieldTo - 1] === 32 || bytes[fieldTo - 1] === 9)) fieldTo--;
      fields.add(fieldFrom, fieldTo);
    }
    at++;
    if (byte === 10) break;
  }
  fields.anyByte |= anyByte;
  end.next = at;
}

/** Adds the quoted field whose opening quote is at `open`; returns the position past its closing quote, or -1. */
function skipQuoted(fields: Fields, bytes: Uint8Array, open: number, to: number, end: RowEnd): number {
  let hasDoubled = false;
  let anyByte = 0;
  let at = open + 1;
  for (; at < to; at++) {
    const byte = bytes[at]!;
    anyByte |= byte;
    if (byte === 10) end.numLines++;
    if (byte !== 34) continue;
    if (bytes[at + 1] !== 34) break;
    hasDoubled = true;
    at++;
  }
  if (at >= to) {
    end.next = -1;
    end.faultAt = open;
    return -1;
  }
  fields.anyByte |= anyByte;
  fields.addQuoted(open + 1, at, hasDoubled);
  return at + 1;
}

function faulty(fault: RowFault, bytes: Uint8Array, at: number, end: RowEnd): void {
  end.fault = fault;
  end.faultAt = at;
  end.next = bytes.indexOf(10, at) + 1;
}

function failOpenQuote(
  state: SplitState,
  bytes: Uint8Array,
  from: number,
  to: number,
  quoteAt: number,
  isTooLong: boolean,
): void {
  state.fail(rowFault.strayQuote, quoteAt, bytes, from, to, {
    reason: "a quote is never closed",
    expected: isTooLong ? "the quote opened here to be closed within 1 MiB" : "the quote opened here to be closed",
    got: isTooLong ? quoteBytes(bytes, quoteAt, quoteAt + 20) : "the end of the file",
    hint: "close the quote, or write a quote that is text twice inside quotes",
  });
}
