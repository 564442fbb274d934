import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Context } from "../../../core/context.ts";
import type { SuperstepEvent as Event } from "../../../core/schedule/events.ts";
import { Graph } from "../../../graph/graph.ts";
import { shipPregel, type PregelOptions } from "../../../graph/superstep/pregel.ts";
import type { TaskSet } from "../../../graph/partition/taskRunner.ts";
import type { SparseShared } from "../../../graph/superstep/sparse/sparseCrew.ts";
import type { SparseLimits } from "../../../graph/superstep/sparse/sparseSupersteps.ts";
import { shipSupersteps, superstepsOver, type SuperstepsSpec } from "../../../graph/superstep/superstepsOver.ts";
import type { EdgeDirection } from "../../../graph/types.ts";
import { bitsOf } from "../../support/bits.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, graphOf, randomArcs, type Arc } from "../../support/graphs.ts";
import { usedAfterGarbage } from "../../support/usedBytes.ts";

const always: SparseLimits = { maxShare: Infinity, minWork: 0, buildAfter: 0, copyAfter: 0 };
const never: SparseLimits = { maxShare: 0, minWork: 0, buildAfter: 0, copyAfter: 0 };

type Outcome = {
  readonly attrs: unknown;
  readonly supersteps: number;
  readonly converged: boolean;
  readonly globals: unknown;
  readonly told: readonly unknown[];
  readonly numPushes: number;
};

/** Runs a program on the graph of these edges; what came of it, values told apart to the bit. */
async function outcomeOf(
  ctx: Context,
  spec: SuperstepsSpec,
  arcs: readonly Arc[],
  numPartitions: number,
  sparse: SparseLimits,
  initial: (id: number) => unknown = (id) => (Number(id) * 7) % 13,
): Promise<Outcome> {
  const events: Event[] = [];
  const stop = ctx.on((event) => events.push(event));
  const graph = graphOf(ctx, arcs, numPartitions).mapVertices(initial as () => number);
  const run = await superstepsOver({ ...graph.parts, ctx }, { ...spec, sparse });
  stop();
  const attrs = Array.from(await attrsOf(new Graph(run.graph)), ([id, attr]) => [id, exactly(attr)]);
  await new Graph(run.graph).unpersist();
  await graph.unpersist();
  const ended = events.filter((event) => event.type === "superstep");
  const order = events.flatMap((event) => (event.type.startsWith("superstep") ? [(event as { n: number }).n] : []));
  expect(order).toEqual(ended.flatMap(({ n }) => [n, n]));
  const told = ended.map(({ n, active, messages, edgesScanned }) => [n, active, messages, edgesScanned]);
  const numPushes = ended.filter(({ direction }) => direction === "push").length;
  return { attrs, supersteps: run.supersteps, converged: run.converged, globals: run.globals, told, numPushes };
}

function exactly(value: unknown): unknown {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value).map(([name, item]) => [name, exactly(item)]);
}

