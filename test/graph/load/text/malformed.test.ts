import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readEdges } from "../../../../graph/load/readEdges.ts";
import { readVertices } from "../../../../graph/load/readVertices.ts";
import { edgeRows, idsOf, runner, sharedData, useFolder, vertexRows } from "./reading.ts";

interface ManifestEntry {
  readonly file: string;
  readonly what: string;
  readonly edges?: number;
  readonly bad?: readonly (readonly [line: number, reason: string])[];
  readonly distinct_vertices?: number;
}

const folder = path.join(sharedData, "malformed");
const isHere = existsSync(path.join(folder, "manifest.json"));
const entries: ManifestEntry[] = isHere
  ? (JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8")) as { files: ManifestEntry[] }).files
  : [];

/** Reasons of ours in the manifest's words. */
const manifestReasons: readonly [RegExp, string][] = [
  [/is not a decimal integer$/, "an id is not a decimal integer"],
  [/^fewer than 2 columns$/, "fewer than two columns"],
  [/does not fit 64 bits$/, "an id does not fit 64 bits"],
];

describe.skipIf(!isHere)("the malformed files (skipped where ../shared/data is not)", () => {
  it("are 63", () => {
    expect(entries.length).toBe(63);
  });

  it.each(entries.filter(({ bad }) => bad !== undefined))(
    "$file gives the edges and bad lines of the manifest by its rule: $what",
    async ({ file, edges, bad, distinct_vertices }) => {
      const input = path.join(folder, file);
      const rule = { format: "edgeList", ids: "int", comments: "#" } as const;
      const found = await readEdges(runner, input, { ...rule, maxErrors: 100 });
      expect(found.numEdges).toBe(edges);
      const reasonOf = (ours: string) => manifestReasons.find(([pattern]) => pattern.test(ours))?.[1];
      expect(found.badRows.kept.map(({ line, reason }) => [line, reasonOf(reason)])).toEqual(bad);
      if (distinct_vertices !== undefined) {
        const ids = new Set(found.chunks.flatMap(({ src, dst }) => idsOf([src, dst])));
        expect(ids.size).toBe(distinct_vertices);
      }
      if (bad!.length > 0) {
        await expect(readEdges(runner, input, rule)).rejects.toMatchObject({
          code: "INVALID_INPUT",
          details: { file: input, line: bad![0]![0] },
        });
      }
    },
  );

  it.each(entries.filter(({ file }) => !file.startsWith("vertices")))(
    "$file, read without options, gives what the manifest says or an error that names it: $what",
    async ({ file, edges, bad }) => {
      const input = path.join(folder, file);
      const words = ["string-ids.txt", "unicode-ids.txt"].includes(file); // ids auto: words are ids, and it is said
      try {
        const found = await readEdges(runner, input);
        if (words) expect(found.format).toContain("string ids");
        else if (edges !== undefined) expect(found.numEdges).toBe(edges);
        else expect(plainlyRead).toContain(file);
      } catch (error) {
        expect(error).toMatchObject({ code: "INVALID_INPUT", details: { file: input } });
        expect((error as Error).message).toMatch(/expected .+, got .+/);
        expect([...mustFail, ...(bad?.length ? [file] : [])]).toContain(file);
      }
    },
  );

  it("the vertex tables give their rows, or an error at the first bad id", async () => {
    const twice = await readVertices(runner, path.join(folder, "vertices-duplicate.csv"));
    expect(vertexRows(twice.chunks)).toEqual([[1, "first"], [2, "two"], [1, "second"]]); // prettier-ignore
    const partial = await readVertices(runner, path.join(folder, "vertices-partial.csv"));
    expect(vertexRows(partial.chunks).map(([id]) => id)).toEqual([1, 2, 99]);
    const bad = path.join(folder, "vertices-bad.csv");
    await expect(readVertices(runner, bad)).rejects.toMatchObject({ details: { line: 3, column: 1 } });
    const rest = await readVertices(runner, bad, { maxErrors: 3 });
    expect(rest.badRows.kept.map(({ line }) => line)).toEqual([3, 4, 5]);
    expect(vertexRows(rest.chunks)).toEqual([[1n, "one"], [9007199254740993n, "big"]]); // prettier-ignore
  });
});

/** Files that the manifest gives no count for, and that are read as what they plainly hold. */
const plainlyRead = ["gzip-named.txt", "plain-text-named.gz", "semicolons.csv"];

/** Files that are refused as they stand. */
const mustFail = [
  "cr-only.txt",
  "utf16.txt",
  "binary.txt",
  "truncated.txt.gz",
  "truncated-trailer.txt.gz",
  "bad-crc.txt.gz",
  "flipped-byte.txt.gz",
  "trailing-garbage.txt.gz",
  "empty.txt.gz",
  "one-long-line.txt.gz",
  "unclosed-quote.csv",
  "duplicate-header.csv",
  "ragged.csv",
  "truncated.mtx",
  "out-of-range.mtx",
  "zero-based.mtx",
  "no-banner.mtx",
];

describe("malformed input like those files, made here", () => {
  const made = useFolder();
  const read = (content: string | Uint8Array, options = {}, name = "bad.txt") =>
    readEdges(runner, made.write(name, content), { ids: "int", ...options });

  it.each([
    ["lone CR line ends", "1 2\r2 3\r", "lines that end in CR alone"],
    ["UTF-16 with its mark", Buffer.from("\ufeff1 2\n", "utf16le"), "UTF-16 text"],
    ["UTF-16 without one", Buffer.from("1 2\n2 3\n", "utf16le"), "UTF-16 text"],
    ["binary data", Buffer.alloc(4096, 0xa5), "binary data"],
    ["a PNG", Buffer.from("89504e470d0a1a0a0000000d49484452000000ff000000ff0806", "hex"), "binary data"],
    ["JSON", '{"nodes": []}', "JSON, which is not read"],
    ["DIMACS", "c roads\np sp 3 2\na 1 2 5\na 2 3 1\n", "DIMACS, which is not read"],
  ])("%s is named and refused", async (_what, content, reason) => {
    await expect(read(content)).rejects.toMatchObject({ code: "INVALID_INPUT", details: { reason } });
  });

  it.each([
    ["a plus sign", "1 2\n+5 6\n", 2, 1],
    ["a point", "1.0 2\n", 1, 1],
    ["a NUL", "1 2\n2\u0000 3\n", 2, 1],
    ["an Arabic digit", "1 \u0664\n", 1, 3],
    ["an id over 64 bits", "1 2\n1 9223372036854775808\n", 2, 3],
    ["one column", "1 2\n3\n", 2, 2],
    ["a no-break space", "1\u00a02\n", 1, 4],
    ["slashes", "1 2\n// 3 4\n", 2, 1],
  ])("%s is a bad row at its line and column", async (_what, content, line, column) => {
    await expect(read(content)).rejects.toMatchObject({ details: { line, column } });
  });

  it.each<[string, string | Uint8Array, object]>([
    ["a NUL", "1 2\n2\u0000 3\n", {}],
    ["bytes that are not UTF-8", Buffer.from("a b\n\xff\xfe c\n", "latin1"), { ids: "string" }],
    ["a missing column", "1 2\n3\n", {}],
    ["a weight that is no number", "1 2 3\n2 3 NaN\n", { weight: 3 }],
    ["a huge id", `1 2\n${"9".repeat(400)} 3\n`, {}],
    ["a line of 10 MB", `1 2\n${"\u001b[31m".repeat(2_000_000)}\n`, {}],
    ["half a last line", "1 2\n3 ", {}],
  ])("F45: %s is refused with file, line, column and an escaped excerpt", async (_what, content, options) => {
    const error = (await read(content, options).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: "INVALID_INPUT", details: { line: 2 } });
    expect(error.message).toMatch(/bad\.txt:2:\d+: expected .+, got .+/);
    expect(error.message.length).toBeLessThan(1000);
    for (const control of ["\u0000", "\u001b"]) expect(error.message).not.toContain(control);
  });

  it.each([
    ["a byte-order mark", "\ufeff1 2\n3 4\n"],
    ["lines that end in CR LF", "1 2\r\n3 4\r\n"],
    ["a last line without an end", "1 2\n3 4"],
  ])("F45: %s is none", async (_what, content) => {
    expect(edgeRows((await read(content)).chunks)).toEqual([[1, 2], [3, 4]]); // prettier-ignore
  });

  it("a line of 8 MB is a bad row; a million ignored columns are none", async () => {
    const long = await read(`1 ${"2".repeat(8_000_000)}\n3 4\n`, { maxErrors: 1 });
    expect(long.badRows.kept[0]).toMatchObject({ line: 1, column: 3, reason: "a field is longer than 1 MiB" });
    expect(edgeRows(long.chunks)).toEqual([[3, 4]]);
    const wide = await read(gzipSync(`1 2${" 7".repeat(1_000_000)}\n3 4\n`));
    expect(edgeRows(wide.chunks)).toEqual([[1, 2], [3, 4]]); // prettier-ignore
  });

  it("a line over 64 MiB is a bad row, cut or not, and the next line is read", async () => {
    const line = Buffer.alloc((1 << 26) + 10, "1 ");
    const content = Buffer.concat([Buffer.from("5 6\n"), line, Buffer.from("\n7 8\nx 9\n")]);
    for (const splitBytes of [1 << 28, 1 << 25]) {
      const found = await read(content, { maxErrors: 2, splitBytes });
      expect(found.badRows.kept).toMatchObject([
        { line: 2, column: 1, byteOffset: 4, reason: "a line is longer than 64 MiB" },
        { line: 4, column: 1, byteOffset: content.length - 4 },
      ]);
      expect(edgeRows(found.chunks)).toEqual([[5, 6], [7, 8]]); // prettier-ignore
      expect(found.numLines).toBe(4);
    }
  });

  it("a line of just 64 MiB is read", async () => {
    const line = Buffer.alloc(1 << 26, "1 ");
    expect((await read(Buffer.concat([line, Buffer.from("\n7 8\n")]))).numEdges).toBe(2);
  });

  it("bytes cut and flipped at random give rows or INVALID_INPUT, the same for any cuts", async () => {
    const csv = 'src,dst,weight,name\n1,2,0.5,"a, b"\n2,3,1e3,é\n3,4,,"say ""hi"""\n-4,9007199254740993,true,x\n';
    const list = "# c\n1 2 3\n2\t3\r\n\n 3  4 \n007 4294967296 x\n";
    let state = 5;
    const pick = (limit: number) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % limit;
    let numRead = 0;
    for (let round = 0; round < 200; round++) {
      const isCsv = round % 2 === 0;
      let bytes = Buffer.from(isCsv ? csv : list);
      for (let i = pick(4); i >= 0; i--)
        bytes[pick(bytes.length)] = pick(4) === 0 ? pick(256) : [34, 44, 10, 13, 32][pick(5)]!;
      if (pick(3) === 0) bytes = bytes.subarray(0, pick(bytes.length));
      const outcomes: unknown[] = [];
      for (const splitBytes of [1000, 11]) {
        const options = { maxErrors: 50, splitBytes, ids: "auto" };
        outcomes.push(
          await read(bytes, options, isCsv ? "fuzz.csv" : "fuzz.txt").then(
            ({ chunks, badRows, numLines, columns }) => [edgeRows(chunks), badRows, numLines, columns],
            (error: unknown) => {
              expect(error).toMatchObject({ code: "INVALID_INPUT" });
              return (error as Error).message;
            },
          ),
        );
      }
      expect(outcomes[1]).toEqual(outcomes[0]);
      if (Array.isArray(outcomes[0])) numRead++;
    }
    expect(numRead).toBeGreaterThan(40);
  }, 120_000);
});
