/**
 * Tables as newline-delimited JSON.
 */
import type { Output } from "./output.ts";
import { type Table, type TableColumn, stringReader } from "./table.ts";
import { numberText } from "./writeDelimited.ts";

const rowsPerChunk = 4096;

/**
 * Writes one JSON object a row, its members in column order, in UTF-8.
 *
 * Always valid JSON: a missing value is `null`; numbers that JSON lacks are the strings `"NaN"`, `"Infinity"` and
 * `"-Infinity"`; 64-bit integers are written in full, so read them with a parser that keeps their digits.
 */
export async function writeNdjson(table: Table, output: Output): Promise<void> {
  const members = table.columns.map((column, index) => {
    const key = `${index === 0 ? "" : ","}${JSON.stringify(column.name)}:`;
    const value = valueWriter(column);
    return (row: number) => key + value(row);
  });
  for (let from = 0; from < table.numRows; from += rowsPerChunk) {
    const to = Math.min(table.numRows, from + rowsPerChunk);
    let text = "";
    for (let row = from; row < to; row++) {
      text += "{";
      for (let index = 0; index < members.length; index++) text += members[index]!(row);
      text += "}\n";
    }
    await output.write(Buffer.from(text));
  }
}

function valueWriter(column: TableColumn): (row: number) => string {
  const { validity } = column;
  const write = presentValueWriter(column);
  return validity === undefined ? write : (row) => (validity[row] === 0 ? "null" : write(row));
}

function presentValueWriter(column: TableColumn): (row: number) => string {
  switch (column.type) {
    case "number": {
      const { values } = column;
      return (row) => {
        const value = values[row]!;
        return Number.isFinite(value) ? numberText(value) : `"${value}"`;
      };
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
      return (row) => JSON.stringify(read(row));
    }
  }
}
