/**
 * An RDD as data: its kind, its parents, its shipped functions. Nothing here runs; `computePartition` does.
 */
import type { OperatorRef } from "../host/task.ts";

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
  /** numPartitions - 1 keys; filled by `prepare`, from a sample. */
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
export type Dependency =
  /** The node's partition reads partitions of `parent` in the same stage. */
  | { readonly type: "narrow"; readonly parent: Plan }
  /** The node's partition reads one bucket of every partition of `parent`: a stage boundary. */
  | { readonly type: "shuffle"; readonly parent: Plan; readonly shuffleId: number };

/**
 * A node of a plan. `T` is the type of its records, for the compiler's eyes alone.
 *
 * Each kind of RDD is one file with two halves: a function that makes the node (driver), and an operator that computes
 * one of its partitions (task), named by `compute`.
 */
export interface Plan<T = unknown> {
  /** Unique in its context. */
  readonly id: number;
  /** "map", "reduceByKey", …: shown by toDebugString. */
  readonly kind: string;
  readonly dependencies: readonly Dependency[];
  readonly numPartitions: number;
  readonly partitioner?: Partitioner | undefined;
  /** The task half: `(params, partition, reader) => records`, see `computePartition.ts`. */
  readonly compute: OperatorRef;
  /** What the task half needs: plain data and ShippedFunctions. Structured-cloneable. Replaced by `prepare`. */
  params: unknown;
  /**
   * Runs on the driver before the first job that reads this node: brings about what the node needs to know (columns
   * made, bounds sampled, counts taken) and sets `params`. Called once; a failure is the job's failure.
   */
  readonly prepare?: (() => Promise<void>) | undefined;
  /** A user's name for it. */
  name?: string | undefined;
  /** Set by persist(). */
  storageLevel?: "memory" | "memoryAndDisk" | "disk" | undefined;
  readonly __record?: T;
}
