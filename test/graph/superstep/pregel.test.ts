import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Context } from "../../../core/context.ts";
import { Graph } from "../../../graph/graph.ts";
import type { Edge, EdgeContext, EdgeDirection, VertexId } from "../../../graph/types.ts";
import type { PregelOptions } from "../../../graph/superstep/pregel.ts";
import { naiveGraph } from "../../reference/naiveGraph.ts";
import { naivePregel } from "../../reference/naivePregel.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, edges, graphOf, randomArcs, type Arc } from "../../support/graphs.ts";
import { withSupersteps } from "../../support/superstepEvents.ts";
import { usedAfterGarbage } from "../../support/usedBytes.ts";

const directions: (EdgeDirection | undefined)[] = ["out", "in", "either", "both", undefined];

/** A program whose activity wanders: who sends depends on what was received, and the order of merging shows. */
const wandering = {
  initialMessage: "!",
  vertexProgram: (_id: VertexId, attr: string, message: string) => (attr + message).slice(-40),
  mergeMessage: (a: string, b: string) => `${a},${b}`,
  maxSupersteps: 6,
};
const toDestination = (edge: EdgeContext<string, number, string>): void => {
  if ((edge.srcAttr.length + edge.attr) % 3 !== 0) edge.sendToDst(`${edge.srcId}${edge.srcAttr.slice(-2)}`);
};
const bothWays = (edge: EdgeContext<string, number, string>): void => {
  if ((edge.srcAttr.length + edge.attr) % 3 !== 0) edge.sendToDst(`${edge.srcId}.${edge.attr}`);
  if ((edge.dstAttr.length + edge.attr) % 4 === 0) {
    edge.sendToSrc(`<${edge.dstId}`);
    edge.sendToSrc(`<${edge.attr}`);
  }
};

const counting = {
  initialMessage: 0,
  vertexProgram: (_id: VertexId, attr: number, message: number) => attr + message,
  sendMessage: (edge: EdgeContext<number, number, number>) => edge.sendToDst(1),
  mergeMessage: (a: number, b: number) => a + b,
};

function textGraph(ctx: Context, arcs: readonly Arc[], numPartitions: number): Graph<string, number> {
  return graphOf(ctx, arcs, numPartitions, [500]).mapVertices((id) => `v${id}`);
}

