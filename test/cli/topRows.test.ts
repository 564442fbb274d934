import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topRows } from "../../cli/actions/topRows.ts";
import type { Table } from "../../graph/load/table/table.ts";

const values = fc.array(fc.constantFrom(0, -0, 1, 1.5, 2, -3, 1e300, Infinity, -Infinity, NaN, null), {
  maxLength: 30,
});

describe("topRows", () => {
  it("gives what a stable sort of all rows begins with, what is missing or no number last", () => {
    fc.assert(
      fc.property(values, fc.nat({ max: 35 }), fc.boolean(), (cells, count, isDescending) => {
        const table: Table = {
          numRows: cells.length,
          columns: [
            {
              name: "x",
              type: "number",
              values: Float64Array.from(cells, (cell) => cell ?? 0),
              validity: Uint8Array.from(cells, (cell) => (cell === null ? 0 : 1)),
            },
          ],
        };
        const keys = cells.map((cell) =>
          cell === null || Number.isNaN(cell) ? Infinity : isDescending ? -cell : cell,
        );
        const expected = cells.map((_cell, row) => row).toSorted((a, b) => (keys[a]! < keys[b]! ? -1 : Number(keys[a]! > keys[b]!))); // prettier-ignore
        const order = isDescending ? "descending" : "ascending";
        expect(topRows(table, count, { by: "x", order })).toEqual(expected.slice(0, count));
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it("keeps the order of the table without a column of numbers to go by", () => {
    const table: Table = { numRows: 3, columns: [{ name: "s", type: "string", values: ["c", "a", "b"] }] };
    expect(topRows(table, 2)).toEqual([0, 1]);
    expect(topRows(table, 2, { by: "s", order: "ascending" })).toEqual([0, 1]);
    expect(topRows(table, 9)).toEqual([0, 1, 2]);
  });
});
