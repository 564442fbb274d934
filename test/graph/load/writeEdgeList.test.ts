import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { edgeTable } from "../../../graph/load/edgeTable.ts";
import type { EdgeChunk, IdValues, RawColumn } from "../../../graph/load/edgeChunk.ts";
import { valueReader } from "../../../graph/load/table/table.ts";
import { writeEdgeList } from "../../../graph/load/writeEdgeList.ts";

const folder = mkdtempSync(path.join(tmpdir(), "superstep-edge-list-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = (...values: number[]): IdValues => ({ kind: "uint32", values: Uint32Array.from(values) });
const large = (...values: bigint[]): IdValues => ({ kind: "int64", values: BigInt64Array.from(values) });

function dictionary(...texts: string[]) {
  const parts = texts.map((text) => Buffer.from(text));
  const offsets = Uint32Array.from([0, ...parts.map((_part, at) => Buffer.concat(parts.slice(0, at + 1)).length)]);
  return { offsets, bytes: Buffer.concat(parts) };
}

const words = (...texts: string[]): IdValues => ({
  kind: "string",
  codes: Uint32Array.from(texts, (_text, at) => at),
  dictionary: dictionary(...texts),
});

const chunk = (src: IdValues, dst: IdValues, attrs: readonly RawColumn[] = []): EdgeChunk => {
  return { numEdges: src.kind === "string" ? src.codes.length : src.values.length, src, dst, attrs };
};

async function written(chunks: readonly EdgeChunk[], name: string, options = {}): Promise<string> {
  await writeEdgeList(chunks, path.join(folder, name), options);
  return readFileSync(path.join(folder, name), "utf8");
}

describe("writeEdgeList", () => {
  it("writes integers of every length, over many buffers, as String does", async () => {
    const values = Array.from({ length: 33 }, (_none, bit) => [
      2 ** bit - 1,
      2 ** bit,
      10 ** (bit % 10) - 1,
      10 ** (bit % 10),
    ]);
    const ids = Array.from({ length: 3000 }, () => values.flat().map((value) => Math.min(value, 2 ** 32 - 1))).flat();
    const chunks = [chunk(small(...ids.slice(0, 50)), small(...ids.slice(1, 51))), chunk(Object.freeze({ kind: "uint32", values: Uint32Array.from(ids) }), { kind: "uint32", values: Uint32Array.from(ids.toReversed()) })]; // prettier-ignore
    const reversed = ids.toReversed();
    const expected = [
      ...ids.slice(0, 50).map((id, at) => `${id}\t${ids[at + 1]}\n`),
      ...ids.map((id, at) => `${id}\t${reversed[at]}\n`),
    ].join("");
    expect(expected.length).toBeGreaterThan(3 * 2 ** 20);
    expect((await written(chunks, "integers.txt")) === expected).toBe(true);
  });

  it("writes other ids, and columns behind them, missing values empty", async () => {
    const attrs: RawColumn[] = [
      { name: "w", type: "number", values: Float64Array.of(0.1, 3, 1e-7), validity: Uint8Array.of(1, 0, 1) },
      { name: "b", type: "boolean", values: Uint8Array.of(1, 0, 1) },
      { name: "i", type: "bigint", values: BigInt64Array.of(1n, 2n ** 62n, -1n) },
      { name: "s", type: "string", codes: Uint32Array.of(1, 0, 1), dictionary: dictionary("é", "x") },
    ];
    const chunks = [chunk(large(-1n, 2n ** 60n, 7n), large(1n, 2n, 3n), attrs)];
    expect(await written(chunks, "columns.txt", { comments: ["two", "lines"] })).toBe(
      `# two\n# lines\n-1\t1\t0.1\ttrue\t1\tx\n${2n ** 60n}\t2\t\tfalse\t${2n ** 62n}\té\n7\t3\t1e-7\ttrue\t-1\tx\n`,
    );
    expect(await written([chunk(words("a", "東京"), words("b", "c"))], "words.txt")).toBe("a\tb\n東京\tc\n");
    await writeEdgeList([chunk(small(1), small(2))], path.join(folder, "list.txt.gz"));
    expect(gunzipSync(readFileSync(path.join(folder, "list.txt.gz"))).toString()).toBe("1\t2\n");
  });

  it("says how far it is, replaces a file only when told, and leaves nothing when it is stopped", async () => {
    const chunks = [chunk(small(1, 2), small(2, 3)), chunk(small(3), small(4))];
    const progress: number[] = [];
    await written(chunks, "twice.txt", { onProgress: (done: number) => progress.push(done) });
    expect(progress).toEqual([2, 3]);
    await expect(written(chunks, "twice.txt")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await written(chunks.slice(1), "twice.txt", { force: true })).toBe("3\t4\n");
    let numAsked = 0;
    const throwIfStopped = (): void => {
      if (++numAsked === 2) throw new RangeError("stopped");
    };
    await expect(written(chunks, "stopped.txt", { throwIfStopped })).rejects.toThrow("stopped");
    expect(existsSync(path.join(folder, "stopped.txt"))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("edgeTable", () => {
  const rows = (chunks: readonly EdgeChunk[]) => {
    const { numRows, columns } = edgeTable(chunks);
    const readers = columns.map(valueReader);
    return Array.from({ length: numRows }, (_none, row) => readers.map((read) => read(row)));
  };

  it("joins chunks in order, with the missing values of each", () => {
    const attrs = (validity: Uint8Array | undefined, text: string): RawColumn[] => [
      { name: "w", type: "number", values: Float64Array.of(1, 2), ...(validity && { validity }) },
      { name: "s", type: "string", codes: Uint32Array.of(0, 1), dictionary: dictionary(text, "z"), ...(validity && { validity }) }, // prettier-ignore
      { name: "b", type: "boolean", values: Uint8Array.of(0, 1) },
      { name: "i", type: "bigint", values: BigInt64Array.of(5n, 6n) },
    ];
    const chunks = [
      chunk(small(1, 2), small(3, 4), attrs(undefined, "a")),
      chunk(small(5, 6), small(7, 8), attrs(Uint8Array.of(0, 1), "b")),
    ];
    expect(edgeTable(chunks).columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "src number", "dst number", "w number", "s string", "b boolean", "i bigint",
    ]); // prettier-ignore
    expect(rows(chunks)).toEqual([
      [1, 3, 1, "a", false, 5n],
      [2, 4, 2, "z", true, 6n],
      [5, 7, null, null, false, 5n],
      [6, 8, 2, "z", true, 6n],
    ]);
  });

  it("keeps 64-bit ids and words as they are, and has its two columns without a row", () => {
    expect(rows([chunk(large(2n ** 60n), large(-1n))])).toEqual([[2n ** 60n, -1n]]);
    expect(rows([chunk(words("é"), words("b")), chunk(words("c"), words("d"))])).toEqual([["é", "b"], ["c", "d"]]); // prettier-ignore
    expect(edgeTable([])).toMatchObject({ numRows: 0, columns: [{ name: "src" }, { name: "dst" }] });
    expect(edgeTable([], { src: "from", dst: "to" })).toMatchObject({ columns: [{ name: "from" }, { name: "to" }] });
  });
});
