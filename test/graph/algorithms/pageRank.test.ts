import { describe, expect, it } from "vitest";
import type { PageRankRun } from "../../../graph/algorithms/pageRank.ts";
import { useContext } from "../../support/context.ts";
import { bitsOf, largestDifference } from "../../support/bits.ts";
import { attrsOf, edges, graphOf, idsOf, randomArcs } from "../../support/graphs.ts";
import { powerIteration } from "../../reference/powerIteration.ts";

// a→b b→c c→b f→c e→f e→d d→a a→e, isolated g: the graph of GRAPHX.md, section 6, with a = 1 … g = 7.
const named = edges("1>2>3>2 6>3 5>6 5>4>1>5");
const isolated = [7];

describe("pageRank", () => {
  const ctx = useContext("local[2]");

  describe.each([1, 2, 5])("over %i partitions", (numPartitions) => {
    const graph = () => graphOf(ctx, named, numPartitions, isolated);
    const rounded = async (result: Promise<PageRankRun>) => {
      const ranks = await attrsOf((await result).graph);
      return [1, 2, 3, 4, 6, 5, 7].map((id) => Number(ranks.get(id)!.toFixed(6)));
    };

    it.each([
      ["none", [0.394049, 2.374358, 2.342963, 0.285579, 0.285579, 0.317471, 0.15]],
      ["graphx", [0.448512, 2.702522, 2.666788, 0.325049, 0.325049, 0.361349, 0.170732]],
      ["probability", [0.064084, 0.38465, 0.382279, 0.046468, 0.046468, 0.051661, 0.02439]],
    ] as const)("R2, R4, R5: gives the published ranks after 10 rounds, scale %s", async (scale, expected) => {
      expect(await rounded(graph().pageRank({ iterations: 10, scale }))).toEqual(expected);
    });

    it("gives the published ranks once converged", async () => {
      const expected = [0.446006, 2.664468, 2.710804, 0.323853, 0.323853, 0.360284, 0.170732];
      expect(await rounded(graph().pageRank({ tolerance: 1e-12 }))).toEqual(expected);
    });

    it.each(["none", "graphx", "probability"] as const)(
      "R7: gives the published ranks from a, scale %s",
      async (scale) => {
        const expected = [0.177108, 0.336614, 0.345915, 0.031892, 0.031892, 0.076578, 0];
        const ranks = await rounded(graph().pageRank({ iterations: 10, source: 1, scale }));
        ranks.forEach((rank, at) => expect(rank).toBeCloseTo(expected[at]!, 6));
      },
    );

    it.each([
      [0.15, 0],
      [0.1, 9],
      [0.01, 24],
      [0.001, 38],
    ])("R3: tolerance %d takes %i supersteps", async (tolerance, expected) => {
      const { supersteps, converged } = await graph().pageRank({ tolerance });
      expect([supersteps, converged]).toEqual([expected, true]);
    });
  });

  it("R3: with a tolerance of the reset probability or more, every rank is 1", async () => {
    const { graph } = await graphOf(ctx, named, 2, isolated).pageRank({ tolerance: 0.5 });
    expect([...(await attrsOf(graph)).values()].map((rank) => rank.toFixed(12))).toEqual(
      Array(7).fill("1.000000000000"),
    );
  });

  it.each([
    ["none", [0.15, 0.21375, 0.21375]],
    ["graphx", [0.779221, 1.11039, 1.11039]],
    ["probability", [0.259741, 0.37013, 0.37013]],
  ] as const)("gives the published ranks with sinks, scale %s", async (scale, expected) => {
    const { graph } = await graphOf(ctx, edges("1>2 1>3"), 2).pageRank({ iterations: 10, scale });
    expect([...(await attrsOf(graph)).values()].map((rank) => Number(rank.toFixed(6)))).toEqual(expected);
  });

  it("R10: weighs edges", async () => {
    const { graph } = await graphOf(ctx, edges("1-3>2 1>3"), 2).pageRank({ iterations: 10, weight: "attr" });
    const ranks = [...(await attrsOf(graph)).values()].map((rank) => Number(rank.toFixed(6)));
    expect(ranks).toEqual([0.779221, 1.275974, 0.944805]);
  });

  it("R10: weights of 1 give the bits of no weights", async () => {
    const arcs = randomArcs(3, 40, 200).map((arc) => ({ ...arc, attr: 1 }));
    const plain = await graphOf(ctx, arcs, 3).pageRank({ iterations: 12 });
    const weighted = await graphOf(ctx, arcs, 2).pageRank({ iterations: 12, weight: (edge) => edge.attr });
    expect(await bitsOf(weighted.graph)).toBe(await bitsOf(plain.graph));
  });

  it.each([-1, NaN, Infinity])("R10: refuses the weight %d and names the edge", async (attr) => {
    const arcs = [...edges("1>2>3"), { srcId: 3, dstId: 4, attr }];
    await expect(graphOf(ctx, arcs, 2).pageRank({ iterations: 1, weight: "attr" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("3 -> 4"),
    });
  });

  it("R1: result edges carry their share", async () => {
    const { graph } = await graphOf(ctx, edges("1>2 1>3 1>3 2>2"), 2).pageRank({ iterations: 1 });
    const shares = (await graph.edges.collect()).map(({ srcId, dstId, attr }) => [srcId, dstId, attr]);
    expect(shares).toEqual([
      [1, 2, 1 / 3],
      [2, 2, 1],
      [1, 3, 1 / 3],
      [1, 3, 1 / 3],
    ]);
  });

  it.each([
    [{ iterations: 20, scale: "none" }],
    [{ iterations: 20, scale: "graphx" }],
    [{ iterations: 20, scale: "probability" }],
    [{ iterations: 20, scale: "probability", source: 3 }],
    [{ tolerance: 1e-14, scale: "graphx" }],
    [{ tolerance: 1e-15, scale: "probability" }],
    [{ tolerance: 1e-15, scale: "graphx", source: 0 }],
    [{ iterations: 15, scale: "graphx", weight: "attr" }],
  ] as const)("agrees with power iteration on a random graph: %j", async (options) => {
    const arcs = randomArcs(7, 60, 300);
    const { iterations, scale, source, weight } = {
      iterations: undefined,
      source: undefined,
      weight: undefined,
      ...options,
    };
    const expected = powerIteration(idsOf(arcs, [99]), arcs, {
      resetProbability: 0.15,
      scale,
      ...(iterations !== undefined && { iterations }),
      ...(source !== undefined && { source }),
      ...(weight !== undefined && { weight: (edge) => edge.attr }),
    });
    const { graph } = await graphOf(ctx, arcs, 3, [99]).pageRank(options);
    expect(largestDifference(await attrsOf(graph), expected)).toBeLessThan(1e-11);
  });

  it("G8: takes a graph without edges, and one without vertices", async () => {
    const lonely = await graphOf(ctx, [], 2, [1, 2]).pageRank({ iterations: 3 });
    expect([...(await attrsOf(lonely.graph)).values()]).toEqual([1, 1]);
    const empty = await graphOf(ctx, [], 2).pageRank({ tolerance: 0.1 });
    expect([await empty.graph.numVertices(), empty.supersteps, empty.residual]).toEqual([0, 0, 0]);
  });

  it.each([
    [{}, "iterations and tolerance"],
    [{ iterations: 3, tolerance: 1 }, "iterations and tolerance"],
    [{ iterations: 0 }, "iterations"],
    [{ iterations: 2.5 }, "iterations"],
    [{ tolerance: -1 }, "tolerance"],
    [{ tolerance: NaN }, "tolerance"],
    [{ iterations: 1, resetProbability: 1.5 }, "resetProbability"],
    [{ iterations: 1, scale: "percent" as "none" }, "scale"],
    [{ iterations: 1, source: 12345 }, "source"],
    [{ iterations: 1, weight: 5 as unknown as string }, "weight"],
  ])("G6: refuses %j", async (options, what) => {
    const run = graphOf(ctx, named, 1).pageRank(options);
    await expect(run).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(what) });
  });

  it("R11: reports the largest change of the last round", async () => {
    const before = await attrsOf((await graphOf(ctx, named, 2).pageRank({ iterations: 4, scale: "none" })).graph);
    const run = await graphOf(ctx, named, 2).pageRank({ iterations: 5, scale: "none" });
    const after = await attrsOf(run.graph);
    const changes = [...after].map(([id, rank]) => Math.abs(rank - before.get(id)!));
    expect(run.residual).toBe(Math.max(...changes));
  });
});
