/**
 * What the scheduler hears and what it asks for. Events come from callers and hosts; commands are carried out by the
 * shell around the scheduler.
 */
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

/** What happened. `slot`: one thread of a host, in its present life; a thread that replaces another is a new slot. */
export type SchedulerEvent =
  | { readonly type: "jobSubmitted"; readonly jobId: number; readonly spec: JobSpec }
  | { readonly type: "cancelRequested"; readonly jobId: number; readonly failure: JobFailure }
  | { readonly type: "taskStarted"; readonly launch: number }
  | {
      readonly type: "taskFinished";
      readonly launch: number;
      readonly result: unknown;
      readonly contributions: readonly Contribution[];
    }
  | { readonly type: "taskFailed"; readonly launch: number; readonly failure: TaskFailure }
  | { readonly type: "slotAdded"; readonly slot: number; readonly host: number }
  /** The task that ran there, if any, ended with `failure`; one that had not started does not count. */
  | { readonly type: "slotRemoved"; readonly slot: number; readonly failure: TaskFailure }
  | { readonly type: "hostRemoved"; readonly host: number; readonly failure: TaskFailure }
  | { readonly type: "shuffleReleased"; readonly shuffleId: number }
  /** The time asked for by `wakeAt` has come. */
  | { readonly type: "timer" };

/** What is to be done. */
export type SchedulerCommand =
  | { readonly type: "launchTask"; readonly launch: Launch; readonly stage: StageSpec }
  | { readonly type: "cancelTask"; readonly launch: Launch }
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
