import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ship, type ShippedFunction } from "../../../core/function/ship.ts";
import { buildTopology } from "../../../graph/partition/buildTopology.ts";
import { cutTopology, freeCutParts } from "../../../graph/partition/cutTopology.ts";
import {
  checkStrategy,
  hashOfId,
  partOfEdge,
  strategyNames,
  type StrategyFunction,
  type StrategyName,
} from "../../../graph/partition/strategy.ts";
import type { CutPart, EdgeRows, Topology } from "../../../graph/partition/topology.ts";
import type { TaskRunner } from "../../../graph/partition/taskRunner.ts";
import type { VertexId } from "../../../graph/types.ts";
import { chunksOf, plain, rowsOf, type IdKind, type Pair } from "./edgeLists.ts";
import { serialRunner } from "./serialRunner.ts";

describe("partOfEdge", () => {
  it("X1: agrees with the published parts of EdgePartition1D", () => {
    const ids = [1, 2, 3, 100, 10 ** 6, 2 ** 32 + 1, -1];
    expect(ids.map((id) => partOfEdge("EdgePartition1D", id, 0, 7))).toEqual([5, 3, 1, 3, 2, 2, 5]);
  });

  it("X2: agrees with the published parts of EdgePartition2D, square and not", () => {
    const pairs: Pair[] = [[1, 2], [3, 7], [10 ** 6, 2 ** 32 + 1]]; // prettier-ignore
    expect(pairs.map(([src, dst]) => partOfEdge("EdgePartition2D", src, dst, 4))).toEqual([2, 3, 1]);
    expect(pairs.map(([src, dst]) => partOfEdge("EdgePartition2D", src, dst, 7))).toEqual([5, 1, 1]);
  });

  const ids = fc.oneof(
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: "binary" }).filter((text) => !/\p{Surrogate}/u.test(text)),
  );

  it.each(strategyNames)("gives parts in range, the same for equal edges: %s", (strategy) => {
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 1, max: 65536 }), (src, dst, numParts) => {
        const part = partOfEdge(strategy, src, dst, numParts);
        expect(Number.isInteger(part) && part >= 0 && part < numParts).toBe(true);
        expect(partOfEdge(strategy, src, dst, numParts)).toBe(part);
      }),
    );
  });

  it("X2: puts a vertex in at most 2 * sqrt(n) parts of a square", () => {
    for (const numParts of [1, 4, 9, 100]) {
      const parts = new Set<number>();
      for (let other = 0; other < 2000; other++) {
        parts.add(partOfEdge("EdgePartition2D", 17, other, numParts));
        parts.add(partOfEdge("EdgePartition2D", other, 17, numParts));
      }
      expect(parts.size).toBeLessThanOrEqual(2 * Math.sqrt(numParts));
    }
  });

  it("X2: uses every part, also when n is no square", () => {
    for (const numParts of [2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 17, 26, 30]) {
      const parts = new Set<number>();
      for (let src = 0; src < 100; src++) {
        for (let dst = 0; dst < 100; dst++) parts.add(partOfEdge("EdgePartition2D", src, dst, numParts));
      }
      expect(parts.size).toBe(numParts);
    }
  });

  it("X3: CanonicalRandomVertexCut joins both directions, RandomVertexCut does not", () => {
    const canonical = fc.property(ids, ids, (src, dst) => {
      const there = partOfEdge("CanonicalRandomVertexCut", src, dst, 1000);
      expect(partOfEdge("CanonicalRandomVertexCut", dst, src, 1000)).toBe(there);
    });
    fc.assert(canonical);
    const differing = Array.from({ length: 100 }, (_, id) => id).filter(
      (id) => partOfEdge("RandomVertexCut", id, 1000, 64) !== partOfEdge("RandomVertexCut", 1000, id, 64),
    );
    expect(differing.length).toBeGreaterThan(90);
  });

  it.each(["RandomVertexCut", "CanonicalRandomVertexCut"] as const)("X3: %s spreads edges evenly", (strategy) => {
    const counts = Array.from({ length: 16 }, () => 0);
    for (let edge = 0; edge < 16000; edge++) counts[partOfEdge(strategy, edge % 400, edge, 16)]!++;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });

  it("hashes strings by the published values of FNV-1a of 64 bits", () => {
    expect(["", "a", "foobar"].map(hashOfId)).toEqual([0xcbf29ce484222325n, 0xaf63dc4c8601ec8cn, 0x85944171f73967e8n]);
  });

  it("refuses names it does not know", () => {
    expect(() => checkStrategy("partitionBy", "EdgePartition3D")).toThrow(/EdgePartition1D.*got "EdgePartition3D"/);
    expect(() => checkStrategy("partitionBy", 5)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    checkStrategy("partitionBy", () => 0);
  });
});

