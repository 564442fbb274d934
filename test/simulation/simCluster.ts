/**
 * A driver and its executors in one process: the real JobRunner, ExecutorGroup, RemoteHost and Executor, over a simulated
 * network and clock, with simulated threads.
 */
import { ExecutorGroup } from "../../core/cluster/executorGroup.ts";
import { Executor } from "../../core/cluster/executor/executor.ts";
import { JobRunner } from "../../core/cluster/jobRunner.ts";
import type { KillManner, Launcher, LauncherListener } from "../../core/cluster/launcher.ts";
import { type Config, type ConfigOptions, resolveConfig } from "../../core/config.ts";
import type { OperatorRef } from "../../core/host/task.ts";
import type { Address } from "../../core/net/transport.ts";
import { type Random, randomFor } from "../../core/random.ts";
import { encodeError } from "../../core/remoteError.ts";
import { EventBus } from "../../core/schedule/events.ts";
import { lineOf, toError } from "../../core/schedule/failure.ts";
import type { JobSpec, StageSpec } from "../../core/schedule/job.ts";
import type { Contribution } from "../../core/schedule/protocol.ts";
import { SimClock } from "./simClock.ts";
import { type HostFaults, noHostFaults, SimHost } from "./simHost.ts";
import { SimNetwork, type SimProcess } from "./simNetwork.ts";
import type { SuperstepParams, SuperstepShared } from "./simOperators.ts";

export interface SimClusterOptions {
  readonly seed: number;
  readonly numExecutors: number;
  readonly mergeContributions: (contributions: readonly Contribution[]) => void;
  /** The Receiver of supersteps. */
  readonly receive: OperatorRef;
  readonly config?: ConfigOptions;
  /** Clocks of processes differ by up to so much. */
  readonly maxClockOffsetMs?: number;
}

// what heartbeats tell costs more than all else that is simulated
process.memoryUsage.rss = () => 0;

const driverBlock = new Uint8Array(new SharedArrayBuffer(100)).fill(42);
const versions = { protocol: 1, build: "simulated", node: process.version };
const arenaBytes = 65536;
const maxRecoveries = 20;
const snapshotEvery = 3;

export class SimCluster {
  readonly clock: SimClock = new SimClock();
  readonly network: SimNetwork;
  readonly runner: JobRunner;
  readonly driver: SimProcess;
  readonly launcher: SimLauncher;
  /** What happened, in order. */
  readonly trace: string[] = [];
  /** Chances of tasks and threads to fail. */
  hostFaults: HostFaults = noHostFaults;
  readonly #config: Config;
  readonly #receive: OperatorRef;
  #group: ExecutorGroup | undefined;
  #lastJob = 0;
  #lastMailbox = 0;

