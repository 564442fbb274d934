import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEdges, type EdgeInput } from "../../../../graph/load/readEdges.ts";
import { edgeRows, runner, useFolder } from "./reading.ts";

const folder = useFolder();

const read = (text: string, options = {}, name = "edges.csv"): Promise<EdgeInput> =>
  readEdges(runner, folder.write(name, text), options);

describe("readEdges of CSV", () => {
  const cell = fc.oneof(
    fc.string({ unit: "grapheme-ascii", maxLength: 6 }),
    fc.string({ unit: fc.constantFrom('"', ",", ";", "\n", "\r\n", " ", "a", "é", "\t", "日"), maxLength: 8 }),
    fc.constantFrom("", "0", "-1", "12", "0.5", "true", "x"),
  );
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  /** A cell as a program may write it: quoted where it must be, or at will. */
  const written = (delimiter: string) =>
    fc.tuple(cell, fc.boolean(), fc.constantFrom("", "", " ")).map(([text, isQuoted, blank]) => {
      const mustQuote = /["\n\r]|^[\s\u00a0]|[\s\u00a0]$/.test(text) || text.includes(delimiter);
      return mustQuote || (isQuoted && text !== "") ? `${blank}${quote(text)}${blank}` : text;
    });
  const table = fc.constantFrom(",", ";", "|").chain((delimiter) =>
    fc.record({
      delimiter: fc.constant(delimiter),
      rows: fc.array(fc.tuple(fc.nat({ max: 50 }), fc.nat({ max: 50 }), written(delimiter), written(delimiter)), {
        maxLength: 12,
      }),
      lineEnd: fc.constantFrom("\n", "\r\n"),
      isEnded: fc.boolean(),
    }),
  );

  it("agrees with csv-parse on random tables, for any cuts", async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(1, 9, 40, 10_000),
        async ({ delimiter, rows, lineEnd, isEnded }, splitBytes) => {
          const lines = [["src", "dst", "first", "second"], ...rows].map((row) => row.join(delimiter));
          const text = lines.join(lineEnd) + (isEnded ? lineEnd : "");
          const expected: string[][] = parse(text, { delimiter, trim: true, from_line: 2, skip_empty_lines: true });
          const found = await read(text, { delimiter, splitBytes });
          expect(edgeRows(found.chunks).map((row) => row.slice(0, 2).map(String))).toEqual(
            expected.map((row) => row.slice(0, 2)),
          );
          const types = found.columns.map(({ type }) => type);
          for (const [index, type] of types.entries()) {
            const values = edgeRows(found.chunks).map((row) => row[index + 2]);
            const cells = expected.map((row) => row[index + 2]!);
            if (type === "string") expect(values.map((value) => value ?? "")).toEqual(cells);
            else if (type === "boolean")
              expect(values.map((value) => `${(value as boolean | null) ?? ""}`)).toEqual(cells);
            else
              expect(values.map((value) => value ?? "")).toEqual(cells.map((one) => (one === "" ? "" : Number(one))));
          }
        },
      ),
      { seed: 11, numRuns: 200 },
    );
  }, 120_000);

  it("reads quotes: delimiters, quotes and line ends inside", async () => {
    const text = 'src,dst,label\n1,2,"a, b"\n2,3,"say ""hi"""\n3,4,"two\nlines"\n4,5,plain\n5,6,""\n6,7,\n';
    const found = await read(text);
    expect(edgeRows(found.chunks).map((row) => row[2])).toEqual(["a, b", 'say "hi"', "two\nlines", "plain", "", null]);
    expect(found.numLines).toBe(8);
  });

  it("counts lines, not rows, in positions after quoted line ends", async () => {
    const text = 'src,dst,label\n1,2,"a\nb\nc"\nx,3,"d\ne"\n3,4,e\n"4\n5",6,f\n';
    const found = await read(text, { maxErrors: 2 });
    expect(found.badRows.kept.map(({ line, column, byteOffset }) => [line, column, byteOffset])).toEqual([
      [5, 1, text.indexOf("x,3")],
      [8, 1, text.indexOf('"4\n')],
    ]);
  });

  it("meets its first quote late, and then reads as one what it had cut", async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `${i},${i + 1},plain`);
    rows[2500] = '2500,2501,"two\nlines, 1,2,3"'; // behind the rows that are looked at first
    const found = await read(["src,dst,label", ...rows].join("\n"), { splitBytes: 1000 });
    expect(found.numEdges).toBe(3000);
    expect(edgeRows(found.chunks)[2500]).toEqual([2500, 2501, "two\nlines, 1,2,3"]);
  });

  it.each([
    ["a stray quote", 'src,dst,label\n1,2,a\n2,3,5" disk\n3,4,b\n', [3, 6, "a quote inside a field without quotes"]],
    ["text after a quote", 'src,dst,label\n1,2,"a" b\n3,4,b\n', [2, 9, "text after a closing quote"]],
    ["too many columns", "src,dst\n1,2,3\n3,4\n", [2, 5, "more than 2 columns"]],
    ["an empty id", "src,dst\n,2\n3,4\n", [2, 1, "src is missing"]],
    ["a missing id", "dst,src\n2\n3,4\n", [2, 2, "fewer than 2 columns"]],
  ])("sets %s aside and goes on with the next line", async (_what, text, [line, column, reason]) => {
    const found = await read(text, { maxErrors: 1 });
    expect(found.badRows.kept).toMatchObject([{ line, column, reason }]);
    expect(
      edgeRows(found.chunks)
        .at(-1)
        ?.slice(0, 2)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([3, 4]);
  });

  it("never swallows the rest of a file after an open quote", async () => {
    const error = { code: "INVALID_INPUT", details: { line: 2, column: 5, reason: "a quote is never closed" } };
    await expect(read('src,dst,label\n1,2,"never closed\n2,3,x\n', { maxErrors: 100 })).rejects.toMatchObject(error);
    const long = `src,dst,label\n1,2,"open\n${"2,3,x\n".repeat(400_000)}`;
    await expect(read(long, { maxErrors: 100 })).rejects.toMatchObject(error);
    await expect(read(long)).rejects.toThrow(/to be closed within 1 MiB/);
  });

  it.each([
    ["src,dst\n1,2\n", [1, 2]],
    ["dst,src,weight\n1,2,3\n", [2, 1]],
    ["w,Source,Target\n9,1,2\n", [1, 2]],
    ["from,to\n1,2\n", [1, 2]],
    ["FromNodeId,ToNodeId\n1,2\n", [1, 2]],
    ["v,u\n1,2\n", [2, 1]],
    [":START_ID(Person),:END_ID(Person),:TYPE\n1,2,KNOWS\n", [1, 2]],
    ["origin,destination,count\nABE,ATL,853\n", ["ABE", "ATL"]],
    ["1,2\n", [1, 2]],
    ["1;2;0,5\n", [1, 2]],
  ])("finds the ids of %j", async (text, ids) => {
    expect(edgeRows((await read(text)).chunks).map((row) => row.slice(0, 2))).toEqual([ids]);
  });

  it("takes columns by name or number", async () => {
    const text = "a,b,c\n1,2,3\n";
    expect(edgeRows((await read(text, { src: "c", dst: "A", attributes: "none" })).chunks)).toEqual([[3, 1]]);
    expect(edgeRows((await read(text, { src: 2, dst: "3", attributes: ["a"] })).chunks)).toEqual([[2, 3, 1]]);
    await expect(read(text, { src: "aa", dst: "b" })).rejects.toMatchObject({
      details: { line: 1, got: "columns a, b, c", hint: 'did you mean "a"?' },
    });
    await expect(read("x,y\n1,2\n")).rejects.toMatchObject({ details: { got: "columns x, y" } });
    await expect(read(text, { src: "a", dst: 1 })).rejects.toThrow(/two columns for src and dst/);
    await expect(read("src,dst,src\n1,2,3\n")).rejects.toThrow(/got columns 1 and 3/);
    await expect(read("src,dst,x,x\n1,2,3,4\n")).rejects.toThrow(/"x" for columns 3 and 4/);
    await expect(read("\n\na,b\n1,2\n")).rejects.toMatchObject({ details: { line: 3 } });
    await expect(read("src,dst\n1,2\n", { weight: "cost" })).rejects.toThrow(/expected a column "cost" for weight/);
  });

  it("asks where a first row may be header or data", async () => {
    const text = "alice,bob\nbob,carol\n";
    await expect(read(text)).rejects.toMatchObject({
      details: { hint: expect.stringContaining("--header") as string },
    });
    expect((await read(text, { header: false })).numEdges).toBe(2);
    expect((await read(text, { header: true, src: 1, dst: 2 })).numEdges).toBe(1);
    expect((await read("follower,followee,n\nann,ben,3\n", { src: "follower", dst: "followee" })).numEdges).toBe(1);
  });

  it("skips the header of every part file, and refuses one in another order", async () => {
    folder.write("parts/part-0.csv", "src,dst,w\n1,2,a\n");
    folder.write("parts/part-1.csv", "src,dst,w\n2,3,b\n");
    folder.write("parts/part-2.csv", "3,4,c\n");
    const parts = `${folder.path}/parts`;
    expect(edgeRows((await readEdges(runner, parts)).chunks)).toEqual([[1, 2, "a"], [2, 3, "b"], [3, 4, "c"]]); // prettier-ignore
    folder.write("parts/part-3.csv", "dst,src,w\n4,5,d\n");
    await expect(readEdges(runner, parts)).rejects.toMatchObject({
      details: { line: 1, reason: "another order of columns", file: `${parts}/part-3.csv` },
    });
  });

  it("looks past a part file that holds a header alone", async () => {
    folder.write("late/part-0.csv", "src,dst,w\n");
    folder.write("late/part-1.csv", "src,dst,w\n");
    folder.write("late/part-2.csv", "src,dst,w\nann,ben,3\n");
    const found = await readEdges(runner, `${folder.path}/late`);
    expect(edgeRows(found.chunks)).toEqual([["ann", "ben", 3]]);
    expect(found.columns).toEqual([{ name: "w", type: "number", nullable: false }]);
  });

  it("reads tabs, also from a name that says nothing", async () => {
    expect(edgeRows((await read("src\tdst\tname\n1\t2\ta b\n", {}, "e.tsv")).chunks)).toEqual([[1, 2, "a b"]]);
    expect(edgeRows((await read("src,dst\n1,2\n", {}, "edges")).chunks)).toEqual([[1, 2]]);
    expect(edgeRows((await read("src\tdst\n1\t2\n", { format: "tsv" }, "e.txt")).chunks)).toEqual([[1, 2]]);
    expect(edgeRows((await read("1:2\n", { delimiter: ":" }, "e.txt")).chunks)).toEqual([[1, 2]]);
    expect(edgeRows((await read("1 2\n3 4\n", {}, "blanks.csv")).chunks)).toEqual([[1, 2], [3, 4]]); // prettier-ignore
  });
});

