import type { OperatorRef } from "../../../core/host/task.ts";
import type { RunOptions } from "../../../core/schedule/job.ts";

/** What a reader needs of a driver: it runs one stage of tasks, in any threads, and gives their results in order. */
export interface TaskRunner {
  /** Threads that run tasks. */
  readonly numThreads: number;
  runTasks<Result>(
    spec: {
      readonly name: string;
      readonly operator: OperatorRef;
      readonly shared?: unknown;
      readonly tasks: readonly unknown[];
    },
    options?: RunOptions,
  ): Promise<Result[]>;
}
