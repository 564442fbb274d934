import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterCommand, ClusterEvent } from "../../../../core/cluster/standalone/clusterProtocol.ts";
import { coresOf, createCluster, wantedCores } from "../../../../core/cluster/standalone/clusterState.ts";
import { manageCluster } from "../../../../core/cluster/standalone/manageCluster.ts";
import { restoreCluster, savedCluster } from "../../../../core/cluster/standalone/masterFile.ts";
import { type Random, randomFor } from "../../../../core/random.ts";
import { application, beat, GiB, settings, submission, worker } from "./clusterEvents.ts";

interface SimulatedWorker {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly executors: Map<string, { application: string; executor: string; cores: number; memoryBytes: number }>;
  readonly drivers: Set<string>;
  readonly everDrivers: Set<string>;
}

/** Thousands of these are asked a second: `expect` takes its time. */
function atMost(value: number, limit: number): void {
  if (!(value <= limit)) throw new Error(`${value} must be at most ${limit}`);
}

/** Workers, applications and a master with a network between them that delays, repeats and loses what they say. */
class SimulatedCluster {
  readonly random: Random;
  /** Memory is never short: then cores alone decide. */
  readonly isRich: boolean;
  state = createCluster(settings, "life0");
  now = 0;
  lives = 0;
  launches = 0;
  readonly workers: Map<string, SimulatedWorker> = new Map();
  readonly applications: Map<string, { cores: number }> = new Map();
  /** Commands under way to workers. */
  commands: Extract<ClusterCommand, { readonly worker: string }>[] = [];
  names = 0;

  constructor(seed: number) {
    this.random = randomFor(seed);
    this.isRich = this.random.nextInt(2) === 0;
  }

  tell(event: ClusterEvent): void {
    const commands = manageCluster(this.state, event, this.now);
    for (const command of commands) if ("worker" in command) this.commands.push(command);
    this.check(commands);
  }

  check(commands: readonly ClusterCommand[]): void {
    const { state } = this;
    // in the world, not in the books: what runs, and what is about to
    for (const [id, { cores, memoryBytes, executors, drivers }] of this.workers) {
      const coming = this.commands.filter((each) => each.worker === id);
      const all = new Map<string, { cores: number; memoryBytes: number }>(executors);
      for (const each of coming) if (each.type === "launchExecutor") all.set(each.executor, each);
      const withDrivers = new Set(drivers);
      for (const each of coming) if (each.type === "launchDriver") withDrivers.add(each.submission);
      if (!state.workers.has(id)) continue; // cut off: nobody gives its cores away
      let used = withDrivers.size;
      let bytes = 0;
      for (const each of all.values()) [used, bytes] = [used + each.cores, bytes + each.memoryBytes];
      atMost(used, cores);
      atMost(bytes, memoryBytes);
    }
    const gainers = new Set<string>();
    for (const command of commands) {
      if (command.type !== "launchExecutor") continue;
      this.launches++;
      atMost(1, command.cores);
      gainers.add(command.application);
    }
    for (const each of state.applications.values()) {
      if (each.isPresent) atMost(coresOf(state, each.id), wantedCores(each));
      // fair: who got a core had no more than anyone who wants one, could have had it, and went away with fewer
      for (const gainer of gainers) {
        const hungry =
          this.isRich && each.isPresent && this.now >= each.notBefore && coresOf(state, each.id) < wantedCores(each);
        if (hungry) atMost(coresOf(state, gainer), coresOf(state, each.id) + 1);
      }
    }
  }

  /** Carries out one of the commands under way. */
  deliver(): void {
    if (this.commands.length === 0) return;
    const at = this.random.nextInt(this.commands.length);
    // commands to one worker stay in order
    const command = this.commands.find(({ worker: id }) => id === this.commands[at]!.worker)!;
    this.commands.splice(this.commands.indexOf(command), 1);
    const to = this.workers.get(command.worker);
    if (to === undefined) {
      this.tell({ type: "workerGone", worker: command.worker, text: "cannot be reached", isLoss: true });
      return;
    }
    if (command.type === "launchExecutor") {
      const { application: of, executor, cores, memoryBytes } = command;
      to.executors.set(executor, { application: of, executor, cores, memoryBytes });
      this.tell({ type: "executorLaunched", executor });
    } else if (command.type === "stopExecutor") {
      to.executors.delete(command.executor);
      this.tell({
        type: "executorEnded",
        worker: command.worker,
        executor: command.executor,
        text: "stopped",
        drained: true,
      });
    } else if (command.type === "launchDriver") {
      if (to.everDrivers.has(command.submission)) return;
      to.everDrivers.add(command.submission);
      to.drivers.add(command.submission);
    } else this.endDriver(command.worker, command.submission);
  }

  endDriver(id: string, name: string): void {
    if (!this.workers.get(id)!.drivers.delete(name)) return;
    this.tell({ type: "driverEnded", worker: id, submission: name, exitCode: 0, text: "" });
  }

