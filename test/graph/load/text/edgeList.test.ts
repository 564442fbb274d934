import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEdges, type EdgeInput } from "../../../../graph/load/readEdges.ts";
import type { TaskRunner } from "../../../../graph/load/text/taskRunner.ts";
import { edgeRows, idsOf, runner, useFolder } from "./reading.ts";

const folder = useFolder();

const read = (text: string | Uint8Array, options = {}): Promise<EdgeInput> =>
  readEdges(runner, folder.write("edges.txt", text), options);

/** The rule of the manifest of malformed files, by strings: lines, trimmed of blanks, columns by runs of blanks. */
function reference(text: string): { edges: [bigint, bigint][]; bad: number[]; numComments: number } {
  const edges: [bigint, bigint][] = [];
  const bad: number[] = [];
  let numComments = 0;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/\r$/, "").replace(/^[ \t]+|[ \t]+$/g, "");
    if (line === "") continue;
    if (line.startsWith("#") || line.startsWith("%")) {
      numComments++;
      continue;
    }
    const [src, dst] = line.split(/[ \t]+/);
    if (src !== undefined && dst !== undefined && isId(src) && isId(dst)) edges.push([BigInt(src), BigInt(dst)]);
    else bad.push(index + 1);
  }
  return { edges, bad, numComments };
}

