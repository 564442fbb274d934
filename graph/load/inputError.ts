/**
 * Errors about input: where in which file, what was expected, what came, what to try.
 */
import { SuperstepError, escapeControls, excerpt, type Json } from "../../core/errors.ts";

/** One thing wrong with an input. A fault without a line concerns the file as a whole. */
export interface InputFault {
  /** As the user named it; "<stdin>" for standard input. */
  readonly file: string;
  /** From 1, counted in the decompressed text. */
  readonly line?: number;
  /** Of a file without lines: from 1. */
  readonly row?: number;
  /** Where that row is: "row group 2". */
  readonly part?: string;
  /** From 1, in characters (code points). */
  readonly column?: number;
  /** From 0, in the decompressed text. */
  readonly byteOffset?: number;
  /** Short, free of values: equal faults have equal reasons, so that they can be grouped. */
  readonly reason: string;
  /** What should have stood there: "src to be a decimal integer". */
  readonly expected: string;
  /** What stood there, ready to print. */
  readonly got: string;
  /** What to try, as one clause; may be empty. */
  readonly hint: string;
  /** The line, or the part of it round the fault: at most 120 characters, controls escaped. */
  readonly excerpt?: string;
  /** Characters of `excerpt` that are at fault: [caret[0], caret[0] + caret[1]). */
  readonly caret?: readonly [from: number, length: number];
}

/** Longest excerpt, in characters. */
const excerptLimit = 120;
/** Bytes looked at on either side of a fault: enough for an excerpt, whatever the line's length. */
const windowBytes = 480;

/** `file:line:column: expected …, got …; hint` as INVALID_INPUT, with the fault's fields as details. */
export function inputError(fault: InputFault, cause?: unknown): SuperstepError {
  const details: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(fault)) if (value !== undefined) details[key] = value as Json;
  const message = `${place(fault)}: expected ${fault.expected}, got ${fault.got}`;
  return new SuperstepError("INVALID_INPUT", fault.hint === "" ? message : `${message}; ${fault.hint}`, {
    details,
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * The error over several lines, for a terminal: place and fault, the line with the fault underlined, the hint.
 *
 *     error[INVALID_INPUT] votes.csv:1042:9: expected a number in column "weight", got "12,5"
 *       1042 | 30,1412,"12,5"
 *            |         ^^^^^^
 *       hint: write 12.5
 *
 * Any other error gives its message.
 */
export function formatInputError(error: { code?: unknown; message: string; details?: unknown }): string {
  const fault = error.details as Partial<InputFault> | undefined;
  if (error.code !== "INVALID_INPUT" || fault?.file === undefined || fault.expected === undefined) return error.message;
  const lines = [
    `error[INVALID_INPUT] ${place({ ...fault, file: fault.file })}: expected ${fault.expected}, got ${fault.got}`,
  ];
  if (fault.excerpt !== undefined && fault.line !== undefined) {
    const number = String(fault.line);
    lines.push(`  ${number} | ${fault.excerpt}`);
    if (fault.caret) {
      const [from, length] = fault.caret;
      lines.push(`  ${" ".repeat(number.length)} | ${" ".repeat(from)}${"^".repeat(Math.max(1, length))}`);
    }
  }
  if (fault.hint) lines.push(`  hint: ${fault.hint}`);
  return lines.join("\n");
}

/** The part of a line round bytes [at, at + width): what `InputFault` calls excerpt, caret, and column. */
export function excerptLine(
  bytes: Uint8Array,
  lineStart: number,
  lineEnd: number,
  at: number,
  width: number,
): { excerpt: string; caret: [from: number, length: number]; column: number } {
  let before = escaped(bytes, Math.max(lineStart, at - windowBytes), at);
  let marked = escaped(bytes, at, Math.min(lineEnd, at + Math.min(width, windowBytes)));
  let after = escaped(bytes, at + width, Math.min(lineEnd, at + width + windowBytes));
  if (before.length > 50) before = [ellipsis, ...before.slice(before.length - 49)];
  if (marked.length > 40) marked = [...marked.slice(0, 39), ellipsis];
  const room = excerptLimit - before.length - marked.length;
  if (after.length > room) after = [...after.slice(0, room - 1), ellipsis];
  let column = 1;
  for (let i = lineStart; i < at; i++) if ((bytes[i]! & 0xc0) !== 0x80) column++;
  return {
    excerpt: [...before, ...marked, ...after].join(""),
    caret: [before.length, marked.length],
    column,
  };
}

/** Bytes [from, to) as one quoted, escaped, short string: for the `got` of a fault. */
export function quoteBytes(bytes: Uint8Array, from: number, to: number): string {
  return excerpt(decoder.decode(bytes.slice(from, Math.min(to, from + windowBytes))), 60);
}

const ellipsis = "…";
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Characters of bytes [from, to), controls escaped. `from` moves on to the start of a character. */
function escaped(bytes: Uint8Array, from: number, to: number): string[] {
  while (from < to && (bytes[from]! & 0xc0) === 0x80) from++;
  if (from >= to) return [];
  return Array.from(escapeControls(decoder.decode(bytes.slice(from, to))));
}

function place(fault: Pick<InputFault, "file" | "line" | "row" | "part" | "column">): string {
  const file = escapeControls(fault.file);
  if (fault.row !== undefined) return `${file}: row ${fault.row}${fault.part === undefined ? "" : ` (${fault.part})`}`;
  if (fault.line === undefined) return file;
  return `${file}:${fault.line}${fault.column === undefined ? "" : `:${fault.column}`}`;
}
