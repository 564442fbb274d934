/**
 * Tables as CSV and TSV.
 */
import type { Output } from "./output.ts";
import { type Table, type TableColumn, stringReader } from "./table.ts";

/** Rows turned into text before they are handed on. */
const rowsPerChunk = 8192;

/**
 * Writes `table` with a header line, fields separated by `delimiter`, lines ended by LF, in UTF-8.
 *
 * Numbers in the shortest form that reads back to the same bits (`0.1`, `1e-7`, `Infinity`, `NaN`); integers in digits; booleans `true` and `false`. A missing value is an empty field, an empty string `""`.
 * Fields are quoted, RFC 4180, where they hold the delimiter, a quote, a line end, or blanks at their ends.
 */
export async function writeDelimited(table: Table, output: Output, delimiter: "," | "\t"): Promise<void> {
  const quote = quoter(delimiter);
  await output.write(Buffer.from(`${table.columns.map((column) => quote(column.name)).join(delimiter)}\n`));
  const fields = table.columns.map((column) => fieldWriter(column, quote));
  const last = fields.length - 1;
  for (let from = 0; from < table.numRows; from += rowsPerChunk) {
    const to = Math.min(table.numRows, from + rowsPerChunk);
    let text = "";
    for (let row = from; row < to; row++) {
      for (let index = 0; index < last; index++) text += fields[index]!(row) + delimiter;
      if (last >= 0) text += fields[last]!(row);
      text += "\n";
    }
    await output.write(Buffer.from(text));
  }
}

/**
 * The decimal text of `value`: the shortest that reads back to the same bits, as JavaScript spells it, but `-0` keeps its
 * sign, and whole numbers beyond 2^53 take an exponent: their last digits are not exact.
 */
export function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? "-0" : `${value}`;
  return Number.isInteger(value) ? value.toExponential() : `${value}`;
}

function fieldWriter(column: TableColumn, quote: (text: string) => string): (row: number) => string {
  const { validity } = column;
  const write = presentFieldWriter(column, quote);
  return validity === undefined ? write : (row) => (validity[row] === 0 ? "" : write(row));
}

function presentFieldWriter(column: TableColumn, quote: (text: string) => string): (row: number) => string {
  switch (column.type) {
    case "number": {
      const { values } = column;
      return (row) => numberText(values[row]!);
    }
    case "bigint": {
      const { values } = column;
      return (row) => values[row]!.toString();
    }
    case "boolean": {
      const { values } = column;
      return (row) => (values[row] === 1 ? "true" : "false");
    }
    case "string": {
      const read = stringReader(column.values);
      return (row) => quote(read(row));
    }
  }
}

function quoter(delimiter: "," | "\t"): (text: string) => string {
  const needsQuotes = delimiter === "," ? /^$|[",\r\n]|^[\s\ufeff]|\s$/ : /^$|["\t\r\n]|^[\s\ufeff]|\s$/;
  return (text) => (needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
}