function isId(text: string): boolean {
  return /^-?[0-9]+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

describe("readEdges of edge lists", () => {
  const id = fc.oneof(
    { weight: 8, arbitrary: fc.nat({ max: 99 }).map(String) },
    { weight: 3, arbitrary: fc.nat({ max: 0xffffffff }).map(String) },
    fc.constantFrom(
      "4294967295",
      "4294967296",
      "9007199254740993",
      "-1",
      "007",
      "-9223372036854775808",
      "00000000000012",
    ),
    fc.constantFrom("9223372036854775808", "x", "1.5", "+3", "é", "1,", "\u0000"),
  );
  const blank = fc.constantFrom(" ", "\t", "  ", " \t ");
  const row = fc
    .tuple(
      fc.constantFrom("", "", " ", "\t"),
      id,
      blank,
      id,
      fc.constantFrom("", "", " ", " 7", "\tx y", " 3 # no"),
      fc.constantFrom("\n", "\n", "\r\n"),
    )
    .map((parts) => parts.join(""));
  const other = fc.constantFrom("\n", " \t\r\n", "# a comment\n", "% 1 2\n", "  # 3 4\n", "1\n", "\r\n");
  const text = fc
    .tuple(
      fc.array(fc.oneof({ weight: 12, arbitrary: row }, other), { maxLength: 40 }),
      fc.constantFrom("", "1 2", "#", "3"),
    )
    .map(([lines, last]) => lines.join("") + last);

  it("agrees with a reader of strings on random text, cut into 1 to 7 ranges", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), async (content, numRanges) => {
        const expected = reference(content);
        const options = { ids: "int", maxErrors: 100, splitBytes: Math.max(1, Math.ceil(content.length / numRanges)) };
        const found = await read(content, options);
        expect(edgeRows(found.chunks).map((ids) => ids.map((one) => BigInt(one as number)))).toEqual(expected.edges);
        expect(found.badRows.kept.map(({ line }) => line)).toEqual(expected.bad);
        expect(found.numComments).toBe(expected.numComments);
        expect(found.numLines).toBe(content.split("\n").length - (content.endsWith("\n") || content === "" ? 1 : 0));
        expect(found.numEdges).toBe(expected.edges.length);
      }),
      { seed: 4, numRuns: 150 },
    );
  }, 120_000);

  it("gives the same columns and bad rows for any cuts, byte by byte", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        const one = await read(content, { ids: "int", maxErrors: 100 });
        for (const splitBytes of [1, 3, 7, 50]) {
          const many = await read(content, { ids: "int", maxErrors: 100, splitBytes });
          expect(edgeRows(many.chunks)).toEqual(edgeRows(one.chunks));
          expect(many.badRows).toEqual(one.badRows);
        }
      }),
      { seed: 5, numRuns: 30 },
    );
  }, 120_000);

  it("reads gzip as it reads the text in it", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        const options = { ids: "int", maxErrors: 100 } as const;
        const plain = await read(content, options);
        const packed = await readEdges(runner, folder.write("edges.txt.gz", gzipSync(content)), options);
        const ofPlain = (name: string) => name.replace(/\.gz$/, "");
        expect(edgeRows(packed.chunks)).toEqual(edgeRows(plain.chunks));
        expect(packed.badRows.kept.map((row) => ({ ...row, file: ofPlain(row.file) }))).toEqual(plain.badRows.kept);
      }),
      { seed: 6, numRuns: 40 },
    );
  }, 120_000);

  it("reads a million lines over block ends, with line numbers", async () => {
    const lines = Array.from(
      { length: 300_000 },
      (_, i) => `${i} ${(i * 7919) % 300_007}${i % 1000 === 0 ? "\r" : ""}`,
    );
    lines[250_000] = "5 x";
    const found = await read(lines.join("\n"), { maxErrors: 1, splitBytes: 1 << 20 });
    const src = idsOf(found.chunks.map((chunk) => chunk.src));
    const dst = idsOf(found.chunks.map((chunk) => chunk.dst));
    expect(src.length).toBe(299_999);
    expect(src.every((one, i) => one === (i < 250_000 ? i : i + 1))).toBe(true);
    expect(dst.every((one, i) => one === ((i < 250_000 ? i : i + 1) * 7919) % 300_007)).toBe(true);
    expect(found.badRows.kept[0]).toMatchObject({ line: 250_001, column: 3, reason: "dst is not a decimal integer" });
  });

  it("keeps ids apart that are one as doubles, and makes all chunks 64-bit then", async () => {
    const lines = Array.from({ length: 2000 }, (_, i) => `${i} ${i + 1}`);
    lines.push("9007199254740992 9007199254740993");
    const found = await read(lines.join("\n"), { splitBytes: 1000 });
    expect(found.chunks.length).toBeGreaterThan(1);
    expect(new Set(found.chunks.flatMap(({ src, dst }) => [src.kind, dst.kind]))).toEqual(new Set(["int64"]));
    expect(edgeRows(found.chunks).at(-1)).toEqual([9007199254740992n, 9007199254740993n]);
    expect(edgeRows(found.chunks)[7]).toEqual([7n, 8n]);
  });

  it("keeps no more memory than twice what it uses, also where the size of the text is not known before", async () => {
    const { chunks } = await read(gzipSync("1 2\n3 4\n".repeat(50)));
    expect(chunks[0]!.src.kind === "uint32" && chunks[0]!.src.values.buffer.byteLength).toBe(400);
  });

  it("takes lines of two integers for edges, whatever follows", async () => {
    const found = await read("1 2 a,b\n2 3 c,d\n");
    expect(edgeRows(found.chunks)).toEqual([[1, 2], [2, 3]]); // prettier-ignore
    expect(found.format).toMatch(/^edge list by its first lines/);
  });

  it("reads ids of any length behind one that needs 64 bits", async () => {
    const ids = [
      "4294967296",
      "1",
      "999999999999999",
      "9007199254740993",
      "1000000000000001",
      "-5",
      "007",
      "18014398509481985",
    ];
    const pairs = ids.flatMap((src) => ids.map((dst) => [src, dst]));
    for (const lineEnd of ["\n", "\r\n", " \n"]) {
      const found = await read(`4294967296 1\n5 6\n${pairs.map((pair) => pair.join(" ") + lineEnd).join("")}`);
      expect(edgeRows(found.chunks).slice(2)).toEqual(pairs.map((pair) => pair.map(BigInt)));
    }
  });

  it("makes columns in shared memory", async () => {
    const { chunks } = await read("1 2\n");
    expect(chunks[0]!.src.kind === "uint32" && chunks[0]!.src.values.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("reads ids as text when a tenth of the rows has no integers, and says so", async () => {
    const found = await read("alice bob\nbob 日本\nbob alice\n");
    expect(edgeRows(found.chunks)).toEqual([["alice", "bob"], ["bob", "日本"], ["bob", "alice"]]); // prettier-ignore
    expect(found.idType).toBe("string");
    expect(found.format).toContain("string ids by the first rows");
    expect((await read("1 2\n007 7\n", { ids: "string" })).chunks[0]!.src.kind).toBe("string");
    expect(edgeRows((await read("1 2\n007 7\n", { ids: "string" })).chunks)[1]).toEqual(["007", "7"]);
  });

  it("never turns a numeric graph into one of strings for some stray words", async () => {
    const lines = Array.from({ length: 1500 }, (_, i) => (i % 2 === 0 ? `${i} ${i}` : "a b"));
    await expect(read(lines.join("\n"))).rejects.toMatchObject({
      code: "INVALID_INPUT",
      details: { line: 2, column: 1, hint: "--ids string reads any text as an id" },
    });
  });

  it("refuses ids that are not UTF-8, whatever the ids' kind", async () => {
    const latin = Buffer.from("na\xefve x\nb c\n", "latin1");
    await expect(read(latin, { ids: "string" })).rejects.toMatchObject({ details: { line: 1, reason: "not UTF-8" } });
    await expect(read(latin, { ids: "int" })).rejects.toMatchObject({ details: { line: 1, column: 1 } });
  });

  it.each(["src dst\n1 2\n", "Source\tTarget\nann\tben\n", "from to\nann ben\n"])(
    "refuses the header %j, with the way to go on",
    async (content) => {
      await expect(read(content)).rejects.toMatchObject({
        code: "INVALID_INPUT",
        details: { line: 1, column: 1, hint: expect.stringContaining("put # before a header line") as string },
      });
    },
  );

  it("reads weights when asked, and only then", async () => {
    const text = "1 2 0.5 a\n2 3 -1e-3\n3 4 .5\n4 5 5.\n5 6 +2\n6 7 123456789012345678\n7 8 0.30000000000000004\n";
    const found = await read(text, { weight: 3 });
    const weights = [0.5, -1e-3, 0.5, 5, 2, 123456789012345680, 0.30000000000000004];
    expect(edgeRows(found.chunks).map(([, , weight]) => weight)).toEqual(weights);
    expect(found.columns).toEqual([{ name: "weight", type: "number", nullable: false }]);
    expect(found.weight).toBe("weight");
    expect((await read(text)).columns).toEqual([]);
  });

  it("agrees with Number on plain weights, cut or not", async () => {
    const weight = fc.oneof(
      fc.stringMatching(/^[0-9]{1,12}(\.[0-9]{0,6})?$/),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(weight, { minLength: 1, maxLength: 30 }), async (weights) => {
        const content = weights.map((one, i) => `${i} 1\t${one}${i % 3 === 0 ? "\r" : ""}\n`).join("");
        const found = await read(content, { weight: "3", splitBytes: 40 });
        expect(edgeRows(found.chunks).map(([, , value]) => value)).toEqual(weights.map(Number));
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it("takes the bad weights of the manifest for bad rows", async () => {
    const weights = [
      "1.5",
      "NaN",
      "Infinity",
      "-Infinity",
      "-1",
      "abc",
      "",
      "1e400",
      "1e-400",
      "1,5",
      "0",
      ".5",
      "5.",
      "0x1p3",
    ];
    const found = await read(weights.map((weight, i) => `${i} ${i + 1} ${weight}`).join("\n"), {
      weight: 3,
      maxErrors: 20,
    });
    expect(found.badRows.kept.map(({ line, reason }) => [line, reason])).toEqual([
      [2, "the weight is not finite"],
      [3, "the weight is not finite"],
      [4, "the weight is not finite"],
      [6, "the weight is not a number"],
      [7, "the weight is missing"],
      [8, "the weight is beyond float64"],
      [10, "the weight is not a number"],
      [14, "the weight is not a number"],
    ]);
    expect(edgeRows(found.chunks).map(([, , weight]) => weight)).toEqual([1.5, -1, 0, 0, 0.5, 5]);
  });

  it("reads further columns as attributes when asked; missing ones are null", async () => {
    const found = await read("1 2 5 x\n2 3 6\n3 4\n", { attributes: "all" });
    expect(found.columns).toEqual([
      { name: "c3", type: "number", nullable: true },
      { name: "c4", type: "string", nullable: true },
    ]);
    expect(edgeRows(found.chunks)).toEqual([[1, 2, 5, "x"], [2, 3, 6, null], [3, 4, null, null]]); // prettier-ignore
  });

  it("takes src and dst from other columns", async () => {
    const found = await read("a 1 2\nb 3 4\n", { src: 3, dst: "2" });
    expect(edgeRows(found.chunks)).toEqual([[2, 1], [4, 3]]); // prettier-ignore
    await expect(read("1 2\n", { src: 5 })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(read("1 2\n", { src: "from" })).rejects.toThrow(/columns have names only where there is a header/);
  });

  it("takes # alone for comments if told", async () => {
    const found = await read("# a\n% b\n1 2\n", { comments: "#", maxErrors: 1 });
    expect([found.numComments, found.badRows.kept[0]!.line]).toEqual([1, 2]);
  });

  it("drops a byte-order mark, also in gzip", async () => {
    for (const content of [Buffer.from("\ufeff1 2\n"), gzipSync("\ufeff1 2\n")]) {
      expect(edgeRows((await read(content)).chunks)).toEqual([[1, 2]]);
    }
  });

  it("takes a first row for names if told", async () => {
    const found = await read("a b cost\n1 2 5\n2 3 6\n", { header: true, weight: "cost" });
    expect(edgeRows(found.chunks)).toEqual([[1, 2, 5], [2, 3, 6]]); // prettier-ignore
    expect(found.weight).toBe("cost");
    expect(edgeRows((await read("dst src\nann ben\n", { header: true })).chunks)).toEqual([["ben", "ann"]]);
  });

  it("says at once what is wrong with the first rows of a long input", async () => {
    let numStarted = 0;
    const counting: TaskRunner = {
      numThreads: 1,
      async runTasks(spec, options) {
        const results: never[] = [];
        for (const params of spec.tasks) {
          if (options?.signal?.aborted) throw new Error("cancelled");
          numStarted++;
          const [result] = await runner.runTasks({ ...spec, tasks: [params] });
          options?.onResult?.(results.length, result);
          results.push(result as never);
        }
        return results;
      },
    };
    const file = folder.write("long.txt", `1 x\n${"1 2\n".repeat(1000)}`);
    await expect(readEdges(counting, file, { splitBytes: 100 })).rejects.toMatchObject({
      details: { line: 1, column: 3 },
    });
    expect(numStarted).toBe(1);
  });

  it("tells progress up to the whole input", async () => {
    const told: number[][] = [];
    const content = "1 2\n".repeat(100);
    await read(content, { splitBytes: 100, onProgress: (done: number, total: number) => told.push([done, total]) });
    expect(told.length).toBe(4);
    expect(told.at(-1)).toEqual([400, 400]);
  });
});
