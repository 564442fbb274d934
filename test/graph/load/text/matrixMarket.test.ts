import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readEdges, type EdgeInput } from "../../../../graph/load/readEdges.ts";
import { edgeRows, runner, useFolder } from "./reading.ts";

const folder = useFolder();
const read = (text: string | Uint8Array, options = {}, name = "matrix.mtx"): Promise<EdgeInput> =>
  readEdges(runner, folder.write(name, text), options);

const banner = (kind: string): string => `%%MatrixMarket matrix coordinate ${kind}\n`;

describe("readEdges of Matrix Market", () => {
  it("reads entries as edges, indices as ids, and declares all vertices", async () => {
    const found = await read(`${banner("pattern general")}% a comment\n\n4 4 3\n1 2\n2 3\n% more\n3 1\n`);
    expect(edgeRows(found.chunks)).toEqual([[1, 2], [2, 3], [3, 1]]); // prettier-ignore
    expect(found.numDeclaredVertices).toBe(4);
    expect([found.numLines, found.numComments, found.columns]).toEqual([8, 3, []]);
  });

  it("gives a symmetric entry twice, its image after it, but the diagonal once", async () => {
    const found = await read(`${banner("real symmetric")}3 3 3\n2 1 0.5\n3 2 0.25\n3 3 1\n`);
    expect(edgeRows(found.chunks)).toEqual([[2, 1, 0.5], [1, 2, 0.5], [3, 2, 0.25], [2, 3, 0.25], [3, 3, 1]]); // prettier-ignore
    expect(found.weight).toBe("weight");
    const skew = await read(`${banner("integer skew-symmetric")}2 2 1\n2 1 7\n`);
    expect(edgeRows(skew.chunks)).toEqual([[2, 1, 7], [1, 2, -7]]); // prettier-ignore
  });

  it("does not depend on cuts or compression, nor do its line numbers", async () => {
    const entries = Array.from({ length: 300 }, (_, i) => `${(i % 20) + 1} ${((i * 7) % 20) + 1} ${i}`);
    const text = `${banner("integer symmetric")}20 20 300\n${entries.join("\n")}\n`;
    const whole = edgeRows((await read(text)).chunks);
    expect(whole.length).toBe(
      entries.reduce((sum, entry) => sum + (entry.split(" ")[0] === entry.split(" ")[1] ? 1 : 2), 0),
    );
    expect(edgeRows((await read(text, { splitBytes: 64 })).chunks)).toEqual(whole);
    expect(edgeRows((await read(gzipSync(text))).chunks)).toEqual(whole);
    const bad = `${banner("integer general")}%\n20 20 300\n${entries.with(250, "21 1 5").join("\n")}\n`;
    for (const splitBytes of [64, 1 << 20]) {
      await expect(read(bad, { splitBytes })).rejects.toMatchObject({
        details: { line: 254, column: 1, reason: "src is outside the size line" },
      });
    }
  });

  it.each([
    ["no banner", "3 3 2\n1 2\n2 3\n", /expected the banner/],
    [
      "fewer entries than it says",
      `${banner("pattern general")}4 4 5\n1 2\n2 3\n`,
      /expected 5 entries.+got 2; is the file cut short/,
    ],
    ["more entries than it says", `${banner("pattern general")}4 4 1\n1 2\n2 3\n`, /expected 1 entries.+got 2/],
    ["an index over the size", `${banner("pattern general")}3 3 1\n3 9\n`, /:3:3: expected dst to be from 1 to 3/],
    ["an index of 0", `${banner("pattern general")}3 3 1\n0 1\n`, /:3:1: expected src to be from 1 to 3/],
    ["a value in a pattern", `${banner("pattern general")}3 3 1\n1 2 3\n`, /:3:5: expected at most 2 columns/],
    ["a missing value", `${banner("real general")}3 3 1\n1 2\n`, /:3:4: expected a weight/],
    ["no size line", banner("pattern general"), /:2:1: expected a size line/],
    ["a broken size line", `${banner("pattern general")}3 x\n`, /:2:1: expected a size line.+got "3 x"/],
    ["a dense matrix", "%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n", /got array real general/],
    ["complex values", `${banner("complex general")}1 1 1\n1 1 0 0\n`, /got coordinate complex general/],
    ["a matrix that is not square", `${banner("pattern general")}3 4 1\n1 2\n`, /as many rows as columns/],
  ])("refuses %s", async (_what, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it("may have no entry", async () => {
    const found = await read(`${banner("pattern general")}3 3 0`);
    expect([found.numEdges, found.numDeclaredVertices, found.numLines]).toEqual([0, 3, 2]);
  });

  it("is told by its banner under any name", async () => {
    expect((await read(`${banner("pattern general")}2 2 1\n1 2\n`, {}, "m.txt")).numDeclaredVertices).toBe(2);
    await expect(read(`${banner("pattern general")}2 2 1\n1 2\n`, { src: 2 })).rejects.toThrow(/src must be left out/);
    await expect(read(`${banner("pattern general")}2 2 1\n1 2\n`, { weight: 3 })).rejects.toThrow(
      /weight must be left out/,
    );
    const weighted = `${banner("real general")}2 2 1\n1 2 7\n`;
    for (const attributes of ["all", "none"])
      expect((await read(weighted, { attributes, weight: 3 })).weight).toBe("weight");
  });
});
