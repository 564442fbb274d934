/**
 * Errors of tables that cannot be read: where, what, and the line itself.
 */
import { SuperstepError, escapeControls } from "../../../core/errors.ts";

/** A place in a text file, both counted from 1; `column` in characters. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/**
 * An INVALID_INPUT error about `file` as a whole, or about a place in it. `details`: `file`, and as far as they are
 * known `line`, `column`, `excerpt` (the line, printable, at most 120 characters), `caret` (where in the excerpt,
 * from 0) and `hint`.
 */
export function tableInputError(
  file: string,
  what: string,
  { place, text, hint, cause }: { place?: TextPlace; text?: string; hint?: string; cause?: unknown } = {},
): SuperstepError {
  const where = place === undefined ? file : `${file}:${place.line}:${place.column}`;
  const message = `${escapeControls(where)}: ${what}${hint === undefined ? "" : `; ${hint}`}`;
  return new SuperstepError("INVALID_INPUT", message, {
    details: {
      file,
      ...place,
      ...(text !== undefined && place !== undefined ? excerptAround(text, place.column - 1) : {}),
      ...(hint === undefined ? {} : { hint }),
    },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The error for byte `offset` of a text in memory. */
export function errorAtByte(file: string, bytes: Buffer, offset: number, what: string, hint?: string): SuperstepError {
  let line = 1;
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1 && end < offset; end = bytes.indexOf(10, start)) {
    line++;
    start = end + 1;
  }
  const end = bytes.indexOf(10, start);
  const text = bytes
    .toString("utf8", start, Math.min(end === -1 ? bytes.length : end, start + 4096))
    .replace(/\r$/, "");
  const column = Array.from(bytes.toString("utf8", start, offset)).length + 1;
  return tableInputError(file, what, { place: { line, column }, text, ...(hint === undefined ? {} : { hint }) });
}

function excerptAround(text: string, index: number): { excerpt: string; caret: number } {
  const characters = Array.from(text);
  const from = index > 80 ? index - 40 : 0;
  const head = escapeControls(characters.slice(from, index).join(""));
  const tail = escapeControls(characters.slice(index, index + 80).join(""));
  const lead = from > 0 ? "…" : "";
  const excerpt = `${lead}${head}${tail}`;
  return { excerpt: excerpt.length > 120 ? `${excerpt.slice(0, 119)}…` : excerpt, caret: lead.length + head.length };
}
