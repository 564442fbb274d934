/**
 * The driver: where a program's jobs are planned, its threads and shared memory are held, and results come together.
 */
import os from "node:os";
import type { Accumulator, AddFunction } from "../accumulator.ts";
import { Broadcast } from "../broadcast.ts";
import { Arena } from "../column/arena.ts";
import type { ColumnRef } from "../column/types.ts";
import { type Config, type ConfigOptions, resolveConfig } from "../config.ts";
import { invalidArgument, SuperstepError } from "../errors.ts";
import type { ClusterOptions } from "../contextDefaults.ts";
import { notShippable } from "../function/shippable.ts";
import { collectGarbage } from "../host/collectGarbage.ts";
import type { Host } from "../host/host.ts";
import { LocalHost } from "../host/localHost.ts";
import type { BlockId, OperatorRef, StorageLevel } from "../host/task.ts";
import { encodeError } from "../remoteError.ts";
import { EventBus, type EventListener } from "../schedule/events.ts";
import { type JobFailure, toError } from "../schedule/failure.ts";
import type { JobSpec, RunOptions } from "../schedule/job.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import type { BlockUsage } from "../storage/blockStore.ts";
import { Accumulators } from "./accumulators.ts";
import { DriverExecutors } from "./driverExecutors.ts";
import type { ExecutorInfo } from "./executorGroup.ts";
import { type ExecutorSource, executorSource } from "./executorSource.ts";
import { JobRunner } from "./jobRunner.ts";
import type { KillManner } from "./launcher.ts";
import { parseMaster } from "./master.ts";

/** What a driver is made of. */
export interface DriverOptions {
  /**
   * Where tasks run: `local[T]`, T threads of this process; `local[*]`, one per core, the default; `local-cluster[E,T]`, E
   * processes of T threads; `superstep://host:port`, a standalone cluster.
   */
  readonly master?: string | undefined;
  readonly config?: ConfigOptions | undefined;
  /** Stops the driver when it aborts: unfinished jobs fail with CANCELLED. */
  readonly signal?: AbortSignal | undefined;
  /** The application's name, for people. Default "superstep". */
  readonly appName?: string | undefined;
  /** With `superstep://`: how to get at the cluster, and how much of it is wanted. */
  readonly cluster?: ClusterOptions | undefined;
  /** Hears of everything from the very start: that executors are waited for, before there is a driver. */
  readonly listener?: EventListener | undefined;
  /** Where executors come from, instead of from the master. */
  readonly executors?: ExecutorSource | undefined;
}

/** A job of one stage. */
export interface TasksSpec {
  readonly name: string;
  readonly operator: OperatorRef;
  /** What all tasks share; sent once to each thread. Structured-cloneable. */
  readonly shared?: unknown;
  /** One entry a task. Structured-cloneable. */
  readonly tasks: readonly unknown[];
}

const stopped = { code: "CONTEXT_STOPPED", message: "driver: it was stopped", details: {} } as const;

/**
 * Runs jobs on the threads of its master. With executors, this process runs what views the driver's arena, and they run
 * the rest. Threads start with their first tasks. Neither they nor executors keep the process alive between jobs, and
 * executors end with it.
 */
export class Driver {
  /** This process's shared memory: columns are allocated here, on the driver's thread. */
  readonly arena: Arena;
  readonly events: EventBus;
  readonly config: Config;
  readonly master: string;
  readonly #host: LocalHost;
  readonly #exchangeListeners: Map<number, NonNullable<RunOptions["onExchange"]>> = new Map();
  #executors: DriverExecutors | undefined;
  #moduleHooks: readonly string[] = [];
  readonly #loadedOperators: Set<OperatorRef> = new Set();
  readonly #runner: JobRunner;
  readonly #accumulators: Accumulators = new Accumulators();
  #lastJob = 0;
  #lastBroadcast = 0;
  #stopping: Promise<void> | undefined;
  #unfollow: () => void = () => undefined;

