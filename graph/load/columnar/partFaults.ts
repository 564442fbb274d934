/**
 * What is wrong with rows of a part of a typed file.
 */
import { excerpt } from "../../../core/errors.ts";
import type { InputFault } from "../inputError.ts";
import { valueReader, type Table } from "../table/table.ts";
import type { BadRow } from "../text/textPlan.ts";
import type { ColumnarPlan } from "./columnarPlan.ts";

/** Faults of values. */
export const valueFault = { missing: 0, notInteger: 1, outOfRange: 2, notFinite: 3 } as const;

/** One of `valueFault`. */
export type ValueFault = (typeof valueFault)[keyof typeof valueFault];

const numFaults = 4;

/** The first fault of each row, in the order in which columns are read: ids, then attributes. */
export class PartFaults {
  readonly #plan: ColumnarPlan;
  readonly #table: Table;
  /** By row: 0, or 1 + fault + numFaults * column; made for the first fault. */
  #codes: Uint16Array | undefined;

  constructor(plan: ColumnarPlan, table: Table) {
    this.#plan = plan;
    this.#table = table;
  }

  /** Whether any row is at fault. */
  get isEmpty(): boolean {
    return this.#codes === undefined;
  }

  /** Says that a value is wrong. `column`: among the plan's ids and attributes. */
  add(row: number, column: number, fault: ValueFault): void {
    this.#codes ??= new Uint16Array(this.#table.numRows);
    if (this.#codes[row] === 0) this.#codes[row] = 1 + fault + numFaults * column;
  }

  /** Rows without fault before the last fault that counts, ascending, and the faults that count. */
  settle(place: { readonly firstRow: number; readonly part: number }): { rows: Uint32Array; badRows: BadRow[] } {
    const { maxBadRows, partName, keepsText } = this.#plan;
    const { numRows } = this.#table;
    const rows = new Uint32Array(numRows);
    const badRows: BadRow[] = [];
    let numGood = 0;
    for (let row = 0; row < numRows && badRows.length < maxBadRows; row++) {
      const code = this.#codes?.[row] ?? 0;
      if (code === 0) {
        rows[numGood++] = row;
        continue;
      }
      const words = this.#words(row, code - 1);
      const fault = { row: place.firstRow + row, part: `${partName} ${place.part + 1}`, ...words };
      badRows.push({ fault, ...(keepsText ? { text: this.#text(row) } : {}) });
    }
    return { rows: rows.subarray(0, numGood), badRows };
  }

  #words(row: number, code: number): Pick<InputFault, "reason" | "expected" | "got" | "hint"> {
    const { ids, attrs } = this.#plan;
    const at = Math.floor(code / numFaults);
    const id = ids[at];
    const name = (id ?? attrs[at - ids.length]!).name;
    const what = id?.role ?? "the weight";
    const column = ` in column ${JSON.stringify(name.slice(0, 60))}`;
    const found = this.#table.columns.find((one) => one.name === name)!;
    const value = valueReader(found)(row);
    const got = value === null ? "no value" : typeof value === "string" ? excerpt(value, 60) : String(value);
    switch (code % numFaults) {
      case valueFault.missing:
        return id === undefined
          ? { reason: "the weight is missing", expected: `a weight${column}`, got, hint: "every row needs a weight" }
          : {
              reason: `${what} is missing`,
              expected: `${what} to be a vertex id${column}`,
              got,
              hint: "every row needs its ids",
            };
      case valueFault.notInteger:
        return {
          reason: `${what} is not a decimal integer`,
          expected: `${what} to be a decimal integer${column}`,
          got,
          hint: "--ids string reads any text as an id",
        };
      case valueFault.outOfRange:
        return {
          reason: `${what} does not fit 64 bits`,
          expected: `${what} to fit signed 64 bits${column}`,
          got,
          hint: "--ids string reads ids as text",
        };
      default:
        return { reason: "the weight is not finite", expected: `a finite weight${column}`, got, hint: "" };
    }
  }

  #text(row: number): string {
    const values = this.#table.columns.map((column) => [column.name, valueReader(column)(row)] as const);
    const printable = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
    return JSON.stringify(Object.fromEntries(values), printable);
  }
}
