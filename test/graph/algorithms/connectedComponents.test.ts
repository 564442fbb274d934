import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unionFind } from "../../reference/unionFind.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, edges, graphOf, idsOf, randomArcs } from "../../support/graphs.ts";

describe("connectedComponents", () => {
  const ctx = useContext("local[2]");

  it.each([1, 2, 5])("C1: agrees with union-find on random graphs over %i partitions", async (numPartitions) => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 50 }),
        async (seed, n, m) => {
          const arcs = randomArcs(seed, n, m);
          const { graph, converged } = await graphOf(ctx, arcs, numPartitions, [1000]).connectedComponents();
          expect(await attrsOf(graph)).toEqual(unionFind(idsOf(arcs, [1000]), arcs));
          expect(converged).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });

  it.each([
    ["a path of 3 edges", edges("1>2>3>4"), 3],
    ["a star", edges("2>1 3>1 4>1"), 1],
    ["no edge between different vertices", edges("1>1"), 0],
    ["a ring of 6", edges("1>2>3>4>5>6>1"), 3],
  ])("takes as many supersteps as the lowest id is far: %s", async (_shape, arcs, expected) => {
    expect((await graphOf(ctx, arcs, 2).connectedComponents()).supersteps).toBe(expected);
  });

  it("C2: cut short, gives the lowest id within so many hops", async () => {
    const run = await graphOf(ctx, edges("1>2>3>4>5"), 2).connectedComponents({ maxSupersteps: 2 });
    expect([...(await attrsOf(run.graph)).values()]).toEqual([1, 1, 1, 2, 3]);
    expect([run.supersteps, run.converged]).toEqual([2, false]);
  });

  it("compares string ids by code points, and integers by value, also beyond 2^53", async () => {
    const names = [
      { srcId: "b", dstId: "a", attr: 1 },
      { srcId: "\u{1f600}", dstId: "\uffee", attr: 1 },
    ];
    const { graph } = await graphOf(ctx, names, 2).connectedComponents();
    expect(await attrsOf(graph)).toEqual(
      new Map([
        ["a", "a"],
        ["b", "a"],
        ["\uffee", "\uffee"],
        ["\u{1f600}", "\uffee"],
      ]),
    );
    const large = [
      { srcId: 2n ** 60n, dstId: -7, attr: 1 },
      { srcId: 9007199254740993n, dstId: 9007199254740992n, attr: 1 },
    ];
    const components = await attrsOf((await graphOf(ctx, large, 2).connectedComponents()).graph);
    expect(components.get(2n ** 60n)).toBe(-7);
    expect(components.get(9007199254740993n)).toBe(9007199254740992n);
  });

  it("keeps edge attributes", async () => {
    const { graph } = await graphOf(ctx, edges("1-5>2 2-7>3"), 2).connectedComponents();
    expect((await graph.edges.collect()).map(({ attr }) => attr)).toEqual([5, 7]);
  });

  it("refuses a limit that is no positive integer", async () => {
    const run = graphOf(ctx, edges("1>2"), 1).connectedComponents({ maxSupersteps: 0 });
    await expect(run).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
