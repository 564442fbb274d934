import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { spawn, spawnSync } from "node:child_process";
import { RecordBatchReader, tableFromIPC } from "apache-arrow";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { openOutput, removeTemporaryFiles } from "../../../../graph/load/table/output.ts";
import type { Table, TableValue } from "../../../../graph/load/table/table.ts";
import { writeTable } from "../../../../graph/load/table/writeTable.ts";
import { rowsOf, tableOf, tables, useFolder } from "./tables.ts";

const folder = useFolder();
const inFolder = (name: string): string => path.join(folder, name);

const airports = tableOf(
  { name: "id", type: "number", values: Uint32Array.of(7, 8, 9) },
  { name: "rank", type: "number", values: Float64Array.of(0.1 + 0.2, Infinity, 1e-7) },
  { name: "name", type: "string", values: ['O\'Hare, "ORD"', "", "Zürich"], validity: Uint8Array.of(1, 1, 0) },
);

/** The text a value has in CSV, said again without our writer. */
function csvText(value: TableValue): string {
  if (value === null) return "";
  if (Object.is(value, -0)) return "-0";
  const isInexact = typeof value === "number" && Number.isInteger(value) && Math.abs(value) > 2 ** 53 - 1;
  return isInexact ? value.toExponential() : String(value);
}

