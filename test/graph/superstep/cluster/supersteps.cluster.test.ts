import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Context } from "../../../../core/context.ts";
import type { Graph } from "../../../../graph/graph.ts";
import { shortSettings, useCluster } from "../../../support/cluster.ts";
import { useContext } from "../../../support/context.ts";
import { graphOf, integersFrom, randomArcs } from "../../../support/graphs.ts";
import { outcome, programs } from "../../../support/superstepPrograms.ts";
import { usedAfterGarbage } from "../../../support/usedBytes.ts";

/** Algorithms whose way differs between masters: their rows do not. */
const algorithms: Record<string, (graph: Graph<number, number>) => Promise<unknown>> = {
  "connected components": async (graph) => (await graph.connectedComponents()).graph.vertices.collect(),
  "shortest paths from one source": async (graph) =>
    (await graph.sssp({ source: 0, weight: ({ attr }) => attr })).graph.vertices.collect(),
  "breadth-first search": async (graph) => (await graph.bfs({ source: 0 })).graph.vertices.collect(),
};

describe.each(["local-cluster[2,1]", "local-cluster[3,2]"])("supersteps on %s", (master) => {
  const local = useContext("local[2]");
  const cluster = useCluster(master);
  afterAll(async () => expect(await usedAfterGarbage(cluster.context)).toBe(0));

  it.each(Object.entries(programs))("%s: gives what threads of one process give", async (_name, program) => {
    const arcs = randomArcs(17, 400, 1600);
    const expected = await outcome(local, program, arcs, 7);
    const got = await outcome(cluster.context, program, arcs, 7);
    expect(got.result).toEqual(expected.result);
    expect(got.recoveries).toEqual([]);
  });

  it.each(Object.entries(algorithms))("%s: gives what threads of one process give", async (_name, run) => {
    const arcs = randomArcs(18, 400, 1600);
    const rows = (ctx: Context): Promise<unknown> => run(graphOf(ctx, arcs, 5));
    expect(await rows(cluster.context)).toEqual(await rows(local));
  });

  it("tells what executors sent each other, and how long that took", async () => {
    const before = cluster.events.length;
    await outcome(cluster.context, programs["PageRank, rounds"]!, randomArcs(19, 400, 1600), 7);
    const told = cluster.events.slice(before).flatMap((event) => (event.type === "superstep" ? [event] : []));
    expect(told).toHaveLength(6);
    for (const { ms, bytes, computeMs, shipMs, waitMs } of told) {
      expect(bytes).toBeGreaterThan(0);
      for (const part of [computeMs, shipMs]) expect(part).toBeLessThanOrEqual(ms);
      expect(waitMs).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("supersteps whose executors die", () => {
  const local = useContext("local[2]");
  const cluster = useCluster("local-cluster[3,1]", { config: { snapshotEvery: 2, maxHostReplacements: 1000 } });
  afterEach(() => cluster.whole(3));
  afterAll(async () => expect(await usedAfterGarbage(cluster.context)).toBe(0));

  const chosen = [
    "PageRank, rounds",
    "connected components",
    "shortest paths, weighted",
    "records, either, both ways",
    "records with names, of which some change",
    "over a random cut: records, both ways",
  ];
  const numSeeds = Number(process.env["SUPERSTEP_KILLS"] ?? 2);
  const cases = chosen.flatMap((name) => Array.from({ length: numSeeds }, (_, seed) => [name, seed] as const));

  it.each(cases)("%s: gives the same with one killed at a random moment, seed %i", async (name, seed) => {
    const next = integersFrom(100 + seed);
    const arcs = randomArcs(seed, 60, 240);
    const expected = await outcome(local, programs[name]!, arcs, 6);
    const { told } = expected.result;
    // after a superstep that is not the last, or as a task of one begins
    const superstep = 1 + next(Math.max(1, told.length - 1));
    const isMidway = next(2) === 0;
    let victim: number | undefined;
    const stop = cluster.context.driver.events.subscribe((event) => {
      if (victim !== undefined) return;
      const isMoment = isMidway
        ? event.type === "stage.start" && event.name.endsWith(` superstep ${superstep}`)
        : event.type === "superstep" && event.n === superstep;
      if (!isMoment) return;
      const { executors } = cluster.context.driver;
      victim = executors[next(executors.length)]!.id;
      cluster.context.driver.killHost(victim);
    });
    try {
      const got = await outcome(cluster.context, programs[name]!, arcs, 6);
      expect(got.result).toEqual(expected.result);
      expect(cluster.lost.map(({ host }) => host)).toContain(victim);
      expect(got.recoveries.map(({ host }) => host)).toEqual([victim]);
    } finally {
      stop();
    }
  });

  it.each(["launch", "finish", "ship", "receive"] as const)("gives the same with one killed at %s", async (point) => {
    const arcs = randomArcs(3, 60, 240);
    const program = programs["records, out"]!;
    const expected = await outcome(local, program, arcs, 6);
    // the graph itself is built by the driver
    cluster.arm(point, "kill");
    const got = await outcome(cluster.context, program, arcs, 6);
    expect(cluster.unfired).toBe(0);
    expect(got.result).toEqual(expected.result);
  });
});

describe("supersteps without executors", () => {
  const cluster = useCluster("local-cluster[2,1]", { config: { maxHostReplacements: 0, noHostGraceMs: 500 } });
  afterAll(async () => expect(await usedAfterGarbage(cluster.context)).toBe(0));

  it("go on with the one that is left, and end with HOST_LOST when there is none", async () => {
    const { driver } = cluster.context;
    const arcs = randomArcs(4, 60, 240);
    const calm = await outcome(cluster.context, programs["PageRank, rounds"]!, arcs, 6);
    const killAt = (superstep: number): (() => void) =>
      driver.events.subscribe((event) => {
        if (event.type === "superstep" && event.n === superstep) driver.killHost(driver.executors[0]!.id);
      });
    const stopFirst = killAt(3);
    const halved = await outcome(cluster.context, programs["PageRank, rounds"]!, arcs, 6);
    stopFirst();
    expect(halved.result).toEqual(calm.result);
    expect(driver.executors).toHaveLength(1);
    const stopSecond = killAt(2);
    await expect(outcome(cluster.context, programs["PageRank, rounds"]!, arcs, 6)).rejects.toMatchObject({
      code: "HOST_LOST",
    });
    stopSecond();
  });
});

describe("supersteps with an executor that falls silent", () => {
  const local = useContext("local[1]");
  const config = { ...shortSettings, snapshotEvery: 2, maxHostReplacements: 1000 };
  const cluster = useCluster("local-cluster[2,1]", { config });
  afterAll(async () => expect(await usedAfterGarbage(cluster.context)).toBe(0));

  it("go on without it, and give the same", async () => {
    const arcs = randomArcs(6, 60, 240);
    const program = programs["PageRank, rounds"]!;
    const { driver } = cluster.context;
    let victim: number | undefined;
    const stop = driver.events.subscribe((event) => {
      if (victim !== undefined || event.type !== "superstep" || event.n !== 3) return;
      victim = driver.executors[0]!.id;
      driver.killHost(victim, "freeze");
    });
    const got = await outcome(cluster.context, program, arcs, 6);
    stop();
    expect(got.result).toEqual((await outcome(local, program, arcs, 6)).result);
    expect(cluster.lost.map(({ host }) => host)).toContain(victim);
  });
});
