/**
 * How long columns live: what is given back, when, and what comes again.
 */
import { describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import { Graph } from "../../graph/graph.ts";
import type { Edge, VertexId } from "../../graph/types.ts";
import { useContext } from "../support/context.ts";
import { attrsOf, edges, graphOf, randomArcs } from "../support/graphs.ts";
import { usedAfterGarbage } from "../support/usedBytes.ts";

type Weighted = Graph<number, number>;

/** A graph of any attributes. */
interface Derived {
  readonly vertices: { collect(): Promise<unknown[]> };
  readonly triplets: { collect(): Promise<unknown[]>; count(): Promise<number> };
  unpersist(): Promise<void>;
}

/** Each way to a new graph. */
const derivations: Record<string, (graph: Weighted) => Derived | Promise<Derived>> = {
  mapVertices: (graph) => graph.mapVertices((id) => ({ text: `${id}`, n: 1 })),
  mapEdges: (graph) => graph.mapEdges((edge) => edge.attr + 1),
  mapTriplets: (graph) => graph.mapTriplets((triplet) => triplet.srcAttr + triplet.attr),
  reverse: (graph) => graph.reverse(),
  "subgraph by vertices": (graph) => graph.subgraph({ vertex: (id) => Number(id) % 3 > 0 }),
  "subgraph by edges": (graph) => graph.subgraph({ edge: (triplet) => triplet.attr > 4 }),
  mask: (graph) => graph.mask(graph),
  groupEdges: (graph) => graph.groupEdges((a, b) => a + b),
  joinVertices: (graph) => graph.joinVertices(graph.degrees, (_id, attr, degree) => attr + degree),
  outerJoinVertices: (graph) =>
    graph.outerJoinVertices(graph.collectNeighborIds("either"), (_id, _attr, ids) => ids?.length ?? 0),
  "joining other tables": (graph) =>
    graph.joinVertices(graph.ctx.parallelize<VertexId, number>([[1, 5]], 1), (_id, attr, value) => attr + value),
  "joining messages": (graph) =>
    graph.joinVertices(
      graph.aggregateMessages<number>({ sendMessage: (edge) => edge.sendToSrc(1), mergeMessage: (a, b) => a + b }),
      (_id, _attr, count) => count,
    ),
  partitionBy: (graph) => graph.partitionBy("EdgePartition2D", 4),
  "pageRank by rounds": async (graph) => (await graph.pageRank({ iterations: 3 })).graph,
  "pageRank by tolerance": async (graph) => (await graph.pageRank({ tolerance: 0.01, weight: "attr" })).graph,
  "pageRank as probabilities": async (graph) =>
    (await graph.pageRank({ tolerance: 0.01, scale: "probability", source: 1 })).graph,
  "pageRank unscaled": async (graph) => (await graph.pageRank({ iterations: 2, scale: "none" })).graph,
  connectedComponents: async (graph) => (await graph.connectedComponents()).graph,
  shortestPaths: async (graph) => (await graph.shortestPaths({ landmarks: [1, 2] })).graph,
  "weighted shortestPaths": async (graph) =>
    (await graph.shortestPaths({ landmarks: [1], weight: (edge) => edge.attr, direction: "either" })).graph,
  sssp: async (graph) => (await graph.sssp({ source: 1 })).graph,
  "weighted sssp with a path": async (graph) => {
    const run = await graph.sssp({ source: 1, weight: "attr", direction: "either" });
    expect((await run.pathTo(2))!.vertices[0]).toBe(1);
    return run.graph;
  },
  bfs: async (graph) => (await graph.bfs({ source: 1, direction: "either" })).graph,
  pregel: async (graph) =>
    (
      await graph.pregel<number>({
        initialMessage: 0,
        vertexProgram: (_id, attr, message) => attr + message,
        sendMessage: (edge) => edge.sendToDst(1),
        mergeMessage: (a, b) => a + b,
        maxSupersteps: 4,
      })
    ).graph,
};

describe("G10: unpersist", () => {
  const ctx = useContext("local[2]");
  let shared: Promise<Weighted> | undefined;
  const base = (): Promise<Weighted> =>
    (shared ??= graphOf(ctx, [...edges("1>2>1"), ...randomArcs(1, 30, 90)], 3).materialize());

  it.each(Object.entries(derivations))("leaves the arena as it was, at once: %s", async (_name, derive) => {
    const graph = await base();
    const use = async (): Promise<unknown[]> => {
      const derived = await derive(graph);
      const found = [await derived.triplets.collect(), await derived.vertices.collect()];
      await derived.unpersist();
      return found;
    };
    const first = await use(); // leaves what belongs to the shape: rows by source, degrees
    const before = await usedAfterGarbage(ctx);
    expect(await use()).toEqual(first);
    expect(ctx.driver.arena.usedBytes, JSON.stringify(ctx.driver.arena.owners())).toBe(before);
  });

  it.each(Object.entries(derivations))("makes it again if it is used after all: %s", async (_name, derive) => {
    const graph = await base();
    const derived = await derive(graph);
    const [vertices, triplets] = [await derived.vertices.collect(), await derived.triplets.collect()];
    await derived.unpersist();
    const before = await usedAfterGarbage(ctx);
    expect(await derived.vertices.collect()).toEqual(vertices);
    expect(await derived.triplets.collect()).toEqual(triplets);
    expect(await usedAfterGarbage(ctx, before)).toBe(before); // lent for each action
  });

  it.each(Object.entries(derivations))("of its parent leaves a derived graph whole: %s", async (_name, derive) => {
    const lonely = await usedAfterGarbage(ctx);
    const parent = graphOf(ctx, [...edges("1>2>1"), ...randomArcs(2, 20, 50)], 2);
    const derived = await derive(parent);
    const expected = await (await derive(parent)).triplets.collect();
    await parent.unpersist();
    expect(await derived.triplets.collect()).toEqual(expected);
    await derived.unpersist();
    expect(await usedAfterGarbage(ctx, lonely)).toBe(lonely);
  });

  it("gives everything back, after tables and RDDs were used", async () => {
    const before = await usedAfterGarbage(ctx);
    const graph = graphOf(ctx, randomArcs(3, 20, 60), 3);
    await graph.degrees.collect();
    await graph.inDegrees.map(([id]) => id).count();
    await graph.collectNeighborIds("out").take(3);
    await graph.edges
      .map(({ attr }) => attr)
      .distinct()
      .count();
    await graph.vertices.get(1);
    await graph.unpersist();
    expect(ctx.driver.arena.usedBytes).toBe(before);
  });

  it("does nothing the second time, nor to graphs that share the columns", async () => {
    const before = await usedAfterGarbage(ctx);
    const graph = graphOf(ctx, edges("1>2>3"), 2);
    const heavier = graph.mapEdges((edge) => edge.attr * 2);
    await heavier.materialize();
    await graph.unpersist();
    await graph.unpersist();
    expect(await heavier.vertices.count()).toBe(3);
    await heavier.unpersist();
    expect(ctx.driver.arena.usedBytes).toBe(before);
  });

  it("of a graph that was never used lets its parent's columns go", async () => {
    const before = await usedAfterGarbage(ctx);
    const graph = await graphOf(ctx, edges("1>2>3"), 2).materialize();
    const unused = [graph.mapVertices(() => 1), graph.reverse(), graph.subgraph({}), graph.groupEdges((a) => a)];
    unused.push(unused[1]!.reverse(), graph.partitionBy("RandomVertexCut", 2), graph.mask(graph));
    await graph.unpersist();
    for (const each of unused) await each.unpersist();
    expect(ctx.driver.arena.usedBytes).toBe(before);
  });

  it("waits for those that are reading", async () => {
    const before = await usedAfterGarbage(ctx);
    const graph = await graphOf(ctx, edges("1>2>3"), 2).materialize();
    const reading = graph.vertices.map(([id]) => id).collect();
    const writing = graph.mapVertices((id) => Number(id) + 1).vertices.collect();
    await graph.unpersist();
    expect([await reading, (await writing).length]).toEqual([[1, 2, 3], 3]);
    expect(await usedAfterGarbage(ctx, before)).toBe(before);
  });
});

describe("graphs that nobody holds", () => {
  const ctx = useContext("local[2]");

  it("give their columns back when the garbage is collected; persisted ones stay until unpersist", async () => {
    const before = await usedAfterGarbage(ctx);
    await (async () => {
      const graph = graphOf(ctx, randomArcs(1, 30, 90), 3);
      for (const derive of Object.values(derivations)) await (await derive(graph)).triplets.count();
      expect(ctx.driver.arena.usedBytes).toBeGreaterThan(before);
      expect(await graph.numVertices()).toBe(30); // it is held until here
    })();
    expect(await usedAfterGarbage(ctx, before)).toBe(before);

    const vertices = await (async () => {
      const graph = await graphOf(ctx, edges("1>2"), 1)
        .mapVertices(() => "kept")
        .persist()
        .materialize();
      return new WeakRef(graph);
    })();
    const kept = await usedAfterGarbage(ctx);
    expect(kept).toBeGreaterThan(before);
    await vertices.deref()!.unpersist();
    expect(await usedAfterGarbage(ctx, before)).toBe(before);
  });

  it("are collected, and the work is done again, where the arena is full", async () => {
    const small = await Context.create({ master: "local[2]", config: { arenaBytes: 65536 * 8 } });
    try {
      let graph: Graph<number, number> = graphOf(small, randomArcs(1, 2000, 4000), 2);
      for (let round = 0; round < 60; round++) graph = await graph.mapVertices((_id, attr) => attr + 1).materialize();
      expect(new Set((await attrsOf(graph)).values())).toEqual(new Set([60]));
    } finally {
      await small.stop();
    }
  });

  it("G9: a chain of 2,000 lazy operators is made without a deep stack", async () => {
    const before = await usedAfterGarbage(ctx);
    let graph: Graph<number, number> = graphOf(ctx, edges("1>2"), 1);
    for (let round = 0; round < 2000; round++) graph = graph.mapVertices((_id, attr) => attr + 1);
    expect([...(await attrsOf(graph)).values()]).toEqual([2000, 2000]);
    await graph.unpersist();
    expect(await usedAfterGarbage(ctx, before)).toBe(before);
  });
});

describe("where making fails", () => {
  const ctx = useContext("local[2]", { config: { arenaBytes: 65536 * 16 } });

  it.each([
    [
      "a vertex that is known from an edge alone",
      (numbers: [VertexId, unknown][]) => Graph.create(ctx.parallelize(numbers, 1), ctx.parallelize(edges("1>99"), 1)),
    ],
    [
      "attributes of several types",
      (numbers: [VertexId, unknown][]) =>
        Graph.create(ctx.parallelize([...numbers, ["x", 1]], 2), ctx.parallelize(edges("1>2"), 1)),
    ],
    [
      "vertices of several types",
      (numbers: [VertexId, unknown][]) =>
        Graph.create(ctx.parallelize([...numbers, [1000, "x"]], 2), ctx.parallelize(edges("1>2"), 1), {
          defaultVertex: 0,
        }),
    ],
    [
      "edges of several types",
      () =>
        Graph.fromEdges(ctx.parallelize<Edge<unknown>>([...edges("1>2"), { srcId: 5, dstId: 6, attr: "x" }], 2), {
          defaultVertex: 0,
        }),
    ],
    [
      "a merge that throws",
      (numbers: [VertexId, unknown][]) =>
        Graph.create(ctx.parallelize([...numbers, ...numbers], 2), ctx.parallelize(edges("1>2"), 1), {
          mergeVertices: () => {
            throw new Error("no");
          },
          defaultVertex: 0,
        }),
    ],
    [
      "a function that throws",
      (numbers: [VertexId, unknown][]) =>
        Graph.create(ctx.parallelize(numbers, 2), ctx.parallelize(edges("1>2"), 1), { defaultVertex: 0 }).mapVertices(
          (id): number => {
            throw new Error(`no ${id}`);
          },
        ),
    ],
  ])("nothing stays allocated: %s", async (_what, make) => {
    const before = await usedAfterGarbage(ctx);
    const graph = make(Array.from({ length: 40 }, (_, at) => [at + 10, at]));
    await expect(graph.materialize()).rejects.toThrow();
    await graph.unpersist();
    expect(await usedAfterGarbage(ctx, before)).toBe(before);
  });

  it("rows and degrees by source are made the next time, once there is room", async () => {
    const graph = await graphOf(ctx, randomArcs(2, 500, 5000), 2).materialize();
    const expected = new Map<VertexId, number>();
    for (const { srcId } of await graph.edges.collect()) expected.set(srcId, (expected.get(srcId) ?? 0) + 1);
    const { arena } = ctx.driver;
    const blocks = [];
    for (let bytes = 65536 * 16; bytes >= 64;) {
      try {
        blocks.push(arena.allocate("uint8", bytes, "test"));
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
    await expect(graph.outDegrees.collect()).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    await expect(graph.collectNeighborIds("out").count()).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    for (const block of blocks) arena.free(block);
    expect(new Map(await graph.outDegrees.collect())).toEqual(expected);
    const neighbours = await graph.collectNeighborIds("out").collect();
    expect(new Map(neighbours.filter(([, ids]) => ids.length > 0).map(([id, ids]) => [id, ids.length]))).toEqual(
      expected,
    );
  });
});

describe("persist", () => {
  const ctx = useContext("local[1]");

  it("makes columns once, however often they are read", async () => {
    const made = ctx.accumulator(0, (a, b) => a + b);
    const graph = graphOf(ctx, edges("1>2>3"), 2)
      .mapVertices((id) => {
        made.add(1);
        return Number(id);
      })
      .cache();
    for (let round = 0; round < 3; round++) await graph.vertices.collect();
    expect(made.value).toBe(4);
    await graph.unpersist();
  });

  it("refuses levels other than memory: columns live in the arena", () => {
    const graph = graphOf(ctx, edges("1>2"), 1);
    expect(graph.persist("memory")).toBe(graph);
    expect(() => graph.persist("disk" as "memory")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
