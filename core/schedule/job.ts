/**
 * What the driver asks of the scheduler: a job of stages, each a set of like tasks.
 */
import type { OperatorRef } from "../host/task.ts";

/** One stage: the same operator over `tasks.length` partitions. */
export interface StageSpec {
  /** Shown to users: "pageRank superstep", "reduceByKey". */
  readonly name: string;
  readonly operator: OperatorRef;
  /** What all tasks of the stage share; sent at most once to each thread. Structured-cloneable. */
  readonly shared?: unknown;
  /** One entry a task: its own parameters. Structured-cloneable. */
  readonly tasks: readonly unknown[];
  /** Indices, in the job, of stages that must have ended before this one starts. All smaller than its own index. */
  readonly parents: readonly number[];
  /**
   * Set if the stage writes map outputs of this shuffle. Outputs that an earlier job left are used again: such a stage
   * is skipped.
   */
  readonly shuffleId?: number;
}

/** A job: stages in an order in which parents come first; the results of the last one are the job's. */
export interface JobSpec {
  readonly name: string;
  readonly stages: readonly StageSpec[];
}

/** Options of one run. */
export interface RunOptions {
  /** Cancels the job: it fails with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Called with each result of the last stage as its task ends, in any order. */
  readonly onResult?: (partition: number, result: unknown) => void;
}
