/**
 * Rows of edge lists: columns between runs of spaces and tabs, one row a line.
 */
import type { Fields } from "./fields.ts";
import { longLineShown, looksLikeHeader, maxLineBytes, rowFault } from "./rowFault.ts";
import type { SplitState } from "./splitState.ts";

/** Reads all lines of bytes [from, to), which ends with LF. */
export function readBlankRows(state: SplitState, bytes: Buffer, from: number, to: number): void {
  state.open(bytes, to);
  let at = from;
  while (at < to && !state.isStopped) {
    at = state.readPlainRows(bytes, at, to);
    if (at >= to) return;
    const lineEnd = bytes.indexOf(10, at);
    readLine(state, bytes, at, lineEnd);
    state.numLines++;
    at = lineEnd + 1;
  }
}

/** Splits bytes [from, to) at runs of spaces and tabs. */
export function splitAtBlanks(fields: Fields, bytes: Uint8Array, from: number, to: number): void {
  fields.clear(bytes);
  let anyByte = 0;
  let at = from;
  for (;;) {
    while (at < to && (bytes[at] === 32 || bytes[at] === 9)) at++;
    if (at >= to) break;
    const fieldFrom = at;
    for (; at < to; at++) {
      const byte = bytes[at]!;
      if (byte === 32 || byte === 9) break;
      anyByte |= byte;
    }
    fields.add(fieldFrom, at);
  }
  fields.anyByte = anyByte;
}

/** Among ids that are words, a first row of known names would pass for an edge. */
function mayBeHeader({ isAtFirstRow, plan }: SplitState): boolean {
  return isAtFirstRow && plan.header === undefined && plan.idType === "string" && plan.idColumns.length === 2;
}

function readLine(state: SplitState, bytes: Uint8Array, lineStart: number, lineEnd: number): void {
  let from = lineStart;
  let to = lineEnd;
  if (to > from && bytes[to - 1] === 13) to--;
  while (to > from && (bytes[to - 1] === 32 || bytes[to - 1] === 9)) to--;
  while (from < to && (bytes[from] === 32 || bytes[from] === 9)) from++;
  if (lineEnd - lineStart > maxLineBytes) {
    state.setAside(rowFault.longLine, 0, bytes, lineStart, lineStart + longLineShown, state.isAtFirstRow);
    state.isAtFirstRow = false;
  } else if (from === to) {
    state.numBlankLines++;
  } else if (state.plan.comments.includes(bytes[from]!)) {
    state.numComments++;
  } else {
    splitAtBlanks(state.fields, bytes, from, to);
    if (mayBeHeader(state) && looksLikeHeader(state.fields)) {
      state.isAtFirstRow = false;
      state.setAside(rowFault.header, 0, bytes, lineStart, to, true);
    } else {
      state.addRow(bytes, lineStart, to);
    }
  }
}
