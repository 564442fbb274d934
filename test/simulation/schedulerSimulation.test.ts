/**
 * The scheduler and its shell on hosts in simulated time, without a network: hosts die, are drained and come anew; tasks,
 * threads and blocks are lost. One seed is one run, which `SUPERSTEP_SEED=n` plays
 * again; `SUPERSTEP_SEEDS=n` plays n of them.
 */
import { describe, expect, it } from "vitest";
import { JobRunner } from "../../core/cluster/jobRunner.ts";
import { Arena } from "../../core/column/arena.ts";
import { resolveConfig } from "../../core/config.ts";
import type { BlockId } from "../../core/host/task.ts";
import { type Random, randomFor } from "../../core/random.ts";
import { EventBus } from "../../core/schedule/events.ts";
import { fetchFailed } from "../../core/schedule/fetchFailure.ts";
import { type Played, playSeeds, seeds, seedsTimeoutMs } from "./seeds.ts";
import { SimClock, ProcessClock } from "./simClock.ts";
import { type HostFaults, noHostFaults, SimHost } from "./simHost.ts";
import { Workload } from "./simWorkload.ts";

const arena = Arena.create({ capacityBytes: 65536 });

/** Plays one seed; throws if anything ends as it must not. */
async function play(seed: number): Promise<Played> {
  const clock = new SimClock();
  const random = randomFor(seed, 3);
  const workload = new Workload(seed);
  const fired = new Map<string, number>();
  const count = (what: string): void => void fired.set(what, (fired.get(what) ?? 0) + 1);
  const trace: string[] = [];
  const events = new EventBus(() => clock.now());
  events.subscribe(({ seq: _seq, ...event }) => trace.push(JSON.stringify(event)));
  const config = resolveConfig({ speculation: seed % 2, localityWaitMs: 20, noHostGraceMs: 2000 }, false);
  const runner = new JobRunner({
    config,
    events,
    mergeContributions: workload.merge,
    exchanged: () => undefined,
    clock,
  });
  const world = new World({ clock, random, runner, count });

  for (let i = 0; i < 3; i++) world.add();
  let lastJob = 0;
  const bench = {
    run: (spec: Parameters<JobRunner["run"]>[1], onResult: (partition: number, result: unknown) => void) =>
      runner.run(++lastJob, spec, { onResult }),
    removeShuffle: (shuffle: number) => {
      runner.forgetBlocks({ kind: "shuffle", shuffle });
      for (const host of world.hosts.values()) host.removeBlocks({ kind: "shuffle", shuffle });
    },
    sleep: (ms: number) => clock.sleep(ms),
  };
  world.faults = {
    userError: 0.03,
    threadDeath: 0.02,
    straggler: 0.02,
    lostBlock: 0.02,
    maxWorkMs: 20 + 200 * random.next(),
  };
  world.breakThings();
  await clock.run(workload.run(bench), 600_000);
  world.isQuiet = true;
  world.faults = noHostFaults;
  world.add();
  await clock.run(workload.runAfterwards(bench), 60_000);
  await clock.run(runner.stop({ code: "CONTEXT_STOPPED", message: "stopped", details: {} }), 10_000);
  return { account: workload.account, fired, trace };
}

interface WorldOptions {
  readonly clock: SimClock;
  readonly random: Random;
  readonly runner: JobRunner;
  readonly count: (what: string) => void;
}

/** Hosts that come and go, and read one another's blocks. */
class World {
  readonly hosts: Map<number, SimHost> = new Map();
  faults: HostFaults = noHostFaults;
  isQuiet = false;
  readonly #clocks: Map<number, ProcessClock> = new Map();
  readonly #options: WorldOptions;
  #lastHost = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  add(): void {
    const { clock, random, runner, count } = this.#options;
    const id = ++this.#lastHost;
    const own = new ProcessClock(clock);
    const host = new SimHost({
      id,
      numThreads: 1 + random.nextInt(3),
      arena,
      listener: runner,
      clock: own,
      random,
      faults: () => this.faults,
      count,
      fetchElsewhere: (block) => this.#fetch(id, block),
    });
    this.hosts.set(id, host);
    this.#clocks.set(id, own);
    runner.addHost(host, "blocks");
  }

  /** From now on hosts are lost and replaced, at random times. */
  breakThings(): void {
    const { clock, random, count } = this.#options;
    clock.after(random.next() * 1500, () => {
      if (this.isQuiet) return;
      const ids = [...this.hosts.keys()];
      const isDrained = random.next() < 0.2;
      const id = ids[random.nextInt(Math.max(1, ids.length))];
      if (id !== undefined) {
        count(isDrained ? "drained" : "crash");
        this.#lose(id, isDrained);
      }
      if (random.next() < 0.9) clock.after(random.next() * 1000, () => this.add());
      else count("notReplaced");
      if (this.hosts.size === 0) count("noHost");
      this.breakThings();
    });
  }

  /** A host dies; the driver hears of it sooner or later, and only then is it off the books. */
  #lose(id: number, isDrained: boolean): void {
    const { clock, random, runner } = this.#options;
    const host = this.hosts.get(id)!;
    this.hosts.delete(id);
    this.#clocks.get(id)!.die();
    void host.stop();
    const error = { name: "HostLost", message: `host ${id} ended` };
    clock.after(random.next() * 1500, () =>
      runner.removeHost(id, { kind: isDrained ? "hostDrained" : "hostLost", error }),
    );
  }

  /** Bytes of a block of another host, after a while. */
  async #fetch(asking: number, id: BlockId): Promise<Uint8Array | undefined> {
    const { clock, random, runner, count } = this.#options;
    await clock.sleep(random.next() * 20);
    const [holders = []] = runner.locate([id]).hosts;
    const holder = holders.find((host) => host !== asking);
    await clock.sleep(random.next() * 20);
    const bytes = holder === undefined ? undefined : await this.hosts.get(holder)?.blocks.get(id);
    if (id.kind !== "shuffle" || bytes !== undefined) return bytes;
    count("fetchFailed");
    const { shuffle, map, reduce } = id;
    const from = holders[0] ?? -1;
    throw fetchFailed({ shuffle, map, reduce, holder: from, isUnreachable: !this.hosts.has(from) }, "not to be had");
  }
}

describe("jobs on simulated hosts", () => {
  it(
    `end with the fault-free results or a typed error, in bounded time, for ${seeds.length} seeds`,
    async () => {
      const hosts = ["crash", "drained", "notReplaced", "noHost"];
      const tasks = ["userError", "threadDeath", "straggler", "lostBlock", "fetchFailed"];
      await playSeeds(play, [...hosts, ...tasks]);
    },
    seedsTimeoutMs,
  );

  it("happen in the same way whenever the same seed is played", async () => {
    for (const seed of seeds.slice(0, 5)) expect((await play(seed)).trace).toEqual((await play(seed)).trace);
  });
});
