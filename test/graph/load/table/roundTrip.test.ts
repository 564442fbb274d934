import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTable } from "../../../../graph/load/table/readTable.ts";
import { writeTable } from "../../../../graph/load/table/writeTable.ts";
import { type TableColumn, valueReader } from "../../../../graph/load/table/table.ts";
import { canonical, rowsOf, tableOf, tables, useFolder } from "./tables.ts";

const folder = useFolder();

describe.each(["csv", "tsv", "csv.gz", "ndjson", "ndjson.gz", "parquet", "arrow"])("a table through %s", (suffix) => {
  const file = path.join(folder, `round.${suffix}`);

  it("comes back with its names and every value, to the bit", async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        await writeTable(table, file, { force: true });
        const back = await readTable(file);
        const isEmptyNdjson = suffix.startsWith("ndjson") && table.numRows === 0; // no row, no name
        expect(back.columns.map((column) => column.name)).toEqual(
          isEmptyNdjson ? [] : table.columns.map((column) => column.name),
        );
        expect(back.numRows).toBe(table.numRows);
        for (const [index, column] of back.columns.entries()) {
          const original = table.columns[index]!;
          const [got, wanted] = [valueReader(column), valueReader(original)].map((read) =>
            Array.from({ length: table.numRows }, (_none, row) => canonical(read(row))),
          );
          expect(got).toEqual(wanted);
        }
      }),
      { seed: 20260701, numRuns: suffix.endsWith("gz") ? 40 : 150 },
    );
  });

  it("keeps 64-bit integers apart that one double stands for", async () => {
    const ids = [9007199254740992n, 9007199254740993n, -(2n ** 63n), 2n ** 63n - 1n];
    await writeTable(tableOf({ name: "id", type: "bigint", values: BigInt64Array.from(ids) }), file, { force: true });
    expect(rowsOf(await readTable(file))).toEqual(ids.map((id) => [id]));
  });

  it("gives whole numbers within 2^53 as numbers, however they were stored", async () => {
    const columns: TableColumn[] = [
      { name: "a", type: "bigint", values: BigInt64Array.of(-5n, 9007199254740991n) },
      { name: "b", type: "number", values: Uint32Array.of(0, 4294967295) },
      { name: "c", type: "number", integer: true, values: Float64Array.of(-1, 2) },
    ];
    await writeTable(tableOf(...columns), file, { force: true });
    const back = await readTable(file);
    expect(rowsOf(back)).toEqual([
      [-5, 0, -1],
      [9007199254740991, 4294967295, 2],
    ]);
    expect(back.columns.map((column) => column.type === "number" && column.integer)).toEqual([true, true, true]);
  });

  it("takes columns in shared memory, and more rows than a batch or row group", async () => {
    const numRows = 150_001;
    const values = new Float64Array(new SharedArrayBuffer(8 * numRows)).map((_zero, row) => Math.sqrt(row));
    const shared = new Float64Array(new SharedArrayBuffer(8 * numRows));
    shared.set(values);
    const validity = new Uint8Array(new SharedArrayBuffer(numRows)).fill(1);
    validity[100_000] = 0;
    const label = (row: number): string => `n${row % 977}`;
    const flags = Uint8Array.from({ length: numRows }, (_none, row) => (row % 3 === 0 ? 1 : 0));
    await writeTable(
      {
        numRows,
        columns: [
          { name: "root", type: "number", values: shared, validity },
          { name: "label", type: "string", values: label },
          { name: "flag", type: "boolean", values: flags },
        ],
      },
      file,
      { force: true },
    );
    const back = await readTable(file);
    expect(back.numRows).toBe(numRows);
    const [root, text, flag] = back.columns.map(valueReader);
    for (let row = 0; row < numRows; row++) {
      if (root!(row) !== (row === 100_000 ? null : Math.sqrt(row))) expect.fail(`root of row ${row}: ${root!(row)}`);
      if (text!(row) !== label(row)) expect.fail(`label of row ${row}: ${text!(row)}`);
      if (flag!(row) !== (row % 3 === 0)) expect.fail(`flag of row ${row}: ${flag!(row)}`);
    }
  });
});