/** The object, but for one member. */
function replacing<T extends object>(target: T, name: keyof T, value: unknown): T {
  return new Proxy(target, {
    get: (_, key): unknown => {
      if (key === name) return value;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

type Program = PregelOptions<never, number, never>;

const third = 1 / 3;

/** Programs whose results tell the order of messages, and who was active. */
const programs: Record<string, { readonly options: Program; readonly initial?: (id: number) => unknown }> = {
  "sums that round, to destinations": {
    options: {
      initialMessage: 0.1,
      vertexProgram: (_id: number, attr: number, sum: number) => (attr + sum) * 0.7,
      sendMessage: (edge: { srcAttr: number; attr: number; srcId: number; sendToDst(m: number): void }) => {
        if ((edge.srcId + edge.attr) % 3 === 0) edge.sendToDst(edge.srcAttr * 1.1 + edge.attr);
      },
      mergeMessage: (a: number, b: number) => a + b * third,
    } as unknown as Program,
  },
  "the last of several messages, to sources": {
    options: {
      initialMessage: 0,
      vertexProgram: (id: number, attr: number, last: number) => (attr * 3 + last + id) % 17,
      sendMessage: (edge: { srcAttr: number; dstAttr: number; dstId: number; sendToSrc(m: number): void }) => {
        for (let i = 0; i < 2; i++) if (edge.dstAttr > edge.srcAttr - i) edge.sendToSrc(edge.dstId + i);
      },
      mergeMessage: (a: number, b: number) => b - a * 0.25,
    } as unknown as Program,
  },
  "to both ends, records with what is missing": {
    options: {
      initialMessage: { from: 0, best: 0.5, any: true },
      vertexProgram: (
        id: number,
        v: { x: number; y: number },
        m: { from: number; best: number | null; any: boolean },
      ) => (m.any ? { x: v.x * 0.5 + m.from, y: m.best ?? v.y - id } : { x: v.y, y: v.x }),
      sendMessage: (edge: {
        srcId: number;
        dstId: number;
        srcAttr: { x: number; y: number };
        dstAttr: { x: number; y: number };
        attr: number;
        sendToSrc(m: unknown): void;
        sendToDst(m: unknown): void;
      }) => {
        if (edge.srcAttr.x > edge.dstAttr.y) edge.sendToDst({ from: edge.srcId, best: null, any: edge.attr > 4 });
        if (edge.attr % 2 === 0) edge.sendToSrc({ from: edge.dstId, best: edge.dstAttr.x, any: true });
      },
      mergeMessage: (a: { from: number; best: number | null; any: boolean }, b: typeof a) => ({
        from: a.from * 0.5 + b.from,
        best: a.best === null ? b.best : a.best,
        any: a.any !== b.any,
      }),
    } as unknown as Program,
    initial: (id) => ({ x: id % 5, y: id % 7 }),
  },
  "least sums, where few are active": {
    options: {
      initialMessage: Infinity,
      vertexProgram: (_id: number, distance: number, offered: number) => Math.min(distance, offered),
      sendMessage: (edge: { srcAttr: number; dstAttr: number; attr: number; sendToDst(m: number): void }) => {
        if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
      },
      mergeMessage: (a: number, b: number) => Math.min(a, b),
    } as unknown as Program,
    initial: (id) => (id === 3 ? 0 : Infinity),
  },
};

const directions: readonly EdgeDirection[] = ["out", "in", "either", "both"];

describe("sparse supersteps", () => {
  const one = useContext("local[1]");
  const two = useContext("local[2]");
  const three = useContext("local[3]");
  const asJavaScript = useContext("local[2]", { config: { compile: 0 } });

  it.each(Object.entries(programs))(
    "have the bits and the counts of scans of all rows, compiled or not: %s",
    async (_name, { options, initial }) => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(),
          fc.constantFrom(...directions),
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 40 }),
          async (seed, activeDirection, numPartitions, numVertices) => {
            const arcs = randomArcs(seed, numVertices, 1 + (seed % (3 * numVertices)));
            const spec = shipPregel("test", { ...options, activeDirection, maxSupersteps: 6 });
            const expected = await outcomeOf(asJavaScript, spec, arcs, numPartitions, always, initial);
            expect(expected.numPushes).toBe(0);
            for (const [ctx, limits] of [
              [one, always],
              [two, never],
              [three, always],
            ] as const) {
              const got = await outcomeOf(ctx, spec, arcs, numPartitions, limits, initial);
              // The first scans all edges: all vertices are active.
              expect(got.numPushes).toBe(limits === never ? 0 : got.told.length - 1);
              expect(got).toEqual({ ...expected, numPushes: got.numPushes });
            }
          },
        ),
        { numRuns: 7, seed: 11, endOnFailure: true },
      );
    },
  );

  it.each(directions)(
    "are cut into chunks of targets for several threads, with the bits of one: %s",
    async (activeDirection) => {
      const anywhere = randomArcs(5, 6000, 80_000);
      // From vertices to such as follow them closely: most vertices send into one chunk alone, and every fifth nowhere.
      const nearby = anywhere
        .filter(({ srcId }) => Number(srcId) % 5 !== 0)
        .map((arc, at): Arc => ({ ...arc, dstId: (Number(arc.srcId) + (at % 90)) % 6000 }));
      for (const arcs of [anywhere, nearby])
        for (const name of ["sums that round, to destinations", "to both ends, records with what is missing"]) {
          const { options, initial } = programs[name]!;
          const spec = shipPregel("test", { ...options, activeDirection, maxSupersteps: 3 });
          const expected = await outcomeOf(one, spec, arcs, 7, never, initial);
          expect(await outcomeOf(three, spec, arcs, 7, always, initial)).toEqual({ ...expected, numPushes: 2 });
        }
    },
  );

  it("bring values over all vertices together, for programs that are given them, and for `until`", async () => {
    const arcs = randomArcs(21, 300, 700);
    for (const endsAt of [undefined, 5]) {
      let numAsked = 0;
      const spec = (): SuperstepsSpec =>
        shipSupersteps<number, number, number>("test", {
          sendMessage: (edge) => {
            if (edge.srcAttr > edge.dstAttr) edge.sendToDst(edge.srcAttr * 0.3);
          },
          mergeMessage: (a, b) => a + b,
          vertexProgram: (_id, attr, message, globals) => attr + message / (1 + globals["total"]! + globals["most"]!),
          aggregators: {
            total: { kind: "sum", of: (before, after) => after - before },
            most: { kind: "max", of: (before, after) => before * 0.5 - after },
          },
          globals: { most: 0.25, total: 3 },
          activeDirection: "either",
          maxSupersteps: 9,
          ...(endsAt && { until: () => ++numAsked % endsAt === 0 }),
        });
      const expected = await outcomeOf(asJavaScript, spec(), arcs, 3, never);
      const got = await outcomeOf(two, spec(), arcs, 3, always);
      expect(got).toEqual({ ...expected, numPushes: expected.told.length - 1 });
      expect([got.converged, got.supersteps]).toEqual(endsAt ? [true, endsAt] : [false, 9]);
    }
  });

  it("leave a superstep that meets the first missing value to one that makes room for it", async () => {
    const arcs = Array.from({ length: 20 }, (_, at): Arc => ({ srcId: at, dstId: at + 1, attr: 1 }));
    const counting = (missingAt: number): SuperstepsSpec =>
      shipPregel<number | null, number, number>("test", {
        initialMessage: 0,
        activeDirection: "out",
        vertexProgram: (_id, attr, message) => (message === missingAt ? null : Math.max(attr ?? -1, message)),
        sendMessage: (edge) => {
          if ((edge.srcAttr ?? 50) >= (edge.dstAttr ?? 0)) edge.sendToDst((edge.srcAttr ?? 50) + 1);
        },
        mergeMessage: (a, b) => Math.max(a, b),
      });
    for (const missingAt of [2, 5, 51]) {
      const spec = counting(missingAt);
      const expected = await outcomeOf(asJavaScript, spec, arcs, 2, never, () => 0);
      const got = await outcomeOf(two, spec, arcs, 2, always, () => 0);
      expect(got.attrs).toEqual(expected.attrs);
      expect(got.told).toEqual(expected.told);
      expect(got.attrs).toContainEqual([missingAt === 51 ? 20 : missingAt, missingAt === 51 ? "20" : "null"]);
      // all edges were scanned by the first superstep, and by the one that met the missing value
      expect(got.numPushes).toBe(got.told.length - (missingAt === 51 ? 1 : 2));
    }
  });
});

