import { Arena } from "../../core/column/arena.ts";
import { bytesPerElement, type ColumnRef } from "../../core/column/types.ts";
import { type Config, type ConfigOptions, resolveConfig } from "../../core/config.ts";
import type { Context } from "../../core/context.ts";
import { SuperstepError } from "../../core/errors.ts";
import { revive } from "../../core/function/revive.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import { loadOperator } from "../../core/host/operators.ts";
import type { BlockId, TaskContext } from "../../core/host/task.ts";
import { type Random, randomFor } from "../../core/random.ts";
import { parallelize } from "../../core/rdd/parallelize.ts";
import { RDD } from "../../core/rdd/rdd.ts";
import { EventBus } from "../../core/schedule/events.ts";
import type { JobSpec, Receiver, RunOptions, StageSpec } from "../../core/schedule/job.ts";
import type { Fleet } from "../../graph/superstep/cluster/fleet.ts";
import type { TaskSet } from "../../graph/partition/taskRunner.ts";

/** What was sent in a stage, and not received yet. */
interface Delivery {
  readonly from: number;
  readonly to: number;
  readonly receive: (host: SimulatedHost) => void;
}

interface SimulatedHost {
  readonly id: number;
  readonly numThreads: number;
  readonly arena: Arena;
}

/** Called before each task on an executor, and before each copy from or to one: ids of hosts that are lost now. */
export type FaultHook = (what: {
  readonly kind: "task" | "copy";
  readonly name: string;
  readonly host: number;
}) => number[];

/**
 * A driver with executors, in one thread and without a network: an arena each, filled with garbage at first, so that what
 * was never copied there shows. Tasks run in an order drawn from `seed`; what they send arrives between others, or, when
 * their stage fails, at any time after.
 */
export class SimulatedFleet implements Fleet {
  readonly arena: Arena;
  readonly events: EventBus = new EventBus();
  readonly config: Config;
  readonly numThreads = 2;
  readonly isLocal = false;
  /** Bytes that were delivered between executors, and copied from or to them. */
  delivered = 0;
  copied = 0;
  /** Names of the stages that ran on executors. */
  readonly pinnedStages: string[] = [];
  onWork: FaultHook = () => [];
  readonly #random: Random;
  readonly #capacityBytes: number;
  readonly #hosts: Map<number, SimulatedHost> = new Map();
  readonly #blocks: Map<string, Uint8Array> = new Map();
  readonly #written: Set<number> = new Set();
  /** What tasks keep, by the arena of their host. */
  readonly #memos: Map<Arena, Map<string, unknown>> = new Map();
  #late: Delivery[] = [];
  #lastHost = 0;

  constructor(threads: readonly number[], seed = 1, config: ConfigOptions = {}, capacityBytes = 4 * 2 ** 20) {
    this.#random = randomFor(seed);
    this.#capacityBytes = capacityBytes;
    this.config = resolveConfig(config, false);
    this.arena = Arena.create({ capacityBytes });
    for (const numThreads of threads) this.join(numThreads);
  }

