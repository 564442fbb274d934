import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readEdges, type EdgeInput, type ReadEdgesOptions } from "../../../../graph/load/readEdges.ts";
import { readTable } from "../../../../graph/load/table/readTable.ts";
import { writeTable } from "../../../../graph/load/table/writeTable.ts";
import { writeEdgeList } from "../../../../graph/load/writeEdgeList.ts";
import { repeatedFrame, skippableFrame, storedFrame } from "../../../support/zstdFrames.ts";
import { rowsOf } from "../table/tables.ts";
import { edgeRows, root, runner, useFolder } from "./reading.ts";

const folder = useFolder();

/** Numbers in [0, 1), the same in every run. */
function* seeded(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const random = seeded(23);
const pick = (limit: number): number => Math.floor(random.next().value * limit);

const read = (bytes: Uint8Array, name = "edges.txt.zst", options: ReadEdgesOptions = {}): Promise<EdgeInput> =>
  readEdges(runner, folder.write(name, bytes), options);

/** A file of the examples, and what the zstd command made of it: blocks with matches and entropy codes, a checksum. */
const example = (name: string): { plain: string; packed: string } => ({
  plain: path.join(root, "examples/data", name),
  packed: path.join(root, "test/support/data", `${name}.zst`),
});
const follows = example("follows.txt");
const flights = example("flights-airport.csv");

describe("readEdges of zstd", () => {
  it.each([follows, flights])("reads what the zstd command wrote", async ({ plain, packed }) => {
    const [expected, found] = [await readEdges(runner, plain), await readEdges(runner, packed)];
    expect(edgeRows(found.chunks)).toEqual(edgeRows(expected.chunks));
    expect(found).toMatchObject({
      numLines: expected.numLines,
      numComments: expected.numComments,
      idType: expected.idType,
    });
    expect(found.format).toBe(expected.format);
    expect(found.files).toMatchObject([{ compression: "zstd" }]);
  });

  it("reads several frames as one text, cut inside a line, past frames to be skipped and empty ones", async () => {
    const frames = [
      skippableFrame("what"),
      storedFrame("1 2\n3"),
      storedFrame(""),
      skippableFrame(""),
      storedFrame("4 5\n", { checksum: false }),
    ];
    expect(edgeRows((await read(Buffer.concat(frames))).chunks)).toEqual([[1, 2], [34, 5]]); // prettier-ignore
    expect((await read(storedFrame(""))).numEdges).toBe(0);
  });

  it("goes by the bytes, not by the name", async () => {
    expect((await read(storedFrame("1 2\n"), "packed.txt")).numEdges).toBe(1);
    expect((await read(Buffer.from("1 2\n"), "plain.txt.zst")).numEdges).toBe(1);
    await expect(read(Buffer.alloc(0))).rejects.toMatchObject({ details: { reason: "an empty file named .zst" } });
    const csv = await read(storedFrame("from,to,km\n1,2,7\n"), "roads.csv.zst");
    expect([csv.format.startsWith("CSV by its suffix"), edgeRows(csv.chunks)]).toEqual([true, [[1, 2, 7]]]);
  });

  it("reads a text of many pieces, and names line and column in it", async () => {
    const lines = Array.from({ length: 300_000 }, () => `${pick(1e6)} ${pick(1e6)}\n`);
    const edges = await read(storedFrame(lines.join(""), { checksum: false }));
    expect(edges.numEdges).toBe(lines.length);
    const { src, dst } = edges.chunks.at(-1)!;
    expect(`${String((src as { values: Uint32Array }).values.at(-1))} ${String((dst as { values: Uint32Array }).values.at(-1))}\n`).toBe(lines.at(-1)); // prettier-ignore
    lines[250_000] = "1 x\n";
    await expect(read(storedFrame(lines.join(""), { checksum: false }))).rejects.toMatchObject({
      details: { line: 250_001, column: 3 },
    });
  });

  it("refuses every file that is cut short", async () => {
    const whole = readFileSync(follows.packed);
    for (const length of [1, 3, 5, 17, whole.length >> 1, whole.length - 5, whole.length - 4, whole.length - 1]) {
      await expect(read(whole.subarray(0, length)), `of ${length} bytes`).rejects.toMatchObject({
        code: "INVALID_INPUT",
      });
    }
    const cut = read(Buffer.concat([storedFrame("1 2\n"), storedFrame("3 4\n").subarray(0, -2)]));
    await expect(cut).rejects.toMatchObject({ details: { reason: "zstd data that ends too early" } });
  });

  it("never gives another graph for a file with a flipped bit", async () => {
    const whole = readFileSync(follows.packed);
    const expected = edgeRows((await readEdges(runner, follows.plain)).chunks);
    let numRefused = 0;
    for (let round = 0; round < 20; round++) {
      const damaged = Buffer.from(whole);
      damaged[pick(damaged.length)]! ^= 1 << pick(8);
      try {
        expect(edgeRows((await read(damaged)).chunks)).toEqual(expected);
      } catch (error) {
        expect(error).toMatchObject({ code: "INVALID_INPUT" });
        numRefused++;
      }
    }
    expect(numRefused).toBeGreaterThan(16);
  });

  it.each([
    ["a wrong checksum", Buffer.concat([storedFrame("1 2\n").subarray(0, -1), Buffer.from([1])]), /damaged data/],
    ["zeros after the last frame", Buffer.concat([storedFrame("1 2\n"), Buffer.alloc(9)]), /damaged data/],
    [
      "text after the last frame",
      Buffer.concat([storedFrame("1 2\n"), Buffer.from("3 4\n")]),
      /damaged data|ends too early/,
    ],
    [
      "a window of 256 MiB",
      storedFrame("1 2\n", { window: 18 << 3 }),
      /window of at most 128 MiB, got .*256 MiB; compress it again without --long/,
    ],
    [
      "a dictionary",
      storedFrame("1 2\n", { dictionary: 7 }),
      /without a dictionary, got .*; compress it again without -D/,
    ],
  ])("refuses %s", async (_what, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(read(bytes)).rejects.toThrow(message);
  });

  it("reads a window of 128 MiB", async () => {
    expect((await read(storedFrame("1 2\n", { window: 17 << 3 }))).numEdges).toBe(1);
  });

  it("stops at a line that never ends, in a small file of much text, before it holds the text", async () => {
    const bomb = repeatedFrame(0x31, 8000); // 1000 MiB of "1" in 32 KB
    expect(bomb.length).toBeLessThan(40_000);
    await expect(read(bomb)).rejects.toMatchObject({ details: { reason: "a line is longer than 64 MiB", line: 1 } });
  });

  it("ends what it does not read to the end", async () => {
    const lines = Array.from({ length: 200_000 }, () => `${pick(1e6)} ${pick(1e6)}\n`).join("");
    await expect(
      read(storedFrame(`1 x\n${lines}`, { checksum: false }), "a.txt", { ids: "int" }),
    ).rejects.toMatchObject({
      details: { line: 1 },
    });
    expect((await read(storedFrame("1 2\n"))).numEdges).toBe(1);
  });
});

describe("tables in zstd", () => {
  it("are read, and not written", async () => {
    const table = await readTable(flights.packed);
    expect(rowsOf(table)).toEqual(rowsOf(await readTable(flights.plain)));
    const lines = folder.write("rows.ndjson.zst", storedFrame('{"id": 1, "name": "é"}\n'));
    expect(rowsOf(await readTable(lines))).toEqual([[1, "é"]]);
    const refused = { code: "INVALID_ARGUMENT", message: expect.stringContaining("cannot be zstd") as string };
    await expect(writeTable(table, path.join(folder.path, "out.csv.zst"))).rejects.toMatchObject(refused);
    await expect(writeEdgeList([], path.join(folder.path, "out.txt.zst"))).rejects.toMatchObject(refused);
    const cut = folder.write("cut.csv.zst", readFileSync(flights.packed).subarray(0, -2));
    await expect(readTable(cut)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(readTable(folder.write("empty.csv.zst", ""))).rejects.toThrow("expected zstd, got 0 bytes");
  });
});