  constructor({ seed, numExecutors, mergeContributions, receive, config, maxClockOffsetMs = 0 }: SimClusterOptions) {
    const random = randomFor(seed, 4);
    this.network = new SimNetwork(this.clock, seed);
    this.driver = this.network.process("driver", "driver", random.next() * maxClockOffsetMs);
    this.#receive = receive;
    this.#config = resolveConfig(
      {
        arenaBytes,
        heartbeatMs: 200,
        hostTimeoutMs: 1500,
        noHostGraceMs: 60_000,
        maxHostReplacements: 1000,
        ...config,
      },
      false,
    );
    const events = new EventBus(() => this.clock.now());
    events.subscribe(({ seq: _seq, ...event }) => this.trace.push(JSON.stringify(event)));
    const { clock } = this.driver;
    this.runner = new JobRunner({
      config: this.#config,
      events,
      mergeContributions,
      exchanged: () => undefined,
      clock,
    });
    this.launcher = new SimLauncher({
      network: this.network,
      random,
      numExecutors,
      maxClockOffsetMs,
      faults: () => this.hostFaults,
      startMs: this.#config.hostStartMs,
    });
  }

  get group(): ExecutorGroup {
    if (this.#group === undefined) throw new Error("the cluster has not started");
    return this.#group;
  }

  async start(): Promise<void> {
    await ExecutorGroup.start({
      config: this.#config,
      clock: this.driver.clock,
      transport: this.driver,
      launcher: this.launcher,
      runner: this.runner,
      arenaBytes: 2 * arenaBytes,
      readBlock: () => Promise.resolve(driverBlock),
      moduleHooks: () => [],
      started: (group) => (this.#group = group),
    });
  }

  run: JobRunner["run"] extends (id: number, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never =
    (spec, options) => this.runner.run(++this.#lastJob, spec, options);

  removeShuffle(shuffle: number): void {
    this.runner.forgetBlocks({ kind: "shuffle", shuffle });
    for (const host of this.group.hosts) host.removeBlocks({ kind: "shuffle", shuffle });
  }

  /**
   * Runs supersteps over `initial` cells on the executors that are there, as a driver does: cells are placed, each step is
   * a stage whose tasks send what they computed to the other hosts, and when a host is lost, all goes on from the last
   * snapshot. Returns the cells at the end.
   */
  async supersteps(initial: readonly number[], numSupersteps: number): Promise<number[]> {
    let cells = Uint32Array.from(initial);
    let done = 0;
    for (let recoveries = 0; ; recoveries++) {
      try {
        await this.group.whenExecutors(1, this.#config.noHostGraceMs);
        const hosts = this.group.executors.map(({ id }) => id).slice(0, cells.length);
        while (done < numSupersteps) {
          const steps = Math.min(snapshotEvery, numSupersteps - done);
          cells = await this.#supersteps(hosts, cells, done, steps);
          done += steps;
          recoveries = 0; // in a row, without progress
        }
        return [...cells];
      } catch (error) {
        if ((error as { code?: unknown }).code !== "HOST_LOST" || recoveries === maxRecoveries) throw error;
        this.network.count("recovery");
      }
    }
  }

  /** `numSteps` supersteps from `first` on, from cells that every host is given. */
  async #supersteps(
    hosts: readonly number[],
    cells: Uint32Array,
    first: number,
    numSteps: number,
  ): Promise<Uint32Array<ArrayBuffer>> {
    const base = arenaBytes; // where columns can be
    const bytes = cells.byteLength;
    const bounds = hosts.map((_, at) => Math.floor((at * cells.length) / hosts.length));
    const parts = hosts.map((host, at) => ({ host, from: bounds[at]!, end: bounds[at + 1] ?? cells.length }));
    const given = new Uint8Array(cells.buffer, cells.byteOffset, bytes);
    await Promise.all(
      hosts.map((host) => this.group.host(host).writeArena([{ offset: base, length: bytes }], [given])),
    );
    let awaits: number | undefined;
    let from = base;
    let to = base + bytes;
    for (let step = first; step < first + numSteps; step++) {
      const sends = ++this.#lastMailbox;
      const shared: SuperstepShared = { step, from: from / 4, to: to / 4, numCells: cells.length };
      const stage: StageSpec = {
        name: `superstep ${step}`,
        operator: { module: "simulation", name: "superstep" },
        shared,
        tasks: parts.flatMap(({ host, from: start, end }) =>
          tasksOf(
            start,
            end,
            hosts.filter((other) => other !== host),
          ),
        ),
        parents: [],
        placement: {
          kind: "pinned",
          hosts: parts.flatMap(({ host, from: start, end }) => tasksOf(start, end, []).map(() => host)),
        },
        exchange: { sends, receive: this.#receive, ...(awaits === undefined ? {} : { awaits }) },
      };
      const spec: JobSpec = { name: stage.name, stages: [stage] };
      const outcome = await this.run(spec, {});
      if ("failure" in outcome) throw toError(outcome.failure);
      awaits = sends;
      [from, to] = [to, from];
    }
    const after = new Uint32Array(cells.length);
    await Promise.all(
      parts.map(async ({ host, from: start, end }) => {
        const range = { offset: from + 4 * start, length: 4 * (end - start) };
        await this.group.host(host).readArena([range], [new Uint8Array(after.buffer, 4 * start, range.length)]);
      }),
    );
    return after;
  }

  async stop(): Promise<void> {
    await this.runner.stop({ code: "CONTEXT_STOPPED", message: "stopped", details: {} });
    await this.group.stop();
  }
}

/** Two tasks for a range, if it has two cells. */
function tasksOf(start: number, end: number, others: readonly number[]): SuperstepParams[] {
  const middle = (start + end) >> 1;
  const all = [
    { first: start, end: middle, others },
    { first: middle, end, others },
  ];
  return all.filter(({ first, end: last }) => first < last);
}

interface SimLauncherOptions {
  readonly network: SimNetwork;
  readonly random: Random;
  readonly numExecutors: number;
  readonly maxClockOffsetMs: number;
  readonly startMs: number;
  readonly faults: () => HostFaults;
}

/** Executors as processes of a simulation. */
export class SimLauncher implements Launcher {
  /** Processes that have not ended, by the names of their executors. */
  readonly processes: Map<string, SimProcess> = new Map();
  readonly #options: SimLauncherOptions;
  #driver: Address = "";
  #listener: LauncherListener | undefined;
  #lastName = 0;
  #isStopped = false;

  constructor(options: SimLauncherOptions) {
    this.#options = options;
  }

  start(driverAddress: Address, listener: LauncherListener): Promise<number> {
    this.#driver = driverAddress;
    this.#listener = listener;
    for (let count = 0; count < this.#options.numExecutors; count++) this.#spawn();
    return Promise.resolve(this.#options.numExecutors);
  }

  replace(_executor: string): void {
    const { network, random } = this.#options;
    network.count("replaced");
    network.clock.after(random.next() * 2000, () => {
      if (!this.#isStopped) this.#spawn();
    });
  }

  kill(executor: string, manner: KillManner): boolean {
    const process = this.processes.get(executor);
    if (process === undefined) return false;
    if (manner === "freeze") process.freeze(5000);
    else this.crash(executor, true);
    return true;
  }

  /** A process ends. If not `isToldSoon`, its silence tells of it first: as when a whole machine is gone. */
  crash(executor: string, isToldSoon: boolean): void {
    const { network, random } = this.#options;
    const process = this.processes.get(executor);
    if (process === undefined) return;
    this.processes.delete(executor);
    process.die();
    const toldAfterMs = random.next() * 20 + (isToldSoon ? 0 : 8000);
    network.clock.after(toldAfterMs, () => this.#listener?.ended(executor, "was killed by signal 9"));
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    for (const name of this.processes.keys()) this.crash(name, false);
    return Promise.resolve();
  }

  #spawn(): void {
    const { network, random, maxClockOffsetMs, startMs, faults } = this.#options;
    const name = `executor-${++this.#lastName}`;
    const process = network.process(name, "executor", random.next() * maxClockOffsetMs);
    this.processes.set(name, process);
    const own = randomFor(random.nextUint32());
    const count = (what: string): void => network.count(what);
    const ended = (why: string): void => {
      if (process.isDead) return;
      network.count(`ended: ${why.replaceAll(/\d+/g, "N")}`);
      this.crash(name, true);
    };
    process.clock.after(50 + random.next() * 200, () => {
      Executor.start({
        executor: name,
        numThreads: 1 + own.nextInt(2),
        driver: this.#driver,
        transport: process,
        clock: process.clock,
        versions,
        startMs,
        makeHost: (options) => new SimHost({ ...options, clock: process.clock, random: own, faults, count }),
      }).then(
        (executor) => void executor.ended.then(ended),
        (error: unknown) => ended(`could not start: ${lineOf(encodeError(error))}`),
      );
    });
  }
}
