import { describe, expect, it } from "vitest";
import { printTable } from "../../cli/printTable.ts";
import type { Table } from "../../graph/load/table/table.ts";

const airports: Table = {
  numRows: 4,
  columns: [
    { name: "id", type: "number", integer: true, values: Float64Array.of(7, 1234567, 30, 4) },
    { name: "name", type: "string", values: ["O'Hare", "東京", "a\u001b[31m", "x".repeat(50)] },
    {
      name: "rank",
      type: "number",
      values: Float64Array.of(0.1 + 0.2, Infinity, 1e-9, 0),
      validity: Uint8Array.of(1, 1, 1, 0),
    },
    { name: "hub", type: "boolean", values: Uint8Array.of(1, 0, 1, 0) },
  ],
};

describe("printTable", () => {
  it("aligns numbers right and text left by what a terminal shows, rounds, escapes and cuts", () => {
    expect(printTable(airports, { maxWidth: 12 })).toBe(
      [
        "     id  name              rank  hub",
        "      7  O'Hare             0.3  true",
        "1234567  東京          Infinity  false",
        "     30  a\\x1b[31m         1e-9  true",
        "      4  xxxxxxxxxxx…            false",
        "",
      ].join("\n"),
    );
  });

  it("prints the rows asked for, in that order", () => {
    const lines = printTable(airports, { rows: [2, 0] })
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => line.trim().split(/\s+/)[0])).toEqual(["id", "30", "7"]);
  });

  it("prints the names of a table without rows", () => {
    expect(printTable(airports, { rows: [] })).toBe("id  name  rank  hub\n");
  });

  it("prints 64-bit integers in full", () => {
    const table: Table = { numRows: 1, columns: [{ name: "id", type: "bigint", values: BigInt64Array.of(2n ** 62n) }] };
    expect(printTable(table)).toBe("                 id\n4611686018427387904\n");
  });
});
