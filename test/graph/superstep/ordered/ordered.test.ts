import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Context } from "../../../../core/context.ts";
import type { SuperstepEvent } from "../../../../core/schedule/events.ts";
import type { Graph } from "../../../../graph/graph.ts";
import { GraphGenerators } from "../../../../graph/load/graphGenerators.ts";
import type { PregelOptions } from "../../../../graph/superstep/pregel.ts";
import { bitsOf } from "../../../support/bits.ts";
import { useContext } from "../../../support/context.ts";
import { edges, graphOf, integersFrom, type Arc } from "../../../support/graphs.ts";
import { usedAfterGarbage } from "../../../support/usedBytes.ts";
import { relaxations } from "./relaxations.ts";

type Program = PregelOptions<number, number, number>;

/** What a run came to: its numbers to the bit, and what it said of its order. */
async function outcome(
  graph: Graph<number, number>,
  program: Program,
  order: Program["order"],
): Promise<{ bits: string; method: string | undefined; converged: boolean; told: string[]; steps: number }> {
  const told: string[] = [];
  let steps = 0;
  const stop = graph.ctx.on((event: SuperstepEvent) => {
    if (event.type === "order") told.push(`${event.method}: ${event.text}`);
    if (event.type === "superstep") steps++;
  });
  const run = await graph.pregel<number>({ ...program, ...(order && { order }) });
  stop();
  const bits = await bitsOf(run.graph);
  await run.graph.unpersist();
  return { bits, method: run.method, converged: run.converged, told, steps };
}

function lengthen(arcs: readonly Arc[], length: (at: number) => number): Arc[] {
  return arcs.map((arc, at) => ({ ...arc, attr: length(at) }));
}

/** Every vertex of [0, n), with these numbers to start with. */
function started(
  ctx: Context,
  arcs: readonly Arc[],
  numPartitions: number,
  starts: readonly number[],
): Graph<number, number> {
  const ids = starts.map((_start, id) => id);
  return graphOf(ctx, arcs, numPartitions, ids).mapVertices((id) => starts[Number(id)]!);
}

const values = fc.constantFrom(0, 1, 2, 3, 5, 8, 0.1, 0.7, 2.5, 40, 255, 256, 65536, 1e-300, 1e300);
const starts = fc.oneof(values, fc.constantFrom(-1, -2.5, -1e300, 7, 9));
const graphs = fc.integer({ min: 1, max: 24 }).chain((numVertices) => {
  const vertex = fc.nat({ max: numVertices - 1 });
  return fc.record({
    arcs: fc.array(fc.record({ srcId: vertex, dstId: vertex, attr: values }), { maxLength: 70 }),
    reached: fc.array(starts, { minLength: numVertices, maxLength: numVertices }),
    isReached: fc.array(fc.boolean(), { minLength: numVertices, maxLength: numVertices }),
    numPartitions: fc.integer({ min: 1, max: 4 }),
    at: fc.nat({ max: 2 }),
  });
});

describe("relaxations run by a kernel", () => {
  const contexts = [useContext("local[1]"), useContext("local[2]"), useContext("local[3]")];
  const one = contexts[0]!;

  it.each(Object.entries(relaxations))("come to what supersteps come to: %s", async (_name, program) => {
    await fc.assert(
      fc.asyncProperty(graphs, async ({ arcs, reached, isReached, numPartitions, at }) => {
        const unreached = program.initialMessage < 0 ? -Infinity : Infinity;
        const from = reached.map((value, at) => (isReached[at] ? value : unreached));
        const expected = await outcome(started(one, arcs, 1, from), program, "supersteps");
        const found = await outcome(started(contexts[at]!, arcs, numPartitions, from), program, "any");
        expect(found.bits).toBe(expected.bits);
        expect([found.method, found.converged, found.steps]).toEqual(["kernel", true, 0]);
        expect(found.told).toHaveLength(1);
        expect(found.told[0]).toMatch(/^kernel: any, by delta-stepping, because the program is a relaxation: /);
        expect([expected.method, expected.converged, expected.told]).toEqual(["program", true, []]);
      }),
      { numRuns: 10, seed: 5 },
    );
  });

  it.each(["shortest paths both ways", "labels", "widest paths"])(
    "meet on large graphs, where threads share bands: %s",
    async (name) => {
      const program = relaxations[name]!;
      const graphOn = async (ctx: Context): Promise<Graph<number, number>> =>
        (await GraphGenerators.rmat(ctx, { vertices: 20_000, edges: 160_000, seed: 3 }))
          .mapEdges(({ srcId, dstId }) => ((Number(srcId) * 7919 + Number(dstId) * 104729) % 300) / 4)
          .mapVertices((id) => (Number(id) * 7919) % 20_011);
      const expected = await outcome(await graphOn(one), program, "supersteps");
      for (const ctx of contexts) {
        const found = await outcome(await graphOn(ctx), program, "auto");
        expect(found.bits === expected.bits).toBe(true);
        expect(found.method).toBe("kernel");
      }
    },
  );
});

