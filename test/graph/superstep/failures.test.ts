/**
 * User functions that throw, capture, or do not end.
 */
import { describe, expect, it } from "vitest";
import type { Graph } from "../../../graph/graph.ts";
import type { Run } from "../../../graph/types.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, edges, graphOf } from "../../support/graphs.ts";
import { usedAfterGarbage } from "../../support/usedBytes.ts";

type Runs = (graph: Graph<number, number>) => Promise<unknown>;

/** Each function of a program, throwing at vertex 3 or for edges to it. */
const throwing: Record<string, Runs> = {
  "vertex programs": (graph) =>
    graph.pregel({
      initialMessage: 0,
      vertexProgram: (id, attr) => {
        if (id === 3) throw new RangeError("three is out of range");
        return attr;
      },
      sendMessage: () => {},
      mergeMessage: (a) => a,
    }),
  "send functions": (graph) =>
    graph.pregel({
      initialMessage: 0,
      vertexProgram: (_id, attr) => attr,
      sendMessage: (edge) => {
        if (edge.dstId === 3) throw new RangeError("three is out of range");
      },
      mergeMessage: (a) => a,
    }),
  "merge functions": (graph) =>
    graph.pregel<number>({
      initialMessage: 0,
      vertexProgram: (_id, attr) => attr,
      sendMessage: (edge) => edge.sendToDst(1),
      mergeMessage: () => {
        throw new RangeError("three is out of range");
      },
    }),
  "mapped vertices": (graph) =>
    graph
      .mapVertices((id) => {
        if (id === 3) throw new RangeError("three is out of range");
        return 0;
      })
      .vertices.collect(),
  "mapped triplets": (graph) =>
    graph
      .mapTriplets((triplet) => {
        if (triplet.dstId === 3) throw new RangeError("three is out of range");
        return 0;
      })
      .edges.count(),
  predicates: (graph) =>
    graph
      .subgraph({
        vertex: (id) => {
          if (id === 3) throw new RangeError("three is out of range");
          return true;
        },
      })
      .numVertices(),
  "merges of parallel edges": (graph) =>
    graph
      .groupEdges(() => {
        throw new RangeError("three is out of range");
      })
      .edges.collect(),
  "sends of aggregateMessages": (graph) =>
    graph
      .aggregateMessages<number>({
        sendMessage: (edge) => {
          if (edge.dstId === 3) throw new RangeError("three is out of range");
          edge.sendToDst(1);
        },
        mergeMessage: (a) => a,
      })
      .collect(),
  strategies: (graph) =>
    graph
      .partitionBy((_src, dst) => {
        if (dst === 3) throw new RangeError("three is out of range");
        return 0;
      }, 2)
      .edges.collect(),
};

describe("what user functions throw", () => {
  const ctx = useContext("local[2]");

  it.each(Object.entries(throwing))(
    "comes with stage, partition, attempt, message and stack, from %s; nothing stays allocated",
    async (_what, run) => {
      const graph = await graphOf(ctx, edges("1>2 1>3 1>3 2>3"), 2).materialize();
      await graph.degrees.count(); // rows by source, which stay with the shape
      const { arena } = ctx.driver;
      const before = await usedAfterGarbage(ctx);
      const error = (await run(graph).then(
        () => undefined,
        (reason: unknown) => reason,
      )) as Error & { details: Record<string, unknown> };
      expect(error).toMatchObject({
        code: "TASK_FAILED",
        message: expect.stringContaining("RangeError: three is out of range"),
        details: { stage: expect.any(String), partition: expect.any(Number), attempt: 0 },
        cause: { name: "RangeError", message: "three is out of range" },
      });
      expect((error.cause as Error).stack).toContain("failures.test.ts");
      expect(await usedAfterGarbage(ctx, before), JSON.stringify(arena.owners())).toBe(before);
      await graph.unpersist();
    },
  );

  it.each([
    ["null", null],
    ["a string", "just text"],
    ["an object", { reason: 5 }],
  ])("may be anything: %s", async (_what, thrown) => {
    const run = graphOf(ctx, edges("1>2"), 1).mapVertices((): number => {
      throw thrown;
    });
    await expect(run.vertices.collect()).rejects.toMatchObject({ code: "TASK_FAILED" });
  });

  it("leaves the graph fit for the next program", async () => {
    const graph = graphOf(ctx, edges("1>2>3"), 2);
    await expect(throwing["vertex programs"]!(graph)).rejects.toThrow("three");
    expect((await graph.connectedComponents()).converged).toBe(true);
  });
});

