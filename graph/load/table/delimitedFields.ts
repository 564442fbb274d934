/**
 * Where the fields of a CSV or TSV text are.
 */
import { excerpt } from "../../../core/errors.ts";
import { errorAtByte, tableInputError } from "./tableInputError.ts";

const quote = 34;
const lineFeed = 10;
const carriageReturn = 13;

/** Where fields are: field f is bytes [bounds[2 f], bounds[2 f + 1]), quotes included, row by row, the header first. */
export interface Fields {
  readonly bounds: Uint32Array;
  readonly numColumns: number;
  /** Without the header. */
  readonly numRows: number;
}

/**
 * Finds the fields of `bytes`, in one pass. `delimiter`: a byte. Blanks round unquoted fields are left out, empty lines
 * skipped; in a text of one column an empty line behind the header is a row with an empty field.
 *
 * @throws SuperstepError INVALID_INPUT if rows differ in length, a quote does not close, or a CR stands alone.
 */
export function findFields(file: string, bytes: Buffer, delimiter: number): Fields {
  const { length } = bytes;
  let bounds = new Uint32Array(1024);
  let filled = 0;
  let numColumns = 0;
  let numRows = -1;
  let position = 0;
  while (position < length) {
    const rowStart = position;
    const firstBound = filled;
    let isRowEnd = false;
    while (!isRowEnd) {
      if (filled + 2 > bounds.length) bounds = enlarge(bounds);
      while (isBlank(bytes[position], delimiter)) position++;
      const start = position;
      let end: number;
      if (bytes[position] === quote) {
        position = end = endOfQuoted(file, bytes, position);
        while (isBlank(bytes[position], delimiter)) position++;
      } else {
        let byte = bytes[position];
        while (byte !== delimiter && byte !== lineFeed && byte !== carriageReturn && position < length) {
          byte = bytes[++position];
        }
        end = position;
        while (end > start && isBlank(bytes[end - 1], delimiter)) end--;
      }
      bounds[filled++] = start;
      bounds[filled++] = end;
      if (position === length) {
        isRowEnd = true;
      } else if (bytes[position] === delimiter) {
        position++;
        continue;
      } else if (bytes[position] === lineFeed) {
        isRowEnd = true;
        position++;
      } else if (bytes[position] === carriageReturn && bytes[position + 1] === lineFeed) {
        isRowEnd = true;
        position += 2;
      } else if (bytes[position] === carriageReturn) {
        throw errorAtByte(file, bytes, [position, 1], {
          expected: "lines that end in LF or CRLF",
          got: "a CR alone",
          hint: "convert the line ends",
        });
      } else {
        throw errorAtByte(file, bytes, [position, 1], {
          expected: "the delimiter or the line's end behind a closing quote",
          got: excerpt(bytes.toString("latin1", position, position + 1)),
        });
      }
    }
    const count = (filled - firstBound) / 2;
    const isEmptyLine = count === 1 && bounds[firstBound] === bounds[firstBound + 1];
    if (isEmptyLine && (numRows < 0 || numColumns > 1)) {
      filled = firstBound;
      continue;
    }
    if (numRows < 0) numColumns = count;
    else if (count !== numColumns) {
      throw errorAtByte(file, bytes, [rowStart, position - rowStart], {
        expected: `a row of ${numColumns} fields, as the header has`,
        got: `${count}`,
      });
    }
    numRows++;
  }
  if (numRows < 0) throw tableInputError(file, { expected: "a line of column names", got: "no line" });
  return { bounds, numColumns, numRows };
}

/** The position behind the closing quote of the field that opens at `start`. */
function endOfQuoted(file: string, bytes: Buffer, start: number): number {
  let position = start + 1;
  for (;;) {
    const end = bytes.indexOf(quote, position);
    if (end === -1) throw errorAtByte(file, bytes, [start, 1], { expected: "a closing quote", got: "the file's end" });
    if (bytes[end + 1] !== quote) return end + 1;
    position = end + 2;
  }
}

/** The text of a field, its quotes removed. */
export function fieldText(bytes: Buffer, start: number, end: number): string {
  if (bytes[start] !== quote || start === end) return bytes.toString("utf8", start, end);
  return bytes.toString("utf8", start + 1, end - 1).replaceAll('""', '"');
}

function isBlank(byte: number | undefined, delimiter: number): boolean {
  return (byte === 32 || byte === 9) && byte !== delimiter;
}

function enlarge(bounds: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(bounds.length * 2);
  larger.set(bounds);
  return larger;
}