  private constructor(master: string, config: Config, isLocal: boolean) {
    const place = parseMaster(master);
    const numThreads = place.kind === "local" ? place.numThreads : os.availableParallelism();
    this.master = master;
    this.config = config;
    this.arena = Arena.create({ capacityBytes: config.arenaBytes });
    this.events = new EventBus();
    this.#runner = new JobRunner({
      config,
      events: this.events,
      mergeContributions: (contributions) => this.#accumulators.merge(contributions),
      exchanged: (report) => this.#exchangeListeners.get(report.jobId)?.(report),
    });
    this.#host = new LocalHost({
      id: 0,
      numThreads,
      arena: this.arena,
      config,
      listener: this.#runner,
      fetchElsewhere: async (id) => this.#executors?.fetch(id),
    });
    this.#runner.addHost(this.#host, isLocal ? "both" : "arena");
    Object.defineProperty(this, notShippable, { value: "a Driver, which cannot travel. Use it outside the function." });
  }

  /**
   * Makes a driver; with executors, when they are there.
   *
   * @throws SuperstepError INVALID_ARGUMENT if the master or a setting is not one.
   * @throws SuperstepError HOST_LOST if executors do not start; UNREACHABLE, UNAUTHENTICATED, INCOMPATIBLE, NO_CAPACITY as
   *   the master says.
   * @throws SuperstepError CANCELLED if `signal` has aborted already.
   */
  static async create(options: DriverOptions = {}): Promise<Driver> {
    const { master = "local[*]", config, signal, appName = "superstep", cluster = {}, listener, executors } = options;
    if (signal?.aborted === true) throw new SuperstepError("CANCELLED", "driver: its signal has aborted already");
    const place = parseMaster(master);
    const isLocal = place.kind === "local" && executors === undefined;
    const settings = resolveConfig(config, isLocal);
    const named = { config: settings, appName, cluster };
    const source = executors ?? (place.kind === "local" ? undefined : await executorSource(place, named));
    const driver = new Driver(master, settings, isLocal);
    if (listener !== undefined) driver.events.subscribe(listener);
    if (signal !== undefined) driver.#follow(signal);
    if (source !== undefined) await driver.#start(source);
    return driver;
  }

  /** Threads of this process that run tasks at the same time. */
  get numThreads(): number {
    return this.#host.numThreads;
  }

  /** What all block stores hold: of executors, as last heard. */
  get blockUsage(): BlockUsage {
    const usages = [this.#host.blocks.usage, ...(this.#executors?.hosts ?? []).map(({ blockUsage }) => blockUsage)];
    const sum = (of: (usage: BlockUsage) => number): number => usages.reduce((total, usage) => total + of(usage), 0);
    return {
      blocks: sum(({ blocks }) => blocks),
      memoryBytes: sum(({ memoryBytes }) => memoryBytes),
      diskBytes: sum(({ diskBytes }) => diskBytes),
      spilled: sum(({ spilled }) => spilled),
      dropped: sum(({ dropped }) => dropped),
    };
  }

  /** True if all tasks run in this process: with `local[T]`. */
  get isLocal(): boolean {
    return this.#executors === undefined;
  }

  /** The executors that are there now, by ascending id; none with `local[T]`. A lost one's id never comes again. */
  get executors(): readonly ExecutorInfo[] {
    return this.#executors?.infos ?? [];
  }

  /**
   * Resolves when `count` executors are there. `timeoutMs`: default `noHostGraceMs`.
   *
   * @throws SuperstepError HOST_LOST if they are not in time.
   */
  async whenExecutors(count: number, timeoutMs: number = this.config.noHostGraceMs): Promise<void> {
    this.#checkRunning();
    await this.#theExecutors("whenExecutors").whenThere(count, timeoutMs);
  }

  /**
   * Copies columns of this arena to the same places in an executor's. They must not change meanwhile.
   *
   * @throws SuperstepError HOST_LOST if it is not there, or is lost before the end.
   */
  async copyToHost(host: number, columns: readonly ColumnRef[]): Promise<void> {
    this.#checkRunning();
    await this.#theExecutors("copyToHost").copyTo(host, columns);
  }

  /** Copies columns of an executor's arena to the same places in this one. @throws SuperstepError HOST_LOST */
  async copyFromHost(host: number, columns: readonly ColumnRef[]): Promise<void> {
    this.#checkRunning();
    await this.#theExecutors("copyFromHost").copyFrom(host, columns);
  }

  /**
   * Makes an executor fail: kills its process, or freezes it as it stands, to be noticed by its silence. Returns false if
   * it is not there, or out of reach.
   */
  killHost(host: number, manner: KillManner = "kill"): boolean {
    this.#checkRunning();
    return this.#theExecutors("killHost").kill(host, manner);
  }

  /** Ends a thread of a host, 0 for this process, whatever it does: its task fails, and another thread takes its place. */
  endThread(host: number, slot: number): void {
    this.#checkRunning();
    this.#hosts.find(({ id }) => id === host)?.endThread(slot);
  }

  /** True once `stop` was called. */
  get isStopped(): boolean {
    return this.#stopping !== undefined;
  }

  /**
   * Has this process's threads load operators, those of them that have started, while the driver makes ready what they are
   * to run. Once for each operator.
   */
  loadOperators(operators: readonly OperatorRef[]): void {
    const wanted = operators.filter((operator) => !this.#loadedOperators.has(operator));
    for (const operator of wanted) this.#loadedOperators.add(operator);
    if (wanted.length > 0) this.#host.loadOperators(wanted);
  }

  /** Starts all threads now rather than with their first tasks: a program that reads its arguments first gains time. */
  startThreads(): void {
    this.#checkRunning();
    for (const host of this.#hosts) host.startThreads();
  }

  /** An id for a job that is more than one run, such as an algorithm: its own events carry it. */
  nextJobId(): number {
    return ++this.#lastJob;
  }

  /** Runs one stage; resolves with the results in the order of `tasks`. Errors as of `runJob`. */
  runTasks<R>({ name, operator, shared, tasks }: TasksSpec, options: RunOptions = {}): Promise<R[]> {
    return this.runJob<R>({ name, stages: [{ name, operator, shared, tasks, parents: [] }] }, options);
  }

  /**
   * Runs the stages of a job; resolves with the results of the last one, in partition order. Settles when no task of the
   * job runs any more.
   *
   * Results: none if the last stage writes a shuffle that was there already.
   *
   * @throws SuperstepError TASK_FAILED if a task failed as often as `maxTaskFailures`; its `cause` is what it threw.
   * @throws SuperstepError of the code that a task threw, if it threw one of Superstep's own.
   * @throws SuperstepError CANCELLED if `options.signal` aborts; CONTEXT_STOPPED if the driver is stopped.
   * @throws SuperstepError OUT_OF_MEMORY if a thread's heap is exhausted.
   */
  async runJob<R>(spec: JobSpec, options: RunOptions = {}): Promise<R[]> {
    this.#checkRunning();
    checkSpec(spec);
    const jobId = this.nextJobId();
    if (options.onExchange !== undefined) this.#exchangeListeners.set(jobId, options.onExchange);
    const outcome = await this.#runner.run(jobId, spec, options).finally(() => this.#exchangeListeners.delete(jobId));
    if ("failure" in outcome) throw toError(outcome.failure); // made here, where its stack names the caller
    return outcome.results as R[];
  }

  /**
   * Makes a value readable in all tasks.
   *
   * @throws SuperstepError NOT_SHIPPABLE if it cannot travel.
   */
  broadcast<T>(value: T): Broadcast<T> {
    this.#checkRunning();
    return new Broadcast(++this.#lastBroadcast, value, {
      putBroadcast: (id, bytes) => this.#putBroadcast(id, bytes),
      removeBroadcast: (id) => {
        this.#host.removeBlocks({ kind: "broadcast", broadcast: id });
        for (const host of this.#hosts) host.forget({ broadcasts: [id] });
      },
    });
  }

  /** Makes a total that tasks add to. `add` must be associative, with `zero` as its neutral element. */
  accumulator<T>(zero: T, add: AddFunction<T>, name?: string): Accumulator<T> {
    this.#checkRunning();
    if (typeof add !== "function") throw invalidArgument("accumulator", "add", "a function", add);
    return this.#accumulators.make(zero, add, name);
  }

  /** Stores a block in this process; resolves when there is room for it. */
  async putBlock(id: BlockId, bytes: Uint8Array, level: StorageLevel): Promise<void> {
    this.#checkRunning();
    await this.#host.blocks.put(id, bytes, level);
  }

  /**
   * The bytes of a block of this process, or of a persisted RDD anywhere; or undefined. They are shared, and not to be written to.
   *
   * @throws SuperstepError BLOCK_CORRUPT if the block was damaged on disk.
   */
  async getBlock(id: BlockId): Promise<Uint8Array | undefined> {
    this.#checkRunning();
    const own = await this.#host.blocks.get(id);
    return own ?? (id.kind === "rdd" ? this.#executors?.fetch(id) : undefined);
  }

  /** True if this process has the block, or, of a persisted RDD, any host. */
  hasBlock(id: BlockId): boolean {
    this.#checkRunning();
    return this.#host.blocks.has(id) || (this.#runner.locate([id]).hosts[0] ?? []).length > 0;
  }

  /** Removes all blocks of an RDD, a shuffle or a broadcast, on all hosts. Nothing after `stop`. */
  removeBlocks(group: BlockGroup): void {
    if (this.isStopped) return;
    this.#runner.forgetBlocks(group);
    for (const host of this.#hosts) host.removeBlocks(group);
    this.#executors?.forget(group);
  }

  /** Forgets a shuffle: its map outputs are removed, and a stage that writes it runs again. Not while a job reads it. */
  releaseShuffle(shuffleId: number): void {
    this.removeBlocks({ kind: "shuffle", shuffle: shuffleId });
  }

  /**
   * Collects the garbage of all threads and of this one. Memory that threads share is resident until none refers to it,
   * and a thread without work collects nothing by itself: worth it after a load. Cost: some milliseconds a thread.
   */
  collectGarbage(): void {
    this.#checkRunning();
    for (const host of this.#hosts) host.collectGarbage();
    collectGarbage();
  }

  /** Registers ES module hooks (URLs of modules, as for `module.register`) in all threads, before their next task. */
  setModuleHooks(urls: readonly string[]): void {
    this.#checkRunning();
    this.#moduleHooks = [...new Set([...this.#moduleHooks, ...urls])];
    for (const host of this.#hosts) host.setModuleHooks(urls);
  }

  /**
   * Ends all threads and executors and removes all blocks; nothing of this driver is left on the machine. Unfinished jobs
   * fail with CONTEXT_STOPPED, and so does whatever is asked of the driver afterwards. Idempotent.
   */
  stop(): Promise<void> {
    this.#unfollow();
    this.#stopping ??= this.#stop(stopped);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #follow(signal: AbortSignal): void {
    const onAbort = (): void => {
      this.#stopping ??= this.#stop({
        code: "CANCELLED",
        message: "driver: cancelled by its signal",
        details: {},
      });
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#unfollow = () => signal.removeEventListener("abort", onAbort);
  }

  async #start(source: ExecutorSource): Promise<void> {
    this.#executors = new DriverExecutors(source, {
      config: this.config,
      arena: this.arena,
      runner: this.#runner,
      ownBlocks: this.#host.blocks,
      moduleHooks: () => this.#moduleHooks,
      processEnds: () => void this.stop(),
    });
    try {
      await this.#executors.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #stop(failure: JobFailure): Promise<void> {
    await this.#runner.stop(failure);
    await this.#executors?.stop();
  }

  /** A broadcast is in memory at once; that room could not be made for it is known only later. */
  #putBroadcast(id: number, bytes: Uint8Array): void {
    this.#host.blocks.put({ kind: "broadcast", broadcast: id }, bytes, "memoryAndDisk").catch((error: unknown) => {
      this.#runner.warning("BROADCAST_LOST", `broadcast ${id} could not be stored`, encodeError(error));
    });
  }

  get #hosts(): readonly Host[] {
    return [this.#host, ...(this.#executors?.hosts ?? [])];
  }

  #theExecutors(what: string): DriverExecutors {
    if (this.#executors !== undefined) return this.#executors;
    throw invalidArgument(what, "master", "one with executors, such as local-cluster[2,1]", this.master);
  }

  #checkRunning(): void {
    if (this.isStopped) throw new SuperstepError(stopped.code, `${stopped.message}. Create a new one.`);
  }
}

/** @throws SuperstepError INVALID_ARGUMENT if a job has no stage, or a stage a parent that does not come before it. */
function checkSpec({ name, stages }: JobSpec): void {
  if (stages.length === 0) throw invalidArgument(`job ${JSON.stringify(name)}`, "stages", "at least one", 0);
  stages.forEach(({ parents }, index) => {
    const bad = parents.find((parent) => !(Number.isInteger(parent) && parent >= 0 && parent < index));
    if (bad === undefined) return;
    throw invalidArgument(`job ${JSON.stringify(name)}`, `a parent of stage ${index}`, `in [0, ${index})`, bad);
  });
}
