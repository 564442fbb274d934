import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { readParquet } from "../../../../graph/load/table/readParquet.ts";
import { writeTable } from "../../../../graph/load/table/writeTable.ts";
import { rowsOf, tableOf, useFolder } from "./tables.ts";

const folder = useFolder();

const table = tableOf(
  { name: "id", type: "number", integer: true, values: Float64Array.from({ length: 50 }, (_, row) => row) },
  { name: "big", type: "bigint", values: BigInt64Array.from({ length: 50 }, (_, row) => 2n ** 62n + BigInt(row)) },
  { name: "name", type: "string", values: Array.from({ length: 50 }, (_, row) => `name ${row % 7} é`) },
  {
    name: "score",
    type: "number",
    values: Float64Array.from({ length: 50 }, (_, row) => row / 7),
    validity: Uint8Array.from({ length: 50 }, (_, row) => row % 3),
  },
);

describe("readParquet", () => {
  it("gives the table back that the thread decoded, with its types and missing values", async () => {
    const file = path.join(folder, "whole.parquet");
    await writeTable(table, file);
    const read = await readParquet(file);
    expect(rowsOf(read)).toEqual(rowsOf(table));
    expect(read.columns.map(({ type }) => type)).toEqual(["number", "bigint", "string", "number"]);
  });

  it("reads or refuses a file with a flipped bit, and ends", async () => {
    const file = path.join(folder, "to-damage.parquet");
    await writeTable(table, file);
    const whole = readFileSync(file);
    const damaged = path.join(folder, "damaged.parquet");
    const codes: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= 1 << bit;
        writeFileSync(damaged, bytes);
        const code = await readParquet(damaged, { stallMs: 5000 }).then(rowsOf, ({ code: found }) => found as unknown);
        if (!Array.isArray(code)) codes.push(code);
      }),
      { seed: 11, numRuns: 40 },
    );
    expect(codes.length).toBeGreaterThan(5);
    expect([...new Set(codes)].filter((code) => code !== "INVALID_INPUT" && code !== "OUT_OF_MEMORY")).toEqual([]);
  });

  it("refuses a file that promises more rows than memory holds, before it makes room for them", async () => {
    const bytes = Buffer.from(parquetWriteBuffer({ columnData: [{ name: "id", data: [1n, 2n], type: "INT64" }] }));
    const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    // rows are zigzag varints in the footer's structs: field 3 (0x16) of the file, field 3 of the row group
    const places = [...bytes.keys()].filter((at) => at >= footer && bytes[at] === 0x16 && bytes[at + 1] === 4);
    const many = Buffer.from("8080808080808001", "hex"); // 2^48
    let larger = bytes.subarray(0, footer);
    let from = footer;
    for (const at of places) {
      larger = Buffer.concat([larger, bytes.subarray(from, at + 1), many]);
      from = at + 2;
    }
    larger = Buffer.concat([larger, bytes.subarray(from)]);
    larger.writeUInt32LE(larger.length - 8 - footer, larger.length - 8);
    const file = path.join(folder, "many-rows.parquet");
    writeFileSync(file, larger);
    await expect(readParquet(file)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
  });

  it("gives up a file that decodes for too long", async () => {
    const file = path.join(folder, "slow.parquet");
    const names = Array.from({ length: 100_000 }, (_, row) => `name ${row}`); // far more than a millisecond's work
    await writeTable(tableOf({ name: "name", type: "string", values: names }), file);
    await expect(readParquet(file, { stallMs: 0 })).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining("did not get on for 0 s") as string,
    });
  });

  it("names a file that is not there", async () => {
    await expect(readParquet(path.join(folder, "no.parquet"))).rejects.toThrow("got no such file");
  });
});
