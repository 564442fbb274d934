import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shipPregel, type PregelOptions } from "../../../graph/superstep/pregel.ts";
import type { TaskSet } from "../../../graph/partition/taskRunner.ts";
import type { SparseShared } from "../../../graph/superstep/sparse/sparseCrew.ts";
import type { SuperstepsSpec } from "../../../graph/superstep/superstepsOver.ts";
import { bitsOf } from "../../support/bits.ts";
import { useContext } from "../../support/context.ts";
import { graphOf, randomArcs, type Arc } from "../../support/graphs.ts";
import { aggregating, always, counting, directions, never, outcomeOf, programs } from "../../support/sparsePrograms.ts";
import { usedAfterGarbage } from "../../support/usedBytes.ts";

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
        aggregating(endsAt === undefined ? undefined : () => ++numAsked % endsAt === 0);
      const expected = await outcomeOf(asJavaScript, spec(), arcs, 3, never);
      const got = await outcomeOf(two, spec(), arcs, 3, always);
      expect(got).toEqual({ ...expected, numPushes: expected.told.length - 1 });
      expect([got.converged, got.supersteps]).toEqual(endsAt ? [true, endsAt] : [false, 9]);
    }
  });

  it("leave a superstep that meets the first missing value to one that makes room for it", async () => {
    const arcs = Array.from({ length: 20 }, (_, at): Arc => ({ srcId: at, dstId: at + 1, attr: 1 }));
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
    expect(await usedAfterGarbage(ctx, used)).toBe(used);
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
    expect(await usedAfterGarbage(ctx, used)).toBe(used);
  });
});
