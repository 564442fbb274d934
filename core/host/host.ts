/**
 * What the driver needs of a host, wherever its threads are: in this process, or in another one.
 */
import type { ErrorRecord } from "../remoteError.ts";
import type { TaskFailure } from "../schedule/failure.ts";
import type { Contribution, Launch } from "../schedule/protocol.ts";
import type { Exchange } from "../schedule/job.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import type { BlockUsage } from "../storage/blockStore.ts";
import type { Forget } from "./messages.ts";
import type { BlockId, OperatorRef } from "./task.ts";

/** A task to run: what the scheduler decided, and the work itself. */
export interface Assignment {
  readonly launch: Launch;
  readonly operator: OperatorRef;
  /** Sent once to each thread for one stage. */
  readonly shared: unknown;
  readonly params: unknown;
  /** Where map outputs are: what was learned in an earlier epoch may be wrong for this task. */
  readonly epoch: number;
  /** Of the task's stage, and the host of each of its tasks: set together. */
  readonly exchange?: Exchange | undefined;
  readonly hosts?: readonly number[] | undefined;
}

/** What the tasks of one stage on one host sent to other hosts. */
export interface ExchangeReport {
  readonly host: number;
  readonly jobId: number;
  readonly stageId: number;
  /** Bytes sent. */
  readonly bytes: number;
  /** Milliseconds from the first launch to the last end. */
  readonly computeMs: number;
  /** Milliseconds from there until all had arrived. */
  readonly shipMs: number;
  /** Milliseconds without a task since its exchange before; 0 at the first. */
  readonly waitMs: number;
}

/** Hears from a host. Calls may come at any time, also while `launch` or `cancel` runs. */
export interface HostListener {
  slotAdded(host: number, slot: number): void;
  /** A thread is gone, and with it what ran on it. */
  slotRemoved(host: number, slot: number, failure: TaskFailure): void;
  taskStarted(launch: number): void;
  /** A task has a result of so many bytes, which is about to be brought here: `taskFinished` or `taskFailed` follows. */
  resultComing(launch: number, resultBytes: number): void;
  /** `resultBytes`: of the result as it came from another process, or, in this one, if it is bytes itself; else 0. */
  taskFinished(launch: number, result: unknown, contributions: readonly Contribution[], resultBytes: number): void;
  taskFailed(launch: number, failure: TaskFailure): void;
  /** A block of a persisted RDD is there; is gone. */
  blockStored(host: number, id: BlockId, byteLength: number): void;
  blockDropped(host: number, id: BlockId): void;
  /** Before the last `taskFinished` of a stage with an exchange on that host. */
  exchanged(report: ExchangeReport): void;
  /** A task's leftovers failed after its end, or a thread could not be stopped. */
  warning(code: string, text: string, error?: ErrorRecord): void;
}

/** An executor: threads that run one task each, and the blocks that their tasks share. */
export interface Host {
  readonly id: number;
  readonly numThreads: number;
  /** What its block store holds: of another process, as last heard. */
  readonly blockUsage: BlockUsage;
  /** Announces its slots; tasks can be launched from then on. */
  start(): void;
  /** Starts all threads now rather than with their first tasks, while the driver does something else. */
  startThreads(): void;
  /** Ends a thread, whatever it does: its task fails as that of a thread that died, and another one takes its place. */
  endThread(slot: number): void;
  /** Runs a task on a free slot of this host. Its end is told to the listener, once. */
  launch(assignment: Assignment): void;
  /** Asks a task to stop; after the grace its thread is ended. Either way the listener hears of its end. */
  cancel(launch: Pick<Launch, "id" | "slot">): void;
  /** Tells threads what nobody will ask for again; when is up to the host. */
  forget(what: Partial<Forget>): void;
  /** ES module hooks, for user programs, in all threads before their next task. */
  setModuleHooks(urls: readonly string[]): void;
  /** Asks all threads to collect their garbage: shared memory is given back only when no thread refers to it. */
  collectGarbage(): void;
  removeBlocks(group: BlockGroup): void;
  /** Ends the host as a failure of it would, since it does not do what it is told; nothing if it is this very process. */
  kill(reason: string): void;
  /** Ends all threads, at once, and drops all blocks. Idempotent. */
  stop(): Promise<void>;
}
