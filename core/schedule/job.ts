/**
 * What the driver asks of the scheduler: a job of stages, each a set of like tasks.
 */
import type { Arena } from "../column/arena.ts";
import type { ExchangeReport } from "../host/host.ts";
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
  /** Where its tasks can run. Default: on the host of the driver's arena. */
  readonly placement?: Placement;
  /** Set if its tasks send bytes to each other's hosts: see `TaskContext.deliver`. Only with pinned tasks. */
  readonly exchange?: Exchange;
}

/**
 * Where the tasks of a stage can run. `arena`: on the host whose arena is the driver's own, since they view or write its
 * columns. `anywhere`: on any executor, since they read and write blocks alone; a host that holds partition i of one of
 * the RDDs `prefers` is taken first for task i. `pinned`: task i on host `hosts[i]`, whose arena holds what it views; the
 * job fails with HOST_LOST when one of these hosts is lost.
 */
export type Placement =
  | { readonly kind: "arena" }
  | { readonly kind: "anywhere"; readonly prefers?: readonly number[] }
  | { readonly kind: "pinned"; readonly hosts: readonly number[] };

/** How tasks of one stage send bytes to the hosts of the others, and wait for what those of an earlier one sent. */
export interface Exchange {
  /** The mailbox that `TaskContext.deliver` fills: a number that no other stage of this driver uses. */
  readonly sends: number;
  /**
   * A `Receiver`, run on the main thread of each host that takes part: once without a message when the stage is known
   * there and all that it awaits was received, before any of its tasks runs, then for each message, in any order.
   */
  readonly receive: OperatorRef;
  /** The mailbox of an earlier stage: no task starts on a host before all that was sent to it there was received. */
  readonly awaits?: number;
}

/** Takes what tasks of other hosts delivered. `shared`: that of the stage. Must be quick: it holds up the host. */
export type Receiver<Shared> = (
  shared: Shared,
  message: { readonly from: number; readonly bytes: Uint8Array } | undefined,
  host: { readonly id: number; readonly arena: Arena },
) => void;

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
  /** Called for each stage with an exchange and each host, before the stage ends. Must not throw. */
  readonly onExchange?: (report: ExchangeReport) => void;
}
