/**
 * The entry point of a program: where its RDDs come from and where their jobs run.
 */
import type { Accumulator } from "./accumulator.ts";
import type { Broadcast } from "./broadcast.ts";
import { Chaos, checkChaos } from "./chaos.ts";
import { parseChaos } from "./chaosPlan.ts";
import { Driver } from "./cluster/driver.ts";
import type { ExecutorSource } from "./cluster/executorSource.ts";
import type { ConfigOptions } from "./config.ts";
import { type ClusterOptions, contextDefaults } from "./contextDefaults.ts";
import { InterruptGate } from "./interruptGate.ts";
import { type CheckpointDefaults, ProgramCheckpoints } from "./programCheckpoints.ts";
import { notShippable } from "./function/shippable.ts";
import { BlockCleaner } from "./rdd/blockCleaner.ts";
import { parallelize } from "./rdd/parallelize.ts";
import { range } from "./rdd/range.ts";
import { RDD } from "./rdd/rdd.ts";
import { textFile, type TextFileOptions } from "./rdd/textFile.ts";
import { union } from "./rdd/union.ts";
import type { EventBus, EventListener } from "./schedule/events.ts";

export interface ContextOptions {
  /**
   * Where tasks run: `local[T]`, T worker threads of this process, or `local[*]`, one a core; `local-cluster[E,T]`, E
   * processes of T threads; `superstep://host:port`, the workers of a cluster. It changes no result. Default what the
   * command that runs the program was given, else `local[*]`.
   */
  readonly master?: string | undefined;
  /** With `superstep://`: secret, TLS, and how much of the cluster is wanted. See docs/security.md. */
  readonly cluster?: ClusterOptions | undefined;
  /** Hears of everything from the very start, as with `on`: also that executors are waited for. */
  readonly listener?: EventListener | undefined;
  /** Where executors come from, instead of from the master: launched and reached in another way. */
  readonly executors?: ExecutorSource | undefined;
  /** The program's name, for users. Default "superstep". */
  readonly appName?: string | undefined;
  /** Settings: see `config.ts`. */
  readonly config?: ConfigOptions | undefined;
  /**
   * Stops the context when it aborts: unfinished jobs fail with CANCELLED. A run of supersteps that writes checkpoints
   * first ends the superstep that it is at and writes one, if that takes no longer than a minute.
   */
  readonly signal?: AbortSignal | undefined;
  /** Faults on purpose, to see recovery work: "kill-host@superstep=5". See `chaos.ts`. */
  readonly chaos?: string | undefined;
}

/**
 * A program's connection to the threads that run its tasks. They start with the first job. Between jobs neither they nor
 * executors keep the process alive; executors end with it.
 *
 * Partitions: where a caller gives no number, it follows from the input alone, never from the machine: one for every
 * 32,768 records but at least 8 and at most 64 (`parallelize`, `range`), one for every 32 MiB (`textFile`); wide
 * operators keep the number of their largest parent.
 */
export class Context {
  readonly driver: Driver;
  readonly appName: string;
  /** Frees blocks that no RDD can reach any more. */
  readonly cleaner: BlockCleaner;
  /** Held by what must be finished before the context's signal stops it; undefined if it has none. */
  readonly interrupts: InterruptGate | undefined;
  /** Where checkpoints are written, and which are kept. */
  readonly checkpoints: ProgramCheckpoints = new ProgramCheckpoints();
  #chaos: Chaos | undefined;

  private constructor(driver: Driver, appName: string, interrupts: InterruptGate | undefined) {
    this.driver = driver;
    this.interrupts = interrupts;
    this.appName = appName;
    this.cleaner = new BlockCleaner({
      releaseShuffle: (shuffleId) => driver.releaseShuffle(shuffleId),
      releaseRDD: (rddId) => driver.removeBlocks({ kind: "rdd", rdd: rddId }),
    });
    Object.defineProperty(this, notShippable, {
      value: "a Context, which cannot travel. Use it outside the function.",
    });
  }

  /**
   * Makes a context.
   *
   * @throws SuperstepError INVALID_ARGUMENT if the master, a setting or `chaos` is not one; CANCELLED if `signal` has
   *   aborted.
   * @throws SuperstepError UNREACHABLE, UNAUTHENTICATED, INCOMPATIBLE or NO_CAPACITY if a cluster has no executors for it,
   *   after `noHostGraceMs` at most; HOST_LOST if executors do not start.
   */
  static async create(options: ContextOptions = {}): Promise<Context> {
    const defaults = contextDefaults();
    const { master = defaults.master, appName = defaults.appName ?? "superstep", config, listener } = options;
    const signal = options.signal ?? defaults.signal;
    const chaos = options.chaos ?? defaults.chaos;
    const plan = chaos === undefined ? undefined : parseChaos(chaos);
    if (plan !== undefined && master !== undefined) checkChaos(plan, master);
    const interrupts = signal && new InterruptGate(signal);
    const driver = await Driver.create({
      master,
      config,
      appName,
      listener: listener ?? defaults.listener,
      cluster: options.cluster ?? defaults.cluster,
      signal: interrupts?.signal,
      executors: options.executors,
    });
    const context = new Context(driver, appName, interrupts);
    try {
      if (defaults.moduleHooks !== undefined) driver.setModuleHooks(defaults.moduleHooks);
      if (defaults.checkpoints !== undefined)
        context.setCheckpointDir(defaults.checkpoints.directory, defaults.checkpoints);
      if (plan !== undefined) context.#chaos = new Chaos(driver, plan);
    } catch (error) {
      await context.stop();
      throw error;
    }
    defaults.made?.(context);
    return context;
  }