describe("the order of a program", () => {
  const ctx = useContext("local[2]");
  const plain = useContext("local[2]", { config: { compile: 0 } });
  const disturbed = useContext("local[1]", { chaos: "kill-thread@superstep=1000", config: { maxTaskFailures: 2 } });
  const shortest = relaxations["shortest paths"]!;
  const chain = edges("0-3>1-2.5>2 0-7>2");
  const from = [0, Infinity, Infinity];

  it("is told, and remembered for explain", async () => {
    const graph = started(ctx, chain, 2, from);
    const { told } = await outcome(graph, shortest, "any");
    const why = "the program is a relaxation: vertices keep the min of what edges offer, attribute + length";
    expect(told).toEqual([`kernel: any, by delta-stepping, because ${why}`]);
    expect((await graph.explain()).split("\n")).toContain(
      `function    order of pregel: any, by delta-stepping, because ${why}`,
    );
  });

  it.each<[why: string, program: Program, start?: readonly number[], lengths?: readonly number[]]>([
    ["maxSupersteps is set", { ...shortest, maxSupersteps: 100 }],
    ["mergeMessage is neither a minimum nor a maximum", { ...shortest, mergeMessage: (a, b) => (a < b ? a : b + 0) }],
    ["the initial message is no number, or NaN, or -0", { ...shortest, initialMessage: -0 }],
    ["a length", shortest, from, [3, -1, 7]],
    ["a length", shortest, from, [3, NaN, 7]],
    ["a length", shortest, from, [Infinity, 1, 7]],
    ["a length", relaxations["the least highest step"]!, from, [3, -0, 7]],
    ["a length", relaxations["widest paths"]!, from, [3, NaN, 7]],
    ["a length", shortest, [0, NaN, 5]],
    ["a length", shortest, [-0, 3, 5]],
    ["a length", shortest, [-Infinity, 3, 5]],
    ["a length", relaxations["what is reached"]!, [Infinity, 3, 5]],
  ])("is that of supersteps, because %s", async (why, program, start = from, lengths) => {
    const arcs = lengths ? lengthen(chain, (at) => lengths[at]!) : chain;
    const expected = await outcome(started(ctx, arcs, 1, start), program, "supersteps");
    const found = await outcome(started(ctx, arcs, 2, start), program, "any");
    expect(found.told).toHaveLength(1);
    expect(found.told[0]!.startsWith(`program: superstep by superstep, because ${why}`)).toBe(true);
    expect({ ...found, told: [] }).toEqual(expected);
  });

  it("is that of supersteps where kernels do not run: JavaScript, vertex cuts, checkpoints, faults", async () => {
    const bits = (await outcome(started(ctx, chain, 1, from), shortest, "any")).bits;
    const directory = mkdtempSync(path.join(tmpdir(), "superstep-ordered-"));
    try {
      const cut = started(ctx, chain, 1, from).partitionBy("EdgePartition1D", 2);
      const runs = [
        await outcome(started(plain, chain, 1, from), shortest, "any"),
        await outcome(cut, shortest, "any"),
        await outcome(started(ctx, chain, 1, from), { ...shortest, checkpointDirectory: directory }, "any"),
        await outcome(started(disturbed, chain, 1, from), shortest, "any"),
      ];
      expect(runs.map((run) => run.told.join())).toEqual(
        [
          "the setting compile is 0",
          "edges are laid out as a vertex cut",
          "checkpoints are of supersteps",
          "faults on purpose wait for supersteps",
        ].map((why) => `program: superstep by superstep, because ${why}`),
      );
      for (const run of runs) expect([run.bits, run.method]).toEqual([bits, "program"]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("is that of supersteps for attributes that are not one number each", async () => {
    const told: string[] = [];
    const stop = ctx.on((event) => event.type === "order" && told.push(event.text));
    const graph = started(ctx, chain, 1, from).mapVertices((_id, distance) => ({ distance }));
    const run = await graph.pregel<number>({
      initialMessage: Infinity,
      vertexProgram: (_id, { distance }, offered) => ({ distance: Math.min(distance, offered) }),
      sendMessage: (edge) => {
        const offered = edge.srcAttr.distance + edge.attr;
        if (offered < edge.dstAttr.distance) edge.sendToDst(offered);
      },
      mergeMessage: (a, b) => Math.min(a, b),
      order: "any",
    });
    stop();
    expect([run.method, run.supersteps]).toEqual(["program", 2]);
    expect(told).toEqual(["superstep by superstep, because attributes are not one number each"]);
  });

  it("is that of supersteps where the graph is small, unless any is asked for", async () => {
    const graph = started(ctx, chain, 1, from);
    const { told, method, steps } = await outcome(graph, shortest, undefined);
    expect([told, method]).toEqual([["program: superstep by superstep, because the graph is small"], "program"]);
    expect(steps).toBe(3); // the last one finds nothing
    const asked = await outcome(graph, shortest, "supersteps");
    expect([asked.told, asked.method]).toEqual([[], "program"]);
  });

  it("is one of three", async () => {
    const wrong = { ...shortest, order: "fast" } as unknown as Program;
    await expect(started(ctx, chain, 1, from).pregel<number>(wrong)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining('pregel: order must be "auto", "any" or "supersteps", got') as string,
    });
  });

  it("can be cancelled", async () => {
    const controller = new AbortController();
    const stop = ctx.on((event) => {
      if (event.type === "stage.start") controller.abort();
    });
    const graph = started(ctx, chain, 1, from);
    await graph.materialize();
    const run = graph.pregel<number>({ ...shortest, order: "any", signal: controller.signal });
    await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
    stop();
  });
});

describe("numbers far apart", () => {
  const ctx = useContext("local[2]");

  it("do not stall bands whose width is nothing beside them", async () => {
    const next = integersFrom(8);
    const arcs = Array.from({ length: 400 }, (): Arc => ({ srcId: next(80), dstId: next(80), attr: 2 ** -next(1070) }));
    const from = Array.from({ length: 80 }, (_none, id) => (id % 3 === 0 ? (id - 40) * 1e15 + 5e-324 * id : Infinity));
    for (const name of ["shortest paths", "shortest paths both ways", "the least highest step"]) {
      const program = relaxations[name]!;
      const expected = await outcome(started(ctx, arcs, 1, from), program, "supersteps");
      expect(await outcome(started(ctx, arcs, 3, from), program, "any")).toMatchObject({
        bits: expected.bits,
        method: "kernel",
      });
    }
  });
});

describe("what a kernel computed", () => {
  const ctx = useContext("local[1]");

  it("leaves no memory behind, and is computed again when it is wanted again", async () => {
    const used = await usedAfterGarbage(ctx);
    const graph = started(ctx, edges("0-3>1-2.5>2 0-7>2"), 2, [0, Infinity, Infinity]);
    const { graph: found } = await graph.pregel<number>({ ...relaxations["longer ways back"]!, order: "any" });
    const bits = await bitsOf(found);
    await found.unpersist();
    expect(await bitsOf(found)).toBe(bits);
    await found.unpersist();
    await graph.unpersist();
    expect(await usedAfterGarbage(ctx, used)).toBe(used);
  });
});
