/**
 * Errors of tables that cannot be read, in the form of all input errors.
 */
import type { SuperstepError } from "../../../core/errors.ts";
import { excerptLine, inputError } from "../inputError.ts";

/** What is wrong: `expected …, got …; hint`. */
export interface TableFault {
  readonly expected: string;
  readonly got: string;
  /** What to try; left out if there is nothing to say. */
  readonly hint?: string;
}

/** INVALID_INPUT about `file` as a whole. */
export function tableInputError(
  file: string,
  { expected, got, hint = "" }: TableFault,
  cause?: unknown,
): SuperstepError {
  return inputError({ file, reason: got, expected, got, hint }, cause);
}

/** INVALID_INPUT about bytes [offset, offset + width) of a text in memory: with line, column and excerpt. */
export function errorAtByte(
  file: string,
  bytes: Buffer,
  [offset, width]: readonly [offset: number, width: number],
  { expected, got, hint = "" }: TableFault,
): SuperstepError {
  let line = 1;
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1 && end < offset; end = bytes.indexOf(10, start)) {
    line++;
    start = end + 1;
  }
  const found = bytes.indexOf(10, start);
  let end = found === -1 ? bytes.length : found;
  if (end > start && bytes[end - 1] === 13) end--;
  const place = excerptLine(bytes, start, end, offset, width);
  return inputError({ file, line, ...place, byteOffset: offset, reason: got, expected, got, hint });
}
