/**
 * What can be wrong with a row, and how to say it.
 */
import { excerptLine, quoteBytes, type InputFault } from "../inputError.ts";
import { isEdgeHeader } from "./columnNames.ts";
import type { Fields } from "./fields.ts";
import { specialNumber } from "./cellKind.ts";
import type { TextPlan } from "./textPlan.ts";

/** Longest field that is read, in bytes. */
export const maxFieldBytes: number = 1 << 20;
/** Longest line, or quoted row over several lines, in bytes. */
export const maxLineBytes: number = 1 << 26;
/** Bytes of a line longer than that which are shown and kept. */
export const longLineShown: number = 64;
/** Most of a bad row that is kept as its text, in bytes. */
const maxTextBytes = 1 << 16;

/** Faults of rows; 0 is none. */
export const rowFault = {
  none: 0,
  fewColumns: 1,
  manyColumns: 2,
  missingId: 3,
  notInteger: 4,
  idOutOfRange: 5,
  badUtf8: 6,
  longField: 7,
  badWeight: 8,
  strayQuote: 9,
  textAfterQuote: 10,
  longLine: 11,
  header: 12,
  indexOutOfRange: 13,
} as const;

/** One of `rowFault`. */
export type RowFault = (typeof rowFault)[keyof typeof rowFault];

/** A row at fault: where it stands in the bytes at hand, and which of its fields is meant. */
export interface FaultyRow {
  readonly plan: TextPlan;
  readonly fields: Fields;
  readonly fault: RowFault;
  /** Index of the field at fault; for faults of quotes, the byte. */
  readonly where: number;
  readonly bytes: Uint8Array;
  /** The row is bytes [from, to), without its line end. */
  readonly from: number;
  readonly to: number;
  /** No row of the file came before. */
  readonly isFirst: boolean;
}

/** The fault in words; `line` counts from 1 at the row's first line, `byteOffset` from the start of `bytes`. */
export function describeFault(row: FaultyRow): Omit<InputFault, "file"> & { line: number; byteOffset: number } {
  const { fault, fields, bytes } = row;
  const isOfField = fault !== rowFault.strayQuote && fault !== rowFault.textAfterQuote && row.where < fields.count;
  const isOfRow = fault === rowFault.longLine || fault === rowFault.header;
  let [at, end] = [row.to, row.to];
  if (isOfRow) [at, end] = [row.from, row.to];
  else if (fault === rowFault.strayQuote || fault === rowFault.textAfterQuote) [at, end] = [row.where, row.where + 1];
  else if (isOfField && row.where < fields.limit) [at, end] = [fields.rawFrom(row.where), fields.rawTo(row.where)];

  let lineStart = row.from;
  let line = 1;
  for (let i = row.from; i < at; i++) {
    if (bytes[i] !== 10) continue;
    line++;
    lineStart = i + 1;
  }
  let lineEnd = at;
  while (lineEnd < row.to && bytes[lineEnd] !== 10) lineEnd++;
  const { excerpt, caret, column } = excerptLine(
    bytes,
    lineStart,
    lineEnd,
    at,
    Math.max(0, Math.min(end, lineEnd) - at),
  );
  const got =
    isOfField && !isOfRow && row.where < fields.limit
      ? quoteBytes(fields.source(row.where), fields.from(row.where), fields.to(row.where))
      : quoteBytes(bytes, at, end);
  return { line, column, byteOffset: at, ...words(row, got), excerpt, caret };
}

/** The row's own text, cut at 64 KiB. */
export function textOfRow(bytes: Uint8Array, from: number, to: number): string {
  const text = decoder.decode(bytes.slice(from, Math.min(to, from + maxTextBytes)));
  return to - from > maxTextBytes ? `${text}…` : text;
}

type Words = Pick<InputFault, "reason" | "expected" | "got" | "hint">;

