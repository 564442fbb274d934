import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explainGraph } from "../../../../graph/explain.ts";
import { everything, useParts } from "../../../../graph/parts.ts";
import { useContext } from "../../../support/context.ts";
import { graphOf, integersFrom, randomArcs, type Arc } from "../../../support/graphs.ts";
import { SimulatedFleet, type FaultHook } from "../../../support/simulatedFleet.ts";
import { outcome, programs, type Answer, type Program } from "../../../support/superstepPrograms.ts";
import { usedAfterGarbage } from "../../../support/usedBytes.ts";

const shapes = [[1], [1, 1], [2, 1, 1], [1, 3, 1, 2]];

/** Loses `count` hosts, each when work of its own is about to begin that `next` picks; another joins unless told. */
function losing(
  fleet: SimulatedFleet,
  seed: number,
  count: number,
  doJoin: boolean,
): { fired: number; hook: FaultHook } {
  const next = integersFrom(seed);
  const state = { fired: 0, hook: (() => []) as FaultHook };
  let wait = 1 + next(30);
  state.hook = ({ host }) => {
    if (state.fired === count || --wait > 0) return [];
    if (!doJoin && fleet.executors.length === 1) return [];
    wait = 1 + next(30);
    state.fired++;
    if (doJoin) fleet.join(1 + next(2));
    return [host];
  };
  return state;
}

describe("supersteps across executors", () => {
  const local = useContext("local[1]");

  describe.each(Object.entries(programs))("%s", (_name, program) => {
    it("gives what one thread gives, supersteps and counts too, for any hosts and partitions", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(),
          fc.constantFrom(...shapes),
          fc.constantFrom(1, 2, 5, 9),
          async (seed, threads, numPartitions) => {
            const arcs = randomArcs(seed, 40, 120);
            const fleet = new SimulatedFleet(threads, seed, { snapshotEvery: 3 });
            const expected = await outcome(local, program, arcs, 1);
            const got = await outcome(fleet.context(), program, arcs, numPartitions);
            expect(got.result).toEqual(expected.result);
            expect(fleet.pinnedStages.length).toBeGreaterThan(0);
          },
        ),
        { numRuns: 3, seed: 5 },
      );
    });

    it("gives the same when executors are lost at any moment", async () => {
      let fired = 0;
      let told = 0;
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.constantFrom(1, 3, 100), fc.boolean(), async (seed, snapshotEvery, doJoin) => {
          const arcs = randomArcs(seed, 40, 120);
          const fleet = new SimulatedFleet([1, 1, 2], seed, { snapshotEvery });
          const faults = losing(fleet, seed, 2, doJoin);
          fleet.onWork = (what) => faults.hook(what);
          const expected = await outcome(local, program, arcs, 1);
          const got = await outcome(fleet.context(), program, arcs, 5);
          expect(got.result).toEqual(expected.result);
          fired += faults.fired;
          told += got.recoveries.length;
        }),
        { numRuns: 3, seed: 6 },
      );
      expect(fired).toBeGreaterThan(0);
      expect(told).toBeGreaterThan(0);
    });
  });
});

/** A ring, on which a value wanders: one vertex a superstep. */
const ring = (length: number): Arc[] =>
  Array.from({ length }, (_, at) => ({ srcId: at, dstId: (at + 1) % length, attr: 1 }));
