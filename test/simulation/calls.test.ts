/**
 * Every call between driver and executors, with its request lost, its answer lost, doubled, overtaken, or its connection
 * broken: all work ends as without.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOperator } from "../../core/host/operators.ts";
import { randomFor } from "../../core/random.ts";
import type { StageSpec } from "../../core/schedule/job.ts";
import { receivers } from "./receivers.ts";
import { SimCluster } from "./simCluster.ts";
import { type CallFault, noFaults } from "./simNetwork.ts";
import { serialSupersteps } from "./simOperators.ts";
import { Workload } from "./simWorkload.ts";

beforeAll(async () => void (await loadOperator(receivers.ref("receive"))));
afterAll(() => receivers.remove());

const methods = [
  "driver.register",
  "driver.heartbeat",
  "driver.report",
  "driver.locate",
  "driver.locateShuffle",
  "driver.readBlocks",
  "driver.payload",
  "executor.command",
  "executor.stop",
  "executor.readBlocks",
  "executor.payload",
  "executor.deliver",
  "executor.writeArena",
  "executor.readArena",
] as const;
const faults: readonly CallFault[] = ["requestLost", "answerLost", "doubled", "late", "reset"];
const numBytes = 300_000;
const numStruck = 3;

/** Runs all there is; the first calls of `method` meet `fault`. Returns all methods that were called. */
async function play(method: string, fault: CallFault): Promise<ReadonlySet<string>> {
  const workload = new Workload(7);
  const cluster = new SimCluster({
    seed: 7,
    numExecutors: 2,
    mergeContributions: workload.merge,
    receive: receivers.ref("receive"),
    config: { heartbeatMs: 1000, hostTimeoutMs: 6000 },
  });
  const { clock, network } = cluster;
  network.faults = { ...noFaults, minDelayMs: 0.5, maxDelayMs: 3, lateMs: 2000 };
  const called = new Set<string>();
  let struck = 0;
  network.plan = (name) => {
    called.add(name);
    return name === method && struck++ < numStruck ? fault : undefined;
  };
  await clock.run(cluster.start(), 60_000);
  const bench = {
    run: (spec: Parameters<typeof cluster.run>[0], onResult: (partition: number, result: unknown) => void) =>
      cluster.run(spec, { onResult }),
    removeShuffle: (shuffle: number) => cluster.removeShuffle(shuffle),
    sleep: (ms: number) => clock.sleep(ms),
  };
  const random = randomFor(7);
  const initial = Array.from({ length: 9 }, () => random.nextUint32());
  const everything = Promise.all([workload.run(bench), cluster.supersteps(initial, 7), bulky(cluster)]);
  const [, cells] = await clock.run(everything, 600_000);
  expect(cells).toEqual(serialSupersteps(initial, 7));
  expect([...workload.account.failed.keys()]).toEqual(["TASK_FAILED"]); // by the jobs that must fail
  expect(cluster.trace.filter((event) => event.includes('"lost"'))).toEqual([]);
  await clock.run(cluster.stop(), 30_000);
  await clock.pass(600_000);
  expect([clock.numTimers, cluster.launcher.processes.size]).toEqual([0, 0]);
  if (method !== "") expect(struck, `${method} was called`).toBeGreaterThan(0);
  return called;
}

async function bulky(cluster: SimCluster): Promise<void> {
  const shared = new Uint8Array(numBytes).map((_, at) => at * 7);
  const tasks = [1, 2, 3].map((factor) => new Uint8Array(numBytes).map((_, at) => at * factor));
  const operator = { module: "simulation", name: "bulky" };
  const stage: StageSpec = { name: "bulky", operator, shared, tasks, parents: [], placement: { kind: "anywhere" } };
  const outcome = await cluster.run({ name: "bulky", stages: [stage] }, {});
  if ("failure" in outcome) throw new Error(outcome.failure.message);
  const expected = tasks.map((params) => params.map((byte, at) => byte ^ shared[at]! ^ 42));
  outcome.results.forEach((result, at) => expect(Buffer.compare(result as Uint8Array, expected[at]!)).toBe(0));
}

describe("calls between driver and executors", () => {
  it("are these, and no others", async () => {
    expect([...(await play("", "late"))].sort()).toEqual([...methods].sort());
  });

  describe.each(methods)("%s", (method) => {
    it.each(faults)("%s: all ends as without, and no executor is given up", async (fault) => {
      await play(method, fault);
    });
  });

  it("write an arena in the order in which they were asked to, also if nobody waits for the first any more", async () => {
    const merge = (): void => undefined;
    const receive = receivers.ref("receive");
    const cluster = new SimCluster({ seed: 1, numExecutors: 1, mergeContributions: merge, receive });
    const { clock, network } = cluster;
    await clock.run(cluster.start(), 60_000);
    const host = cluster.group.host(1);
    const range = { offset: 65536, length: 8 };
    for (const fault of faults) {
      network.faults = { ...noFaults, lateMs: 400 };
      let calls = 0;
      network.plan = (method) => (method === "executor.writeArena" && calls++ === 0 ? fault : undefined);
      const first = host.writeArena([range], [new Uint8Array(8).fill(1)]);
      const second = host.writeArena([range], [new Uint8Array(8).fill(2)]);
      await clock.run(second, 5000);
      await clock.pass(1000);
      const read = new Uint8Array(8);
      await clock.run(host.readArena([range], [read]), 1000);
      expect([...read], fault).toEqual(Array(8).fill(2));
      await clock.run(first, 0);
    }
    await clock.run(cluster.stop(), 10_000);
  });
});