function words(row: FaultyRow, got: string): Words {
  const { plan, fields, fault } = row;
  const id = plan.idColumns.find(({ column }) => column === row.where);
  const role = id?.role ?? "id";
  const column = columnLabel(plan, row.where);
  switch (fault) {
    case rowFault.fewColumns: {
      const needed = Math.max(...plan.idColumns.map((one) => one.column)) + 1;
      return {
        reason: `fewer than ${needed} columns`,
        expected: `at least ${needed} columns`,
        got: String(fields.count),
        hint: fewColumnsHint(row),
      };
    }
    case rowFault.manyColumns:
      return {
        reason: `more than ${plan.maxColumns} columns`,
        expected: `at most ${plan.maxColumns} columns`,
        got: String(fields.count),
        hint: plan.layout === "delimited" ? "quote a field that holds the delimiter" : "",
      };
    case rowFault.missingId:
      return {
        reason: `${role} is missing`,
        expected: `${role} to be a vertex id${column}`,
        got: '""',
        hint: "every row needs its ids",
      };
    case rowFault.notInteger:
      return {
        reason: `${role} is not a decimal integer`,
        expected: `${role} to be a decimal integer${column}`,
        got,
        hint: notIntegerHint(row),
      };
    case rowFault.idOutOfRange:
      return {
        reason: `${role} does not fit 64 bits`,
        expected: `${role} to fit signed 64 bits${column}`,
        got,
        hint: "--ids string reads ids as text",
      };
    case rowFault.badUtf8:
      return {
        reason: "not UTF-8",
        expected: `UTF-8 text${column}`,
        got,
        hint: "convert the file: iconv -f latin1 -t utf-8",
      };
    case rowFault.longField:
      return {
        reason: "a field is longer than 1 MiB",
        expected: `a field of at most ${maxFieldBytes} bytes${column}`,
        got: `${fields.rawTo(row.where) - fields.rawFrom(row.where)} bytes`,
        hint: "is a line end or a separator missing?",
      };
    case rowFault.badWeight:
      return weightWords(row, got, column);
    case rowFault.strayQuote:
      return {
        reason: "a quote inside a field without quotes",
        expected: "a field that holds a quote to be quoted",
        got,
        hint: 'write the whole field in quotes and the quote twice: "5"" disk"',
      };
    case rowFault.textAfterQuote:
      return {
        reason: "text after a closing quote",
        expected: "a delimiter or a line end after a closing quote",
        got,
        hint: 'a quote inside a quoted field is written twice: "say ""hi"""',
      };
    case rowFault.longLine:
      return {
        reason: "a line is longer than 64 MiB",
        expected: `a line of at most ${maxLineBytes} bytes`,
        got: `one that starts with ${got}`,
        hint: "is this a text file with a line per edge?",
      };
    case rowFault.header:
      return {
        reason: "a header line in an edge list",
        expected: "two vertex ids",
        got: `what looks like a header, ${got}`,
        hint: headerHint,
      };
    case rowFault.indexOutOfRange:
      return {
        reason: `${role} is outside the size line`,
        expected: `${role} to be from 1 to ${plan.maxIndex}, as the size line says`,
        got,
        hint: "Matrix Market counts rows and columns from 1",
      };
    case rowFault.none:
      throw new Error("internal error: a row without fault was described");
  }
}

function weightWords({ plan, fields, where }: FaultyRow, got: string, column: string): Words {
  if (fields.isMissing(where)) {
    return {
      reason: "the weight is missing",
      expected: `a weight${column}`,
      got: '""',
      hint: "every row needs a weight",
    };
  }
  const source = fields.source(where);
  const [from, to] = [fields.from(where), fields.to(where)];
  const text = fields.text(where);
  if (specialNumber(source, from, to) !== undefined || /^[+-]?(nan|inf(inity)?)$/i.test(text)) {
    return { reason: "the weight is not finite", expected: `a finite weight${column}`, got, hint: "" };
  }
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    return { reason: "the weight is beyond float64", expected: `a weight below 1.8e308${column}`, got, hint: "" };
  }
  const number = { reason: "the weight is not a number", expected: `a number as weight${column}`, got };
  if (/^[+-]?\d*,\d+$/.test(text)) {
    return { ...number, hint: `decimal commas are not read: write ${text.replace(",", ".").slice(0, 30)}` };
  }
  if (/^[+-]?0x/i.test(text)) return { ...number, hint: "write it in decimal" };
  const isNamed = plan.header !== undefined;
  return { ...number, hint: `--weight names the column of weights, by ${isNamed ? "name or " : ""}number` };
}

function notIntegerHint(row: FaultyRow): string {
  const text = row.fields.text(row.where).slice(0, 64);
  if (text.includes("\r")) return "lines that end in CR alone are not read: tr '\\r' '\\n' < OLD > NEW";
  if (row.plan.layout === "blanks") {
    if (row.isFirst && /^["']?[A-Za-z_:]/.test(text)) return headerHint;
    if (/^(\/\/|--|;|!|\*)/.test(text)) return "comment lines start with # or %";
    const separator = /[,;|]/.exec(text);
    if (separator) return `--delimiter '${separator[0]}' reads columns separated by ${separator[0]}`;
  }
  return "--ids string reads any text as an id";
}

function fewColumnsHint({ plan, fields, bytes, from, to }: FaultyRow): string {
  const text = decoder.decode(bytes.slice(from, Math.min(to, from + 4096)));
  if (/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/.test(text)) {
    return "only space and tab separate columns, not a no-break space or other wide blanks";
  }
  if (plan.layout === "blanks") {
    const separator = /[,;|]/.exec(text);
    if (separator) return `--delimiter '${separator[0]}' reads columns separated by ${separator[0]}`;
    return fields.count === 0 ? "" : "every row needs two ids";
  }
  return "--delimiter says what separates columns";
}

function columnLabel(plan: TextPlan, column: number): string {
  if (plan.header?.[column] !== undefined) return ` in column ${JSON.stringify(plan.header[column].slice(0, 60))}`;
  return plan.layout === "delimited" || column > 1 ? ` in column ${column + 1}` : "";
}

/** True if the first row of an edge list names its columns. */
export function looksLikeHeader(fields: Fields): boolean {
  return fields.count >= 2 && isEdgeHeader(fields.text(0), fields.text(1));
}

const headerHint = "put # before a header line, or read it as one with --header";
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
