/**
 * Rows of a table for human eyes: aligned columns of text.
 */
import { escapeControls } from "../core/errors.ts";
import { type Table, type TableColumn, isWhole, valueReader } from "../graph/load/table/table.ts";
import type { Style } from "./style.ts";

/** Options of `printTable`. */
export interface PrintTableOptions {
  /** Rows to print, in this order. Default: all, in order. */
  readonly rows?: readonly number[];
  /** Longest text of a string, in characters; longer ones are cut. Default 40. */
  readonly maxWidth?: number;
  readonly style?: Style;
}

/**
 * The table as lines: names above, numbers to the right, strings to the left, two blanks between columns. Fractions are
 * rounded to 6 significant digits, control characters escaped, missing values left blank.
 */
export function printTable(table: Table, { rows, maxWidth = 40, style }: PrintTableOptions = {}): string {
  const order = rows ?? Array.from({ length: table.numRows }, (_none, row) => row);
  const columns = table.columns.map((column) => {
    const read = valueReader(column);
    const cells = order.map((row) => cellText(column, read(row), maxWidth));
    const name = cut(escapeControls(column.name), maxWidth);
    const width = Math.max(displayWidth(name), ...cells.map(displayWidth));
    const isNumeric = column.type === "number" || column.type === "bigint";
    return { name, cells, width, pad: isNumeric ? padStart : padEnd };
  });
  const line = (texts: readonly string[]): string => texts.join("  ").trimEnd();
  const header = line(columns.map(({ name, width, pad }) => pad(name, width)));
  const body = order.map((_row, index) => line(columns.map(({ cells, width, pad }) => pad(cells[index]!, width))));
  return [style === undefined ? header : style.bold(header), ...body].map((text) => `${text}\n`).join("");
}

/** A number for human eyes: 6 significant digits. */
export function shortNumber(value: number): string {
  return Number.isInteger(value) || !Number.isFinite(value) ? `${value}` : `${Number(value.toPrecision(6))}`;
}

function cellText(column: TableColumn, value: ReturnType<ReturnType<typeof valueReader>>, maxWidth: number): string {
  if (value === null) return "";
  if (typeof value === "number") return isWhole(column) ? `${value}` : shortNumber(value);
  return cut(escapeControls(String(value)), maxWidth);
}

function cut(text: string, maxWidth: number): string {
  const characters = Array.from(text);
  return characters.length > maxWidth ? `${characters.slice(0, maxWidth - 1).join("")}…` : text;
}

/** Columns a terminal takes for `text`: two for wide characters, none for combining marks. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) continue;
    width +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}

function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}
