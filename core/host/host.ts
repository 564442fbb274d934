/**
 * What the driver needs of a host, wherever its threads are: in this process, or in another one.
 */
import type { ErrorRecord } from "../remoteError.ts";
import type { TaskFailure } from "../schedule/failure.ts";
import type { Contribution, Launch } from "../schedule/protocol.ts";
import type { BlockStore } from "../storage/blockStore.ts";
import type { Forget } from "./messages.ts";
import type { OperatorRef } from "./task.ts";

/** A task to run: what the scheduler decided, and the work itself. */
export interface Assignment {
  readonly launch: Launch;
  readonly operator: OperatorRef;
  /** Sent once to each thread for one stage. */
  readonly shared: unknown;
  readonly params: unknown;
}

/** Hears from a host. Calls may come at any time, also while `launch` or `cancel` runs. */
export interface HostListener {
  slotAdded(host: number, slot: number): void;
  /** A thread is gone, and with it what ran on it. */
  slotRemoved(host: number, slot: number, failure: TaskFailure): void;
  taskStarted(launch: number): void;
  taskFinished(launch: number, result: unknown, contributions: readonly Contribution[]): void;
  taskFailed(launch: number, failure: TaskFailure): void;
  /** A task's leftovers failed after its end, or a thread could not be stopped. */
  warning(code: string, text: string, error?: ErrorRecord): void;
}

/** An executor: threads that run one task each, and the blocks that their tasks share. */
export interface Host {
  readonly id: number;
  readonly numThreads: number;
  readonly blocks: BlockStore;
  /** Announces its slots; tasks can be launched from then on. */
  start(): void;
  /** Starts all threads now rather than with their first tasks, while the driver does something else. */
  startThreads(): void;
  /** Runs a task on a free slot of this host. Its end is told to the listener, once. */
  launch(assignment: Assignment): void;
  /** Asks a task to stop; after the grace its thread is ended. Either way the listener hears of its end. */
  cancel(launch: Launch): void;
  /** Tells threads what nobody will ask for again; when is up to the host. */
  forget(what: Partial<Forget>): void;
  /** ES module hooks, for user programs, in all threads before their next task. */
  setModuleHooks(urls: readonly string[]): void;
  /** Asks all threads to collect their garbage: shared memory is given back only when no thread refers to it. */
  collectGarbage(): void;
  /** Ends all threads, at once, and drops all blocks. Idempotent. */
  stop(): Promise<void>;
}
