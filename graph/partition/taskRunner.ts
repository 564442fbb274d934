/**
 * What building the shape of a graph asks of its surroundings: threads that run operators, and the arena they share.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { OperatorRef } from "../../core/host/task.ts";
import type { RunOptions } from "../../core/schedule/job.ts";

/** A stage without parents: one operator over `tasks.length` tasks. */
export interface TaskSet {
  /** Shown to users. */
  readonly name: string;
  readonly operator: OperatorRef;
  /** What all tasks share; sent at most once to each thread. Structured-cloneable. */
  readonly shared?: unknown;
  /** One entry a task. Structured-cloneable. */
  readonly tasks: readonly unknown[];
}

/** Runs task sets. The `Driver` is one. */
export interface TaskRunner {
  readonly numThreads: number;
  /** The arena of the driver: it allocates, its columns are what tasks view. */
  readonly arena: Arena;
  /** The results of the tasks, in their order. */
  runTasks<R>(spec: TaskSet, options?: RunOptions): Promise<R[]>;
}
