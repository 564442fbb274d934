import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Graph } from "../../../graph/graph.ts";
import type { PartitionStrategy } from "../../../graph/partition/strategy.ts";
import type { Edge, VertexId } from "../../../graph/types.ts";
import { unionFind } from "../../reference/unionFind.ts";
import { largestDifference } from "../../support/bits.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, edges, graphOf, idsOf, randomArcs } from "../../support/graphs.ts";

const strategies: PartitionStrategy[] = [
  "EdgePartition1D",
  "EdgePartition2D",
  "RandomVertexCut",
  "CanonicalRandomVertexCut",
  (src, dst, n) => (Number(src) * 31 + Number(dst)) % n,
];

/** GraphX's hash, signed 64 bits wrapping. */
const hash = (id: VertexId): bigint => {
  const product = BigInt.asIntN(64, BigInt(id) * 1125899906842597n);
  return product < 0n ? -product : product;
};

describe("partitionBy", () => {
  const ctx = useContext("local[2]");
  const partsOf = async (graph: Graph<number, number>): Promise<Edge<number>[][]> => graph.edges.glom().collect();

  it.each(strategies)("gives all algorithms the results of the default layout: %s", async (strategy) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom(1, 2, 5), async (seed, numParts) => {
        const arcs = [...edges("1>2"), ...randomArcs(seed, 14, 40)];
        const plain = graphOf(ctx, arcs, 3, [99]);
        const cut = plain.partitionBy(strategy, numParts);

        const components = await cut.connectedComponents();
        expect(await attrsOf(components.graph)).toEqual(unionFind(idsOf(arcs, [99]), arcs));
        expect(components.supersteps).toBe((await plain.connectedComponents()).supersteps);
        for (const options of [{ source: 1 }, { source: 1, weight: "attr", direction: "either" }] as const) {
          const [a, b] = [await plain.sssp(options), await cut.sssp(options)];
          expect(await attrsOf(b.graph)).toEqual(await attrsOf(a.graph));
          expect([b.supersteps, await b.pathTo(2)]).toEqual([a.supersteps, await a.pathTo(2)]);
        }
        const hops = [plain, cut].map(async (graph) =>
          attrsOf((await graph.bfs({ source: 1, direction: "in" })).graph),
        );
        expect(await hops[1]).toEqual(await hops[0]);
        const maps = [plain, cut].map(async (graph) => {
          return attrsOf((await graph.shortestPaths({ landmarks: [1, 2, 77] })).graph);
        });
        expect(await maps[1]).toEqual(await maps[0]);
        for (const options of [{ iterations: 9 }, { tolerance: 1e-6, weight: "attr" }] as const) {
          const [a, b] = [await plain.pageRank(options), await cut.pageRank(options)];
          // Sums are taken within parts, then across: in another order than along rows.
          expect(largestDifference(await attrsOf(b.graph), await attrsOf(a.graph))).toBeLessThan(1e-13);
        }
        expect(await cut.triplets.sortBy(({ srcId, dstId, attr }) => [srcId, dstId, attr]).collect()).toEqual(
          await plain.triplets.sortBy(({ srcId, dstId, attr }) => [srcId, dstId, attr]).collect(),
        );
      }),
      { numRuns: 3, seed: 8 },
    );
  });

  it.each(strategies)("keeps each edge in one part, in the order of the graph's edges: %s", async (strategy) => {
    const arcs = randomArcs(5, 20, 80);
    const graph = graphOf(ctx, arcs, 2);
    const order = (await graph.edges.collect()).map((edge) => JSON.stringify(edge));
    const cut = graph.partitionBy(strategy, 4);
    const parts = await partsOf(cut);
    expect([parts.length, cut.edges.numPartitions, cut.vertices.numPartitions]).toEqual([4, 4, 2]);
    expect(
      parts
        .flat()
        .map((edge) => JSON.stringify(edge))
        .sort(),
    ).toEqual(order.toSorted());
    for (const part of parts) {
      const places = part.map(({ srcId, dstId }) =>
        order.findIndex((text) => text.includes(`"srcId":${srcId},"dstId":${dstId},`)),
      );
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });

  it("X1: EdgePartition1D puts an edge where its source's hash says", async () => {
    const sources = [1, 2, 3, 100, 1e6, 2 ** 32 + 1, -1];
    const arcs = sources.map((srcId, at): Edge<number> => ({ srcId, dstId: at, attr: 0 }));
    const parts = await partsOf(graphOf(ctx, arcs, 2).partitionBy("EdgePartition1D", 7));
    const found = sources.map((srcId) => parts.findIndex((part) => part.some((edge) => edge.srcId === srcId)));
    expect(found).toEqual([5, 3, 1, 3, 2, 2, 5]); // GRAPHX.md, section 6
    expect(found).toEqual(sources.map((srcId) => Number(hash(srcId) % 7n)));
  });

  it.each([
    [4, [2, 3, 1]],
    [7, [5, 1, 1]],
  ])("X2: EdgePartition2D over %i parts puts edges as published", async (numParts, expected) => {
    const pairs: [number, number][] = [
      [1, 2],
      [3, 7],
      [1e6, 2 ** 32 + 1],
    ];
    const arcs = pairs.map(([srcId, dstId]): Edge<number> => ({ srcId, dstId, attr: 0 }));
    const parts = await partsOf(graphOf(ctx, arcs, 2).partitionBy("EdgePartition2D", numParts));
    expect(pairs.map(([src]) => parts.findIndex((part) => part.some(({ srcId }) => srcId === src)))).toEqual(expected);
  });

  it("X3: RandomVertexCut brings equal pairs together, the canonical one both directions", async () => {
    const arcs = randomArcs(6, 9, 200);
    const graph = graphOf(ctx, arcs, 3);
    const places = async (strategy: PartitionStrategy, keyOf: (edge: Edge<number>) => string) => {
      const seen = new Map<string, Set<number>>();
      (await partsOf(graph.partitionBy(strategy, 5))).forEach((part, at) => {
        for (const edge of part) seen.set(keyOf(edge), (seen.get(keyOf(edge)) ?? new Set()).add(at));
      });
      return [...seen.values()];
    };
    const pair = ({ srcId, dstId }: Edge<number>): string => `${srcId}>${dstId}`;
    const either = ({ srcId, dstId }: Edge<number>): string =>
      [String(srcId), String(dstId)].sort((a, b) => (a < b ? -1 : 1)).join("-");
    const random = await places("RandomVertexCut", pair);
    expect(random.every((at) => at.size === 1)).toBe(true);
    expect(new Set(random.flatMap((at) => [...at])).size).toBe(5);
    expect((await places("RandomVertexCut", either)).some((at) => at.size === 2)).toBe(true);
    expect((await places("CanonicalRandomVertexCut", either)).every((at) => at.size === 1)).toBe(true);
  });

  it("keeps the number of parts unless it is told, and cuts a cut graph anew", async () => {
    const graph = graphOf(ctx, randomArcs(7, 10, 30), 3);
    expect(graph.partitionBy("RandomVertexCut").edges.numPartitions).toBe(3);
    const twice = graph.partitionBy("RandomVertexCut", 5).partitionBy((_src, dst, n) => Number(dst) % n);
    expect(
      (await partsOf(twice)).map((part) =>
        part.every(({ dstId }, _at, all) => Number(dstId) % 5 === Number(all[0]!.dstId) % 5),
      ),
    ).toEqual(Array(5).fill(true));
    expect(await twice.inDegrees.collect()).toEqual(await graph.inDegrees.collect());
  });

  it("holds on operators: attributes change in place, new shapes have the default layout", async () => {
    const graph = graphOf(ctx, randomArcs(8, 10, 40), 2);
    const cut = graph.partitionBy("EdgePartition2D", 6);
    const mapped = cut.mapVertices((id) => Number(id)).mapTriplets((triplet) => triplet.srcAttr - triplet.dstAttr);
    const byHand = (await partsOf(cut)).map((part) => part.map((edge) => Number(edge.srcId) - Number(edge.dstId)));
    expect((await partsOf(mapped)).map((part) => part.map(({ attr }) => attr))).toEqual(byHand);
    expect(await cut.reverse().edges.collect()).toEqual(await graph.reverse().edges.collect());
    expect(await cut.subgraph({ edge: (e) => e.attr > 4 }).edges.collect()).toEqual(
      await graph.subgraph({ edge: (e) => e.attr > 4 }).edges.collect(),
    );
  });

  it("takes parts without edges, graphs of strings, and one part", async () => {
    const named = [{ srcId: "a", dstId: "b", attr: 1 }];
    for (const strategy of strategies.slice(0, 4)) {
      expect((await partsOf(graphOf(ctx, named, 1, ["z"]).partitionBy(strategy, 9))).flat()).toEqual(named);
    }
    const { graph } = await graphOf(ctx, named, 1, ["z"]).partitionBy("RandomVertexCut", 1).connectedComponents();
    expect([...(await attrsOf(graph)).values()]).toEqual(["a", "a", "z"]);
  });

  it.each([
    ["a strategy that is none", "HashPartition" as PartitionStrategy, 2],
    ["no parts", "RandomVertexCut", 0],
    ["half a part", "RandomVertexCut", 2.5],
    ["too many parts", "RandomVertexCut", 65537],
  ] as const)("refuses %s at the call", (_what, strategy, numParts) => {
    expect(() => graphOf(ctx, edges("1>2"), 1).partitionBy(strategy, numParts)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it.each([2, -1, 0.5, NaN, "0"])("refuses %s from a function, naming the edge", async (part) => {
    const cut = graphOf(ctx, edges("1>2"), 1).partitionBy(() => part as number, 2);
    await expect(cut.edges.count()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/integer in \[0, 2\), got .* for the edge 1 -> 2/),
    });
  });
});
