/**
 * Driver and executors over a simulated network and clock: what they say is delayed, lost, doubled and overtaken; links are
 * cut, processes freeze and die, machines vanish, clocks are an hour apart. One seed is one run, which `SUPERSTEP_SEED=n`
 * plays again; `SUPERSTEP_SEEDS=n` plays n of them.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../../core/config.ts";
import { loadOperator } from "../../core/host/operators.ts";
import { type Random, randomFor } from "../../core/random.ts";
import { receivers } from "./receivers.ts";
import { type Played, playSeeds, seeds, seedsTimeoutMs } from "./seeds.ts";
import { noHostFaults } from "./simHost.ts";
import { SimCluster } from "./simCluster.ts";
import { noFaults } from "./simNetwork.ts";
import { serialSupersteps } from "./simOperators.ts";
import { type Workbench, Workload } from "./simWorkload.ts";

beforeAll(async () => void (await loadOperator(receivers.ref("receive"))));
afterAll(() => receivers.remove());

const hourMs = 3_600_000;

function benchOf(cluster: SimCluster): Workbench {
  return {
    run: (spec, onResult) => cluster.run(spec, { onResult }),
    removeShuffle: (shuffle) => cluster.removeShuffle(shuffle),
    sleep: (ms) => cluster.clock.sleep(ms),
  };
}

/** Plays one seed; throws if anything ends as it must not. */
async function play(seed: number): Promise<Played> {
  const random = randomFor(seed, 5);
  const workload = new Workload(seed);
  const cluster = new SimCluster({
    seed,
    numExecutors: 1 + random.nextInt(3),
    mergeContributions: workload.merge,
    receive: receivers.ref("receive"),
    config: { speculation: seed % 2, localityWaitMs: 20 },
    maxClockOffsetMs: hourMs,
  });
  const { clock, network } = cluster;
  const bench = benchOf(cluster);
  await clock.run(cluster.start(), 60_000);

  network.faults = {
    minDelayMs: 0.1,
    maxDelayMs: 1 + random.next() * 20,
    lateMs: random.next() * 3000,
    chances: { requestLost: 0.004, answerLost: 0.004, doubled: 0.02, late: 0.02, reset: 0.004 },
  };
  cluster.hostFaults = { userError: 0.01, threadDeath: 0.01, straggler: 0.01, lostBlock: 0.01, maxWorkMs: 40 };
  const quiet = breakThings(cluster, random);
  const initial = Array.from({ length: 2 + random.nextInt(12) }, () => random.nextUint32());
  const numSupersteps = 1 + random.nextInt(10);
  const [cells] = await clock.run(
    Promise.all([cluster.supersteps(initial, numSupersteps), workload.run(bench)]),
    3_600_000,
  );
  expect(cells, "cells").toEqual(serialSupersteps(initial, numSupersteps));

  quiet();
  network.faults = noFaults;
  network.healAll();
  cluster.hostFaults = noHostFaults;
  await clock.pass(3000);
  await clock.run(workload.runAfterwards(bench), 60_000);
  await clock.run(cluster.stop(), 30_000);
  await clock.pass(hourMs);
  expect(cluster.launcher.processes.size, "processes").toBe(0);
  expect(clock.numTimers, "timers").toBe(0);
  return { account: workload.account, fired: network.fired, trace: cluster.trace };
}

/** Lets processes and links fail at random times, until the function that is returned is called. */
function breakThings({ clock, network, launcher, driver }: SimCluster, random: Random): () => void {
  let isQuiet = false;
  const pick = <T>(items: readonly T[]): T | undefined => items[random.nextInt(Math.max(1, items.length))];
  const again = (): void => {
    clock.after(random.next() * 3000, () => {
      if (isQuiet) return;
      const name = pick([...launcher.processes.keys()]);
      const other = pick(["driver", ...launcher.processes.keys()]);
      const what = random.nextInt(6);
      if (name === undefined || other === undefined || name === other) return again();
      if (what === 0) {
        network.count("crash");
        launcher.crash(name, true);
      } else if (what === 1) {
        network.count("vanish");
        launcher.crash(name, false);
      } else if (what === 2) launcher.processes.get(name)!.freeze(random.next() * 4000);
      else if (what === 3 && random.next() < 0.3) driver.freeze(random.next() * 3000);
      else {
        network.cut(name, other, what === 4);
        clock.after(random.next() * 4000, () => network.healAll());
      }
      again();
    });
  };
  again();
  return () => (isQuiet = true);
}

