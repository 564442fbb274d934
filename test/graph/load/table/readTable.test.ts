import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as arrow from "apache-arrow";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { ByteWriter, parquetWrite, parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { readTable } from "../../../../graph/load/table/readTable.ts";
import { columnNamed } from "../../../../graph/load/table/table.ts";
import { writeTable } from "../../../../graph/load/table/writeTable.ts";
import { rowsOf, tableOf, useFolder } from "./tables.ts";

const folder = useFolder();

async function readText(name: string, content: string | Uint8Array) {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return readTable(file);
}

async function types(name: string, content: string) {
  const table = await readText(name, content);
  return table.columns.map((column) => (column.type === "number" && column.integer ? "integer" : column.type));
}

describe("readTable of CSV", () => {
  it.each<[string, string, unknown[]]>([
    ["integers", "1 -2 0 9007199254740991", ["integer", 1]],
    ["integers beyond 2^53", "1 9007199254740993", ["bigint", 1n]],
    ["decimals", "1 .5 2. -3e-7 1E5", ["number", 1]],
    ["numbers with names", "1 NaN Infinity -Infinity", ["number", 1]],
    ["minus zero", "1 -0", ["number", 1]],
    ["leading zeros", "01 2", ["string", "01"]],
    ["plus signs", "+1 2", ["string", "+1"]],
    ["hexadecimal", "0x1 2", ["string", "0x1"]],
    ["integers beyond 64 bits", "1 9223372036854775808", ["string", "1"]],
    ["long integers beside decimals", "0.5 9007199254740993", ["string", "0.5"]],
    ["long integers a number prints back to, beside decimals", "0.5 9007199254740994", ["number", 0.5]],
    ["truth values", "true false", ["boolean", true]],
    ["truth values in capitals", "True False", ["string", "True"]],
    ["words", "a 1", ["string", "a"]],
  ])("types %s by all rows", async (_what, cells, [type, first]) => {
    const text = `v\n${cells.split(" ").join("\n")}\n`;
    expect(await types("typed.csv", text)).toEqual([type]);
    expect(rowsOf(await readText("typed.csv", text))[0]).toEqual([first]);
  });

  it("takes empty fields for missing, quoted ones too but in a column of strings", async () => {
    const table = await readText("missing.csv", 'id,n,s\n1,,\n2,"",""\n3,4,x\n');
    expect(rowsOf(table)).toEqual([
      [1, null, null],
      [2, null, ""],
      [3, 4, "x"],
    ]);
  });

  it.each([
    ["semicolons", "a;b\n1;2\n"],
    ["tabs", "a\tb\n1\t2\n"],
    ["bars", "a|b\n1|2\n"],
    ["CRLF", "a,b\r\n1,2\r\n"],
    ["a byte order mark", "\ufeffa,b\n1,2\n"],
    ["no last line end", "a,b\n1,2"],
    ["empty lines", "\na,b\n\n1,2\n\n"],
    ["blanks round fields", " a , b \n 1 ,\t2 \n"],
    ["quotes round everything", '"a","b"\n"1","2"\n'],
  ])("reads %s", async (_what, text) => {
    const table = await readText("shape.csv", text);
    expect(table.columns.map((column) => column.name)).toEqual(["a", "b"]);
    expect(rowsOf(table)).toEqual([[1, 2]]);
  });

  it("reads gzip of several members under any name", async () => {
    const bytes = Buffer.concat([gzipSync("a,b\n1,"), gzipSync("2\n3,4\n")]);
    expect(rowsOf(await readText("members.csv", bytes))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("has the fields csv-parse finds, in any quoting", async () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom("x", '"', ",", "\n", "é", "1", "\r\n", "q") }).map((text) => ({
        text,
        raw: `"${text.replaceAll('"', '""')}"`,
      })),
      fc.string({ unit: fc.constantFrom("x", "é", "1", "😀", "'") }).map((text) => ({ text, raw: text })),
    );
    const grids = fc.integer({ min: 2, max: 4 }).chain((width) => {
      const names = Array.from({ length: width }, (_, index) => ({ text: `c${index}`, raw: `c${index}` }));
      return fc
        .array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 })
        .map((rows) => [names, ...rows]);
    });
    await fc.assert(
      fc.asyncProperty(grids, fc.constantFrom("\n", "\r\n"), async (grid, lineEnd) => {
        const text = grid.map((row) => row.map(({ raw }) => raw).join(",")).join(lineEnd) + lineEnd;
        const records: string[][] = parse(text);
        const table = await readText("grid.csv", text);
        expect(rowsOf(table).map((row) => row.map((value) => String(value ?? "")))).toEqual(records.slice(1));
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it.each<[string, string | Uint8Array, string, number?, number?]>([
    ["a row too short", "a,b\n1,2\n3\n", "expected a row of 2 fields, as the header has, got 1", 3, 1],
    ["a row too long", "a,b\n1,2,3\n", "expected a row of 2 fields, as the header has, got 3", 2, 1],
    ["an open quote", 'a,b\n1,"x\n2,3\n', "expected a closing quote", 2, 3],
    ["text behind a quote", 'a,b\n"1"x,2\n', 'behind a closing quote, got "x"', 2, 4],
    ["a name twice", "a,a\n1,2\n", 'got "a" twice', 1, 3],
    ["a column without name", "a,\n1,2\n", "a name for column 2", 1, 3],
    ["no line", "", "got no line"],
    ["line ends of CR alone", "a,b\r1,2\r", "CR alone", 1, 4],
    ["a NUL byte", "a,b\n1,\0\n", "NUL byte", 2, 3],
    ["UTF-16", Buffer.from("\ufeffa,b\n", "utf16le"), "expected UTF-8, got UTF-16"],
    ["Latin-1", Buffer.from("a,b\n1,2\ncaf\xe9,3\n", "latin1"), "expected UTF-8, got other bytes", 3, 1],
    ["gzip that is cut", gzipSync("a,b\n1,2\n").subarray(0, -9), "expected whole gzip data"],
  ])("refuses %s", async (_what, content, message, line, column) => {
    const error: unknown = await readText("bad.csv", content).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining(message) });
    if (line !== undefined) expect(error).toMatchObject({ details: { line, column } });
  });

  it("refuses an empty file named .gz, a directory, and one that is not there", async () => {
    await expect(readText("none.csv.gz", "")).rejects.toThrow("expected gzip, got 0 bytes");
    await expect(readTable(folder)).rejects.toThrow("got a directory");
    await expect(readTable(path.join(folder, "absent.csv"))).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  it("shows the line of an error, its controls escaped, and where in it", async () => {
    const error = (await readText("shown.csv", 'a,b\n1,"\x1b[31mx\n').catch((reason: unknown) => reason)) as {
      details: { excerpt: string; caret: [number, number] };
    };
    expect(error.details).toMatchObject({ excerpt: '1,"\\x1b[31mx', caret: [2, 1] });
  });
});

describe("readTable of NDJSON", () => {
  it("gathers keys in order of appearance, with what is missing", async () => {
    const table = await readText("keys.ndjson", '{"a":1,"b":"x"}\n\n{"c":true,"a":null}\r\n');
    expect(table.columns.map((column) => column.name)).toEqual(["a", "b", "c"]);
    expect(rowsOf(table)).toEqual([
      [1, "x", null],
      [null, null, true],
    ]);
  });

  it("keeps the digits of long integers, among nested values and strings of digits", async () => {
    const line =
      '{"n":{"id":1234567890123456789},"id":9007199254740993,"s":"\\"1234567890123456789","id2":-9007199254740993}';
    const table = await readText("long.ndjson", `${line}\n`);
    expect(rowsOf(table)).toEqual([
      ['{"id":1234567890123456800}', 9007199254740993n, '"1234567890123456789', -9007199254740993n],
    ]);
  });

  it.each([
    ["no JSON", '{"a":1}\n{"a":\n', 2],
    ["an array", "[1]\n", 1],
    ["two types in a column", '{"a":1}\n{"a":"x"}\n', 2],
    ["an integer beyond 64 bits", '{"a":9223372036854775808}\n', 1],
  ])("refuses %s", async (_what, text, line) => {
    await expect(readText("bad.ndjson", text)).rejects.toMatchObject({ code: "INVALID_INPUT", details: { line } });
  });

  it("refuses a long integer beside fractions, which no number holds", async () => {
    const text = '{"a":9007199254740993}\n{"a":0.5}\n';
    await expect(readText("mixed.ndjson", text)).rejects.toThrow("which no number is exactly");
  });
});

describe("readTable of Parquet", () => {
  it("puts five row groups together in order", async () => {
    const data = Array.from({ length: 5000 }, (_, row) => BigInt(row) * 1_000_003n);
    const text = data.map((value) => `n${value % 97n}`);
    const columnData = [
      { name: "id", data, type: "INT64" as const },
      { name: "s", data: text, type: "STRING" as const },
      { name: "i", data: data.map((value) => Number(value % 1000n)), type: "INT32" as const },
      { name: "f", data: data.map((value) => Math.fround(Number(value) / 3)), type: "FLOAT" as const },
    ];
    const bytes = parquetWriteBuffer({ columnData, rowGroupSize: 1100 });
    const rows = rowsOf(await readText("five.parquet", new Uint8Array(bytes)));
    expect(rows).toEqual(
      data.map((value, row) => [Number(value), text[row], Number(value % 1000n), Math.fround(Number(value) / 3)]),
    );
  });

  it("reads dates as text, and unsigned integers as they are", async () => {
    const writer = new ByteWriter();
    const day = new Date("2024-02-29T00:00:00.000Z");
    await parquetWrite({
      writer,
      columnData: [
        { name: "day", data: [day] },
        { name: "u", data: [4294967295] },
      ],
      schema: [
        { name: "root", num_children: 2 },
        { name: "day", type: "INT32", converted_type: "DATE", repetition_type: "REQUIRED" },
        { name: "u", type: "INT32", converted_type: "UINT_32", repetition_type: "REQUIRED" },
      ],
    });
    const table = await readText("dates.parquet", writer.getBytes());
    expect(rowsOf(table)).toEqual([["2024-02-29T00:00:00.000Z", 4294967295]]);
  });

  it("refuses nested columns by name", async () => {
    const writer = new ByteWriter();
    await parquetWrite({
      writer,
      columnData: [{ name: "tags", data: [["a", "b"]] }],
      schema: [
        { name: "root", num_children: 1 },
        { name: "tags", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ],
    });
    await expect(readText("nested.parquet", writer.getBytes())).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining('"tags", which is nested'),
    });
  });
});

describe("readTable of Arrow", () => {
  it.each(["file", "stream"] as const)("reads a %s written by apache-arrow, of several batches", async (form) => {
    const kind = arrow.vectorFromArray(["x", "y", "x"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()));
    const batch = (from: number): arrow.Table =>
      new arrow.Table({
        id: arrow.vectorFromArray([BigInt(from), null, 9007199254740993n], new arrow.Int64()),
        n: arrow.vectorFromArray([from, 2, 3], new arrow.Int32()),
        half: arrow.vectorFromArray([0.5, null, 1.5], new arrow.Float32()),
        ok: arrow.vectorFromArray([true, null, false], new arrow.Bool()),
        name: arrow.vectorFromArray(["é", null, "c"], new arrow.Utf8()),
        kind,
        when: arrow.vectorFromArray([new Date(0), null, new Date(1e12)], new arrow.TimestampMillisecond()),
      });
    const bytes = arrow.tableToIPC(batch(1).concat(batch(7)), form);
    const table = await readText(`by-arrow-${form}.arrow`, bytes);
    const rows = (from: number) => [
      [BigInt(from), from, 0.5, true, "é", "x", "1970-01-01T00:00:00.000Z"],
      [null, 2, null, null, null, "y", null],
      [9007199254740993n, 3, 1.5, false, "c", "x", "2001-09-09T01:46:40.000Z"],
    ];
    expect(rowsOf(table)).toEqual([...rows(1), ...rows(7)]);
  });

  it("refuses unsigned integers from 2^63 on, and nested columns", async () => {
    const large = new arrow.Table({ u: arrow.vectorFromArray([2n ** 63n], new arrow.Uint64()) });
    await expect(readText("u64.arrow", arrow.tableToIPC(large))).rejects.toThrow("got 9223372036854775808");
    const list = new arrow.List(new arrow.Field("item", new arrow.Int32()));
    const nested = new arrow.Table({ l: arrow.vectorFromArray([[1, 2]], list) });
    await expect(readText("list.arrow", arrow.tableToIPC(nested))).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });
});

describe("a damaged file", () => {
  const table = tableOf(
    { name: "id", type: "number", values: Uint32Array.from({ length: 300 }, (_, row) => row) },
    { name: "name", type: "string", values: Array.from({ length: 300 }, (_, row) => `name ${row % 7} é`) },
    { name: "score", type: "number", values: Float64Array.from({ length: 300 }, (_, row) => row / 7) },
  );

  it.each(["csv", "csv.gz", "ndjson", "arrow"])(
    "F86: of %s is read or refused, never anything else",
    async (suffix) => {
      const file = path.join(folder, `whole.${suffix}`);
      await writeTable(table, file);
      const whole = readFileSync(file);
      const damage = fc.oneof(
        fc.record({ kind: fc.constant("cut" as const), at: fc.nat({ max: whole.length - 1 }) }),
        fc.record({
          kind: fc.constant("flip" as const),
          at: fc.nat({ max: whole.length - 1 }),
          bit: fc.nat({ max: 7 }),
        }),
      );
      await fc.assert(
        fc.asyncProperty(damage, async (one) => {
          const bytes = one.kind === "cut" ? whole.subarray(0, one.at) : Buffer.from(whole);
          if (one.kind === "flip") bytes[one.at]! ^= 1 << one.bit;
          try {
            rowsOf(await readText(`damaged.${suffix}`, bytes));
          } catch (error) {
            expect(error).toMatchObject({ code: "INVALID_INPUT" });
          }
        }),
        { seed: 5, numRuns: 250 },
      );
    },
  );

  it.each(["csv.gz", "parquet", "arrow"])("of %s that is cut anywhere is refused", async (suffix) => {
    const file = path.join(folder, `cut.${suffix}`);
    await writeTable(table, file);
    const whole = readFileSync(file);
    for (let length = 1; length < whole.length; length += Math.ceil(whole.length / 60)) {
      const cut = readText(`cut-${length}.${suffix}`, whole.subarray(0, length));
      await expect(cut, `${length} of ${whole.length} bytes`).rejects.toMatchObject({ code: "INVALID_INPUT" });
    }
  });
});

describe("columnNamed", () => {
  it("names the columns there are", () => {
    const table = tableOf({ name: "id", type: "number", values: new Float64Array(1) });
    expect(columnNamed(table, "id", "view").name).toBe("id");
    expect(() => columnNamed(table, "rank", "view")).toThrow('view: no column "rank"; there are "id"');
  });
});

const malformed = fileURLToPath(new URL("../../../../../shared/data/malformed/", import.meta.url));

describe.skipIf(!existsSync(malformed))("the malformed CSV files (skipped where ../shared/data is missing)", () => {
  it.each(["unclosed-quote.csv", "duplicate-header.csv", "ragged.csv"])("%s is refused", async (name) => {
    await expect(readTable(path.join(malformed, name))).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  it.each([
    ["quoted.csv", 4],
    ["header-only.csv", 0],
    ["columns-swapped.csv", 2],
    ["spaces-round-fields.csv", 2],
  ])("%s has %i rows", async (name, numRows) => {
    expect((await readTable(path.join(malformed, name))).numRows).toBe(numRows);
  });
});