describe.each([
  ["local[1]", useContext("local[1]")],
  ["local[2]", useContext("local[2]")],
])("pregel on %s", (_master, ctx) => {
  it.each(directions)(
    "P2, P3, P5, G4: agrees with the plain loop on random graphs, active direction %s, edges scanned counted",
    async (activeDirection) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.constantFrom(1, 2, 5), fc.boolean(), async (seed, numPartitions, isTwoWay) => {
          const arcs = randomArcs(seed, 12, 30);
          const sendMessage = isTwoWay ? bothWays : toDestination;
          const program = { ...wandering, ...(activeDirection && { activeDirection }), sendMessage };
          const ids: VertexId[] = [...arcs.flatMap(({ srcId, dstId }) => [srcId, dstId]), 500];
          const expected = naivePregel(
            naiveGraph(
              ids.map((id) => [id, `v${id}`] as const),
              arcs,
              "",
            ),
            program,
          );
          const graph = textGraph(ctx, arcs, numPartitions);
          const { result, scanned, messages } = await withSupersteps(ctx, () => graph.pregel(program));
          expect(await attrsOf(result.graph)).toEqual(expected.vertices);
          expect([result.supersteps, result.converged]).toEqual([expected.supersteps, expected.converged]);
          // A scan that sends both ways looks at an edge from either end.
          expect(scanned).toEqual(expected.scanned.map((count) => (isTwoWay ? 2 * count : count)));
          expect(messages).toEqual(expected.messages);
        }),
        { numRuns: 8, seed: 11 },
      );
    },
  );

  it("G4: over a vertex cut, merges within parts, then across, in their order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom(1, 2, 5), fc.constantFrom(...directions), async (seed, parts, way) => {
        const arcs = randomArcs(seed, 10, 25);
        const program = { ...wandering, ...(way && { activeDirection: way }), sendMessage: bothWays };
        const partOf = (src: VertexId, dst: VertexId, n: number): number => (Number(src) * 7 + Number(dst)) % n;
        const start = naiveGraph(
          [...arcs.flatMap(({ srcId, dstId }) => [srcId, dstId]), 500].map((id) => [id, `v${id}`] as const),
          arcs,
          "",
        );
        const expected = naivePregel(start, program, ({ srcId, dstId }) => partOf(srcId, dstId, parts));
        const graph = textGraph(ctx, arcs, 3).partitionBy(partOf, parts);
        const { result, messages } = await withSupersteps(ctx, () => graph.pregel(program));
        expect(await attrsOf(result.graph)).toEqual(expected.vertices);
        expect([result.supersteps, result.converged]).toEqual([expected.supersteps, expected.converged]);
        expect(messages).toEqual(expected.messages);
      }),
      { numRuns: 10, seed: 5 },
    );
  });

  it("P1: the initial message reaches every vertex, uncounted; with a limit of 3 a program runs 4 times at most", async () => {
    const run = await graphOf(ctx, edges("1>2>3>1"), 2, [9]).pregel({
      initialMessage: 0,
      vertexProgram: (_id, runs) => runs + 1,
      sendMessage: (edge) => edge.sendToDst(1),
      mergeMessage: (a, b) => a + b,
      maxSupersteps: 3,
    });
    expect(await attrsOf(run.graph)).toEqual(
      new Map([
        [1, 4],
        [2, 4],
        [3, 4],
        [9, 1],
      ]),
    );
    expect([run.supersteps, run.converged]).toEqual([3, false]);
  });

  it("P3: a vertex that received a message is active, although it did not change", async () => {
    const { result, scanned } = await withSupersteps(ctx, () =>
      graphOf(ctx, edges("1>2>3 4>5"), 2).pregel({
        initialMessage: 0,
        activeDirection: "out",
        vertexProgram: (_id, attr) => attr,
        sendMessage: (edge) => {
          if (edge.srcId === 1 || edge.srcId === 2) edge.sendToDst(0);
        },
        mergeMessage: (a) => a,
        maxSupersteps: 4,
      }),
    );
    expect(scanned).toEqual([3, 1, 0]); // 2 and 3 received: only 2 has an edge; then 3, which has none
    expect([result.supersteps, result.converged]).toEqual([2, true]);
  });

  it("P4: an edge sends any number of messages, to both its ends", async () => {
    const run = await graphOf(ctx, edges("1>2 1>2 2>2"), 2).pregel<string>({
      initialMessage: "",
      vertexProgram: (_id, attr, message) => (message === "" ? attr : message.length),
      sendMessage: (edge) => {
        for (let i = 0; i < 3; i++) edge.sendToDst("d");
        for (let i = 0; i < 5; i++) edge.sendToSrc("s");
      },
      mergeMessage: (a, b) => a + b,
      maxSupersteps: 1,
    });
    expect(await attrsOf(run.graph)).toEqual(
      new Map([
        [1, 10],
        [2, 14],
      ]),
    );
  });

  it("P5: a program that sends nothing takes no superstep, and has converged", async () => {
    const run = await graphOf(ctx, edges("1>2"), 1).pregel({
      initialMessage: 7,
      vertexProgram: (_id, _attr, message) => message,
      sendMessage: () => {},
      mergeMessage: (a) => a,
    });
    expect([await attrsOf(run.graph), run.supersteps, run.converged]).toEqual([
      new Map([
        [1, 7],
        [2, 7],
      ]),
      0,
      true,
    ]);
  });

  it("G8: runs on a graph without edges, and on one without vertices", async () => {
    const program = { ...wandering, sendMessage: bothWays };
    const lonely = await textGraph(ctx, [], 3).pregel(program);
    expect([await attrsOf(lonely.graph), lonely.supersteps]).toEqual([new Map([[500, "v500!"]]), 0]);
    const empty = Graph.create(ctx.parallelize<[VertexId, string]>([], 1), ctx.parallelize<Edge<number>>([], 2));
    const nothing = await empty.pregel(program);
    expect([await nothing.graph.vertices.collect(), nothing.converged]).toEqual([[], true]);
  });

  it("G2: leaves the graph it runs on as it was", async () => {
    const graph = graphOf(ctx, edges("1>2>3"), 2);
    const before = await graph.triplets.collect();
    await graph.pregel({ ...counting, maxSupersteps: 3 });
    expect(await graph.triplets.collect()).toEqual(before);
  });

  it("G6: refuses limits and directions that are none", async () => {
    const graph = graphOf(ctx, edges("1>2"), 1);
    for (const wrong of [
      { maxSupersteps: 0 },
      { maxSupersteps: -3 },
      { maxSupersteps: 2.5 },
      { maxSupersteps: NaN },
      { activeDirection: "up" as EdgeDirection },
    ]) {
      const [[name, value]] = Object.entries(wrong) as [[string, unknown]];
      await expect(graph.pregel({ ...counting, ...wrong })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(new RegExp(`^pregel: ${name} must be .*, got .*${String(value)}`)),
      });
    }
  });
});

describe("the memory of pregel", () => {
  const ctx = useContext("local[2]");

  it("G9: takes 2,000 supersteps along a path with two generations of columns, a list and a message a vertex, and no deep stack", async () => {
    const numVertices = 2001;
    const path = Array.from({ length: numVertices - 1 }, (_, at): Arc => ({ srcId: at, dstId: at + 1, attr: 1 }));
    const graph = await graphOf(ctx, path, 3).materialize();
    const { arena } = ctx.driver;
    const longest: PregelOptions<number, number, number> = {
      initialMessage: 0,
      activeDirection: "out",
      vertexProgram: (_id, attr, message) => Math.max(attr, message),
      sendMessage: (edge) => {
        if (edge.srcAttr + 1 > edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
      },
      mergeMessage: (a, b) => Math.max(a, b),
    };
    await (await graph.pregel<number>(longest)).graph.unpersist(); // rows by source stay with the graph
    const before = await usedAfterGarbage(ctx);
    let most = 0;
    const stop = ctx.driver.events.subscribe((event) => {
      if (event.type === "superstep") most = Math.max(most, arena.usedBytes - before);
    });
    const run = await graph.pregel<number>(longest);
    stop();
    expect([run.supersteps, run.converged]).toEqual([numVertices - 1, true]);
    expect(Math.max(...(await attrsOf(run.graph)).values())).toBe(numVertices - 1);
    // two lists, where rows begin, a message; a bit for each vertex
    const sparse = (2 * 4 + 4 + 8 + 1 / 8) * numVertices + 8 * 64 + 4096;
    expect(most).toBeLessThanOrEqual(2 * (9 * numVertices + 2 * 64) + sparse);
    await run.graph.unpersist();
    expect(arena.usedBytes).toBe(before);
  });
});