describe("types of attribute columns", () => {
  it.each([
    ["numbers", ["1", "-2.5", "1e3"], "number", [1, -2.5, 1000]],
    ["missing ones", ["1", "", "3"], "number", [1, null, 3]],
    ["special ones", ["1", "NaN", "Infinity", "-Infinity"], "number", [1, NaN, Infinity, -Infinity]],
    ["integers beyond 2^53", ["1", "9007199254740993", "-3"], "bigint", [1n, 9007199254740993n, -3n]],
    ["integers beyond 2^63", ["1", "18446744073709551615"], "string", ["1", "18446744073709551615"]],
    ["booleans", ["true", "False", "TRUE", ""], "boolean", [true, false, true, null]],
    ["booleans and numbers", ["true", "1"], "string", ["true", "1"]],
    ["digits that a number would lose", ["02134", "10001"], "string", ["02134", "10001"]],
    ["phone numbers", ["+4912", "5"], "string", ["+4912", "5"]],
    ["words", ["a", "", "é"], "string", ["a", null, "é"]],
    ["nothing", ["", "", ""], "string", [null, null, null]],
    ["quoted numbers", ['"1"', '""', "2.5"], "number", [1, null, 2.5]],
  ])("finds %s", async (_what, cells, type, values) => {
    const found = await read(["src,dst,x", ...cells.map((one, i) => `${i},${i},${one}`)].join("\n"));
    expect(found.columns[0]).toEqual({ name: "x", type, nullable: values.includes(null as never) });
    expect(edgeRows(found.chunks).map((row) => row[2])).toEqual(values);
  });

  it("finds the same type wherever the one odd cell stands, and however the file is cut", async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `${i},${i},${i}`);
    for (const [at, odd, type] of [
      [2500, "x7", "string"],
      [10, "9007199254740993", "bigint"],
      [2999, "9007199254740993", "bigint"],
      [1500, "true", "string"],
    ] as const) {
      const lines = rows.with(at, `${at},${at},${odd}`);
      for (const splitBytes of [1000, 1 << 20]) {
        const found = await read(["src,dst,x", ...lines].join("\n"), { splitBytes });
        const values = edgeRows(found.chunks).map((row) => String(row[2]));
        expect(found.columns[0]!.type).toBe(type);
        expect(values).toEqual(lines.map((line) => line.split(",")[2]));
      }
    }
  });

  it("does not let a row set aside decide a type", async () => {
    const found = await read("src,dst,x\n1,2,3\nz,2,word\n2,3,4\n", { maxErrors: 1 });
    expect(found.columns[0]!.type).toBe("number");
    const rows = Array.from({ length: 1200 }, (_, i) => `${i},1,${i}`);
    rows[5] = "bad,1,word";
    expect((await read(["src,dst,x", ...rows].join("\n"), { maxErrors: 1 })).columns[0]!.type).toBe("number");
  });
});
