/**
 * The rows of a table that come first by one of its columns.
 */
import type { Table } from "../../graph/load/table/table.ts";

/** A column of numbers, and which of them come first. */
export interface RowOrder {
  readonly by: string;
  readonly order: "ascending" | "descending";
}

/**
 * At most `count` rows, the first by `order` first, of equal ones that which stands higher in the table; missing values
 * come last. Without an order, or if its column holds no numbers, the first rows.
 *
 * Memory: a number a row; sorts them without a comparison in JavaScript.
 */
export function topRows({ numRows, columns }: Table, count: number, order?: RowOrder): number[] {
  const length = Math.min(count, numRows);
  const column = columns.find(({ name }) => name === order?.by);
  if (length === 0 || order === undefined || column?.type !== "number") {
    return Array.from({ length }, (_none, row) => row);
  }
  const { values, validity } = column;
  const sign = order.order === "descending" ? -1 : 1;
  const keyOf = (row: number): number => {
    const key = validity?.[row] === 0 ? NaN : sign * values[row]!;
    return Number.isNaN(key) ? Infinity : key;
  };
  const keys = Float64Array.from({ length: numRows }, (_none, row) => keyOf(row)).sort();
  const last = keys[length - 1]!;
  let numAtLast = length - keys.indexOf(last);
  const rows: number[] = [];
  for (let row = 0; row < numRows; row++) {
    const key = keyOf(row);
    if (key < last || (key === last && numAtLast-- > 0)) rows.push(row);
  }
  return rows.sort((a, b) => keyOf(a) - keyOf(b) || a - b);
}
