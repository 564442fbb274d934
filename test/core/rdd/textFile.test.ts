import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useContext } from "../../support/context.ts";
import { skippableFrame, storedFrame } from "../../support/zstdFrames.ts";

describe("textFile", () => {
  const ctx = useContext("local[2]");
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "superstep-textFile-"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  let files = 0;
  const fileOf = (contents: string | Uint8Array, name = `file${files++}`): string => {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, contents);
    return file;
  };

  it("finds each line once, wherever the file is cut", async () => {
    const line = fc.string({ unit: fc.constantFrom("a", "é", "\u{1F600}", " ", "\u2028", "\t"), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 20 }),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 12 }),
        async (lines, end, endsWithLineEnd, hasMark, minPartitions) => {
          const text = lines.join(end) + (endsWithLineEnd && lines.length > 0 ? end : "");
          const expected = text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
          const file = fileOf((hasMark ? "\ufeff" : "") + text);
          expect(await ctx.textFile(file, { minPartitions }).collect()).toEqual(expected);
        },
      ),
      { numRuns: 60, seed: 8 },
    );
  });

  it("cuts a file into about as many partitions as asked for, by bytes", async () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
    const rdd = ctx.textFile(fileOf(lines.join("\n")), { minPartitions: 4 });
    expect(rdd.numPartitions).toBe(4);
    const parts = await rdd.glom().collect();
    expect(parts.flat()).toEqual(lines);
    for (const part of parts) expect(Math.abs(part.length - 250)).toBeLessThan(20);
  });

  it("a line longer than several ranges belongs to the range where it starts", async () => {
    const long = "x".repeat(200_000);
    const file = fileOf(`a\n${long}\nb\n`);
    const parts = await ctx.textFile(file, { minPartitions: 5 }).glom().collect();
    expect(parts.flat()).toEqual(["a", long, "b"]);
    expect(parts.map((part) => part.length)).toEqual([2, 0, 0, 0, 1]);
  });

  it("reads lines that come in more pieces than one", async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => `line number ${index} \u00e9`);
    expect(await ctx.textFile(fileOf(lines.join("\n"))).collect()).toEqual(lines);
  });

  it("reads gzip by its magic bytes, several members as one file, one partition a file", async () => {
    const members = Buffer.concat([gzipSync("a\nb"), gzipSync("c\n"), gzipSync(""), gzipSync("\ufeffd")]);
    const rdd = ctx.textFile(fileOf(members, "members.txt"), { minPartitions: 4 });
    expect(rdd.numPartitions).toBe(1);
    expect(await rdd.collect()).toEqual(["a", "bc", "\ufeffd"]);
    expect(await ctx.textFile(fileOf("plain", "not.gz")).collect()).toEqual(["plain"]);
  });

  it.each([
    ["cut", gzipSync("some text\n".repeat(1000)).subarray(0, -20)],
    ["cut in its trailer", gzipSync("some text\n").subarray(0, -1)],
    ["of another checksum", flip(gzipSync("some text\n"), -6)],
    ["with a changed byte", flip(gzipSync("some text, long enough to be damaged\n"), 20)],
    ["followed by something else", Buffer.concat([gzipSync("some text\n"), Buffer.from("and more")])],
    ["empty", new Uint8Array()],
  ])("fails with INVALID_INPUT, naming the file, if gzip is %s", async (_how, bytes) => {
    const file = fileOf(bytes, `bad${files++}.gz`);
    await expect(ctx.textFile(file).collect()).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining(JSON.stringify(file)) as string,
    });
  });

  it("reads zstd by its magic bytes, several frames as one file, one partition a file", async () => {
    const frames = Buffer.concat([storedFrame("a\nb"), skippableFrame("what"), storedFrame("c\n"), storedFrame("d")]);
    const rdd = ctx.textFile(fileOf(frames, "frames.txt"), { minPartitions: 4 });
    expect(rdd.numPartitions).toBe(1);
    expect(await rdd.collect()).toEqual(["a", "bc", "d"]);
    expect(await ctx.textFile(fileOf("plain", "not.zst")).collect()).toEqual(["plain"]);
  });

  it.each([
    ["cut", storedFrame("some text\n").subarray(0, -3)],
    ["of another checksum", flip(storedFrame("some text\n"), -1)],
    ["followed by something else", Buffer.concat([storedFrame("some text\n"), Buffer.from("and more")])],
    ["empty", new Uint8Array()],
  ])("fails with INVALID_INPUT, naming the file, if zstd is %s", async (_how, bytes) => {
    const file = fileOf(bytes, `bad${files++}.zst`);
    await expect(ctx.textFile(file).collect()).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining(JSON.stringify(file)) as string,
    });
  });

  it("fails with INVALID_INPUT on bytes that are not UTF-8", async () => {
    const file = fileOf(Buffer.from("gr\u00fcn\n", "latin1"));
    await expect(ctx.textFile(file).collect()).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  it("fails with INVALID_INPUT if a file changed after the call", async () => {
    const grown = fileOf("a\n");
    const touched = fileOf("a\n");
    const gone = fileOf("a\n");
    const rdds = [grown, touched, gone].map((file) => ctx.textFile(file));
    appendFileSync(grown, "b\n");
    utimesSync(touched, 1, 1);
    rmSync(gone);
    for (const rdd of rdds) {
      await expect(rdd.collect()).rejects.toMatchObject({
        code: "INVALID_INPUT",
        message: expect.stringContaining("must not change between textFile() and the job") as string,
      });
    }
  });

  it("reads directories and patterns in order of name, without names that start with _ or .", async () => {
    for (const name of ["b.txt", "a.txt", "_SUCCESS", ".hidden", "c1.csv", "c2.csv", "deep/a.txt", "deep/er/b.txt"]) {
      fileOf(name, `tree/${name}`);
    }
    const read = (pattern: string): Promise<string[]> => ctx.textFile(path.join(root, "tree", pattern)).collect();
    expect(await read("")).toEqual(["a.txt", "b.txt", "c1.csv", "c2.csv"]);
    expect(await read("*.txt")).toEqual(["a.txt", "b.txt"]);
    expect(await read("?.txt")).toEqual(["a.txt", "b.txt"]);
    expect(await read("[!a].txt")).toEqual(["b.txt"]);
    expect(await read("c[1-1].csv")).toEqual(["c1.csv"]);
    expect(await read("{b.txt,c2.csv}")).toEqual(["b.txt", "c2.csv"]);
    expect(await read("**/a.txt")).toEqual(["a.txt", "deep/a.txt"]);
    expect(await read("*/*/*.txt")).toEqual(["deep/er/b.txt"]);
    expect(await ctx.textFile([path.join(root, "tree/c2.csv"), path.join(root, "tree/a.txt")]).collect()).toEqual([
      "c2.csv",
      "a.txt",
    ]);
  });

  it.each(["missing", "tree/*.none", "tree-none/*", ""])("refuses %j at the call", (name) => {
    fileOf("x", "tree/x.txt");
    mkdirSync(path.join(root, "empty"), { recursive: true });
    expect(() => ctx.textFile(name === "" ? path.join(root, "empty") : path.join(root, name))).toThrow(
      /^textFile: paths must name files, directories with files, or patterns that match some; got /,
    );
  });

  it("refuses what is no file, and bad arguments, at the call", () => {
    expect(() => ctx.textFile("/dev/null")).toThrow(/^textFile: paths must name files/);
    expect(() => ctx.textFile([])).toThrow(/^textFile: paths must be /);
    expect(() => ctx.textFile(fileOf("x"), { minPartitions: 0 })).toThrow(/^textFile: minPartitions must be /);
  });

  it("an empty file is one empty partition", async () => {
    expect(await ctx.textFile(fileOf("")).glom().collect()).toEqual([[]]);
  });
});

/** `bytes` with one bit changed; a negative place counts from the end. */
function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const place = at < 0 ? copy.length + at : at;
  copy[place]! ^= 1;
  return copy;
}
