import { readFileSync } from "node:fs";
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { readEdges, type EdgeInput, type ReadEdgesOptions } from "../../../../graph/load/readEdges.ts";
import { readVertices } from "../../../../graph/load/readVertices.ts";
import { edgeRows, runner, useFolder, vertexRows } from "../text/reading.ts";

const folder = useFolder();

type Cell = number | bigint | string | boolean | null;
type ParquetType = "INT32" | "INT64" | "DOUBLE" | "STRING" | "BOOLEAN";

/** A column for both writers. */
interface Column {
  readonly name: string;
  readonly type: ParquetType;
  readonly data: readonly Cell[];
}

function parquet(columns: readonly Column[], rowGroupSize = 3): Uint8Array {
  const columnData = columns.map(({ name, type, data }) => ({
    name,
    type,
    data: [...data],
    nullable: data.includes(null),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

const arrowTypes: Record<ParquetType, () => arrow.DataType> = {
  INT32: () => new arrow.Int32(),
  INT64: () => new arrow.Int64(),
  DOUBLE: () => new arrow.Float64(),
  STRING: () => new arrow.Utf8(),
  BOOLEAN: () => new arrow.Bool(),
};

/** In record batches of `batchRows`. */
function arrowTable(columns: readonly Column[], batchRows = 3): arrow.Table {
  const numRows = columns[0]!.data.length;
  const tables: arrow.Table[] = [];
  for (let from = 0; from < numRows || from === 0; from += batchRows) {
    const vectors = columns.map(({ name, type, data }) => [
      name,
      arrow.vectorFromArray(data.slice(from, from + batchRows), arrowTypes[type]()),
    ]);
    tables.push(new arrow.Table(Object.fromEntries(vectors) as Record<string, arrow.Vector>));
  }
  return tables[0]!.concat(...tables.slice(1));
}

const arrowFile = (columns: readonly Column[]): Uint8Array => arrow.tableToIPC(arrowTable(columns), "file");
const arrowStream = (columns: readonly Column[]): Uint8Array => arrow.tableToIPC(arrowTable(columns), "stream");

const formats: [name: string, write: (columns: readonly Column[]) => Uint8Array][] = [
  ["Parquet", parquet],
  ["Arrow, a file", arrowFile],
  ["Arrow, a stream", arrowStream],
];

const read = (bytes: Uint8Array, options: ReadEdgesOptions = {}, name = "edges.bin"): Promise<EdgeInput> =>
  readEdges(runner, folder.write(name, bytes), options);

/** The message of the error, without the folder. */
const refusal = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => expect.fail("was read"),
    (error: Error & { code: unknown }) => {
      expect(error.code).toBe("INVALID_INPUT");
      return error.message.replaceAll(`${folder.path}/`, "");
    },
  );

const ids = (values: readonly Cell[], name: string, type: ParquetType = "INT64"): Column => ({
  name,
  type,
  data: type === "INT64" ? values.map((value) => (value === null ? null : BigInt(value as number | bigint))) : values,
});

describe.each(formats)("readEdges of %s", (_format, write) => {
  it("reads ids and attributes by known names, whatever else the file holds", async () => {
    const edges = await read(
      write([
        { name: "kind", type: "STRING", data: ["a", "b", "a", null, "b"] },
        ids([7, 3, 4_294_967_295, 0, 3], "target", "INT64"),
        ids([1, 2, 3, 1, 9], "source", "INT32"),
        { name: "weight", type: "DOUBLE", data: [0.5, 1, -2, NaN, 1e300] },
        { name: "open", type: "BOOLEAN", data: [true, null, false, true, true] },
      ]),
    );
    expect(edgeRows(edges.chunks)).toEqual([
      [1, 7, "a", 0.5, true],
      [2, 3, "b", 1, null],
      [3, 4_294_967_295, "a", -2, false],
      [1, 0, null, NaN, true],
      [9, 3, "b", 1e300, true],
    ]);
    expect(edges).toMatchObject({ numEdges: 5, numLines: 5, numComments: 0, idType: "integer" });
    expect(edges.columns).toEqual([
      { name: "kind", type: "string", nullable: true },
      { name: "weight", type: "number", nullable: false },
      { name: "open", type: "boolean", nullable: true },
    ]);
    expect(edges.chunks.every(({ src, dst }) => src.kind === "uint32" && dst.kind === "uint32")).toBe(true);
  });

  it("keeps 64-bit ids and attributes exact, in all parts if one needs it", async () => {
    const [a, b] = [9007199254740992n, 9007199254740993n];
    const edges = await read(
      write([
        ids([1, 2, 3, a, b, -5], "src"),
        ids([4, 5, 6, b, a, 2n ** 63n - 1n], "dst"),
        ids([1, null, 3, 4, b, -(2n ** 63n)], "time"),
      ]),
    );
    expect(edgeRows(edges.chunks)).toEqual([
      [1n, 4n, 1n],
      [2n, 5n, null],
      [3n, 6n, 3n],
      [a, b, 4n],
      [b, a, b],
      [-5n, 2n ** 63n - 1n, -(2n ** 63n)],
    ]);
    expect(edges.columns).toEqual([{ name: "time", type: "bigint", nullable: true }]);
  });

  it.each([4_294_967_296, -1])("gives 64-bit ids for %s, which 32 bits do not hold", async (id) => {
    const edges = await read(write([ids([1, id], "src"), ids([2, 3], "dst")]));
    expect(edgeRows(edges.chunks)).toEqual([[1n, 2n], [BigInt(id), 3n]]); // prettier-ignore
  });

  it("reads text as ids, or integers as text, or text as integers, as asked", async () => {
    const text = write([ids(["x", "é", "x", "7"], "src", "STRING"), ids(["é", "x", "😀", "7"], "dst", "STRING")]);
    const named = await read(text);
    expect(named.idType).toBe("string");
    expect(edgeRows(named.chunks)).toEqual([["x", "é"], ["é", "x"], ["x", "😀"], ["7", "7"]]); // prettier-ignore
    expect(named.chunks.every(({ src, dst }) => "dictionary" in src && "dictionary" in dst && src.dictionary === dst.dictionary)).toBe(true); // prettier-ignore
    const numbers = write([ids([1, -2], "src"), ids([2n ** 60n, 3], "dst")]);
    expect(edgeRows((await read(numbers, { ids: "string" })).chunks)).toEqual([["1", "1152921504606846976"], ["-2", "3"]]); // prettier-ignore
    const digits = write([ids(["1", "-2"], "src", "STRING"), ids(["007", "3"], "dst", "STRING")]);
    expect(edgeRows((await read(digits, { ids: "int" })).chunks)).toEqual([[1n, 7n], [-2n, 3n]]); // prettier-ignore
    expect(await refusal(read(text, { ids: "int" }))).toMatch(
      /^edges\.bin: row 1 \((row group|part) 1\): expected src to be a decimal integer in column "src", got "x"; --ids string/,
    );
  });

  it("chooses columns by name or number, and no others for edges alone", async () => {
    const bytes = write([ids([1, 2], "a"), { name: "w", type: "DOUBLE", data: [3, 4] }, ids([5, 6], "b")]);
    const options = { src: "b", dst: 1, weight: "W", attributes: "none" } as const;
    const edges = await read(bytes, options);
    expect(edgeRows(edges.chunks)).toEqual([[5, 1, 3], [6, 2, 4]]); // prettier-ignore
    expect(edges.weight).toBe("w");
    expect(edgeRows((await read(bytes, { src: "a", dst: "b", attributes: "none" })).chunks)).toEqual([[1, 5], [2, 6]]); // prettier-ignore
    expect(await refusal(read(bytes))).toMatch(/^edges\.bin: expected columns for src and dst .*got columns a, w, b; --src and --dst/); // prettier-ignore
    expect(await refusal(read(bytes, { src: "a", dst: "c" }))).toContain('a column "c" for dst, got columns a, w, b');
    expect(await refusal(read(bytes, { src: "a", dst: "a" }))).toContain("two columns for src and dst");
  });

  it("names row and part of the first value that is missing or wrong", async () => {
    const src = ids([1, 2, 3, 4, null, 6, 7], "src");
    const dst = ids([1, 2, 3, 4, 5, 6, 7], "dst");
    const weight: Column = { name: "weight", type: "DOUBLE", data: [1, 2, 3, Infinity, 5, null, 7] };
    const place =
      /^edges\.bin: row 5 \((row group 2|part 1)\): expected src to be a vertex id in column "src", got no value; every row needs its ids$/;
    expect(await refusal(read(write([src, dst])))).toMatch(place);
    expect(await refusal(read(write([src, dst, weight]), { weight: "weight" }))).toMatch(
      /^edges\.bin: row 4 \((row group 2|part 1)\): expected a finite weight in column "weight", got Infinity$/,
    );
    expect(await refusal(read(write([dst, ids([1, 2, null, 4, 5, 6, 7], "src"), weight]), { weight: "weight" }))).toMatch(/row 3 .*vertex id/); // prettier-ignore
    const empty = write([ids(["a", "", "c"], "src", "STRING"), ids(["a", "b", "c"], "dst", "STRING")]);
    expect(await refusal(read(empty))).toMatch(/row 2 .*src to be a vertex id/);
  });

  it("sets bad rows aside in order, with their places, up to the limit", async () => {
    const bytes = write([
      ids([1, null, 3, 4, 5, 6, null], "src"),
      ids([1, 2, null, 4, 5, 6, null], "dst"),
      { name: "name", type: "STRING", data: ["a", "b", "c", "d", null, "f", "g"] },
    ]);
    const badRowsFile = `${folder.path}/bad.csv`;
    const edges = await read(bytes, { badRowsFile });
    expect(edgeRows(edges.chunks)).toEqual([[1, 1, "a"], [4, 4, "d"], [5, 5, null], [6, 6, "f"]]); // prettier-ignore
    expect(edges.badRows.kept.map(({ row, reason }) => [row, reason])).toEqual([
      [2, "src is missing"],
      [3, "dst is missing"],
      [7, "src is missing"],
    ]);
    expect(readFileSync(badRowsFile, "utf8")).toContain(
      `edges.bin,3,,dst is missing,"{""src"":3,""dst"":null,""name"":""c""}"`,
    );
    expect((await read(bytes, { maxErrors: 3 })).badRows.byReason).toEqual([
      { reason: "src is missing", count: 2 },
      { reason: "dst is missing", count: 1 },
    ]);
    expect(await refusal(read(bytes, { maxErrors: 2 }))).toMatch(
      /row 7 .*this is bad row 3, and --max-errors \(maxErrors\) is 2/,
    );
  });

  it("refuses columns of types that do not do", async () => {
    const numbers: Column = { name: "src", type: "DOUBLE", data: [1, 2] };
    expect(await refusal(read(write([numbers, ids([1, 2], "dst")])))).toMatch(
      /expected integers or strings as src in column "src", got type "(DOUBLE|Float)"; write the ids/,
    );
    expect(await refusal(read(write([ids([1], "src"), ids(["a"], "dst", "STRING")])))).toMatch(/of one type, got .*--ids string/); // prettier-ignore
    const labels = write([ids([1], "src"), ids([2], "dst"), { name: "label", type: "STRING", data: ["x"] }]);
    expect(await refusal(read(labels, { weight: "label" }))).toContain('numbers as weights in column "label"');
  });

  it("reads several files in order, and refuses other columns among them", async () => {
    const one = folder.write("part-1.bin", write([ids([1, 2, 3, 4], "src"), ids([5, 6, 7, 8], "dst")]));
    const two = folder.write("part-2.bin", write([ids([9], "dst"), ids([2n ** 40n], "src")]));
    const edges = await readEdges(runner, [one, two]);
    expect(edgeRows(edges.chunks)).toEqual([[1n, 5n], [2n, 6n], [3n, 7n], [4n, 8n], [2n ** 40n, 9n]]); // prettier-ignore
    const other = folder.write("part-3.bin", write([ids(["x"], "src", "STRING"), ids([9], "dst")]));
    expect(await refusal(readEdges(runner, [one, other]))).toMatch(/^part-3\.bin: expected a column "src" of type .*, as in .*part-1\.bin, got type/); // prettier-ignore
    const without = folder.write("part-4.bin", write([ids([1], "src"), ids([9], "to")]));
    expect(await refusal(readEdges(runner, [one, without]))).toContain('got columns "src, to"');
    const text = folder.write("part-5.txt", "1 2\n");
    expect(await refusal(readEdges(runner, [one, text]))).toMatch(/^part-5\.txt: expected (parquet|arrow), as .* is, got text/); // prettier-ignore
  });

  it("reads a table of vertices", async () => {
    const file = folder.write(
      "people.bin",
      write([ids([4, 2], "id"), { name: "name", type: "STRING", data: ["d", null] }]),
    );
    const vertices = await readVertices(runner, file);
    expect(vertexRows(vertices.chunks)).toEqual([[4, "d"], [2, null]]); // prettier-ignore
  });

  it("reads a file without rows", async () => {
    const edges = await read(write([ids([], "src"), ids([], "dst")]));
    expect(edges).toMatchObject({ numEdges: 0, chunks: [], idType: "integer" });
  });

  it("tells all bytes in the end, and refuses options of text", async () => {
    const bytes = write([ids([1, 2, 3, 4], "src"), ids([5, 6, 7, 8], "dst")]);
    const told: [number, number][] = [];
    await read(bytes, { onProgress: (done, total) => told.push([done, total]) });
    expect(told.at(-1)).toEqual([bytes.length, bytes.length]);
    expect(told.map(([done]) => done)).toEqual(told.map(([done]) => done).toSorted((a, b) => a - b));
    await expect(read(bytes, { delimiter: ";" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("stops when it is told to", async () => {
    const bytes = write([ids([1, 2, 3, 4], "src"), ids([5, 6, 7, 8], "dst")]);
    await expect(read(bytes, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("refuses a file that is cut", async () => {
    const bytes = write([ids([1, 2, 3, 4], "src"), ids([5, 6, 7, 8], "dst")]);
    for (const length of [9, bytes.length >> 1, bytes.length - 9]) {
      await expect(read(bytes.subarray(0, length))).rejects.toMatchObject({ code: "INVALID_INPUT" });
    }
  });
});

describe("readEdges of typed files", () => {
  const word = fc
    .string({ minLength: 1, maxLength: 3, unit: "grapheme-ascii" })
    .map((text) => `v${text.replace(/[",\\]/g, "")}`);
  const integer = fc.oneof(fc.nat({ max: 30 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
  const rows = fc.oneof(
    fc.array(
      fc.record({ src: integer, dst: integer, w: fc.double({ noNaN: true, noDefaultInfinity: true }), k: word }),
    ),
    fc.array(fc.record({ src: word, dst: word, w: fc.double({ noNaN: true, noDefaultInfinity: true }), k: word })),
  );

  it("gives what the same edges give as CSV, in any format and any number of row groups", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (edges, groupRows) => {
        const type: ParquetType = typeof (edges[0]?.src ?? 0) === "string" ? "STRING" : "INT64";
        const columns: Column[] = [
          ids(edges.map(({ src }) => src), "src", type),
          ids(edges.map(({ dst }) => dst), "dst", type),
          { name: "w", type: "DOUBLE", data: edges.map(({ w }) => w) },
          { name: "k", type: "STRING", data: edges.map(({ k }) => k) },
        ]; // prettier-ignore
        const number = (value: number): string => (Object.is(value, -0) ? "-0.0" : String(value));
        const lines = edges.map(({ src, dst, w, k }) => `"${src}","${dst}",${number(w)},"${k}"\n`);
        const options = { weight: "w", ids: type === "STRING" ? "string" : "int" } as const;
        const csv = edgeRows(
          (await read(Buffer.from(`src,dst,w,k\n${lines.join("")}`), options, "same.csv")).chunks.slice(0),
        );
        const inParquet = await read(parquet(columns, groupRows), options);
        const inArrow = await read(arrow.tableToIPC(arrowTable(columns, groupRows), "file"), options);
        if (edges.length === 0) return;
        const exact = (values: unknown[][]): unknown[][] => values.map((row) => row.map((value) => (typeof value === "bigint" ? Number.isSafeInteger(Number(value)) ? Number(value) : value : value))); // prettier-ignore
        expect(exact(edgeRows(inParquet.chunks))).toEqual(exact(csv));
        expect(edgeRows(inArrow.chunks)).toEqual(edgeRows(inParquet.chunks));
      }),
      { seed: 5, numRuns: 15 },
    );
  }, 60_000);

  it("reads dictionaries and all widths of integers of Arrow", async () => {
    const name = arrow.vectorFromArray(["b", "a", "b"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()));
    const table = new arrow.Table({
      src: arrow.vectorFromArray([1, 255, 3], new arrow.Uint8()),
      dst: arrow.vectorFromArray([4n, 5n, 2n ** 62n], new arrow.Uint64()),
      from: arrow.vectorFromArray([-1, 2, 3], new arrow.Int16()),
      name,
    });
    const bytes = arrow.tableToIPC(table, "file");
    expect(edgeRows((await read(bytes)).chunks)).toEqual([
      [1n, 4n, -1, "b"],
      [255n, 5n, 2, "a"],
      [3n, 2n ** 62n, 3, "b"],
    ]);
    const named = await read(bytes, { src: "name", dst: "src", ids: "string", attributes: "none" });
    expect(edgeRows(named.chunks)).toEqual([["b", "1"], ["a", "255"], ["b", "3"]]); // prettier-ignore
    const huge = arrow.tableToIPC(
      new arrow.Table({
        src: arrow.vectorFromArray([2n ** 63n], new arrow.Uint64()),
        dst: arrow.vectorFromArray([1], new arrow.Int32()),
      }),
    );
    expect(await refusal(read(huge))).toMatch(/integers below 2\^63 in column "src", got 9223372036854775808/);
  });

  it("reads only the columns that it needs: a nested one is in nobody's way", async () => {
    const list = arrow.vectorFromArray([[1], [2, 3]], new arrow.List(new arrow.Field("item", new arrow.Int32())));
    const table = new arrow.Table({
      src: arrow.vectorFromArray([1, 2], new arrow.Int32()),
      dst: arrow.vectorFromArray([3, 4], new arrow.Int32()),
      list,
    });
    const bytes = arrow.tableToIPC(table, "file");
    expect(edgeRows((await read(bytes, { attributes: "none" })).chunks)).toEqual([[1, 3], [2, 4]]); // prettier-ignore
    expect(await refusal(read(bytes))).toMatch(/numbers, strings or truth values in column "list", got type/);
  });

  it("goes by the bytes before the suffix, by the suffix where the bytes say nothing, and by the option before both", async () => {
    const bytes = parquet([ids([1], "src"), ids([2], "dst")]);
    expect((await read(bytes, {}, "named.csv")).format).toBe(
      'Parquet by its first bytes; src = column "src", dst = column "dst"; integer ids by the types of the columns',
    );
    expect((await read(bytes, { format: "parquet", ids: "int" })).format).toMatch(/^Parquet as asked; .*integer ids as asked$/); // prettier-ignore
    expect(await refusal(read(Buffer.from("1 2\n"), {}, "text.parquet"))).toContain("a sound Parquet file");
    expect(await refusal(read(bytes, { format: "arrow" }))).toContain("sound Arrow IPC");
    expect(await refusal(read(bytes, { format: "csv" }))).toMatch(/got a Parquet file; leave --from out/);
  });
});
