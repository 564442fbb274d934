import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JobSpec, RunOptions } from "../../../../core/schedule/job.ts";
import type { ShippedInput, ShippedTask } from "../../../../graph/superstep/cluster/shippedSuperstep.ts";
import { shipPregel, type PregelOptions } from "../../../../graph/superstep/pregel.ts";
import type { SparseLimits } from "../../../../graph/superstep/sparse/sparseSupersteps.ts";
import type { SuperstepsSpec } from "../../../../graph/superstep/superstepsOver.ts";
import { useContext } from "../../../support/context.ts";
import { graphOf, integersFrom, randomArcs, type Arc } from "../../../support/graphs.ts";
import { SimulatedFleet } from "../../../support/simulatedFleet.ts";
import {
  aggregating,
  always,
  counting,
  directions,
  never,
  outcomeOf,
  programs,
} from "../../../support/sparsePrograms.ts";
import { usedAfterGarbage } from "../../../support/usedBytes.ts";

const shapes = [[1], [1, 1], [2, 1, 1], [1, 3, 1, 2]];

/** The first superstep scans all edges, since all vertices are active; the next one writes columns that hold nothing yet. */
const firstSparse = 3;

describe("sparse supersteps across executors", () => {
  const local = useContext("local[1]", { config: { compile: 0 } });

  it.each(Object.entries(programs))(
    "have the bits and the counts of scans of all rows, wherever executors scan those, and when some are lost: %s",
    async (_name, { options, initial }) => {
      let pushes = 0;
      let losses = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.nat(),
          fc.constantFrom(...directions),
          fc.constantFrom(...shapes),
          fc.constantFrom(1, 2, 5, 9),
          fc.integer({ min: 4, max: 50 }),
          fc.constantFrom(0, 10, 40, Infinity),
          async (seed, activeDirection, threads, numPartitions, numVertices, minWork) => {
            const arcs = randomArcs(seed, numVertices, 1 + (seed % (3 * numVertices)));
            const spec = shipPregel("test", { ...options, activeDirection, maxSupersteps: 9 });
            const expected = await outcomeOf(local, spec, arcs, numPartitions, never, initial);
            const limits: SparseLimits = { maxShare: 0.1, minWork, buildAfter: seed % 2, copyAfter: 0 };
            const fleet = new SimulatedFleet(threads, seed, { snapshotEvery: 3 });
            const next = integersFrom(seed);
            let wait = 8 + next(40);
            fleet.onWork = ({ host }) => {
              if (--wait !== 0) return [];
              losses++;
              fleet.join(1 + next(2));
              return [host];
            };
            const got = await outcomeOf(fleet.context(), spec, arcs, numPartitions, limits, initial);
            expect(got).toEqual({ ...expected, numPushes: got.numPushes });
            pushes += got.numPushes;
          },
        ),
        { numRuns: 8, seed: 12, endOnFailure: true },
      );
      expect(pushes).toBeGreaterThan(0);
      expect(losses).toBeGreaterThan(0);
    },
  );

  it.each(directions)("are all but the first two, where no row is too long for them: %s", async (activeDirection) => {
    const arcs = randomArcs(4, 200, 600);
    for (const { options, initial } of Object.values(programs)) {
      const spec = shipPregel("test", { ...options, activeDirection, maxSupersteps: 8 });
      const expected = await outcomeOf(local, spec, arcs, 7, never, initial);
      const got = await outcomeOf(new SimulatedFleet([1, 2, 1], 9).context(), spec, arcs, 7, always, initial);
      expect(got).toEqual({ ...expected, numPushes: Math.max(0, got.told.length - firstSparse + 1) });
    }
  });

  it("bring values over all vertices together, for programs that are given them, and for `until`", async () => {
    const arcs = randomArcs(21, 300, 700);
    let numAsked = 0;
    const spec = (): SuperstepsSpec => aggregating(() => ++numAsked % 7 === 0);
    const expected = await outcomeOf(local, spec(), arcs, 3, never);
    const got = await outcomeOf(new SimulatedFleet([1, 1], 3).context(), spec(), arcs, 3, always);
    expect(got).toEqual({ ...expected, numPushes: 7 - firstSparse + 1 });
  });

  it.each([5, 9])(
    "leave superstep %i, in which a value is missing, to one that makes room for it",
    async (missingAt) => {
      const arcs = Array.from({ length: 20 }, (_, at): Arc => ({ srcId: at, dstId: at + 1, attr: 1 }));
      const spec = counting(missingAt);
      const expected = await outcomeOf(local, spec, arcs, 2, never, () => 0);
      const got = await outcomeOf(new SimulatedFleet([1, 1], 3).context(), spec, arcs, 2, always, () => 0);
      expect(got).toEqual({ ...expected, numPushes: got.numPushes });
      expect(got.attrs).toContainEqual([missingAt, "null"]);
    },
  );

  it("start again from what stood before, whatever an attempt that died at work left behind", async () => {
    const arcs = randomArcs(8, 500, 1500);
    for (const { options, initial } of Object.values(programs)) {
      const spec = shipPregel("test", { ...options, activeDirection: "either", maxSupersteps: 8 });
      const expected = await outcomeOf(local, spec, arcs, 3, never, initial);
      const fleet = new SimulatedFleet([1, 1], 5);
      let numSpoilt = 0;
      const runJob = fleet.runJob.bind(fleet);
      fleet.runJob = <R>(job: JobSpec, runOptions?: RunOptions): Promise<R[]> => {
        const { shared, tasks } = job.stages.at(-1)!;
        const { sparse, apply } = (shared ?? {}) as Partial<ShippedInput>;
        for (const { host, sparse: share } of sparse === undefined ? [] : (tasks as readonly ShippedTask[])) {
          const { arena } = fleet.executors.find(({ id }) => id === host)!;
          const { lists, touched, summary, slots, turn } = sparse!;
          arena.view(lists.control)[4] = 1; // it was under way
          for (const ref of [touched, summary, lists.own[turn.after], ...slots]) {
            (arena.view(ref) as Uint8Array).fill(3);
          }
          arena.view(apply!.received).fill(1, share!.from, share!.to);
          numSpoilt++;
        }
        return runJob(job, runOptions);
      };
      const got = await outcomeOf(fleet.context(), spec, arcs, 3, always, initial);
      expect(got).toEqual({ ...expected, numPushes: got.numPushes });
      expect(numSpoilt).toBeGreaterThan(0);
    }
  });
});