  register(id: string): void {
    const { cores, memoryBytes, executors, drivers } = this.workers.get(id)!;
    // what is under way to a worker that registers again arrives first, or is known to be lost
    while (this.commands.some((each) => each.worker === id)) this.deliver();
    this.tell(worker(id, cores, { memoryBytes, executors: [...executors.values()], drivers: [...drivers] }));
  }

  everybodyBeats(): void {
    for (const id of this.workers.keys()) {
      if (this.state.workers.has(id)) this.tell({ type: "workerHeard", worker: id });
      else this.register(id);
    }
    for (const [id, { cores }] of this.applications) {
      const known = this.state.applications.get(id);
      if (known?.isPresent !== true) this.tell(application(id, { cores }));
      this.tell(beat(id));
    }
  }

  step(): void {
    const { random } = this;
    const ids = [...this.workers.keys()];
    const anyWorker = ids[random.nextInt(Math.max(1, ids.length))];
    const apps = [...this.applications.keys()];
    const anyApplication = apps[random.nextInt(Math.max(1, apps.length))];
    switch (random.nextInt(12)) {
      case 0: {
        if (ids.length >= 4) return;
        const id = `w${this.names++}`;
        const [cores, memoryBytes] = [1 + random.nextInt(6), (this.isRich ? 64 : 1 + random.nextInt(6)) * GiB];
        this.workers.set(id, { cores, memoryBytes, executors: new Map(), drivers: new Set(), everDrivers: new Set() });
        return this.register(id);
      }
      case 1: {
        if (apps.length >= 4) return;
        const id = `a${this.names++}`;
        const cores = random.nextInt(3) === 0 ? 0 : 1 + random.nextInt(9);
        this.applications.set(id, { cores });
        const event = application(id, { cores, coresPerExecutor: random.nextInt(4) });
        this.tell(event);
        return random.nextInt(2) === 0 ? this.tell(event) : undefined;
      }
      case 2: // a worker dies, silently or not
        if (anyWorker === undefined || random.nextInt(3) > 0) return;
        this.workers.delete(anyWorker);
        if (random.nextInt(2) === 0)
          this.tell({ type: "workerGone", worker: anyWorker, text: "stopped", isLoss: false });
        return;
      case 3:
        if (anyApplication === undefined || random.nextInt(2) > 0) return;
        this.applications.delete(anyApplication);
        return random.nextInt(2) === 0
          ? this.tell({ type: "applicationEnded", application: anyApplication })
          : undefined;
      case 4: {
        if (anyWorker === undefined) return;
        const [executor] = this.workers.get(anyWorker)!.executors.keys();
        if (executor === undefined) return;
        this.workers.get(anyWorker)!.executors.delete(executor);
        const event = { type: "executorEnded", worker: anyWorker, executor, text: "exit 1", drained: false } as const;
        this.tell(event);
        return random.nextInt(3) === 0 ? this.tell(event) : undefined;
      }
      case 5:
        return this.tell(submission(`d${this.names++}`));
      case 6: {
        if (anyWorker === undefined) return;
        const [driver] = this.workers.get(anyWorker)!.drivers;
        return driver === undefined ? undefined : this.endDriver(anyWorker, driver);
      }
      case 7: // the master is restarted, with its file or without
        if (random.nextInt(4) > 0) return;
        while (this.commands.length > 0) this.deliver();
        this.lives++;
        this.state =
          random.nextInt(2) === 0
            ? restoreCluster(settings, `life${this.lives}`, savedCluster(this.state), this.now)
            : createCluster(settings, `life${this.lives}`);
        return;
      case 8:
        this.now += random.nextInt(1500);
        return this.everybodyBeats();
      default:
        return this.deliver();
    }
  }

  /** Everybody goes, and time passes. */
  end(): void {
    this.applications.clear();
    for (const id of this.state.drivers.keys()) this.tell({ type: "driverKilled", submission: id });
    for (let i = 0; i < 40; i++) {
      this.now += 1000;
      this.everybodyBeats();
      this.tell({ type: "timer" });
      while (this.commands.length > 0) this.deliver();
      for (const [id, { drivers }] of this.workers) for (const each of drivers) this.endDriver(id, each);
    }
  }
}

describe("manageCluster under random events", () => {
  it("gives no core and no byte away twice, is fair, and leaves nothing", () => {
    const totals = { launches: 0, lives: 0, lost: 0 };
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const cluster = new SimulatedCluster(seed);
        for (let i = 0; i < 250; i++) cluster.step();
        totals.launches += cluster.launches;
        totals.lives += cluster.lives;
        totals.lost += cluster.state.lostWorkers;
        cluster.end();
        expect(cluster.state.applications.size).toBe(0);
        expect([...cluster.state.executors.values()]).toEqual([]);
        for (const { executors } of cluster.workers.values()) expect(executors.size).toBe(0);
        expect(cluster.state.awaited.size).toBe(0);
        const running = [...cluster.state.drivers.values()].filter(
          ({ state }) => state === "running" || state === "waiting",
        );
        expect(running).toEqual([]);
      }),
      { numRuns: 150 },
    );
    expect(Math.min(totals.launches, totals.lives, totals.lost)).toBeGreaterThan(10); // it did happen
  });
});
