/**
 * Tables from CSV and TSV.
 */
import { excerpt } from "../../../core/errors.ts";
import { fieldText, findFields } from "./delimitedFields.ts";
import { inferColumn } from "./inferColumn.ts";
import type { Table } from "./table.ts";
import { readText } from "./tableBytes.ts";
import { errorAtByte } from "./tableInputError.ts";

const quote = 34;
const lineFeed = 10;

/** Options of `readDelimited`. */
export interface ReadDelimitedOptions {
  /** One character. Default: the one of comma, semicolon, tab and bar that the header line has most of. */
  readonly delimiter?: string;
}

/**
 * Reads a table whose first line names the columns. Fields may be quoted, RFC 4180, also over lines; blanks round
 * unquoted fields go; lines end in LF or CRLF; gzip and zstd are unwrapped.
 *
 * An unquoted empty field is a missing value. A column's type follows from all its fields (see `inferColumn`).
 *
 * Memory: the text, and 8 bytes a field. Strings are made when asked for.
 *
 * @throws SuperstepError INVALID_INPUT, with line and column, if a row has more or fewer fields than the header, a
 *   quote is not closed, a name occurs twice or is empty, or the file is not UTF-8 text.
 */
export async function readDelimited(file: string, options: ReadDelimitedOptions = {}): Promise<Table> {
  const bytes = await readText(file);
  const delimiter = options.delimiter?.charCodeAt(0) ?? guessDelimiter(bytes);
  const { bounds, numColumns, numRows } = findFields(file, bytes, delimiter);
  const names = readNames(file, bytes, bounds, numColumns);
  const columns = names.map((name, index) => inferColumn(name, bytes, bounds, index, numColumns, numRows));
  return { numRows, columns };
}

function readNames(file: string, bytes: Buffer, bounds: Uint32Array, numColumns: number): string[] {
  const names: string[] = [];
  for (let column = 0; column < numColumns; column++) {
    const start = bounds[2 * column]!;
    const name = fieldText(bytes, start, bounds[2 * column + 1]!);
    const field = [start, bounds[2 * column + 1]! - start] as const;
    if (name === "" && numColumns > 1) {
      throw errorAtByte(file, bytes, field, { expected: `a name for column ${column + 1}`, got: "none" });
    }
    if (names.includes(name)) {
      const hint = "rename one of them";
      throw errorAtByte(file, bytes, field, { expected: "distinct column names", got: `${excerpt(name)} twice`, hint });
    }
    names.push(name);
  }
  return names;
}

function guessDelimiter(bytes: Buffer): number {
  const counts = new Map([44, 59, 9, 124].map((byte) => [byte, 0]));
  let isQuoted = false;
  for (const byte of bytes) {
    if (byte === quote) isQuoted = !isQuoted;
    else if (byte === lineFeed && !isQuoted) break;
    else if (!isQuoted && counts.has(byte)) counts.set(byte, counts.get(byte)! + 1);
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}