  /** True if faults happen on purpose. */
  get hasChaos(): boolean {
    return this.#chaos !== undefined;
  }

  /** Where tasks run. */
  get master(): string {
    return this.driver.master;
  }

  /**
   * The records of `data`, taken and encoded now.
   *
   * @throws SuperstepError INVALID_ARGUMENT for `numPartitions`; NOT_SHIPPABLE if a record cannot travel.
   */
  parallelize<K, V>(data: Iterable<[K, V]>, numPartitions?: number): RDD<[K, V]>;
  parallelize<T>(data: Iterable<T>, numPartitions?: number): RDD<T>;
  parallelize<T>(data: Iterable<T>, numPartitions?: number): RDD<T> {
    return new RDD(this, parallelize(data, numPartitions));
  }

  /**
   * The integers from `start` up to but without `end`, by `step` (default 1); from 0 if only one is given.
   *
   * @throws SuperstepError INVALID_ARGUMENT unless they are integers within 2^53, `step` is not 0, `numPartitions` >= 1.
   */
  range(start: number, end?: number, step = 1, numPartitions?: number): RDD<number> {
    const [from, to] = end === undefined ? [0, start] : [start, end];
    return new RDD(this, range(from, to, step, numPartitions));
  }

  /**
   * The lines of text files: paths, directories, patterns; plain, gzip or zstd.
   *
   * @throws SuperstepError INVALID_INPUT if a path names no file; INVALID_ARGUMENT for `minPartitions`.
   */
  textFile(paths: string | readonly string[], options?: TextFileOptions): RDD<string> {
    return new RDD(this, textFile(paths, options));
  }

  /** No records, in one partition. */
  emptyRDD<T>(): RDD<T> {
    return this.parallelize<T>([]);
  }

  /** The records of all `rdds`, one after the other. Narrow; partitioner dropped. */
  union<T>(rdds: readonly RDD<T>[]): RDD<T> {
    return rdds.length === 0 ? this.emptyRDD() : new RDD(this, union(rdds.map(({ plan }) => plan)));
  }

  /** A value that functions capture and read as `.value`. @throws SuperstepError NOT_SHIPPABLE if it cannot travel. */
  broadcast<T>(value: T): Broadcast<T> {
    return this.driver.broadcast(value);
  }

  /** A total that functions capture and `add` to; a retried task counts once. `add` must be associative. */
  accumulator<T>(zero: T, add: (total: T, value: T) => T, name?: string): Accumulator<T> {
    return this.driver.accumulator(zero, add, name);
  }

  /** Where checkpoints are written; undefined until it is set. */
  get checkpointDir(): string | undefined {
    return this.checkpoints.directory;
  }

  /** What runs of supersteps do with that directory. */
  get checkpointDefaults(): CheckpointDefaults {
    return this.checkpoints.defaults;
  }

  /**
   * Sets where checkpoints are written, making the directory if need be: those of RDDs and graphs, and from now on those
   * of every run of supersteps, as `defaults` say.
   *
   * @throws SuperstepError INVALID_ARGUMENT if the directory cannot be made, or `every` is out of range.
   */
  setCheckpointDir(directory: string, defaults: CheckpointDefaults = {}): void {
    this.checkpoints.set(directory, defaults);
  }

  /** Removes the checkpoints that runs have kept (`keep`): their results are safe. Also after `stop`. */
  releaseCheckpoints(): Promise<void> {
    return this.checkpoints.release();
  }

  /** Everything that happens: jobs, stages, tasks, supersteps, warnings. */
  get events(): EventBus {
    return this.driver.events;
  }

  /** Calls `listener` with each event, until the function that is returned is called. */
  on(listener: EventListener): () => void {
    return this.driver.events.subscribe(listener);
  }

  /** Drops the partitions that are kept of an RDD. */
  releaseRDD(rddId: number): void {
    this.driver.removeBlocks({ kind: "rdd", rdd: rddId });
  }

  /** Ends all threads and frees everything; unfinished jobs fail with CONTEXT_STOPPED. Idempotent. */
  stop(): Promise<void> {
    this.#chaos?.stop();
    this.interrupts?.dispose();
    return this.driver.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
