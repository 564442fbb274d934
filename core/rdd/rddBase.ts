/**
 * What every RDD has beside its operators: identity, lineage, persistence, checkpoints.
 */
import type { Context } from "../context.ts";
import { SuperstepError, invalidArgument } from "../errors.ts";
import { notShippable } from "../function/shippable.ts";
import type { StorageLevel } from "../host/task.ts";
import { checkpoint, isCheckpointed, localCheckpoint } from "./checkpoint.ts";
import { debugString } from "./debugString.ts";
import type { Dependency, Partitioner, Plan } from "./plan.ts";
import type { ActionOptions } from "./runAction.ts";

export abstract class RDDBase<T> {
  /** Where its jobs run. */
  readonly context: Context;
  /** What it is, as data. */
  readonly plan: Plan<T>;

  constructor(context: Context, plan: Plan<T>) {
    this.context = context;
    this.plan = plan;
    Object.defineProperty(this, notShippable, {
      value: "an RDD, which cannot travel. Collect or broadcast what it holds.",
    });
  }

  /** Unique in this process. */
  get id(): number {
    return this.plan.id;
  }

  get name(): string | undefined {
    return this.plan.name;
  }

  /** Names it, for toDebugString and for the stages that write its shuffles. */
  setName(name: string): this {
    this.plan.name = name;
    return this;
  }

  /** How keys find their partition; undefined if nothing is known of that. */
  get partitioner(): Partitioner | undefined {
    return this.plan.partitioner;
  }

  /** What it reads: plans, narrowly or over a shuffle. Empty once lineage is cut. */
  get dependencies(): readonly Dependency[] {
    return this.plan.dependencies;
  }

  get numPartitions(): number {
    return this.plan.numPartitions;
  }

  /** As `numPartitions`: GraphX's name. */
  getNumPartitions(): number {
    return this.plan.numPartitions;
  }

  /** Lineage as text: one line an RDD, "+-" where records are shuffled. */
  toDebugString(): string {
    return debugString(this.plan);
  }

  /** Where its partitions are kept once computed; undefined if they are not. */
  get storageLevel(): StorageLevel | undefined {
    return this.plan.storageLevel;
  }

  /**
   * Keeps partitions once they are computed: "memory" (the default; dropped when room is needed, and computed again),
   * "memoryAndDisk" (moved to disk instead), "disk". They go with `unpersist`, or when no RDD that reads them can be
   * reached any more.
   *
   * Lazy: nothing is computed now.
   *
   * @throws SuperstepError INVALID_ARGUMENT if `level` is no level, or it is kept at another one.
   */
  persist(level: StorageLevel = "memory"): this {
    if (!levels.includes(level)) throw invalidArgument("persist", "level", levels.join(" or "), level);
    const current = this.plan.storageLevel;
    if (current !== undefined && current !== level) {
      throw new SuperstepError("INVALID_ARGUMENT", `persist: it is kept at "${current}"; call unpersist() first`);
    }
    this.plan.storageLevel = level;
    return this;
  }

  /** As persist("memory"). */
  cache(): this {
    return this.persist();
  }

  /**
   * Forgets the partitions that are kept; from now on they are computed.
   *
   * @throws SuperstepError INVALID_ARGUMENT after localCheckpoint(): nothing could compute them.
   */
  unpersist(): this {
    if (this.plan.kind === "localCheckpoint") {
      throw new SuperstepError("INVALID_ARGUMENT", "unpersist: after localCheckpoint() nothing could compute it again");
    }
    this.plan.storageLevel = undefined;
    this.context.releaseRDD(this.plan.id);
    return this;
  }

  /**
   * Writes all partitions into a new directory under the context's checkpoint directory, reads them back, compares
   * counts and checksums, and only then cuts lineage: this RDD, and all made of it, read the files from now on. They
   * stay when the program ends.
   *
   * Eager: computes all partitions; persist first what later jobs need as well.
   *
   * @throws SuperstepError INVALID_ARGUMENT if no checkpoint directory is set; BLOCK_CORRUPT if what is read back is not
   *   what was written. A file that is lost or damaged later fails the job that needs it with BLOCK_CORRUPT.
   */
  async checkpoint(options: ActionOptions = {}): Promise<this> {
    const { checkpointDir } = this.context;
    if (checkpointDir === undefined) {
      throw new SuperstepError("INVALID_ARGUMENT", "checkpoint: call context.setCheckpointDir(directory) first");
    }
    await checkpoint(this, checkpointDir, options);
    return this;
  }

  /**
   * Keeps all partitions in the block store ("memoryAndDisk", or "disk" if it is persisted there) and cuts lineage.
   * Faster than `checkpoint`, but not safe: a partition that is lost with its host cannot be computed again.
   *
   * Eager: computes all partitions.
   */
  async localCheckpoint(options: ActionOptions = {}): Promise<this> {
    if (isCheckpointed(this.plan)) return this;
    if (this.plan.storageLevel === "memory") this.unpersist(); // memory alone drops what it has no room for
    await localCheckpoint(this, options);
    return this;
  }

  /** True once lineage was cut. */
  get isCheckpointed(): boolean {
    return isCheckpointed(this.plan);
  }
}

const levels: readonly StorageLevel[] = ["memory", "memoryAndDisk", "disk"];
