import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bfs, bfsByProgram } from "../../../graph/algorithms/bfs.ts";
import { ssspByProgram } from "../../../graph/algorithms/sssp.ts";
import { Graph } from "../../../graph/graph.ts";
import { dijkstra } from "../../reference/dijkstra.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, edges, graphOf, idsOf, randomArcs, type Arc } from "../../support/graphs.ts";

const shapes = {
  "a chain against id order": edges("0>9>4>1"),
  "a detour that is shorter": edges("0-5>1 0>2>1"),
  "two offers in one superstep": edges("0>1-9>3 0>2>3"),
  "a self-loop and parallel edges": edges("0>0-3>1 0-2>1"),
  "a part out of reach": edges("0>1 7>8"),
  "edges of length 0 in a circle": edges("0-0>1-0>2-0>0 2-1>3"),
};

const reversed = (arcs: readonly Arc[]): Arc[] =>
  arcs.map(({ srcId, dstId, attr }) => ({ srcId: dstId, dstId: srcId, attr }));
const hops = (arcs: readonly Arc[]): Arc[] => arcs.map((arc) => ({ ...arc, attr: 1 }));

describe("sssp", () => {
  const ctx = useContext("local[2]");

  describe.each([1, 2, 5])("over %i partitions", (numPartitions) => {
    it.each(Object.entries(shapes))("agrees with Dijkstra on %s", async (_shape, arcs) => {
      const { graph, converged } = await graphOf(ctx, arcs, numPartitions).sssp({ source: 0, weight: "attr" });
      expect(await attrsOf(graph)).toEqual(dijkstra(idsOf(arcs), arcs, 0));
      expect(converged).toBe(true);
    });
  });

  it("agrees with Dijkstra on random graphs, along, against and across edges", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 80 }),
        async (seed, n, m) => {
          const arcs = [{ srcId: 0, dstId: 0, attr: 1 }, ...randomArcs(seed, n, m)];
          const graph = graphOf(ctx, arcs, 3);
          const both = [...arcs, ...reversed(arcs)];
          for (const [direction, expected] of [
            ["out", arcs],
            ["in", reversed(arcs)],
            ["either", both],
          ] as const) {
            const run = await graph.sssp({ source: 0, weight: "attr", direction });
            expect(await attrsOf(run.graph)).toEqual(dijkstra(idsOf(arcs), expected, 0));
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it("gives paths that are as long as it says, along edges that exist", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const arcs = [{ srcId: 0, dstId: 0, attr: 0 }, ...randomArcs(seed, 15, 45)];
        const run = await graphOf(ctx, arcs, 2).sssp({ source: 0, weight: "attr" });
        for (const [id, distance] of await attrsOf(run.graph)) {
          const path = await run.pathTo(id);
          if (distance === Infinity) {
            expect(path).toBeUndefined();
            continue;
          }
          let length = 0;
          path!.vertices.slice(1).forEach((to, at) => {
            const steps = arcs.filter((arc) => arc.srcId === path!.vertices[at] && arc.dstId === to);
            length += Math.min(...steps.map(({ attr }) => attr));
          });
          expect([path!.vertices[0], path!.vertices.at(-1), path!.distance, length]).toEqual([
            0,
            id,
            distance,
            distance,
          ]);
        }
      }),
      { numRuns: 10 },
    );
  });

  it("takes the path with fewest edges, then by the lowest ids", async () => {
    const run = await graphOf(ctx, edges("0-2>3 0-1>1-1>3 0-1>2-1>3 3>9 0-2>4-1>9"), 2).sssp({
      source: 0,
      weight: "attr",
    });
    expect(await run.pathTo(9)).toEqual({ vertices: [0, 3, 9], distance: 3 });
  });

  it.each([
    ["a chain of 4 edges", edges("0>1>2>3>4"), 4],
    ["a direct edge beside an equally long detour", edges("0-2>1 0>2>1"), 1],
  ])("as a program takes as many supersteps as the header says on %s", async (_shape, arcs, expected) => {
    const { supersteps } = await ssspByProgram(graphOf(ctx, arcs, 2), { source: 0, weight: "attr" });
    expect(supersteps).toBe(expected);
  });

  it("as a kernel counts the bands that held vertices: without weights the depths", async () => {
    const graph = graphOf(ctx, edges("0-9>1-9>2 0>3 8>9"), 2);
    const run = await graph.sssp({ source: 0 });
    expect([run.supersteps, run.converged, run.method]).toEqual([2, true, "kernel"]);
    const weighted = await graph.sssp({ source: 0, weight: "attr" });
    expect([weighted.supersteps, weighted.method]).toEqual([3, "kernel"]); // a band is 1.5 wide: 0 and 1, 9, 18
  });

  it.each([
    ["the attribute", "attr", (arc: Arc) => arc.attr],
    ["a function", (edge: Arc) => edge.attr * 0.1, (arc: Arc) => arc.attr * 0.1],
    ["nothing", undefined, () => 1],
  ] as const)("leaves as edge attribute what weighed: %s", async (_what, weight, expected) => {
    const arcs = randomArcs(4, 12, 30);
    const options = { source: arcs[0]!.srcId, ...(weight && { weight }) };
    for (const run of [
      await graphOf(ctx, arcs, 2).sssp(options),
      await ssspByProgram(graphOf(ctx, arcs, 2), options),
    ]) {
      const found = (await run.graph.edges.collect()).map(({ attr }) => attr).toSorted((a, b) => a - b);
      expect(found).toEqual(arcs.map(expected).toSorted((a, b) => a - b));
    }
  });

  it("takes a field of the attribute as weight, and computes its result again after unpersist", async () => {
    const records = edges("0-5>1 0-2>2 2-2>1").map((arc) => ({ ...arc, attr: { name: "road", km: arc.attr } }));
    const graph = Graph.fromEdges(ctx.parallelize(records, 2), { defaultVertex: 0 });
    const run = await graph.sssp({ source: 0, weight: "km" });
    expect(run.method).toBe("kernel");
    await run.graph.unpersist();
    expect([...(await attrsOf(run.graph)).values()]).toEqual([0, 4, 2]);
    expect((await run.graph.edges.collect()).map(({ attr }) => attr)).toEqual([5, 2, 2]);
    await expect(graph.sssp({ source: 0, weight: "miles" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(graph.sssp({ source: 0, weight: "name" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it.each([-1, NaN, Infinity])("refuses the weight %d and names the edge", async (attr) => {
    const arcs = [...edges("1>2>3"), { srcId: 3, dstId: 4, attr }];
    await expect(graphOf(ctx, arcs, 2).sssp({ source: 1, weight: "attr" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("3 -> 4"),
    });
  });

  it("refuses an unknown source, and negative lengths by the name of their edge", async () => {
    const graph = graphOf(ctx, [...edges("0>1"), { srcId: 1, dstId: 2, attr: -3 }], 2);
    await expect(graph.sssp({ source: 77 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(graph.sssp({ source: 0, weight: "attr" })).rejects.toThrow("1 -> 2");
  });

  it("takes 5 and 5n for one source", async () => {
    const { graph } = await graphOf(ctx, edges("5>6"), 1).sssp({ source: 5n });
    expect(await attrsOf(graph)).toEqual(
      new Map([
        [5, 0],
        [6, 1],
      ]),
    );
  });
});

describe("bfs", () => {
  const ctx = useContext("local[2]");
  const ends = [
    ["out", (arcs: readonly Arc[]) => arcs],
    ["in", reversed],
    ["either", (arcs: readonly Arc[]) => [...arcs, ...reversed(arcs)]],
  ] as const;

  describe.each([
    ["kernel", bfs],
    ["program", bfsByProgram],
  ] as const)("by %s", (method, find) => {
    it.each(ends)("agrees with Dijkstra over edges of length 1 in direction %s", async (direction, along) => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(),
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: 0, max: 80 }),
          async (seed, n, m) => {
            const arcs = [{ srcId: 0, dstId: 0, attr: 1 }, ...randomArcs(seed, n, m)];
            const run = await find(graphOf(ctx, arcs, 3), { source: 0, direction });
            const depths = await attrsOf(run.graph);
            expect(depths).toEqual(dijkstra(idsOf(arcs), hops(along(arcs)), 0));
            expect(run.supersteps).toBe(Math.max(...[...depths.values()].filter((depth) => depth < Infinity)));
            expect([run.converged, run.method]).toEqual([true, method]);
          },
        ),
        { numRuns: 12 },
      );
    });

    it("goes on from level to level along a chain", async () => {
      const chain = Array.from({ length: 300 }, (_, id) => ({ srcId: id, dstId: id + 1, attr: 1 }));
      const run = await find(graphOf(ctx, chain, 3), { source: 0 });
      expect([...(await attrsOf(run.graph)).values()]).toEqual(Array.from({ length: 301 }, (_, id) => id));
      expect(run.supersteps).toBe(300);
    });

    it.each([
      [2, [0, 1, 2, Infinity], 2, false],
      [3, [0, 1, 2, 3], 3, false],
      [4, [0, 1, 2, 3], 3, true],
    ])("stops at the limit %i, and says so", async (maxSupersteps, expected, supersteps, converged) => {
      const run = await find(graphOf(ctx, edges("0>1>2>3"), 2), { source: 0, maxSupersteps });
      expect([...(await attrsOf(run.graph)).values()]).toEqual(expected);
      expect([run.supersteps, run.converged]).toEqual([supersteps, converged]);
    });

    it("takes 5n for 5, and refuses what is no vertex, no direction, no limit", async () => {
      const graph = graphOf(ctx, edges("5>6"), 1);
      expect([...(await attrsOf((await find(graph, { source: 5n })).graph)).values()]).toEqual([0, 1]);
      for (const bad of [{ source: 77 }, { source: 5, direction: "both" as "in" }, { source: 5, maxSupersteps: 0 }]) {
        await expect(find(graph, bad)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
    });
  });

  it("keeps edge attributes, and computes its result again after unpersist", async () => {
    const { graph } = await graphOf(ctx, edges("1-5>2 2-7>3"), 2).bfs({ source: 1 });
    await graph.unpersist();
    expect([...(await attrsOf(graph)).values()]).toEqual([0, 1, 2]);
    expect((await graph.edges.collect()).map(({ attr }) => attr)).toEqual([5, 7]);
  });
});

describe("shortestPaths", () => {
  const ctx = useContext("local[2]");

  it("D1: gives the hops of the published path", async () => {
    const { graph, supersteps } = await graphOf(ctx, edges("1>2>3>4"), 2).shortestPaths({ landmarks: [1, 4] });
    const found = [...(await attrsOf(graph)).values()].map((distances) => Object.fromEntries(distances));
    expect(found).toEqual([{ 1: 0, 4: 3 }, { 4: 2 }, { 4: 1 }, { 4: 0 }]);
    expect(supersteps).toBe(3);
  });

  it("D2: leaves out what is unreachable, and lists unknown landmarks", async () => {
    const run = await graphOf(ctx, edges("1>2 3>4"), 2).shortestPaths({ landmarks: [2, 99, 2n] });
    expect(run.unknown).toEqual([99]);
    expect((await attrsOf(run.graph)).get(4)!.size).toBe(0);
  });

  it.each(["out", "in", "either"] as const)(
    "D1, D3: agrees with Dijkstra in direction %s, weighted and not",
    async (direction) => {
      const arcs = randomArcs(11, 25, 70);
      const landmarks = [arcs[0]!.srcId, arcs[5]!.dstId, arcs[9]!.srcId];
      const there = direction === "in" ? arcs : direction === "out" ? reversed(arcs) : [...arcs, ...reversed(arcs)];
      for (const weight of [undefined, "attr"]) {
        const run = await graphOf(ctx, arcs, 3).shortestPaths({ landmarks, direction, ...(weight && { weight }) });
        const found = await attrsOf(run.graph);
        for (const landmark of landmarks) {
          const expected = dijkstra(idsOf(arcs), weight ? there : hops(there), landmark);
          for (const [id, distance] of expected) expect(found.get(id)!.get(landmark) ?? Infinity).toBe(distance);
        }
      }
    },
  );

  it("refuses an empty list of landmarks", async () => {
    const run = graphOf(ctx, edges("1>2"), 1).shortestPaths({ landmarks: [] });
    await expect(run).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
