/**
 * A table: named, typed columns of equal length, as results are written and read in every format.
 */
import { SuperstepError, excerpt } from "../../../core/errors.ts";

/** Numbers by row. Whole-number arrays print and travel as integers. */
export type NumberValues = Float64Array | Float32Array | Int32Array | Uint32Array;

/** Strings by row: an array, or a function that makes them when asked. */
export type StringValues = readonly string[] | ((row: number) => string);

/**
 * One column of a table. `validity`: one byte a row, 0 where the value is missing; absent when none is.
 * `integer`: every value of a float64 column is a whole number within 2^53, so typed formats store it as int64.
 */
export type TableColumn = { readonly name: string; readonly validity?: Uint8Array } & (
  | { readonly type: "number"; readonly values: NumberValues; readonly integer?: boolean }
  | { readonly type: "bigint"; readonly values: BigInt64Array }
  | { readonly type: "boolean"; readonly values: Uint8Array }
  | { readonly type: "string"; readonly values: StringValues }
);

/** Columns in order, with distinct names, each of `numRows` values. Values may view shared memory. */
export interface Table {
  readonly numRows: number;
  readonly columns: readonly TableColumn[];
}

/** A value of a table; null where it is missing. */
export type TableValue = number | bigint | boolean | string | null;

/** True if the column's numbers are whole: stored as integers by typed formats. */
export function isWhole(column: TableColumn): boolean {
  if (column.type === "bigint") return true;
  if (column.type !== "number") return false;
  return column.integer === true || column.values instanceof Int32Array || column.values instanceof Uint32Array;
}

/** A function that gives the value of a row. */
export function valueReader(column: TableColumn): (row: number) => TableValue {
  const { validity } = column;
  const read = presentReader(column);
  return validity === undefined ? read : (row) => (validity[row] === 0 ? null : read(row));
}

/** A function that gives the string of a row of a string column, missing or not. */
export function stringReader(values: StringValues): (row: number) => string {
  return typeof values === "function" ? values : (row) => values[row]!;
}

/**
 * The column of that name.
 *
 * @throws SuperstepError INVALID_ARGUMENT if there is none; the message names those there are.
 */
export function columnNamed(table: Table, name: string, where: string): TableColumn {
  const found = table.columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = table.columns.map((column) => column.name).join(", ");
  throw new SuperstepError("INVALID_ARGUMENT", `${where}: no column ${excerpt(name)}; there are ${excerpt(names)}`);
}

/**
 * A column of whole numbers in the form all readers give: numbers if each is within 2^53 (missing ones do not count),
 * else 64-bit integers. So an id compares equal in whatever format it was stored.
 */
export function wholeNumberColumn(name: string, values: BigInt64Array, validity?: Uint8Array): TableColumn {
  const rest = validity === undefined ? { name } : { name, validity };
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2); // little endian: low, high
  const numbers = new Float64Array(values.length);
  for (let row = 0; row < numbers.length; row++) {
    const value = words[2 * row + 1]! * 4294967296 + (words[2 * row]! >>> 0);
    if (!(value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER) && validity?.[row] !== 0) {
      return { ...rest, type: "bigint", values };
    }
    numbers[row] = value;
  }
  return { ...rest, type: "number", integer: true, values: numbers };
}

/** A function that gives the value of a row, whether it counts as missing or not. */
export function presentReader(column: TableColumn): (row: number) => TableValue {
  switch (column.type) {
    case "number": {
      const { values } = column;
      return (row) => values[row]!;
    }
    case "bigint": {
      const { values } = column;
      return (row) => values[row]!;
    }
    case "boolean": {
      const { values } = column;
      return (row) => values[row] === 1;
    }
    case "string":
      return stringReader(column.values);
  }
}
