import { describe, expect, it } from "vitest";
import { complete } from "../../../../graph/load/generators/complete.ts";
import type { GeneratedGraph } from "../../../../graph/load/generators/generatedGraph.ts";
import { grid } from "../../../../graph/load/generators/grid.ts";
import { kronecker } from "../../../../graph/load/generators/kronecker.ts";
import { logNormal } from "../../../../graph/load/generators/logNormal.ts";
import { path } from "../../../../graph/load/generators/path.ts";
import { relabel, relabeling } from "../../../../graph/load/generators/relabel.ts";
import { rmat, type RmatOptions } from "../../../../graph/load/generators/rmat.ts";
import { star } from "../../../../graph/load/generators/star.ts";
import { randomEdges, uniform } from "../../../../graph/load/generators/uniform.ts";
import type { EdgeChunk } from "../../../../graph/load/edgeChunk.ts";
import { buildTopology } from "../../../../graph/partition/buildTopology.ts";
import type { TaskRunner } from "../../../../graph/partition/taskRunner.ts";
import { digestOf } from "../../partition/edgeLists.ts";
import { serialRunner } from "../../partition/serialRunner.ts";

const runner = serialRunner(2);

function pairsOf(chunks: readonly EdgeChunk[]): [number, number][] {
  return chunks.flatMap(({ src, dst, numEdges }) => {
    if (src.kind !== "uint32" || dst.kind !== "uint32") throw new Error("ids of another kind");
    return Array.from({ length: numEdges }, (_, edge): [number, number] => [src.values[edge]!, dst.values[edge]!]);
  });
}

/** Ids and attributes of all vertices. */
function verticesOf({ vertices }: GeneratedGraph): { ids: number[]; attrs: Record<string, number[]> } {
  const attrs: Record<string, number[]> = {};
  for (const chunk of vertices) {
    for (const column of chunk.attrs) {
      if (column.type !== "number") throw new Error("attributes of another type");
      (attrs[column.name] ??= []).push(...column.values);
    }
  }
  return { ids: vertices.flatMap(({ ids }) => (ids.kind === "uint32" ? [...ids.values] : [])), attrs };
}

function count(numbers: readonly number[], length: number): number[] {
  const counts = Array.from({ length }, () => 0);
  for (const number of numbers) counts[number]!++;
  return counts;
}

const upTo = (length: number): number[] => Array.from({ length }, (_, id) => id);

