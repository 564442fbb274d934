/**
 * What the scheduler hears and what it asks for. Events come from callers and hosts; commands are carried out by the
 * shell around the scheduler.
 */
import type { BlockId } from "../host/task.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import type { EventBody } from "./events.ts";
import type { JobFailure, TaskFailure } from "./failure.ts";
import type { JobSpec, StageSpec } from "./job.ts";

/** What a task added to one accumulator. */
export interface Contribution {
  readonly accumulator: number;
  readonly value: unknown;
}

/** One attempt of one task, as sent to a slot. */
export interface Launch {
  /** Unique in its scheduler. */
  readonly id: number;
  readonly jobId: number;
  readonly stageId: number;
  readonly partition: number;
  /** From 0. */
  readonly attempt: number;
  /** The thread that runs it, and the host of that thread. */
  readonly slot: number;
  readonly host: number;
}

/**
 * Which tasks a host takes beside those pinned to it: those that view the driver's arena, those that read and write
 * blocks alone, or both.
 */
export type Serves = "arena" | "blocks" | "both";

/**
 * What happened. A host's number is its own for ever: one that returns is another host. `slot`: one thread of a host, in
 * its present life; a thread that replaces another is a new slot. Slot numbers are unique per host. What comes from, or
 * of, a host that is not there (any more) changes nothing.
 */
export type SchedulerEvent =
  | { readonly type: "jobSubmitted"; readonly jobId: number; readonly spec: JobSpec }
  | { readonly type: "cancelRequested"; readonly jobId: number; readonly failure: JobFailure }
  | { readonly type: "hostAdded"; readonly host: number; readonly serves: Serves }
  /**
   * A host is gone, however that came about: with it its slots, its map outputs and its blocks. Tasks that had started
   * there end with `failure`, which counts if its kind is hostLost, and does not if it is hostDrained; others start
   * again elsewhere.
   */
  | { readonly type: "hostRemoved"; readonly host: number; readonly failure: TaskFailure }
  | { readonly type: "slotAdded"; readonly host: number; readonly slot: number }
  /** The task that ran there, if any, ended with `failure`; one that had not started does not count. */
  | { readonly type: "slotRemoved"; readonly host: number; readonly slot: number; readonly failure: TaskFailure }
  | { readonly type: "taskStarted"; readonly launch: number }
  /** A task has a result of so many bytes, which is about to be brought to the driver. */
  | { readonly type: "resultComing"; readonly launch: number; readonly resultBytes: number }
  | {
      readonly type: "taskFinished";
      readonly launch: number;
      readonly result: unknown;
      /** Bytes that the result took on its way; 0 if it took none. */
      readonly resultBytes?: number;
      readonly contributions: readonly Contribution[];
    }
  | { readonly type: "taskFailed"; readonly launch: number; readonly failure: TaskFailure }
  /** A host holds a block of a persisted RDD; not any more. Blocks of other kinds change nothing. */
  | { readonly type: "blockStored"; readonly host: number; readonly id: BlockId }
  | { readonly type: "blockDropped"; readonly host: number; readonly id: BlockId }
  /** All hosts were told to remove these blocks. */
  | { readonly type: "blocksRemoved"; readonly group: BlockGroup }
  /** The time asked for by `wakeAt` has come. */
  | { readonly type: "timer" };

/** What is to be done. */
export type SchedulerCommand =
  | {
      readonly type: "launchTask";
      readonly launch: Launch;
      readonly stage: StageSpec;
      /** Where map outputs are: answers of an earlier epoch may be wrong for this task. */
      readonly epoch: number;
    }
  | { readonly type: "cancelTask"; readonly launch: Launch }
  /** A host did not end a cancelled task in the time that it had: it is to be ended, unless it is this very process. */
  | { readonly type: "killHost"; readonly host: number; readonly reason: string }
  /** A partition of the job's last stage has its result: once per partition. */
  | { readonly type: "resultAccepted"; readonly jobId: number; readonly partition: number; readonly result: unknown }
  /** No task of this stage will be launched again: threads can forget what its tasks share. */
  | { readonly type: "stageForgotten"; readonly stageId: number }
  | {
      readonly type: "jobSucceeded";
      readonly jobId: number;
      /** In partition order. */
      readonly results: readonly unknown[];
      readonly contributions: readonly Contribution[];
    }
  | {
      readonly type: "jobFailed";
      readonly jobId: number;
      readonly failure: JobFailure;
      /** Of the stages that ended before the failure. */
      readonly contributions: readonly Contribution[];
    }
  /** Send a `timer` event at this time, or soon after. The latest wish replaces earlier ones; Infinity is none. */
  | { readonly type: "wakeAt"; readonly time: number }
  | { readonly type: "emit"; readonly event: EventBody };