  get executors(): SimulatedHost[] {
    return [...this.#hosts.values()];
  }

  /** A new executor; returns its id. */
  join(numThreads: number): number {
    const arena = Arena.create({ capacityBytes: this.#capacityBytes });
    new Uint8Array(arena.memory.buffer).fill(0xa5);
    const id = ++this.#lastHost;
    this.#hosts.set(id, { id, numThreads, arena });
    return id;
  }

  lose(host: number): void {
    this.#hosts.delete(host);
  }

  /** A stand-in for a context over this driver. */
  context(): Context {
    const context = {
      driver: this,
      releaseRDD: () => undefined,
      checkpointDefaults: {},
      parallelize: (data: Iterable<unknown>, numPartitions?: number): RDD<unknown> =>
        new RDD(context as unknown as Context, parallelize(data, numPartitions)),
    };
    return context as unknown as Context;
  }

  /** Nothing: its tasks run in this thread, which loads operators when it needs them. */
  loadOperators(): void {}

  async whenExecutors(count: number): Promise<void> {
    if (this.#hosts.size < count) throw new SuperstepError("HOST_LOST", "driver: no executor came in time");
  }

  async runTasks<R>({ name, operator, shared, tasks }: TaskSet, options: RunOptions = {}): Promise<R[]> {
    return this.runJob<R>({ name, stages: [{ name, operator, shared, tasks, parents: [] }] }, options);
  }

  async runJob<R>({ stages }: JobSpec, { signal }: RunOptions = {}): Promise<R[]> {
    let results: unknown[] = [];
    for (const stage of stages) {
      if (signal?.aborted) throw new SuperstepError("CANCELLED", "job: cancelled");
      if (stage.shuffleId !== undefined && this.#written.has(stage.shuffleId)) continue;
      results =
        stage.placement?.kind === "pinned"
          ? await this.#runPinned(stage, stage.placement.hosts)
          : await this.#runAtHome(stage);
      if (stage.shuffleId !== undefined) this.#written.add(stage.shuffleId);
    }
    return results as R[];
  }

  async copyToHost(host: number, columns: readonly ColumnRef[]): Promise<void> {
    this.#arriveSome(this.#late);
    this.#fault("copy", "to", host);
    const { arena } = this.#alive(host);
    for (const column of columns) this.#copy(this.arena, arena, column);
    await new Promise((resolve) => setImmediate(resolve));
    this.#arriveSome(this.#late);
  }

  async copyFromHost(host: number, columns: readonly ColumnRef[]): Promise<void> {
    const half = Math.floor(columns.length / 2);
    for (const column of columns.slice(0, half)) this.#copy(this.#alive(host).arena, this.arena, column);
    this.#fault("copy", "from", host);
    const { arena } = this.#alive(host);
    for (const column of columns.slice(half)) this.#copy(arena, this.arena, column);
    await new Promise((resolve) => setImmediate(resolve));
  }

  #copy(from: Arena, to: Arena, column: ColumnRef): void {
    const { type, offset, length } = column;
    const bytes: ColumnRef<"uint8"> = { type: "uint8", offset, length: length * bytesPerElement[type] };
    to.view(bytes).set(from.view(bytes));
    this.copied += bytes.length;
  }

  async #runAtHome({ operator, shared, tasks }: StageSpec): Promise<unknown[]> {
    const run = await loadOperator(operator);
    const results: unknown[] = [];
    for (const index of this.#random.shuffle(Array.from(tasks.keys()))) {
      const [sent, params] = structuredClone([shared, tasks[index]]);
      results[index] = await run(sent, params, this.#taskContext(this.arena, index));
    }
    return results;
  }

  async #runPinned(stage: StageSpec, hosts: readonly number[]): Promise<unknown[]> {
    const { name, operator, shared, tasks, exchange } = stage;
    this.pinnedStages.push(name);
    for (const host of hosts) this.#alive(host);
    const run = await loadOperator(operator);
    const receive = exchange && ((await loadOperator(exchange.receive)) as unknown as Receiver<unknown>);
    const sharedOf = new Map(hosts.map((host) => [host, structuredClone(shared)]));
    const begun = new Set<number>();
    const pending: Delivery[] = [];
    const results: unknown[] = [];
    try {
      for (const index of this.#random.shuffle(Array.from(tasks.keys()))) {
        const host = hosts[index]!;
        this.#fault("task", name, host);
        for (const other of hosts) this.#alive(other);
        const executor = this.#alive(host);
        if (!begun.has(host)) receive?.(sharedOf.get(host), undefined, executor);
        begun.add(host);
        const deliver = (to: number, head: Uint8Array, columns: readonly ColumnRef<"uint8">[] = []): void => {
          const bytes = Buffer.concat([head, ...columns.map((column) => executor.arena.view(column))]);
          if (receive === undefined) throw new Error("this stage has no exchange");
          if (to === host || !hosts.includes(to)) throw new Error(`host ${to} does not take part, or is the sender`);
          this.delivered += bytes.length;
          // at an odd place of a larger buffer, as it may come out of a stream
          const moved = new Uint8Array(bytes.length + 3).subarray(3);
          moved.set(bytes);
          const message = { from: host, bytes: moved };
          pending.push({
            from: host,
            to,
            receive: (at) => receive(sharedOf.get(to), message, at),
          });
        };
        const task = this.#taskContext(executor.arena, index, deliver);
        results[index] = await run(sharedOf.get(host), structuredClone(tasks[index]), task);
        this.#arriveSome(pending, begun);
        this.#arriveSome(this.#late);
      }
      while (pending.length > 0) this.#arriveSome(pending, begun);
    } catch (error) {
      this.#late.push(...pending);
      throw error;
    }
    return results;
  }

  /** Some of what is under way arrives, in any order: half of what is still wanted, less of what comes late. */
  #arriveSome(under: Delivery[], begun?: ReadonlySet<number>): void {
    const isLate = under === this.#late;
    for (const delivery of this.#random.shuffle([...under])) {
      if (begun?.has(delivery.to) === false || this.#random.nextInt(isLate ? 16 : 2) > 0) continue;
      under.splice(under.indexOf(delivery), 1);
      const host = this.#hosts.get(delivery.to);
      if (host !== undefined) delivery.receive(host);
    }
  }

  #fault(kind: "task" | "copy", name: string, host: number): void {
    for (const lost of this.onWork({ kind, name, host })) this.lose(lost);
  }

  #alive(host: number): SimulatedHost {
    const found = this.#hosts.get(host);
    if (found === undefined) throw new SuperstepError("HOST_LOST", `host ${host} was lost`, { details: { host } });
    return found;
  }

  #taskContext(
    arena: Arena,
    partition: number,
    deliver: TaskContext["deliver"] = () => {
      throw new Error("no exchange");
    },
  ): TaskContext {
    const environment = { importModule: (url: string) => import(url) as Promise<Record<string, unknown>> };
    return {
      jobId: 1,
      stageId: 1,
      partition,
      attempt: 0,
      arena,
      revive: <F extends AnyFunction>(fn: ShippedFunction<F>) => revive<F>(fn, environment),
      fetchBlock: async (id: BlockId) => this.#blocks.get(JSON.stringify(id)),
      storeBlock: async (id: BlockId, bytes: Uint8Array) => void this.#blocks.set(JSON.stringify(id), bytes),
      deliver,
      memo: <T>(key: string, make: () => T): T => {
        const values = this.#memos.get(arena) ?? new Map<string, unknown>();
        this.#memos.set(arena, values);
        if (!values.has(key)) values.set(key, make());
        return values.get(key) as T;
      },
      throwIfCancelled: () => undefined,
    };
  }
}