describe("path, star, complete", () => {
  it("make the edges that their headers say", async () => {
    expect(pairsOf((await path(runner, 4)).edges)).toEqual([[0, 1], [1, 2], [2, 3]]); // prettier-ignore
    expect(pairsOf((await star(runner, 5)).edges)).toEqual([[1, 0], [2, 0], [3, 0], [4, 0]]); // prettier-ignore
    expect(pairsOf((await complete(runner, 3)).edges)).toEqual([[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]); // prettier-ignore
  });

  it("make a single vertex without edges", async () => {
    for (const make of [path, star, complete]) {
      const graph = await make(runner, 1);
      expect(pairsOf(graph.edges)).toEqual([]);
      expect(verticesOf(graph).ids).toEqual([0]);
    }
  });

  it("go on over the ends of chunks", async () => {
    const graph = await path(runner, 600000);
    const pairs = pairsOf(graph.edges);
    expect(graph.edges.length).toBe(3);
    expect(pairs.length).toBe(599999);
    expect(pairs.findIndex(([src, dst], edge) => src !== edge || dst !== edge + 1)).toBe(-1);
    expect(verticesOf(graph).ids.findIndex((id, row) => id !== row)).toBe(-1);
    const leaves = pairsOf((await star(runner, 600000)).edges);
    expect(leaves.findIndex(([src, dst], edge) => src !== edge + 1 || dst !== 0)).toBe(-1);
    const all = pairsOf((await complete(runner, 600)).edges).map(([src, dst]) => src * 600 + dst);
    expect(all).toHaveLength(600 * 599);
    expect(all.findIndex((key, edge) => edge > 0 && key <= all[edge - 1]!)).toBe(-1);
  });

  it.each([0, -1, 1.5, NaN, 2 ** 32])("refuse n = %d", async (n) => {
    for (const make of [path, star, complete]) {
      await expect(make(runner, n)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });
});

describe("grid", () => {
  it("has the 12 vertices and 17 edges of the published fixture for 3 x 4", async () => {
    const graph = await grid(runner, 3, 4);
    const { ids, attrs } = verticesOf(graph);
    expect(ids).toEqual(upTo(12));
    expect(ids.map((id) => 4 * attrs["row"]![id]! + attrs["col"]![id]!)).toEqual(ids);
    const pairs = pairsOf(graph.edges);
    expect(pairs).toHaveLength(17);
    const steps = pairs.map(([src, dst]) => {
      const down = attrs["row"]![dst]! - attrs["row"]![src]!;
      return `${down},${attrs["col"]![dst]! - attrs["col"]![src]!}`;
    });
    expect(steps.filter((step) => step === "0,1")).toHaveLength(9);
    expect(steps.filter((step) => step === "1,0")).toHaveLength(8);
  });

  it.each([
    [1, 1, 0],
    [1, 5, 4],
    [5, 1, 4],
    [700, 800, 700 * 799 + 699 * 800],
  ])("%d x %d has %d edges", async (rows, cols, numEdges) => {
    // prettier-ignore
    const pairs = pairsOf((await grid(runner, rows, cols)).edges);
    expect(pairs).toHaveLength(numEdges);
    expect(new Set(pairs.map(([src, dst]) => src * rows * cols + dst)).size).toBe(numEdges);
  });

  it("refuses sizes that are none", async () => {
    for (const [rows, cols] of [
      [0, 1],
      [1, 0],
      [1.5, 2],
      [65536, 65536],
    ]) {
      // prettier-ignore
      await expect(grid(runner, rows!, cols!)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });
});

describe("rmat", () => {
  it("F3: makes distinct edges over all of 0..N-1, N a power of two, with out-degrees", async () => {
    const graph = await rmat(runner, { vertices: 900, edges: 20000 });
    const pairs = pairsOf(graph.edges);
    expect(pairs).toHaveLength(20000);
    expect(new Set(pairs.map(([src, dst]) => 1024 * src + dst)).size).toBe(20000);
    const { ids, attrs } = verticesOf(graph);
    expect(ids).toEqual(upTo(1024));
    expect(attrs["outDegree"]).toEqual(count(pairs.map(([src]) => src), 1024)); // prettier-ignore
  });

  it("F3: can hit every id", async () => {
    const pairs = pairsOf((await rmat(runner, { vertices: 64, edges: 1000 })).edges);
    expect(new Set(pairs.map(([src]) => src)).size).toBe(64);
    expect(new Set(pairs.map(([, dst]) => dst)).size).toBe(64);
  });

  it("keeps the first of equal edges in the order of the sequence", async () => {
    const options = { vertices: 64, seed: 5 };
    const sequence = pairsOf((await rmat(runner, { ...options, edges: 20000, distinct: false })).edges);
    const first = new Map(sequence.map(([src, dst]) => [64 * src + dst, [src, dst]]));
    expect(pairsOf((await rmat(runner, { ...options, edges: 1000 })).edges)).toEqual(
      [...first.values()].slice(0, 1000),
    );
  });

  it.each<[string, Partial<RmatOptions>, number[]]>([
    ["F3: 0.45 / 0.15 / 0.15 / 0.25 by default", {}, [0.45, 0.15, 0.15, 0.25]],
    ["as the caller says", { a: 0.1, b: 0.2, c: 0.3, d: 0.4 }, [0.1, 0.2, 0.3, 0.4]],
  ])("chooses quadrants with chances %s", async (_name, chances, expected) => {
    const numEdges = 100000;
    const pairs = pairsOf((await rmat(runner, { vertices: 1024, edges: numEdges, distinct: false, ...chances })).edges);
    for (let level = 0; level < 10; level++) {
      const quadrants = count(pairs.map(([src, dst]) => 2 * ((src >> level) & 1) + ((dst >> level) & 1)), 4); // prettier-ignore
      // Within five standard deviations of the binomial.
      quadrants.forEach((found, quadrant) => {
        const p = expected[quadrant]!;
        expect(Math.abs(found - numEdges * p)).toBeLessThan(5 * Math.sqrt(numEdges * p * (1 - p)));
      });
    }
  });

  it("F3: compat has GraphX's ids in [N/2, N), without untouched ones", async () => {
    const graph = await rmat(runner, { vertices: 100, edges: 150, compat: true });
    const pairs = pairsOf(graph.edges);
    expect(pairs).toHaveLength(150);
    const touched = [...new Set(pairs.flat())].sort((a, b) => a - b);
    expect(touched[0]).toBeGreaterThanOrEqual(64);
    expect(touched.at(-1)).toBeLessThan(128);
    expect(touched.length).toBeLessThan(64);
    const { ids, attrs } = verticesOf(graph);
    expect(ids).toEqual(touched);
    const degrees = count(pairs.map(([src]) => src), 128); // prettier-ignore
    expect(attrs["outDegree"]).toEqual(ids.map((id) => degrees[id]));
  });

  it("finds as many distinct edges as it takes, up to a quarter of all", async () => {
    const pairs = pairsOf((await rmat(runner, { vertices: 32, edges: 256 })).edges);
    expect(new Set(pairs.map(([src, dst]) => 32 * src + dst)).size).toBe(256);
    expect(pairsOf((await rmat(runner, { vertices: 8, edges: 16, compat: true })).edges)).toHaveLength(16);
  });

  it.each<Partial<RmatOptions>>([
    { edges: 257 },
    { edges: 257, distinct: false, compat: true },
    { edges: -1 },
    { vertices: 1 },
    { vertices: 2 ** 30 + 1 },
    { seed: NaN },
    { a: 0.5 },
    { a: -0.15, b: 0.75 },
  ])("refuses %j", async (options) => {
    const graph = rmat(runner, { vertices: 32, edges: 10, ...options });
    await expect(graph).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("kronecker", () => {
  it("has degree * 2^scale edges over 2^scale vertices", async () => {
    const graph = await kronecker(runner, { scale: 10 });
    expect(pairsOf(graph.edges)).toHaveLength(16384);
    expect(verticesOf(graph).ids).toEqual(upTo(1024));
    expect(Math.max(...pairsOf(graph.edges).flat())).toBeLessThan(1024);
  });

  it("has the sequence of R-MAT degrees with GAP's chances, under permuted ids", async () => {
    const pairs = pairsOf((await kronecker(runner, { scale: 12, degree: 20 })).edges);
    const degrees = count(pairs.map(([src]) => src), 4096).sort((a, b) => b - a); // prettier-ignore
    // The largest of 2^12 sources has the chance 0.76^12, but for noise.
    const expected = pairs.length * 0.76 ** 12;
    expect(Math.abs(degrees[0]! - expected)).toBeLessThan(5 * Math.sqrt(expected));
    const half = pairs.filter(([src]) => src < 2048).length / pairs.length; // 0.76 if ids were not permuted
    expect(Math.abs(half - 0.5)).toBeLessThan(0.15);
  });

  it.each([
    { scale: 0 },
    { scale: 31 },
    { scale: 28, degree: 16 },
    { scale: 5, degree: 0 },
    { scale: 5, seed: Infinity },
  ])("refuses %j", async (options) => {
    // prettier-ignore
    await expect(kronecker(runner, options)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("relabel", () => {
  it.each([0, 1, 2, 7, 16])("is a permutation of %d bits that depends on the seed", (bits) => {
    for (const seed of [1, 2, 3]) {
      const labels = relabeling(seed, bits);
      expect(new Set(upTo(2 ** bits).map((id) => relabel(labels, id))).size).toBe(2 ** bits);
      expect(Math.max(...upTo(2 ** bits).map((id) => relabel(labels, id)))).toBeLessThan(2 ** bits);
    }
    const differing = upTo(2 ** bits).filter(
      (id) => relabel(relabeling(1, bits), id) !== relabel(relabeling(2, bits), id),
    );
    if (bits === 16) expect(differing.length).toBeGreaterThan(65000);
  });
});

describe("uniform and randomEdges", () => {
  it("draw both ends from all vertices alike", async () => {
    const graph = await uniform(runner, { vertices: 10, edges: 300000 });
    const pairs = pairsOf(graph.edges);
    expect(pairs).toHaveLength(300000);
    expect(verticesOf(graph).ids).toEqual(upTo(10));
    for (const cell of count(
      pairs.map(([src, dst]) => 10 * src + dst),
      100,
    )) {
      // prettier-ignore
      expect(Math.abs(cell - 3000)).toBeLessThan(5 * Math.sqrt(3000));
    }
  });

  it("draw destinations of one source below maxId", async () => {
    const pairs = pairsOf(await randomEdges(runner, 77, 1000, 5));
    expect(new Set(pairs.map(([src]) => src))).toEqual(new Set([77]));
    expect(count(pairs.map(([, dst]) => dst), 5).every((found) => found > 140)).toBe(true); // prettier-ignore
    await expect(async () => randomEdges(runner, 1, 1, 0)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("refuse counts that are none", async () => {
    for (const options of [
      { vertices: 0, edges: 1 },
      { vertices: 1, edges: -1 },
      { vertices: 1, edges: 1, seed: NaN },
    ]) {
      await expect(uniform(runner, options)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });
});

describe("logNormal", () => {
  it("F2: has log-normal out-degrees below n, kept as attribute", async () => {
    const vertices = 20000;
    const graph = await logNormal(runner, { vertices, mu: 2, sigma: 0.5 });
    const { ids, attrs } = verticesOf(graph);
    const pairs = pairsOf(graph.edges);
    expect(ids).toEqual(upTo(vertices));
    expect(attrs["outDegree"]).toEqual(count(pairs.map(([src]) => src), vertices)); // prettier-ignore
    expect(pairs.every(([, dst]) => dst < vertices)).toBe(true);
    // P(degree >= 8) is P(Z >= (ln 8 - 2) / 0.5), 0.43695 by the normal distribution.
    const share = attrs["outDegree"]!.filter((degree) => degree >= 8).length / vertices;
    expect(Math.abs(share - 0.43695)).toBeLessThan(5 * Math.sqrt((0.437 * 0.563) / vertices));
  });

  it("F2: draws again while a degree is not below n", async () => {
    const { attrs } = verticesOf(await logNormal(runner, { vertices: 50 }));
    expect(Math.max(...attrs["outDegree"]!)).toBeLessThan(50);
    expect(verticesOf(await logNormal(runner, { vertices: 1 })).attrs["outDegree"]).toEqual([0]);
  });

  it.each([
    { vertices: 0 },
    { vertices: 10, sigma: -1 },
    { vertices: 10, mu: NaN },
    { vertices: 10, mu: 9 },
    { vertices: 10, mu: 3, sigma: 0 },
  ])("refuses %j", async (options) => {
    // prettier-ignore
    await expect(logNormal(runner, options)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe.each<[string, (runner: TaskRunner, seed: number) => Promise<GeneratedGraph>]>([
  ["rmat", (on, seed) => rmat(on, { vertices: 4096, edges: 300000, seed })],
  ["rmat, repeated edges", (on, seed) => rmat(on, { vertices: 4096, edges: 300000, distinct: false, seed })],
  ["kronecker", (on, seed) => kronecker(on, { scale: 14, seed })],
  ["uniform", (on, seed) => uniform(on, { vertices: 5000, edges: 300000, seed })],
  ["logNormal", (on, seed) => logNormal(on, { vertices: 9000, mu: 2, seed })],
])("%s", (_name, make) => {
  async function digest(threads: number, seed: number): Promise<string> {
    const on = serialRunner(threads);
    const { edges, vertices } = await make(on, seed);
    const { topology } = await buildTopology(on, { chunks: edges, vertexIds: vertices.map(({ ids }) => ids), numPartitions: 3 }); // prettier-ignore
    return digestOf(on.arena, topology);
  }

  it("depends on the seed, and not on threads", async () => {
    expect(await digest(1, 1)).toBe(await digest(5, 1));
    expect(await digest(1, 2)).not.toBe(await digest(1, 1));
  });
});
