import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { triangleCount, triangleCountByMessages } from "../../../graph/algorithms/triangleCount.ts";
import { GraphGenerators } from "../../../graph/load/graphGenerators.ts";
import { trianglesByTriples } from "../../reference/triangles.ts";
import { bitsOf } from "../../support/bits.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, edges, graphOf, idsOf, randomArcs } from "../../support/graphs.ts";
import { usedAfterGarbage } from "../../support/usedBytes.ts";

describe("triangleCount", () => {
  const ctx = useContext("local[2]");
  const one = useContext("local[1]");

  describe.each([
    ["kernel", triangleCount],
    ["program", triangleCountByMessages],
  ] as const)("by %s", (method, count) => {
    it.each([1, 2, 5])("T1: agrees with looking at all triples over %i partitions", async (numPartitions) => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(),
          fc.integer({ min: 1, max: 20 }),
          fc.integer({ min: 0, max: 90 }),
          async (seed, n, m) => {
            const arcs = randomArcs(seed, n, m);
            const expected = trianglesByTriples(idsOf(arcs, [1000]), arcs);
            const run = await count(graphOf(ctx, arcs, numPartitions, [1000]));
            expect(await attrsOf(run.graph)).toEqual(expected);
            expect(run.total).toBe([...expected.values()].reduce((sum, triangles) => sum + triangles, 0) / 3);
            expect([run.method, run.converged]).toEqual([method, true]);
          },
        ),
        { numRuns: 12 },
      );
    });

    it.each([
      ["a complete graph of 4", edges("1>2>3>4>1 1>3 2>4"), [3, 3, 3, 3]],
      ["one triangle, every edge both ways and twice, with loops", edges("1>2>3>1 3>2>1>3 1>2>3 1>1 2>2"), [1, 1, 1]],
      ["a pair of opposite edges", edges("1>2>1"), [0, 0]],
      ["two triangles with a common edge", edges("1>2>3>1 2>4>3"), [1, 2, 2, 1]],
    ])("T1: counts %s", async (_shape, arcs, expected) => {
      expect([...(await attrsOf((await count(graphOf(ctx, arcs, 2))).graph)).values()]).toEqual(expected);
    });

    it("takes string ids, a graph without edges, and one without vertices", async () => {
      const named = [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
      ].map(([srcId, dstId]) => ({ srcId: srcId!, dstId: dstId!, attr: 1 }));
      expect((await count(graphOf(ctx, named, 2))).total).toBe(1);
      expect([...(await attrsOf((await count(graphOf(ctx, [], 1, [5, 6]))).graph)).values()]).toEqual([0, 0]);
      expect((await count(graphOf(ctx, [], 1))).total).toBe(0);
    });
  });

  it("gives the same bits on one thread, on two, and by sets of neighbours, on a graph of many chunks", async () => {
    const options = { vertices: 6000, edges: 120_000, seed: 11 };
    const expected = await triangleCountByMessages(await GraphGenerators.rmat(ctx, { ...options }));
    expect(expected.total).toBeGreaterThan(10_000);
    const bits = await bitsOf(expected.graph);
    for (const context of [one, ctx]) {
      const run = await (await GraphGenerators.rmat(context, options)).triangleCount();
      expect((await bitsOf(run.graph)) === bits).toBe(true);
      expect(run.total).toBe(expected.total);
    }
  });

  it("keeps edge attributes, leaves nothing else in the arena, and stops when cancelled", async () => {
    const { graph } = await graphOf(ctx, edges("1-5>2 2-7>3"), 2).triangleCount();
    expect((await graph.edges.collect()).map(({ attr }) => attr)).toEqual([5, 7]);
    const large = await GraphGenerators.rmat(ctx, { vertices: 6000, edges: 60_000 });
    await large.parts.shape.use((shape) => shape.outDegrees());
    const before = await usedAfterGarbage(ctx);
    const abort = new AbortController();
    const unsubscribe = ctx.driver.events.subscribe(({ type }) => {
      if (type === "task.start") abort.abort();
    });
    await expect(large.triangleCount({ signal: abort.signal })).rejects.toMatchObject({ code: "CANCELLED" });
    unsubscribe();
    expect(ctx.driver.arena.usedBytes).toBe(before);
    const counted = await large.triangleCount();
    await counted.graph.unpersist();
    expect(ctx.driver.arena.usedBytes).toBe(before);
  });
});
