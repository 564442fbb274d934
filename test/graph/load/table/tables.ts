/** Tables for tests: random ones, and the values of any as plain rows. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll } from "vitest";
import { type Table, type TableColumn, type TableValue, valueReader } from "../../../../graph/load/table/table.ts";

/** A folder for the files of one test file, removed when it ends. */
export function useFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "superstep-table-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A table from columns, whose rows are counted. */
export function tableOf(...columns: TableColumn[]): Table {
  const first = columns[0]!;
  if (typeof first.values === "function") throw new Error("count rows from an array");
  return { numRows: first.values.length, columns };
}

/** Rows of values. */
export function rowsOf(table: Table): TableValue[][] {
  const readers = table.columns.map(valueReader);
  return Array.from({ length: table.numRows }, (_none, row) => readers.map((read) => read(row)));
}

/** A value by what it is, whatever type holds it: whole numbers within 2^53 equal as number and bigint. */
export function canonical(value: TableValue): string {
  if (value === null) return "missing";
  if (typeof value === "bigint") return `number ${value}`;
  if (typeof value === "number") return Object.is(value, -0) ? "number -0" : `number ${value}`;
  return `${typeof value} ${JSON.stringify(value)}`;
}

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }).map(tidy), {
  minLength: 1,
  maxLength: 5,
});

/** Random tables: all types, missing values, awkward numbers, names and strings. */
export const tables: fc.Arbitrary<Table> = fc
  .tuple(names, fc.nat({ max: 40 }))
  .chain(([columnNames, numRows]) =>
    fc.tuple(...columnNames.map((name) => columns(name, numRows))).map((all) => ({ numRows, columns: all })),
  );

function columns(name: string, numRows: number): fc.Arbitrary<TableColumn> {
  const size = { minLength: numRows, maxLength: numRows };
  const validity = fc.option(
    fc.array(fc.nat({ max: 1 }), size).map((bytes) => Uint8Array.from(bytes)),
    { nil: undefined },
  );
  const values = fc.oneof(
    fc.array(numbers, size).map((list) => ({ type: "number" as const, values: Float64Array.from(list) })),
    fc
      .array(fc.maxSafeInteger(), size)
      .map((list) => ({ type: "number" as const, integer: true, values: Float64Array.from(list) })),
    fc.array(fc.nat({ max: 0xffffffff }), size).map((list) => ({
      type: "number" as const,
      values: Uint32Array.from(list),
    })),
    fc
      .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), size)
      .map((list) => ({ type: "bigint" as const, values: BigInt64Array.from(list) })),
    fc.array(fc.nat({ max: 1 }), size).map((list) => ({ type: "boolean" as const, values: Uint8Array.from(list) })),
    fc.array(strings, size).map((list) => ({ type: "string" as const, values: list })),
    fc.array(strings, size).map((list) => ({ type: "string" as const, values: (row: number) => list[row]! })),
  );
  return fc
    .tuple(values, validity)
    .map(([rest, bytes]) => (bytes ? { name, ...rest, validity: bytes } : { name, ...rest }));
}

const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    5e-324,
    2 ** 53,
    2 ** 53 + 2,
    -(2 ** 62),
    2 ** 63,
    1e20,
    1e21,
    0.1 + 0.2,
  ),
);

/** Strings no reader takes for numbers: they start with a letter or a character that needs care. */
const strings = fc
  .tuple(
    fc.constantFrom("a", "x\ry", "é", "😀", '"', ",", "\t", "\n", "\r\n", " ", "#", ";", "\ufeff", ""),
    fc.string({ unit: "grapheme" }),
  )
  .map(([first, rest]) => (first === "" ? "" : tidy(`${first}${rest}`)));

/** Without what UTF-8 cannot hold, and without NUL, which marks binary files. */
function tidy(text: string): string {
  return Buffer.from(text.replaceAll("\0", "0")).toString();
}
