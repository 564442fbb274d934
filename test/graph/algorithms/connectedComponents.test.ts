import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { componentsByProgram, connectedComponents } from "../../../graph/algorithms/connectedComponents.ts";
import { unionFind } from "../../reference/unionFind.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, edges, graphOf, idsOf, randomArcs } from "../../support/graphs.ts";

describe("connectedComponents", () => {
  const ctx = useContext("local[2]");

  describe.each([
    ["kernel", connectedComponents],
    ["program", componentsByProgram],
  ] as const)("by %s", (method, find) => {
    it.each([1, 2, 5])("C1: agrees with union-find on random graphs over %i partitions", async (numPartitions) => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(),
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: 0, max: 50 }),
          async (seed, n, m) => {
            const arcs = randomArcs(seed, n, m);
            const run = await find(graphOf(ctx, arcs, numPartitions, [1000]));
            expect(await attrsOf(run.graph)).toEqual(unionFind(idsOf(arcs, [1000]), arcs));
            expect([run.method, run.converged]).toEqual([method, true]);
          },
        ),
        { numRuns: 15 },
      );
    });

    it("compares string ids by code points, and integers by value, also beyond 2^53", async () => {
      const names = [
        { srcId: "b", dstId: "a", attr: 1 },
        { srcId: "\u{1f600}", dstId: "\uffee", attr: 1 },
      ];
      const { graph } = await find(graphOf(ctx, names, 2));
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
      const components = await attrsOf((await find(graphOf(ctx, large, 2))).graph);
      expect(components.get(2n ** 60n)).toBe(-7);
      expect(components.get(9007199254740993n)).toBe(9007199254740992n);
      const negative = await attrsOf((await find(graphOf(ctx, edges("4>5>6"), 2, [-3]))).graph);
      expect([...negative]).toEqual([
        [-3, -3],
        [4, 4],
        [5, 4],
        [6, 4],
      ]);
    });

    it("takes a graph without vertices", async () => {
      expect(await attrsOf((await find(graphOf(ctx, [], 2))).graph)).toEqual(new Map());
    });

    it("keeps edge attributes", async () => {
      const { graph } = await find(graphOf(ctx, edges("1-5>2 2-7>3"), 2));
      expect((await graph.edges.collect()).map(({ attr }) => attr)).toEqual([5, 7]);
    });

    it("computes its result again after unpersist", async () => {
      const { graph } = await find(graphOf(ctx, edges("1>2 3>4"), 2));
      await graph.unpersist();
      expect([...(await attrsOf(graph)).values()]).toEqual([1, 1, 3, 3]);
    });
  });

  it("over a vertex cut gives the same", async () => {
    const arcs = randomArcs(5, 60, 50);
    const cut = graphOf(ctx, arcs, 3).partitionBy("EdgePartition2D", 4);
    expect(await attrsOf((await cut.connectedComponents()).graph)).toEqual(unionFind(idsOf(arcs), arcs));
  });

  it.each([
    ["a path of 3 edges", edges("1>2>3>4"), 3],
    ["a star", edges("2>1 3>1 4>1"), 1],
    ["no edge between different vertices", edges("1>1"), 0],
    ["a ring of 6", edges("1>2>3>4>5>6>1"), 3],
  ])("as a program takes as many supersteps as the lowest id is far: %s", async (_shape, arcs, expected) => {
    expect((await componentsByProgram(graphOf(ctx, arcs, 2))).supersteps).toBe(expected);
  });

  it("C2: cut short, gives the lowest id within so many hops", async () => {
    const run = await graphOf(ctx, edges("1>2>3>4>5"), 2).connectedComponents({ maxSupersteps: 2 });
    expect([...(await attrsOf(run.graph)).values()]).toEqual([1, 1, 1, 2, 3]);
    expect([run.supersteps, run.converged, run.method]).toEqual([2, false, "program"]);
  });

  it("refuses a limit that is no positive integer", async () => {
    const run = graphOf(ctx, edges("1>2"), 1).connectedComponents({ maxSupersteps: 0 });
    await expect(run).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
