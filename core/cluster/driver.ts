/**
 * The driver: where a program's jobs are planned, its threads and shared memory are held, and results come together.
 */
import { Accumulator, type AddFunction } from "../accumulator.ts";
import { Broadcast } from "../broadcast.ts";
import { Arena } from "../column/arena.ts";
import { type Config, type ConfigOptions, resolveConfig } from "../config.ts";
import { invalidArgument, SuperstepError } from "../errors.ts";
import { notShippable } from "../function/shippable.ts";
import { collectGarbage } from "../host/collectGarbage.ts";
import { LocalHost } from "../host/localHost.ts";
import type { BlockId, OperatorRef, StorageLevel } from "../host/task.ts";
import { encodeError } from "../remoteError.ts";
import { EventBus } from "../schedule/events.ts";
import { toError } from "../schedule/failure.ts";
import type { JobSpec, RunOptions } from "../schedule/job.ts";
import type { Contribution } from "../schedule/protocol.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import type { BlockUsage } from "../storage/blockStore.ts";
import { JobRunner } from "./jobRunner.ts";
import { parseMaster } from "./master.ts";

/** What a driver is made of. */
export interface DriverOptions {
  /** Where tasks run: `local[T]`, T threads of this process, or `local[*]`, one per core, the default. */
  readonly master?: string | undefined;
  readonly config?: ConfigOptions | undefined;
  /** Stops the driver when it aborts: unfinished jobs fail with CANCELLED. */
  readonly signal?: AbortSignal | undefined;
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

/** Runs jobs on the threads of its master. Threads start with the first task, and keep no process alive. */
export class Driver {
  /** The host's shared memory: columns are allocated here, on the driver's thread. */
  readonly arena: Arena;
  readonly events: EventBus;
  readonly config: Config;
  readonly master: string;
  readonly #host: LocalHost;
  readonly #runner: JobRunner;
  readonly #accumulators: Map<number, WeakRef<Accumulator<unknown>>> = new Map();
  readonly #lostAccumulators: FinalizationRegistry<number> = new FinalizationRegistry((id) => {
    this.#accumulators.delete(id);
  });
  #lastJob = 0;
  #lastBroadcast = 0;
  #lastAccumulator = 0;
  #stopping: Promise<void> | undefined;
  #unfollow: () => void = () => undefined;

  private constructor(master: string, config: Config) {
    const place = parseMaster(master);
    if (place.kind !== "local") throw invalidArgument("driver", "master", "local[T] in this version", master);
    const { numThreads } = place;
    this.master = master;
    this.config = config;
    this.arena = Arena.create({ capacityBytes: config.arenaBytes });
    this.events = new EventBus();
    this.#runner = new JobRunner({
      config,
      events: this.events,
      mergeContributions: (contributions) => this.#merge(contributions),
      exchanged: () => undefined,
    });
    this.#host = new LocalHost({ id: 0, numThreads, arena: this.arena, config, listener: this.#runner });
    this.#runner.addHost(this.#host);
    Object.defineProperty(this, notShippable, { value: "a Driver, which cannot travel. Use it outside the function." });
  }

  /**
   * Makes a driver.
   *
   * @throws SuperstepError INVALID_ARGUMENT if the master or a setting is not one.
   * @throws SuperstepError CANCELLED if `signal` has aborted already.
   */
  static async create({ master = "local[*]", config, signal }: DriverOptions = {}): Promise<Driver> {
    if (signal?.aborted === true) throw new SuperstepError("CANCELLED", "driver: its signal has aborted already");
    parseMaster(master);
    const driver = new Driver(master, resolveConfig(config));
    if (signal !== undefined) driver.#follow(signal);
    return driver;
  }

  /** Threads that run tasks at the same time. */
  get numThreads(): number {
    return this.#host.numThreads;
  }

  /** What the block store holds. */
  get blockUsage(): BlockUsage {
    return this.#host.blocks.usage;
  }

  /** True once `stop` was called. */
  get isStopped(): boolean {
    return this.#stopping !== undefined;
  }

  /** Starts all threads now rather than with their first tasks: a program that reads its arguments first gains time. */
  startThreads(): void {
    this.#checkRunning();
    this.#host.startThreads();
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
    const outcome = await this.#runner.run(this.nextJobId(), spec, options);
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
        this.#host.blocks.remove({ kind: "broadcast", broadcast: id });
        this.#host.forget({ broadcasts: [id] });
      },
    });
  }

  /** Makes a total that tasks add to. `add` must be associative, with `zero` as its neutral element. */
  accumulator<T>(zero: T, add: AddFunction<T>, name?: string): Accumulator<T> {
    this.#checkRunning();
    if (typeof add !== "function") throw invalidArgument("accumulator", "add", "a function", add);
    const accumulator = new Accumulator<T>(++this.#lastAccumulator, zero, add, name);
    this.#accumulators.set(accumulator.id, new WeakRef(accumulator as Accumulator<unknown>));
    this.#lostAccumulators.register(accumulator, accumulator.id);
    return accumulator;
  }

  /** Stores a block on the host; resolves when there is room for it. */
  async putBlock(id: BlockId, bytes: Uint8Array, level: StorageLevel): Promise<void> {
    this.#checkRunning();
    await this.#host.blocks.put(id, bytes, level);
  }

  /**
   * The bytes of a block, or undefined. They are shared, and not to be written to.
   *
   * @throws SuperstepError BLOCK_CORRUPT if the block was damaged on disk.
   */
  async getBlock(id: BlockId): Promise<Uint8Array | undefined> {
    this.#checkRunning();
    return this.#host.blocks.get(id);
  }

  /** True if the host has the block. */
  hasBlock(id: BlockId): boolean {
    this.#checkRunning();
    return this.#host.blocks.has(id);
  }

  /** Removes all blocks of an RDD, a shuffle or a broadcast. Returns how many there were; nothing after `stop`. */
  removeBlocks(group: BlockGroup): number {
    return this.isStopped ? 0 : this.#host.blocks.remove(group);
  }

  /** Forgets a shuffle: its map outputs are removed, and a stage that writes it runs again. Not while a job reads it. */
  releaseShuffle(shuffleId: number): void {
    if (this.isStopped) return;
    this.#runner.forgetBlocks({ kind: "shuffle", shuffle: shuffleId });
    this.#host.blocks.remove({ kind: "shuffle", shuffle: shuffleId });
  }

  /**
   * Collects the garbage of all threads and of this one. Memory that threads share is resident until none refers to it,
   * and a thread without work collects nothing by itself: worth it after a load. Cost: some milliseconds a thread.
   */
  collectGarbage(): void {
    this.#checkRunning();
    this.#host.collectGarbage();
    collectGarbage();
  }

  /** Registers ES module hooks (URLs of modules, as for `module.register`) in all threads, before their next task. */
  setModuleHooks(urls: readonly string[]): void {
    this.#checkRunning();
    this.#host.setModuleHooks(urls);
  }

  /**
   * Ends all threads and removes all blocks; nothing of this driver is left in the process or on disk. Unfinished jobs
   * fail with CONTEXT_STOPPED, and so does whatever is asked of the driver afterwards. Idempotent.
   */
  stop(): Promise<void> {
    this.#unfollow();
    this.#stopping ??= this.#runner.stop(stopped);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #follow(signal: AbortSignal): void {
    const onAbort = (): void => {
      this.#stopping ??= this.#runner.stop({
        code: "CANCELLED",
        message: "driver: cancelled by its signal",
        details: {},
      });
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#unfollow = () => signal.removeEventListener("abort", onAbort);
  }

  /** A broadcast is in memory at once; that room could not be made for it is known only later. */
  #putBroadcast(id: number, bytes: Uint8Array): void {
    this.#host.blocks.put({ kind: "broadcast", broadcast: id }, bytes, "memoryAndDisk").catch((error: unknown) => {
      this.#runner.warning("BROADCAST_LOST", `broadcast ${id} could not be stored`, encodeError(error));
    });
  }

  #checkRunning(): void {
    if (this.isStopped) throw new SuperstepError(stopped.code, `${stopped.message}. Create a new one.`);
  }

  #merge(contributions: readonly Contribution[]): void {
    for (const { accumulator, value } of contributions) this.#accumulators.get(accumulator)?.deref()?.merge(value);
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