const wanderer: Program = async (graph) => {
  const start = graph.mapVertices((id) => (id === 0 ? 0 : Infinity));
  const {
    graph: ended,
    supersteps,
    converged,
  } = await start.pregel<number>({
    initialMessage: Infinity,
    activeDirection: "out",
    vertexProgram: (_id, distance, offered) => Math.min(distance, offered),
    sendMessage: (edge) => {
      if (edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
    },
    mergeMessage: (a, b) => Math.min(a, b),
  });
  return { rows: await ended.vertices.collect(), supersteps, converged };
};
const around: Answer["rows"] = [...Array.from({ length: 24 }, (_, at) => [at, at] as const), [500, Infinity]];

describe("ClusterCarrier", () => {
  it("ships a change only to the executor that reads it, and nothing that nobody reads", async () => {
    const fleet = new SimulatedFleet([1, 1, 1]);
    const { result } = await outcome(fleet.context(), wanderer, ring(24), 3);
    expect(result.rows).toEqual(around);
    // In 24 supersteps the value crosses twice to a next executor, and each time 1 of 1 mirrored vertices changed.
    expect(fleet.delivered).toBeLessThanOrEqual(3 * (16 + 8));
    expect(fleet.delivered).toBeGreaterThanOrEqual(2 * (16 + 8));

    const silent = new SimulatedFleet([1, 1, 1]);
    await outcome(silent.context(), programs["nothing is read of the other end"]!, ring(24), 3);
    expect(silent.pinnedStages.length).toBeGreaterThan(0);
    expect(silent.delivered).toBe(0);
  });

  it("copies rows once to each executor, however many runs there are", async () => {
    const fleet = new SimulatedFleet([1, 1]);
    const graph = graphOf(fleet.context(), randomArcs(1, 2000, 20_000), 4);
    const copiedBy = async (): Promise<number> => {
      const before = fleet.copied;
      await programs["only marks are read of the other end"]!(graph);
      return fleet.copied - before;
    };
    const first = await copiedBy();
    const second = await copiedBy();
    expect(first - second).toBeGreaterThan(20_000 * 4);
    expect(await copiedBy()).toBe(second);
  });

  it.each([
    ["the first superstep", 1, 0],
    ["a superstep in the middle", 9, 6],
    ["the last superstep", 24, 21],
  ])("goes on from the last snapshot when an executor is lost in %s", async (_when, superstep, snapshot) => {
    const fleet = new SimulatedFleet([1, 1, 1], 1, { snapshotEvery: 3 });
    let isLost = false;
    fleet.onWork = ({ name, host }) => {
      if (isLost || name !== `pregel superstep ${superstep}` || host !== 2) return [];
      isLost = true;
      return [2];
    };
    const { result, recoveries } = await outcome(fleet.context(), wanderer, ring(24), 3);
    expect(result.rows).toEqual(around);
    expect(result.told.map(({ n }) => n)).toEqual(Array.from({ length: 24 }, (_, at) => at + 1));
    expect(recoveries).toMatchObject([{ host: 2, fromSuperstep: snapshot + 1, toSuperstep: superstep }]);
    const again = superstep - snapshot; // the lost one too, that ran in part
    const numRun = fleet.pinnedStages.filter((name) => /superstep \d+$/.test(name)).length;
    expect(numRun).toBe(24 + again);
  });

  it.each([2, 3, 100])(
    "is not misled by a snapshot that an executor was lost in, at the end or every %i supersteps",
    async (snapshotEvery) => {
      // every vertex changes in every superstep, so that no state is like another
      const count: Program = async (graph) => {
        const {
          graph: ended,
          supersteps,
          converged,
        } = await graph.pregel<number>({
          initialMessage: 0,
          vertexProgram: (_id, attr, message) => attr + message,
          sendMessage: (edge) => edge.sendToDst(edge.srcAttr + 1),
          mergeMessage: (a, b) => a + b,
          maxSupersteps: 10,
        });
        return { rows: await ended.vertices.collect(), supersteps, converged };
      };
      const calm = await outcome(new SimulatedFleet([1]).context(), count, ring(24), 3);
      const numGathers = (10 / snapshotEvery + 1) * 3;
      for (let fatal = 1; fatal <= numGathers; fatal++) {
        const fleet = new SimulatedFleet([1, 1, 1], fatal, { snapshotEvery });
        let gathers = 0;
        fleet.onWork = ({ name, host }) => (name === "from" && ++gathers === fatal ? [host] : []);
        const { result } = await outcome(fleet.context(), count, ring(24), 3);
        expect(result).toEqual(calm.result);
      }
    },
  );

  it("is told of by explain: where supersteps run, of values and cuts of any kind", async () => {
    const graph = graphOf(new SimulatedFleet([1, 1]).context(), ring(24), 3);
    const texts = [graph, graph.partitionBy("EdgePartition2D", 3)].map((each) => explainGraph(each));
    texts.push(explainGraph(graph.mapVertices((id) => `v${id}`)));
    for (const text of texts) expect(await text).toContain("supersteps run on 2 executors");
  });

  it("takes in executors that join, at the next snapshot", async () => {
    const fleet = new SimulatedFleet([1], 1, { snapshotEvery: 2 });
    const workers = new Set<number>();
    fleet.onWork = ({ kind, name, host }) => {
      if (name === "pregel superstep 3" && fleet.executors.length === 1) fleet.join(1);
      if (kind === "task") workers.add(host);
      return [];
    };
    const { result, recoveries } = await outcome(fleet.context(), wanderer, ring(24), 3);
    expect(result.rows).toEqual(around);
    expect([...workers]).toEqual([1, 2]);
    expect(recoveries).toEqual([]);
  });

  it("ends with HOST_LOST when no executor is left, or when losses come faster than supersteps", async () => {
    const alone = new SimulatedFleet([1]);
    alone.onWork = ({ name }) => (name === "pregel superstep 2" ? [1] : []);
    await expect(outcome(alone.context(), wanderer, ring(24), 3)).rejects.toMatchObject({ code: "HOST_LOST" });

    const unlucky = new SimulatedFleet([1], 1, { maxStageAttempts: 3 });
    let losses = 0;
    unlucky.onWork = ({ name, host }) => {
      if (name !== "pregel superstep 2") return [];
      losses++;
      unlucky.join(1);
      return [host];
    };
    await expect(outcome(unlucky.context(), wanderer, ring(24), 3)).rejects.toMatchObject({ code: "HOST_LOST" });
    expect(losses).toBe(4);
  });

  it("gives all memory back, also after losses, errors and cancels", async () => {
    const controller = new AbortController();
    const ends: Record<string, [program: Program, error: object | undefined]> = {
      well: [wanderer, undefined],
      badly: [
        async (graph) => {
          await graph.pregel<number>({
            initialMessage: 0,
            vertexProgram: (id, attr, message) => {
              if (message > 2) throw new RangeError(`enough at ${id}`);
              return attr + message;
            },
            sendMessage: (edge) => edge.sendToDst(edge.srcAttr + 1),
            mergeMessage: (a, b) => Math.max(a, b),
          });
          return expect.fail("it ended");
        },
        { message: expect.stringContaining("enough at") },
      ],
      cancelled: [
        async (graph) => {
          await graph.pregel<number>({
            initialMessage: 0,
            vertexProgram: (_id, attr, message) => attr + message,
            sendMessage: (edge) => edge.sendToDst(edge.srcAttr + 1),
            mergeMessage: (a, b) => Math.max(a, b),
            signal: controller.signal,
          });
          return expect.fail("it ended");
        },
        { code: "CANCELLED" },
      ],
    };
    for (const [end, [program, error]] of Object.entries(ends)) {
      const fleet = new SimulatedFleet([1, 1, 1], 4, { snapshotEvery: 1 });
      let count = 0;
      fleet.onWork = ({ name, host }) => {
        if (end === "cancelled" && name === "pregel superstep 5") controller.abort();
        return ++count === 12 ? [host] : [];
      };
      const ctx = fleet.context();
      const graph = await graphOf(ctx, ring(24), 5, [500]).materialize();
      const before = await usedAfterGarbage(ctx);
      if (error === undefined) await program(graph);
      else await expect(program(graph)).rejects.toMatchObject(error);
      expect(count).toBeGreaterThan(12);
      const { topology, mirrors } = await useParts(graph.parts, everything, async ({ shape }) => ({
        topology: shape.topology,
        mirrors: fleet.arena.owners().filter(({ owner }) => owner === "mirrors"),
      }));
      // what is kept for the next run: the routing table of the executors that are there
      const kept = mirrors.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(topology.partitions.length).toBe(5);
      expect(kept).toBeGreaterThan(0);
      expect((await usedAfterGarbage(ctx)) - kept).toBe(before);
    }
  });
});
