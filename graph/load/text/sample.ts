/**
 * The first rows of a text, as strings: what guesses rest on. The same splitting as for the columns.
 */
import { splitAtBlanks } from "./blankRows.ts";
import { kindOfCell } from "./cellKind.ts";
import { splitRow, type RowEnd } from "./delimitedRows.ts";
import { Fields } from "./fields.ts";
import { NumberParser } from "./parseNumber.ts";
import { rowFault } from "./rowFault.ts";
import type { TextHead } from "./textHead.ts";

/** Rows looked at before ids and types are decided. */
export const sampleRows: number = 1000;
/** Bytes looked at for them. */
export const sampleBytes: number = 1 << 20;

/** One row of a sample. */
export interface SampleRow {
  /** Where it starts, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** The kind of each cell, see `cellKind.ts`; 0 where it is missing. */
  readonly kinds: readonly number[];
}

/** Rows of a sample, and whether a quote occurs in them. */
export interface Sample {
  readonly rows: readonly SampleRow[];
  readonly hasQuote: boolean;
}

/** How the text of a sample is laid out. */
export interface SampleLayout {
  readonly layout: "blanks" | "delimited";
  readonly delimiter: number;
  readonly comments: readonly number[];
}

/** Up to `sampleRows` whole rows from the start of a text; comments, empty lines, and faulty rows are left out. */
export function takeSample(head: TextHead, { layout, delimiter, comments }: SampleLayout): Sample {
  const bytes = wholeLines(head);
  const fields = new Fields(maxSampleColumns);
  const rows: SampleRow[] = [];
  let hasQuote = false;
  let line = 0;
  const end: RowEnd = { next: 0, numLines: 0, fault: rowFault.none, faultAt: 0, hasQuote: false };
  for (let at = 0; at < bytes.length && rows.length < sampleRows; at = end.next) {
    const lineEnd = bytes.indexOf(10, at);
    const firstAt = layout === "blanks" ? skipBlanks(bytes, at) : at;
    const firstLine = line + 1;
    end.numLines = 1;
    if (comments.includes(bytes[firstAt]!)) {
      line++;
      end.next = lineEnd + 1;
      continue;
    }
    if (layout === "blanks") {
      splitAtBlanks(fields, bytes, firstAt, bytes[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd);
      end.next = lineEnd + 1;
    } else {
      splitRow(fields, bytes, at, bytes.length, delimiter, end);
      hasQuote ||= end.hasQuote;
      if (end.next < 0) break;
    }
    line += end.numLines;
    if (end.fault !== rowFault.none) continue;
    if (fields.count > 1 || (fields.count === 1 && !fields.isMissing(0))) rows.push(sampleRow(firstLine, fields));
  }
  return { rows, hasQuote };
}

/** The lines of a text's start as strings, without comments and empty ones: at most 100. */
export function sampleLines(head: TextHead, comments: readonly number[]): string[] {
  const bytes = wholeLines(head);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length && lines.length < 100;) {
    const lineEnd = bytes.indexOf(10, at);
    const isComment = comments.includes(bytes[skipBlanks(bytes, at)]!);
    const line = bytes.toString("utf8", at, Math.min(lineEnd, at + (1 << 16))).trim();
    if (!isComment && line !== "") lines.push(line);
    at = lineEnd + 1;
  }
  return lines;
}

/** The head's bytes up to its last line end; the last line of a whole text gets one. */
function wholeLines({ bytes, isWhole }: TextHead): Buffer {
  if (isWhole && bytes.length > 0 && bytes[bytes.length - 1] !== 10) return Buffer.concat([bytes, Buffer.from("\n")]);
  return bytes.subarray(0, bytes.lastIndexOf(10) + 1);
}

function skipBlanks(bytes: Buffer, at: number): number {
  while (bytes[at] === 32 || bytes[at] === 9) at++;
  return at;
}

function sampleRow(line: number, fields: Fields): SampleRow {
  const cells: string[] = [];
  const kinds: number[] = [];
  for (let i = 0; i < Math.min(fields.count, fields.limit); i++) {
    cells.push(fields.text(i));
    const kind = fields.isMissing(i) ? 0 : kindOfCell(fields.source(i), fields.from(i), fields.to(i), numbers);
    kinds.push(kind);
  }
  return { line, cells, kinds };
}

const maxSampleColumns = 1 << 19;
const numbers: NumberParser = new NumberParser();
