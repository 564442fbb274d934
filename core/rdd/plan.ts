/**
 * An RDD as data: its kind, its parents, its shipped functions. Nothing here runs; `computePartition` does.
 */
import type { OperatorRef } from "../host/task.ts";
import type { RunOptions } from "../schedule/job.ts";
import type { MapSide } from "../shuffle/mapSide.ts";

/** How records find their partition in a wide dependency. Equal partitioners (by `samePartitioner`) skip the shuffle. */
export type Partitioner = HashPartitioner | RangePartitioner | CustomPartitioner;

/** By a stable hash of the key: the same on every machine and run. */
export interface HashPartitioner {
  readonly kind: "hash";
  readonly numPartitions: number;
}

/** By order: partition i holds keys up to `bounds[i]`. */
export interface RangePartitioner {
  readonly kind: "range";
  readonly numPartitions: number;
  readonly ascending: boolean;
  /** At most numPartitions - 1 keys, in order; filled from a sample before the first job that needs them. */
  readonly bounds: readonly unknown[];
}

/** By a user's function; equal only to itself. */
export interface CustomPartitioner {
  readonly kind: "custom";
  readonly numPartitions: number;
  /** A ShippedFunction<(key) => number>. */
  readonly fn: unknown;
  readonly id: number;
}

/** What a plan node reads. */
export type Dependency = NarrowDependency | ShuffleDependency;

/** The node's partition reads partitions of `parent` in the same stage. */
export interface NarrowDependency {
  readonly type: "narrow";
  readonly parent: Plan;
  /** Which partitions of `parent` a partition of the node may read; the one of the same index unless given. */
  readonly partitions?: ((partition: number) => readonly number[]) | undefined;
}

/** The node's partition reads one bucket of every partition of `parent`: a stage boundary. */
export interface ShuffleDependency {
  readonly type: "shuffle";
  /** Its records are pairs [key, value]. */
  readonly parent: Plan;
  /** Unique in this process. */
  readonly shuffleId: number;
  /** How the records of `parent` find their bucket. */
  readonly map: MapSide;
}

/**
 * A node of a plan. `T` is the type of its records, for the compiler's eyes alone.
 *
 * Each kind of RDD is one file with two halves: a function that makes the node (driver), and an operator that computes
 * one of its partitions (task), named by `compute`.
 */
export interface Plan<T = unknown> {
  /** Unique in this process. */
  readonly id: number;
  /** "map", "reduceByKey", …: shown by toDebugString. */
  readonly kind: string;
  readonly dependencies: readonly Dependency[];
  readonly numPartitions: number;
  readonly partitioner?: Partitioner | undefined;
  /** The task half, a PartitionOperator: `(params, partition, reader) => records`, see `computePartition.ts`. */
  readonly compute: OperatorRef;
  /** What the task half needs: plain data and ShippedFunctions. Structured-cloneable. Replaced by `prepare`. */
  params: unknown;
  /**
   * What one partition needs besides `params`, one entry a partition: sent with the tasks that compute it and with no
   * other; `reader.slice` in the task. Structured-cloneable. Replaced by `prepare`.
   */
  slices?: readonly unknown[] | undefined;
  /**
   * Runs on the driver before the first job that reads this node: brings about what the node needs to know (columns
   * made, bounds sampled, counts taken) and sets `params`. Called once; a failure is the job's failure, and the next
   * job calls it again.
   */
  readonly prepare?: ((options: RunOptions) => Promise<void>) | undefined;
  /**
   * Runs around every job that reads this node: lends what the node reads for as long as `use` runs, and gives it back
   * after. For sources over memory that others own.
   */
  readonly borrow?: (<R>(use: (lent: LentParams) => Promise<R>) => Promise<R>) | undefined;
  /** A user's name for it. */
  name?: string | undefined;
  /** Set by persist(). */
  storageLevel?: "memory" | "memoryAndDisk" | "disk" | undefined;
  readonly __record?: T;
}

/** What `borrow` lends: the node's params and slices for the length of a job. */
export interface LentParams {
  readonly params: unknown;
  readonly slices?: readonly unknown[] | undefined;
}