/** A ring along which a token walks, one vertex a superstep. */
const ring = (length: number): Arc[] =>
  Array.from({ length }, (_, at) => ({ srcId: at, dstId: (at + 1) % length, attr: 1 }));
const walking = (maxSupersteps: number): PregelOptions<number, number, number> => ({
  initialMessage: 0,
  maxSupersteps,
  activeDirection: "out",
  vertexProgram: (_id, attr, message) => attr + message,
  sendMessage: (edge) => {
    if (edge.srcAttr > edge.dstAttr) edge.sendToDst(1);
  },
  mergeMessage: (a, b) => a + b,
});

describe("sparse supersteps across executors, by default", () => {
  it("begin once rows are worth it; then nothing is read or written of who is not next to an active vertex", async () => {
    const fleet = new SimulatedFleet([1, 1], 2, { snapshotEvery: 1000 });
    const directionsTold: (string | undefined)[] = [];
    fleet.events.subscribe((event) => event.type === "superstep" && directionsTold.push(event.direction));
    const runJob = fleet.runJob.bind(fleet);
    fleet.runJob = <R>(job: JobSpec, options?: RunOptions): Promise<R[]> => {
      const { sparse, apply, routes } = (job.stages.at(-1)!.shared ?? {}) as Partial<ShippedInput>;
      if (sparse?.hasLists.before !== true || !sparse.hasLists.after) return runJob<R>(job, options);
      // far from the token, what is read would be an impossible number, and what is written, a mark
      const number = Number(/\d+$/.exec(job.name)![0]);
      for (const { arena } of fleet.executors) {
        const [data] = apply!.vertices.columns.flatMap((column) => (column.kind === "fixed" ? [column.data] : []));
        const values = arena.view(data!) as Float64Array;
        const marks = arena.view(apply!.received);
        const mirrored = new Set(routes!.flatMap(({ vertices }) => Array.from(fleet.arena.view(vertices))));
        for (let at = 0; at < values.length; at++) {
          if (Math.abs(at - number) < 4 || mirrored.has(at)) continue;
          spoilt.push([values, at, values[at]!], [marks, at, marks[at]!]);
          values[at] = 1e9;
          marks[at] = 7;
        }
      }
      return runJob<R>(job, options).then((results) => {
        for (const [column, at, value] of spoilt.splice(0)) {
          expect(column[at]).toBe(column instanceof Float64Array ? 1e9 : 7);
          column[at] = value;
        }
        return results;
      });
    };
    const spoilt: [Float64Array | Uint8Array, number, number][] = [];
    const start = graphOf(fleet.context(), ring(100), 4).mapVertices((id): number => (id === 0 ? 1 : 0));
    const run = await start.pregel<number>(walking(70));
    expect(run.supersteps).toBe(70);
    expect(directionsTold.map((direction) => direction === "push")).toEqual(directionsTold.map((_, at) => at > 9));
    const rows = await run.graph.vertices.collect();
    expect(rows).toEqual(Array.from({ length: 100 }, (_, at) => [at, at <= 70 ? 1 : 0]));
  });

  it("leave nothing in the arena, also when executors are lost", async () => {
    const fleet = new SimulatedFleet([1, 1, 1], 3, { snapshotEvery: 7 });
    let numTasks = 0;
    fleet.onWork = ({ kind, host }) => {
      if (kind !== "task" || ++numTasks % 60 !== 0) return [];
      fleet.join(1);
      return [host];
    };
    const ctx = fleet.context();
    const graph = await graphOf(ctx, ring(60), 5)
      .mapVertices((id): number => (id === 0 ? 1 : 0))
      .materialize();
    const owned = (): number =>
      fleet.arena.owners().reduce((sum, { owner, bytes }) => sum + (owner === "mirrors" ? 0 : bytes), 0);
    await usedAfterGarbage(ctx);
    const before = owned();
    const run = await graph.pregel<number>(walking(50));
    await run.graph.unpersist();
    expect(numTasks).toBeGreaterThan(120);
    await usedAfterGarbage(ctx);
    expect(owned()).toBe(before);
  });
});
