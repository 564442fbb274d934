import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readerOf } from "../../../core/column/columnSet.ts";
import { buildTopology, type BuiltTopology } from "../../../graph/partition/buildTopology.ts";
import { freeTopology } from "../../../graph/partition/idColumn.ts";
import type { TaskRunner } from "../../../graph/partition/taskRunner.ts";
import { noIndex } from "../../../graph/partition/topology.ts";
import type { EdgeChunk, RawColumn } from "../../../graph/load/edgeChunk.ts";
import type { VertexId } from "../../../graph/types.ts";
import {
  chunksOf,
  differences,
  digestOf,
  idValues,
  plain,
  referenceTopology,
  shared,
  stringTable,
  type IdKind,
  type Pair,
} from "./edgeLists.ts";
import { serialRunner } from "./serialRunner.ts";

const smallIds = fc.integer({ min: 0, max: 12 });
const anyIds: Record<IdKind, fc.Arbitrary<VertexId>> = {
  uint32: fc.oneof(smallIds, fc.constantFrom(70000, 70001, 2 ** 31, 2 ** 32 - 1)),
  int64: fc.oneof(
    smallIds,
    fc.constantFrom<VertexId>(-1, -5, 2 ** 32, 2n ** 53n + 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
  ),
  string: fc.oneof(
    smallIds.map((id) => `v${id}`),
    fc.constantFrom("", "\0", "a\0", "a", "user/000000001", "user/000000002", "\u{10000}", "\uffff", "é", "user/0000"),
  ),
};

/** As ids come out: a bigint only where a number is not exact. */
function asId(id: bigint): VertexId {
  return Number.isSafeInteger(Number(id)) ? Number(id) : id;
}

function graphOf(id: fc.Arbitrary<VertexId>): fc.Arbitrary<Pair[]> {
  return fc.array(fc.tuple(id, id), { maxLength: 60, size: "max" });
}

/** A number that says where an edge stood, as attribute. */
function rowNumbers(from: number, to: number): RawColumn[] {
  const values = shared(Float64Array, 8 * (to - from));
  return [{ name: "attr", type: "number", values: values.map((_, row) => from + row) }];
}

/** The numbers of `rowNumbers` in the order of the built edges. */
function attrsOf(runner: TaskRunner, { edgeAttrs }: BuiltTopology): unknown[] {
  const reader = readerOf<unknown>(edgeAttrs, runner.arena);
  return Array.from({ length: edgeAttrs.length }, (_, row) => reader.get(row));
}

describe("buildTopology", () => {
  describe.each(["uint32", "int64", "string"] as const)("with %s ids", (kind) => {
    it("agrees with sorting pairs on random multigraphs, however chunks, threads and partitions cut them", async () => {
      const cuts = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 5, size: "max" });
      const numPartitions = fc.constantFrom(1, 2, 7, undefined);
      await fc.assert(
        fc.asyncProperty(
          graphOf(anyIds[kind]),
          fc.array(anyIds[kind], { maxLength: 5, size: "max" }),
          cuts,
          fc.integer({ min: 1, max: 3 }),
          numPartitions,
          async (pairs, extra, lengths, threads, partitions) => {
            const runner = serialRunner(threads, 4 * 1048576);
            const chunks = chunksOf(kind, pairs, lengths, rowNumbers);
            const vertexIds = [idValues(kind, extra)];
            const built = await buildTopology(runner, { chunks, vertexIds, numPartitions: partitions });
            const { ids, edges, order } = referenceTopology(pairs, extra);
            expect(plain(runner.arena, built.topology)).toEqual({ ids, edges });
            expect(attrsOf(runner, built)).toEqual(order);
            expect(built.topology.partitions).toHaveLength(partitions ?? 1);
          },
        ),
        { seed: 7, numRuns: 300 },
      );
    });
  });

  /** 140,000 edges over many buckets and tasks, ids spread by `spread`. */
  function manyPairs(numVertices: number, spread: (index: number) => VertexId): Pair[] {
    let state = 1;
    const next = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) ** 2 * numVertices); // low indices are hubs
    };
    return Array.from({ length: 140000 }, (): Pair => [spread(next()), spread(next())]);
  }

  it.each<[string, IdKind, number, (index: number) => VertexId]>([
    ["dense integers", "uint32", 50000, (index) => index],
    ["integers with holes", "uint32", 50000, (index) => 3 * index + 1],
    ["sparse 32-bit integers", "uint32", 50000, (index) => Math.imul(index, 0x9e3779b1) >>> 0],
    ["more vertices than fit one bucket", "uint32", 300000, (index) => index],
    ["64-bit integers of both signs", "int64", 50000, (index) => asId(BigInt(index) * 0x1234567890abn - 2n ** 45n)],
    ["64-bit integers that fit 32 bits", "int64", 5000, (index) => 7 * index],
    ["strings with a long common prefix", "string", 200000, (index) => `https://example.org/pages/${index}`],
  ])("orders a graph of several buckets and tasks: %s", async (_name, kind, numVertices, spread) => {
    const pairs = manyPairs(numVertices, spread);
    const { ids, edges, order } = referenceTopology(pairs);
    const digests: string[] = [];
    for (const [threads, cuts] of [
      [1, []],
      [3, [70000, 1, 0, 60000]],
    ] as const) {
      const runner = serialRunner(threads);
      const built = await buildTopology(runner, { chunks: chunksOf(kind, pairs, cuts, rowNumbers), numPartitions: 5 });
      const found = plain(runner.arena, built.topology);
      expect(differences(found.ids, ids)).toEqual([]);
      expect(differences(found.edges, edges)).toEqual([]);
      expect(differences(attrsOf(runner, built), order)).toEqual([]);
      const weights = built.topology.partitions.map(({ from, to, inRows }) => to - from + inRows.neighbours.length);
      expect(Math.max(...weights)).toBeLessThan((1.2 * (ids.length + edges.length)) / 5);
      digests.push(digestOf(runner.arena, built.topology));
    }
    expect(digests[1]).toBe(digests[0]);
  });

  it.each<[string, (edge: number) => Pair]>([
    ["a hub that all edges enter", (edge) => [(edge * 7919) % 150000, 77777]],
    ["a hub that all edges leave", (edge) => [77777, (edge * 7919) % 150000]],
    ["a path", (edge) => [edge, edge + 1]],
    ["a path backwards", (edge) => [150000 - edge, 149999 - edge]],
    ["one pair over and over", () => [65536, 65535]],
  ])("orders %s", async (_name, pairAt) => {
    const pairs = Array.from({ length: 150000 }, (_, edge) => pairAt(edge));
    const runner = serialRunner(2);
    const built = await buildTopology(runner, { chunks: chunksOf("uint32", pairs, [], rowNumbers) });
    const { ids, edges, order } = referenceTopology(pairs);
    const found = plain(runner.arena, built.topology);
    expect(differences(found.ids, ids)).toEqual([]);
    expect(differences(found.edges, edges)).toEqual([]);
    expect(differences(attrsOf(runner, built), order)).toEqual([]);
  });

  it("keeps 32-bit ids in four bytes, whatever kind the reader chose", async () => {
    const runner = serialRunner(1);
    const { topology } = await buildTopology(runner, { chunks: chunksOf("int64", [[4294967295n, 3n]]) });
    expect(topology.ids.kind).toBe("uint32");
    const wide = await buildTopology(runner, { chunks: chunksOf("int64", [[4294967296n, 3n]]) });
    expect(wide.topology.ids.kind).toBe("int64");
  });

  it("mixes 32-bit and 64-bit columns of integers", async () => {
    const runner = serialRunner(2);
    const chunks = [...chunksOf("uint32", [[5, 1]]), ...chunksOf("int64", [[-2, 5n]])]; // prettier-ignore
    const { topology } = await buildTopology(runner, { chunks, vertexIds: [idValues("uint32", [9, 5])] });
    expect(plain(runner.arena, topology)).toEqual({
      ids: [-2, 1, 5, 9],
      edges: [
        [5, 1],
        [-2, 5],
      ],
    });
  });

  it("refuses integers and strings in one graph", async () => {
    const chunks = [...chunksOf("uint32", [[1, 2]]), ...chunksOf("string", [["a", "b"]])];
    await expect(buildTopology(serialRunner(1), { chunks })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  it("takes an empty input, and one with vertices only", async () => {
    const runner = serialRunner(2);
    const empty = await buildTopology(runner, { chunks: [], numPartitions: 3 });
    expect(plain(runner.arena, empty.topology)).toEqual({ ids: [], edges: [] });
    expect(empty.topology.partitions).toHaveLength(3);
    const lonely = await buildTopology(runner, { chunks: [], vertexIds: [idValues("string", ["b", "a", "b"])] });
    expect(plain(runner.arena, lonely.topology)).toEqual({ ids: ["a", "b"], edges: [] });
  });

  it.each([0, -1, 1.5, NaN, 65537])("refuses %d partitions", async (numPartitions) => {
    const built = buildTopology(serialRunner(1), { chunks: [], numPartitions });
    await expect(built).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("chooses the number of partitions by the size of the graph, not by threads", async () => {
    const pairs = Array.from({ length: 300000 }, (_, edge): Pair => [edge % 1000, (edge * 31) % 1000]);
    for (const threads of [1, 2, 8]) {
      const { topology } = await buildTopology(serialRunner(threads), { chunks: chunksOf("uint32", pairs) });
      expect(topology.partitions).toHaveLength(2); // 301,000 / 262,144, rounded up
    }
  });

  it("relates the rows of a vertex table to vertices, the first of equal ids first", async () => {
    const runner = serialRunner(2);
    const { arena } = runner;
    const chunks = chunksOf("uint32", [[10, 30]]);
    const vertexIds = [idValues("uint32", [20, 30]), idValues("uint32", [30, 5, 20])];
    const { topology, vertexRows } = await buildTopology(runner, { chunks, vertexIds });
    expect(plain(arena, topology).ids).toEqual([5, 10, 20, 30]);
    expect([...arena.view(vertexRows!.vertices)]).toEqual([2, 3, 3, 0, 2]);
    expect([...arena.view(vertexRows!.rows)]).toEqual([3, noIndex, 0, 1]);
    expect(vertexRows).toMatchObject({ numWithoutRow: 1, firstWithoutRow: 1 });
  });

  it("returns only the order of edges if asked", async () => {
    const runner = serialRunner(1);
    const pairs: Pair[] = [[1, 2], [1, 1], [0, 2]]; // prettier-ignore
    const chunks = chunksOf("uint32", pairs, [], rowNumbers);
    const { edgeAttrs, edgeOrder } = await buildTopology(runner, { chunks, orderOnly: true });
    expect(edgeAttrs.columns).toEqual([]);
    expect([...runner.arena.view(edgeOrder!)]).toEqual([1, 2, 0]);
  });

  it("leaves nothing in the arena but the result, which is freed whole", async () => {
    const pairs = manyPairs(5000, (index) => `v${index}`);
    const runner = serialRunner(2);
    const built = await buildTopology(runner, { chunks: chunksOf("string", pairs) });
    const kept = built.topology.columns.reduce((sum, { length, type }) => sum + length * (type === "uint8" ? 1 : 4), 0);
    expect(runner.arena.usedBytes).toBeLessThan(kept + 64 * built.topology.columns.length);
    freeTopology(runner.arena, built.topology);
    expect(runner.arena.usedBytes).toBe(0);
  });

  it("frees everything when a step fails", async () => {
    for (let failing = 0; failing < 9; failing++) {
      const runner = serialRunner(2);
      let step = 0;
      const failingRunner: TaskRunner = {
        ...runner,
        runTasks: (spec) => (step++ === failing ? Promise.reject(new Error("lost")) : runner.runTasks(spec)),
      };
      const chunks = chunksOf("uint32", [[1, 70000]], [], rowNumbers);
      await expect(buildTopology(failingRunner, { chunks, vertexIds: [idValues("uint32", [1])] })).rejects.toThrow("lost"); // prettier-ignore
      expect(runner.arena.usedBytes).toBe(0);
    }
  });
});

describe("edge attributes", () => {
  function column(name: string, type: "number" | "bigint" | "boolean" | "string", values: unknown[]): RawColumn {
    const validity = values.includes(null) ? shared(Uint8Array, values.length) : undefined;
    values.forEach((value, row) => validity && (validity[row] = value === null ? 0 : 1));
    const base = validity ? { name, validity } : { name };
    if (type === "string") {
      const table = stringTable(values.map(String));
      const codes = shared(Uint32Array, 4 * values.length);
      values.forEach((value, row) => (codes[row] = table.codeOf.get(String(value))!));
      return { ...base, type, codes, dictionary: table.values };
    }
    if (type === "number") {
      const numbers = shared(Float64Array, 8 * values.length);
      numbers.set(values as number[]);
      return { ...base, type, values: numbers };
    }
    if (type === "bigint") {
      const integers = shared(BigInt64Array, 8 * values.length);
      values.forEach((value, row) => (integers[row] = BigInt((value as bigint | null) ?? 0n)));
      return { ...base, type, values: integers };
    }
    const flags = shared(Uint8Array, values.length);
    values.forEach((value, row) => (flags[row] = value ? 1 : 0));
    return { ...base, type, values: flags };
  }

  const pairs: Pair[] = [[0, 9], [1, 8], [2, 7], [3, 6]]; // prettier-ignore
  const table = {
    weight: [1.5, -0, NaN, Infinity],
    big: [2n ** 62n, null, -1n, 0n],
    open: [true, false, true, true],
    name: ["a", null, "ü\0", ""],
  };

  function chunksWith(cuts: number[]): EdgeChunk[] {
    return chunksOf("uint32", pairs, cuts, (from, to) => [
      column("weight", "number", table.weight.slice(from, to)),
      column("big", "bigint", table.big.slice(from, to)),
      column("open", "boolean", table.open.slice(from, to)),
      column("name", "string", table.name.slice(from, to)),
    ]);
  }

  it.each([[[]], [[1, 2]], [[0, 3, 0]]])("follow their edges in any cut: %j", async (cuts) => {
    const runner = serialRunner(2);
    const { edgeAttrs } = await buildTopology(runner, { chunks: chunksWith(cuts) });
    const reader = readerOf<Record<string, unknown>>(edgeAttrs, runner.arena);
    const found = [0, 1, 2, 3].map((row) => reader.get(row));
    const expected = [3, 2, 1, 0].map((row) => ({
      weight: table.weight[row],
      big: table.big[row],
      open: table.open[row],
      name: table.name[row],
    }));
    expect(found).toEqual(expected);
    expect(edgeAttrs.schema).toEqual({
      kind: "record",
      fields: [
        { name: "weight", type: "number", nullable: false },
        { name: "big", type: "bigint", nullable: true },
        { name: "open", type: "boolean", nullable: false },
        { name: "name", type: "string", nullable: true },
      ],
    });
  });

  it("are the value itself if the one column is named attr, or as the caller says", async () => {
    const runner = serialRunner(1);
    const chunks = chunksOf("uint32", pairs, [], (from, to) => [
      column("cost", "number", table.weight.slice(from, to)),
    ]);
    expect((await buildTopology(runner, { chunks })).edgeAttrs.schema.kind).toBe("record");
    expect((await buildTopology(runner, { chunks, scalar: "cost" })).edgeAttrs.schema.kind).toBe("scalar");
    const two = chunksOf("uint32", pairs, [], () => [
      column("attr", "number", table.weight),
      column("open", "boolean", table.open),
    ]);
    expect((await buildTopology(runner, { chunks: two })).edgeAttrs.schema.kind).toBe("record");
  });
});