describe("sparse supersteps by default", () => {
  const ctx = useContext("local[2]", { config: { maxTaskFailures: 4 } });
  const ring = (length: number): Arc[] =>
    Array.from({ length }, (_, at) => ({ srcId: at, dstId: (at + 1) % length, attr: 1 }));
  const walking = (maxSupersteps: number): PregelOptions<number, number, number> => ({
    initialMessage: 0,
    maxSupersteps,
    activeDirection: "out",
    vertexProgram: (_id, attr, message) => attr + message,
    sendMessage: (edge) => {
      if (edge.srcAttr > 0) edge.sendToDst(1);
    },
    mergeMessage: (a, b) => a + b,
  });

  it("begin where few are active, once rows by source are worth it, and end where many are", async () => {
    // A token walks along a chain of 100, then reaches 60,000 vertices at once.
    const chain = Array.from({ length: 100 }, (_, at): Arc => ({ srcId: at, dstId: at + 1, attr: 1 }));
    const fan = Array.from({ length: 60_000 }, (_, at): Arc => ({ srcId: 100, dstId: 101 + at, attr: 1 }));
    const more = fan.map(({ dstId }, at): Arc => ({ srcId: dstId, dstId: 101 + ((at * 7) % 60_000), attr: 1 }));
    const directions: (string | undefined)[] = [];
    const stop = ctx.on((event) => event.type === "superstep" && directions.push(event.direction));
    const start = graphOf(ctx, [...chain, ...fan, ...more], 3).mapVertices((id): number => (id === 0 ? 1 : 0));
    const run = await start.pregel<number>(walking(103));
    stop();
    expect(run.supersteps).toBe(103);
    const pulls = directions.flatMap((direction, at) => (direction === "pull" ? [at + 1] : []));
    // the first, eight before rows are built, and those in which 60,000 send
    expect(pulls).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 102, 103]);
  });

  it("give the same result when threads end at work, and leave nothing in the arena", async () => {
    const graph = await graphOf(ctx, ring(3000), 2)
      .mapVertices((id): number => (id === 0 ? 1 : 0))
      .materialize();
    const first = await graph.pregel<number>(walking(20_000));
    const expected = await bitsOf(first.graph);
    await first.graph.unpersist();
    const used = await usedAfterGarbage(ctx);
    let host: number | undefined;
    let numEnded = 0;
    const stop = ctx.on((event) => {
      if (event.type === "task.start") host = event.host;
      if (event.type !== "superstep.start" || event.n < 100 + 8000 * numEnded || numEnded === 2) return;
      ctx.driver.endThread(host!, numEnded++);
    });
    const run = await graph.pregel<number>(walking(20_000));
    stop();
    expect(numEnded).toBeGreaterThan(0);
    expect((await bitsOf(run.graph)) === expected).toBe(true);
    await run.graph.unpersist();
    expect(await usedAfterGarbage(ctx)).toBe(used);
  });

  it("start again from what stood before, whatever a crew that broke up left behind", async () => {
    const arcs = randomArcs(8, 500, 1500);
    const { options, initial } = programs["sums that round, to destinations"]!;
    const spec = shipPregel("test", { ...options, activeDirection: "either", maxSupersteps: 7 });
    const expected = await outcomeOf(ctx, spec, arcs, 3, never, initial);
    let numBroken = 0;
    const breakUp = ({ control, touched, summary, slots, lists, apply }: SparseShared): void => {
      const { arena } = ctx.driver;
      const columns = apply.output.columns.flatMap((column) => (column.kind === "fixed" ? [column.data] : []));
      for (const ref of [touched, summary, apply.received, ...slots, ...lists, ...columns]) {
        (arena.view(ref) as Uint8Array).fill(1);
      }
      arena.view(control)[2] = 1; // isBroken
      numBroken++;
    };
    const driver = replacing(ctx.driver, "runTasks", async (set: TaskSet) => {
      const results = await ctx.driver.runTasks(set);
      if (set.operator.name === "runSparse" && numBroken < 2) breakUp(set.shared as SparseShared);
      return results;
    });
    expect(await outcomeOf(replacing(ctx, "driver", driver), spec, arcs, 3, always, initial)).toEqual({
      ...expected,
      numPushes: 6,
    });
    expect(numBroken).toBe(2);
  });

  it("are cancelled between supersteps, and leave nothing in the arena", async () => {
    const graph = await graphOf(ctx, ring(50), 1)
      .mapVertices((id): number => (id === 0 ? 1 : 0))
      .materialize();
    await (await graph.pregel<number>(walking(20))).graph.unpersist();
    const used = await usedAfterGarbage(ctx);
    const abort = new AbortController();
    const stop = ctx.on((event) => event.type === "superstep" && event.n === 1000 && abort.abort());
    await expect(graph.pregel<number>({ ...walking(Infinity), signal: abort.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    stop();
    expect(await usedAfterGarbage(ctx)).toBe(used);
  });
});