describe("what functions capture", () => {
  const ctx = useContext("local[2]");

  it("travels: constants, arrays, typed arrays, functions, maps, broadcasts", async () => {
    const source = 2;
    const table = new Map([[2, "two"]]);
    const offsets = Float64Array.of(0, 100, 200, 300);
    const far = { limit: 3, add: (a: number, b: number): number => a + b };
    const shared = ctx.broadcast([0, 7, 8, 9]);
    const { graph } = await graphOf(ctx, edges("1>2>3"), 2)
      .mapVertices((id) => (id === source ? table.get(source)!.length : offsets[Number(id)]!))
      .pregel<number>({
        initialMessage: 0,
        vertexProgram: (_id, attr, message) => far.add(attr, message),
        sendMessage: (edge) => {
          if (edge.attr < far.limit) edge.sendToDst(shared.value[Number(edge.srcId)]!);
        },
        mergeMessage: far.add,
        maxSupersteps: 1,
      });
    expect([...(await attrsOf(graph)).values()]).toEqual([100, 3 + 7, 300 + 8]);
  });

  it("is taken at the call: what happens to a variable later is not seen", async () => {
    let factor = 2;
    const graph = graphOf(ctx, edges("1>2"), 1).mapVertices((id) => Number(id) * factor);
    factor = 100;
    expect([...(await attrsOf(graph)).values()]).toEqual([2, 4]);
    expect(factor).toBe(100);
  });

  it("is refused at the call if it cannot travel, by the variable's name", () => {
    const graph = graphOf(ctx, edges("1>2"), 1);
    const other = graph;
    const refusal = expect.objectContaining({ code: "NOT_SHIPPABLE", message: expect.stringContaining("`other`") });
    expect(() => graph.mapVertices(() => other.ctx.appName)).toThrow(refusal);
    expect(() => graph.subgraph({ vertex: () => other === undefined })).toThrow(refusal);
    expect(() => graph.partitionBy(() => (other === undefined ? 0 : 1), 2)).toThrow(refusal);
  });

  it("adds to accumulators, each vertex once", async () => {
    const visited = ctx.accumulator(0, (a, b) => a + b);
    await graphOf(ctx, edges("1>2>3>4"), 3).pregel({
      initialMessage: 0,
      vertexProgram: (_id, attr) => {
        visited.add(1);
        return attr;
      },
      sendMessage: () => {},
      mergeMessage: (a) => a,
    });
    expect(visited.value).toBe(4);
  });
});

describe("cancelling", () => {
  const ctx = useContext("local[2]");
  const forever = (graph: Graph<number, number>, signal: AbortSignal): Promise<Run<number, number, unknown>> =>
    graph.pregel<number>({
      initialMessage: 0,
      vertexProgram: (_id, attr) => attr + 1,
      sendMessage: (edge) => edge.sendToDst(1),
      mergeMessage: (a) => a,
      signal,
    });

  it("ends a program that would go on for ever, with CANCELLED and its reason; nothing stays allocated", async () => {
    const graph = await graphOf(ctx, edges("1>2>3>1"), 2).materialize();
    const { arena } = ctx.driver;
    const before = await usedAfterGarbage(ctx);
    const controller = new AbortController();
    const stop = ctx.driver.events.subscribe((event) => {
      if (event.type === "superstep" && event.n === 5) controller.abort(new Error("enough"));
    });
    await expect(forever(graph, controller.signal)).rejects.toMatchObject({ code: "CANCELLED" });
    stop();
    expect(arena.usedBytes).toBe(before);
    expect((await graph.connectedComponents({ maxSupersteps: 9 })).supersteps).toBe(1);
  });

  it("ends a superstep that does not end, while it runs", async () => {
    const controller = new AbortController();
    const stop = ctx.driver.events.subscribe((event) => {
      if (event.type === "task.start") setTimeout(() => controller.abort(), 20);
    });
    const graph = await graphOf(ctx, edges("1>2"), 1).materialize();
    const run = graph.pregel<number>({
      initialMessage: 0,
      vertexProgram: (_id, attr) => attr,
      sendMessage: () => {
        for (;;);
      },
      mergeMessage: (a) => a,
      signal: controller.signal,
    });
    await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
    stop();
    expect(await graph.numEdges()).toBe(1);
  });

  it("does not begin where the signal has aborted before", async () => {
    const aborted = AbortSignal.abort();
    const graph = graphOf(ctx, edges("1>2"), 1);
    await expect(forever(graph, aborted)).rejects.toMatchObject({ code: "CANCELLED" });
    for (const run of [
      () => graph.pageRank({ iterations: 3, signal: aborted }),
      () => graph.pageRank({ tolerance: 0.001, signal: aborted }),
      () => graph.connectedComponents({ signal: aborted }),
      () => graph.sssp({ source: 1, signal: aborted }),
      () => graph.bfs({ source: 1, signal: aborted }),
      () => graph.shortestPaths({ landmarks: [1], signal: aborted }),
    ]) {
      await expect(run()).rejects.toMatchObject({ code: "CANCELLED" });
    }
  });
});