describe("writeTable", () => {
  it("writes the CSV a reader expects", async () => {
    await writeTable(airports, inFolder("airports.csv"));
    expect(readFileSync(inFolder("airports.csv"), "utf8")).toBe(
      'id,rank,name\n7,0.30000000000000004,"O\'Hare, ""ORD"""\n8,Infinity,""\n9,1e-7,\n',
    );
  });

  it("writes the NDJSON a reader expects", async () => {
    await writeTable(airports, inFolder("airports.ndjson"));
    expect(
      readFileSync(inFolder("airports.ndjson"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { id: 7, rank: 0.30000000000000004, name: 'O\'Hare, "ORD"' },
      { id: 8, rank: "Infinity", name: "" },
      { id: 9, rank: 1e-7, name: null },
    ]);
  });

  it.each([
    ["csv", ","],
    ["tsv", "\t"],
  ])("writes %s that csv-parse reads alike", async (suffix, delimiter) => {
    const file = inFolder(`oracle.${suffix}`);
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        await writeTable(table, file, { force: true });
        const records: string[][] = parse(readFileSync(file), { delimiter });
        expect(records[0]).toEqual(table.columns.map((column) => column.name));
        expect(records.slice(1)).toEqual(rowsOf(table).map((row) => row.map(csvText)));
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  it("writes NDJSON of which every line is JSON with the columns as keys", async () => {
    const file = inFolder("oracle.ndjson");
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        await writeTable(table, file, { force: true });
        const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
        const names = table.columns.map((column) => column.name);
        expect(lines.map((line) => Object.keys(JSON.parse(line) as object).sort())).toEqual(
          lines.map(() => [...names].sort()),
        );
        const rows = rowsOf(table);
        for (const [row, line] of lines.entries()) {
          const record = JSON.parse(line) as Record<string, unknown>;
          for (const [index, name] of names.entries()) {
            const value = rows[row]![index]!;
            const isNamed = typeof value === "number" && !Number.isFinite(value);
            const expected = isNamed ? String(value) : typeof value === "bigint" ? Number(value) : value;
            expect(record[name]).toStrictEqual(expected);
          }
        }
      }),
      { seed: 8, numRuns: 100 },
    );
  });

  it("writes Parquet that hyparquet reads: doubles, int64, booleans, strings, required where nothing is missing", async () => {
    const file = inFolder("plain.parquet");
    const table = tableOf(
      { name: "id", type: "bigint", values: BigInt64Array.of(9007199254740993n, -1n) },
      { name: "score", type: "number", values: Float64Array.of(-0, NaN) },
      { name: "hub", type: "boolean", values: Uint8Array.of(1, 0), validity: Uint8Array.of(1, 0) },
      { name: "name", type: "string", values: ["Zürich", "😀"] },
    );
    await writeTable(table, file);
    const { buffer } = Uint8Array.from(readFileSync(file));
    expect(await parquetReadObjects({ file: buffer })).toEqual([
      { id: 9007199254740993n, score: -0, hub: true, name: "Zürich" },
      { id: -1n, score: NaN, hub: null, name: "😀" },
    ]);
    const schema = parquetMetadata(buffer).schema.slice(1);
    expect(schema.map((element) => [element.type, element.repetition_type])).toEqual([
      ["INT64", "REQUIRED"],
      ["DOUBLE", "REQUIRED"],
      ["BOOLEAN", "OPTIONAL"],
      ["BYTE_ARRAY", "REQUIRED"],
    ]);
  });

  it("writes Parquet that keeps the sign of zeros, however often they come", async () => {
    const file = inFolder("zeros.parquet");
    const zeros = Array.from({ length: 500 }, (_, row) => (row % 2 === 0 ? 0 : -0));
    await writeTable(tableOf({ name: "z", type: "number", values: Float64Array.from(zeros) }), file);
    const rows = await parquetReadObjects({ file: Uint8Array.from(readFileSync(file)).buffer });
    expect(rows.map((row) => row["z"] as number)).toStrictEqual(zeros);
  });

  it("writes Parquet in several row groups once there are many rows", async () => {
    const file = inFolder("groups.parquet");
    const numRows = 250_000;
    await writeTable(
      tableOf({ name: "row", type: "number", values: new Uint32Array(numRows).map((_, row) => row) }),
      file,
    );
    const groups = parquetMetadata(Uint8Array.from(readFileSync(file)).buffer).row_groups;
    expect(groups.map((group) => Number(group.num_rows))).toEqual([100_000, 100_000, 50_000]);
  });

  it("writes an Arrow file that apache-arrow reads, int64 as int64", async () => {
    const file = inFolder("plain.arrow");
    await writeTable(
      tableOf(
        { name: "id", type: "number", values: Uint32Array.of(1, 4294967295) },
        { name: "score", type: "number", values: Float64Array.of(0.5, 0), validity: Uint8Array.of(1, 0) },
        { name: "name", type: "string", values: ["é", "b"] },
      ),
      file,
    );
    const back = tableFromIPC(readFileSync(file));
    expect(back.schema.fields.map((field) => [field.name, String(field.type), field.nullable])).toEqual([
      ["id", "Int64", false],
      ["score", "Float64", true],
      ["name", "Utf8", false],
    ]);
    expect([...back].map((row) => row.toJSON())).toEqual([
      { id: 1n, score: 0.5, name: "é" },
      { id: 4294967295n, score: null, name: "b" },
    ]);
    expect(RecordBatchReader.from(readFileSync(file)).isFile()).toBe(true);
  });

  it.each(["csv", "ndjson", "parquet", "arrow"])("writes a table without rows as %s", async (suffix) => {
    const file = inFolder(`empty.${suffix}`);
    await writeTable(tableOf({ name: "id", type: "number", values: new Float64Array(0) }), file);
    expect(existsSync(file)).toBe(true);
  });

  it("refuses what the name does not say", async () => {
    await expect(writeTable(airports, inFolder("a.txt"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(writeTable(airports, inFolder("a.parquet.gz"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(writeTable(airports, inFolder("none/a.csv"))).rejects.toThrow("there is no directory");
    mkdirSync(inFolder("d.csv"));
    await expect(writeTable(airports, inFolder("d.csv"))).rejects.toThrow("is a directory");
  });

  it("writes an unknown suffix in the format asked for", async () => {
    await writeTable(airports, inFolder("b.txt"), { format: "tsv" });
    expect(readFileSync(inFolder("b.txt"), "utf8")).toMatch(/^id\trank\tname\n/);
  });
});

describe("an output file", () => {
  it("is replaced only with force, keeps its permissions, and leaves no other file", async () => {
    const own = inFolder("own");
    mkdirSync(own);
    const file = path.join(own, "ranks.csv");
    writeFileSync(file, "precious", { mode: 0o600 });
    await expect(writeTable(airports, file)).rejects.toThrow("exists; --force");
    expect(readFileSync(file, "utf8")).toBe("precious");
    await writeTable(airports, file, { force: true });
    expect(readFileSync(file, "utf8")).toMatch(/^id,rank/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(own)).toEqual(["ranks.csv"]);
  });

  it("replaces what a symbolic link points to, not the link", async () => {
    writeFileSync(inFolder("target.csv"), "old");
    symlinkSync("target.csv", inFolder("link.csv"));
    await writeTable(airports, inFolder("link.csv"), { force: true });
    expect(readFileSync(inFolder("target.csv"), "utf8")).toMatch(/^id,rank/);
  });

  it("is not taken from another that appeared while it was written", async () => {
    const file = inFolder("race.csv");
    const output = await openOutput(file);
    await output.write(Buffer.from("ours"));
    writeFileSync(file, "theirs");
    await expect(output.commit()).rejects.toThrow("exists; --force");
    await output.abort();
    expect(readFileSync(file, "utf8")).toBe("theirs");
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("does not exist, not even in part, when a row fails", async () => {
    const values = (row: number): string => {
      if (row === 20_000) throw new Error("no such string");
      return "x";
    };
    const broken: Table = { numRows: 30_000, columns: [{ name: "s", type: "string", values }] };
    for (const suffix of ["csv", "csv.gz", "ndjson", "parquet", "arrow"]) {
      await expect(writeTable(broken, inFolder(`broken.${suffix}`))).rejects.toThrow("no such string");
    }
    expect(readdirSync(folder).filter((name) => name.includes("broken"))).toEqual([]);
  });

  it("does not exist when the signal aborts", async () => {
    const controller = new AbortController();
    const values = (row: number): string => {
      if (row === 20_000) controller.abort();
      return "x";
    };
    const table: Table = { numRows: 100_000, columns: [{ name: "s", type: "string", values }] };
    const written = writeTable(table, inFolder("cancelled.csv"), { signal: controller.signal });
    await expect(written).rejects.toMatchObject({ code: "CANCELLED" });
    expect(readdirSync(folder).filter((name) => name.includes("cancelled"))).toEqual([]);
  });

  it("leaves no temporary file when a signal handler removes them, or the process exits", async () => {
    const output = await openOutput(inFolder("gone.csv"));
    await output.write(Buffer.from("half"));
    expect(readdirSync(folder).some((name) => name.startsWith(".gone.csv."))).toBe(true);
    removeTemporaryFiles();
    expect(readdirSync(folder).some((name) => name.startsWith(".gone.csv."))).toBe(false);
    await output.abort();

    const built = fileURLToPath(new URL("../../../../dist/graph/load/table/output.js", import.meta.url));
    const program = `const { openOutput } = await import(${JSON.stringify(built)});
      const output = await openOutput(${JSON.stringify(inFolder("exits.csv"))});
      await output.write(Buffer.from("half"));
      process.exit(9);`;
    expect(spawnSync(process.execPath, ["--input-type=module", "-e", program]).status).toBe(9);
    expect(readdirSync(folder).filter((name) => name.includes("exits"))).toEqual([]);
  });

  it("may be a device", async () => {
    await writeTable(airports, "/dev/null", { format: "csv" });
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it.runIf(existsSync("/dev/full"))("that finds no room is an error that names it, and so the next step", async () => {
    await expect(writeTable(airports, "/dev/full", { format: "csv" })).rejects.toMatchObject({
      code: "NO_CAPACITY",
      message: 'output: there is no room for "/dev/full" on its disk (ENOSPC); free some, or name a file elsewhere',
      details: { file: "/dev/full", system: "ENOSPC" },
    });
  });

  it.each([
    ["a name longer than any file's", () => inFolder(`${"x".repeat(300)}.csv`)],
    ["a directory that takes no files", () => "/proc/ranks.csv"],
  ])("is refused by name where the system refuses it: %s", async (_case, file) => {
    await expect(writeTable(airports, file())).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(
        /^output: (".*ranks\.csv"|"[^ ]*xxx…?) cannot be written \(E[A-Z]+\); name|no directory/,
      ),
    });
  });
});

describe("standard output", () => {
  it("takes one chunk after the other, in the order of rows", async () => {
    let waiting = 0;
    let mostWaiting = 0;
    const chunks: Buffer[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        mostWaiting = Math.max(mostWaiting, ++waiting);
        setImmediate(() => (waiting--, done()));
      },
    });
    const values = Uint32Array.from({ length: 50_000 }, (_, row) => row);
    await writeTable(tableOf({ name: "n", type: "number", values }), "-", { stdout: slow });
    expect(mostWaiting).toBe(1);
    expect(slow.writableLength).toBe(0);
    expect(Buffer.concat(chunks).toString()).toBe(`n\n${[...values].join("\n")}\n`);
    expect(slow.writableEnded).toBe(false);
  });

  it("that closes early is success, and ends the writing", async () => {
    const rows = { count: 0 };
    const values = (row: number): string => ((rows.count = row), "x".repeat(50));
    const closing = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      },
    });
    await writeTable({ numRows: 1e7, columns: [{ name: "s", type: "string", values }] }, "-", { stdout: closing });
    expect(rows.count).toBeLessThan(100_000);
  });

  it("that fails otherwise is a failure", async () => {
    const full = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error("no space"), { code: "ENOSPC" }));
      },
    });
    await expect(writeTable(airports, "-", { stdout: full })).rejects.toMatchObject({
      code: "NO_CAPACITY",
      message: expect.stringMatching(/^output: there is no room for standard output .*ENOSPC/),
    });
  });

  it("may be the pipe of a program that reads a line and leaves", async () => {
    const built = fileURLToPath(new URL("../../../../dist/graph/load/table/writeTable.js", import.meta.url));
    const program = `const { writeTable } = await import(${JSON.stringify(built)});
      await writeTable({ numRows: 1e6, columns: [{ name: "n", type: "number", values: new Float64Array(1e6) }] }, "-");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const errors: string[] = [];
    child.stderr.on("data", (text: Buffer) => errors.push(text.toString()));
    child.stdout.once("data", () => child.stdout.destroy());
    const [status] = (await once(child, "close")) as [number];
    expect(errors.join("")).toBe("");
    expect(status).toBe(0);
  });
});