describe("cutTopology", () => {
  interface Cut {
    readonly runner: TaskRunner;
    readonly topology: Topology;
    readonly parts: CutPart[];
  }

  async function cut(
    pairs: readonly Pair[],
    kind: IdKind,
    strategy: StrategyName | ShippedFunction<StrategyFunction>,
    numParts: number,
    threads = 2,
    numPartitions = 3,
  ): Promise<Cut> {
    const runner = serialRunner(threads, 32 * 1048576);
    const { topology } = await buildTopology(runner, { chunks: chunksOf(kind, pairs), numPartitions });
    const parts = await cutTopology(runner, topology, strategy, numParts);
    return { runner, topology, parts };
  }

  /** Each part's rows against a list of edges grouped by `partOf`. */
  function checkParts({ runner, topology, parts }: Cut, partOf: (src: VertexId, dst: VertexId) => number): void {
    const { arena } = runner;
    const { ids, edges } = plain(arena, topology);
    const index = new Map(ids.map((id, at) => [id, at]));
    const members = parts.map((): number[] => []);
    edges.forEach(([src, dst], position) => members[partOf(src, dst)]!.push(position));
    const flat = (rows: EdgeRows): number[][] =>
      rowsOf(arena, rows).flatMap(([vertex, neighbours, positions], row, all) => {
        if (neighbours.length === 0) throw new Error("a row without edges");
        if (row > 0 && all[row - 1]![0] >= vertex) throw new Error("rows are not in order");
        return neighbours.map((neighbour, at) => [vertex, neighbour, positions[at]!]);
      });
    parts.forEach(({ inRows, outRows }, part) => {
      const own = members[part]!.map((position) => [...edges[position]!.map((id) => index.get(id)!), position]);
      expect(flat(inRows)).toEqual(own.map(([src, dst, position]) => [dst, src, position]));
      expect(flat(outRows)).toEqual(own.toSorted((a, b) => a[0]! - b[0]!));
    });
  }

  it.each(strategyNames)("spreads edges as the clear form says, on random multigraphs: %s", (strategy) => {
    const ids: Record<IdKind, fc.Arbitrary<VertexId>> = {
      uint32: fc.oneof(fc.nat(9), fc.constant(2 ** 32 - 1)),
      int64: fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constantFrom(2n ** 62n, -(2n ** 63n))),
      string: fc.oneof(fc.nat(9).map(String), fc.constantFrom("", "é", "a longer name")),
    };
    const graphs = fc
      .constantFrom<IdKind>("uint32", "int64", "string")
      .chain((kind) =>
        fc.tuple(fc.constant(kind), fc.array(fc.tuple(ids[kind], ids[kind]), { maxLength: 40, size: "max" })),
      );
    return fc.assert(
      fc.asyncProperty(graphs, fc.constantFrom(1, 2, 4, 7, 60), async ([kind, pairs], numParts) => {
        const result = await cut(pairs, kind, strategy, numParts);
        expect(result.parts).toHaveLength(numParts);
        checkParts(result, (src, dst) => partOfEdge(strategy, src, dst, numParts));
        const { arena } = result.runner;
        freeCutParts(arena, result.parts);
        for (const column of result.topology.columns) arena.free(column);
        expect(arena.usedBytes).toBe(0);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it("cuts a graph of several tasks", async () => {
    const pairs = Array.from({ length: 120000 }, (_, edge): Pair => [(edge * edge) % 5003, (edge * 31) % 4001]);
    checkParts(await cut(pairs, "uint32", "EdgePartition2D", 6, 3), (src, dst) => partOfEdge("EdgePartition2D", src, dst, 6)); // prettier-ignore
  });

  it.each<[IdKind, Pair[]]>([
    ["int64", [[2n ** 60n, 1], [3, -4], [3, 2n ** 60n]]], // prettier-ignore
    ["string", [["a", "bb"], ["bb", ""], ["ccc", "a"]]], // prettier-ignore
  ])("calls a function with the ids, %s", async (kind, pairs) => {
    const shift = 1;
    const byLength: StrategyFunction = (src, dst, n) => (String(src).length * 7 + String(dst).length + shift) % n;
    const parts = await cut(pairs, kind, ship(byLength, "partitionBy", "strategy"), 3);
    checkParts(parts, (src, dst) => byLength(src, dst, 3));
  });

  it.each([1.5, -1, 3, NaN, "1"])("refuses a function's part %j, and names the edge", async (bad) => {
    const runner = serialRunner(1, 1048576);
    const { topology } = await buildTopology(runner, { chunks: chunksOf("string", [["a", "b"]]) });
    const before = runner.arena.usedBytes;
    const strategy = ship<StrategyFunction>(() => bad as number, "partitionBy", "strategy");
    const parts = cutTopology(runner, topology, strategy, 3);
    await expect(parts).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining('"a" -> "b"') as string,
    });
    expect(runner.arena.usedBytes).toBe(before);
  });

  it.each([0, 1.5, 65537])("refuses %d parts", async (numParts) => {
    const cutting = cut([[1, 2]], "uint32", "RandomVertexCut", numParts);
    await expect(cutting).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