describe("jobs and supersteps on simulated executors", () => {
  it(
    `end with the fault-free results or a typed error, in bounded time, for ${seeds.length} seeds`,
    async () => {
      const network = ["requestLost", "answerLost", "doubled", "late", "reset", "cut", "oneWayCut", "lostOnCutLink"];
      const hosts = ["crash", "vanish", "freeze", "replaced", "recovery"];
      const tasks = ["userError", "threadDeath", "straggler", "lostBlock"];
      await playSeeds(play, [...network, ...hosts, ...tasks]);
    },
    seedsTimeoutMs,
  );

  it("happen in the same way whenever the same seed is played", async () => {
    for (const seed of seeds.slice(0, 3)) expect((await play(seed)).trace).toEqual((await play(seed)).trace);
  });

  it("are no reason to give anybody up while threads are busy with long tasks of another job", async () => {
    const merge = (): void => undefined;
    const cluster = new SimCluster({
      seed: 1,
      numExecutors: 2,
      mergeContributions: merge,
      receive: receivers.ref("receive"),
    });
    const { clock } = cluster;
    await clock.run(cluster.start(), 60_000);
    const [first, second] = cluster.group.executors;
    const busy = (host: number, numTasks: number): ReturnType<SimCluster["run"]> => {
      const tasks = Array.from({ length: numTasks }, () => 20_000);
      const placement = { kind: "pinned", hosts: tasks.map(() => host) } as const;
      const operator = { module: "simulation", name: "sleep" };
      return cluster.run({ name: "sleep", stages: [{ name: "sleep", operator, tasks, parents: [], placement }] }, {});
    };
    const long = busy(first!.id, first!.numThreads);
    await clock.pass(100);
    const steps = cluster.supersteps([1, 2, 3, 4], 3);
    expect(await clock.run(steps, 30_000)).toEqual(serialSupersteps([1, 2, 3, 4], 3));
    expect(clock.now()).toBeGreaterThan(20_000); // one executor did wait for the other
    expect(await clock.run(long, 100)).toMatchObject({
      results: Array.from({ length: first!.numThreads }, () => 20_000),
    });
    expect([cluster.network.fired.get("recovery"), cluster.group.executors]).toEqual([undefined, [first, second]]);
    await clock.run(cluster.stop(), 10_000);
  });

  it.each([0, 700, 1400, 2100])(
    "go on, by the default times, at most 17 s after a machine is gone without a word, %i ms into a heartbeat",
    async (offsetMs) => {
      const { heartbeatMs, hostTimeoutMs } = resolveConfig({}, false);
      const cluster = new SimCluster({
        seed: 1 + offsetMs,
        numExecutors: 3,
        mergeContributions: () => undefined,
        receive: receivers.ref("receive"),
        config: { heartbeatMs, hostTimeoutMs },
      });
      const { clock, network, launcher } = cluster;
      await clock.run(cluster.start(), 60_000);
      await clock.pass(5000 + offsetMs);
      const [victim, ...others] = [...launcher.processes.keys()] as [string, ...string[]];
      const steps = cluster.supersteps([1, 2, 3, 4], 4);
      for (const other of ["driver", ...others]) network.cut(victim, other, true);
      const cutAt = clock.now();
      expect(await clock.run(steps, 60_000)).toEqual(serialSupersteps([1, 2, 3, 4], 4));
      const tookMs = clock.now() - cutAt;
      expect(tookMs).toBeGreaterThan(hostTimeoutMs - heartbeatMs);
      expect(tookMs).toBeLessThan(hostTimeoutMs + heartbeatMs + 200); // noticed, and done again at once
      expect(network.fired.get("recovery")).toBe(1);
      expect(launcher.processes.has(victim)).toBe(false);
      await clock.run(cluster.stop(), 60_000);
    },
  );
});
