/**
 * What the scheduler knows: jobs, their stages and tasks, the slots that run them, and which shuffles are written.
 */
import type { JobFailure } from "./failure.ts";
import type { JobSpec, StageSpec } from "./job.ts";
import type { Contribution, Launch, SchedulerCommand } from "./protocol.ts";

/** The settings that the scheduler heeds; see core/config.ts. */
export interface SchedulerSettings {
  readonly maxTaskFailures: number;
  readonly maxStageAttempts: number;
  readonly maxStageAttemptsInAll: number;
  readonly resubmitDelayMs: number;
  readonly noHostGraceMs: number;
}

/** One task of a stage. */
export interface TaskRun {
  attempts: number;
  /** One line for each attempt that failed and counted, oldest first. */
  failures: string[];
  /** Its result was accepted. */
  isDone: boolean;
}

/** One stage of a job. */
export interface StageRun {
  /** Unique in its scheduler. */
  readonly id: number;
  readonly index: number;
  readonly spec: StageSpec;
  /** `skipped`: the map outputs were there already. */
  status: "waiting" | "running" | "done" | "skipped";
  /** False while a parent has to run again: no task is launched. */
  isReady: boolean;
  readonly tasks: TaskRun[];
  /** Partitions to launch, ascending but for retries, from `nextPending` on. */
  pending: number[];
  nextPending: number;
  numDone: number;
  /** In partition order; of the last stage only. */
  readonly results: unknown[];
  /** By partition; a later attempt replaces an earlier one's. */
  readonly contributions: (readonly Contribution[])[];
  /** Its contributions go to the job's caller: it ended, and no earlier run of the same map stage was counted. */
  isCounted: boolean;
  startedAt: number;
  /** Attempts that ended by lost map outputs: since the stage last succeeded, and in all. */
  lostInARow: number;
  lostInAll: number;
  /** Not to start before this time. */
  notBefore: number;
}

/** One job. */
export interface JobRun {
  readonly id: number;
  readonly spec: JobSpec;
  readonly stages: readonly StageRun[];
  readonly submittedAt: number;
  /** Its launches that have not ended. */
  readonly running: Map<number, Launch>;
  /** Set once it is decided how it ends: nothing is launched any more, and the job ends when nothing of it runs. */
  ending: { readonly failure: JobFailure | undefined } | undefined;
}

/** A thread that can run one task at a time. */
export interface Slot {
  readonly id: number;
  readonly host: number;
  launch: Launch | undefined;
}

/** The map outputs of a shuffle. */
export interface ShuffleRun {
  /** Partitions whose outputs are not there. Empty: the shuffle can be read. */
  readonly missing: Set<number>;
  /** The host that holds each map output. */
  readonly locations: number[];
  /** A stage wrote all of it once, and that stage's contributions to accumulators are the ones that count. */
  isCounted: boolean;
  /** The stage that is writing it now, and that stage's job. */
  builder: { readonly jobId: number; readonly stageId: number } | undefined;
}

/** The scheduler's whole state. Only core/schedule changes it. */
export interface SchedulerState {
  readonly settings: SchedulerSettings;
  /** In order of submission. */
  readonly jobs: Map<number, JobRun>;
  readonly slots: Map<number, Slot>;
  /** Ids of slots without a task, ascending. */
  readonly freeSlots: number[];
  readonly launches: Map<number, { readonly launch: Launch; startedAt: number | undefined }>;
  readonly shuffles: Map<number, ShuffleRun>;
  nextStageId: number;
  nextLaunchId: number;
  /** Since when jobs have waited without any slot, if they do. */
  noSlotSince: number | undefined;
  /** When stages that wait for the resubmit delay can start; Infinity if none does. */
  delayedUntil: number;
  /** The last time asked for by `wakeAt`. */
  wakeAt: number;
  /** Whether `emit` commands are wanted. */
  isObserved: boolean;
}

/** One step: the state, the time (milliseconds, any origin, never backwards), and the commands gathered so far. */
export interface Step {
  readonly state: SchedulerState;
  readonly now: number;
  readonly commands: SchedulerCommand[];
}

/** A scheduler without jobs, slots and shuffles. */
export function createScheduler(settings: SchedulerSettings): SchedulerState {
  return {
    settings,
    jobs: new Map(),
    slots: new Map(),
    freeSlots: [],
    launches: new Map(),
    shuffles: new Map(),
    nextStageId: 0,
    nextLaunchId: 1,
    noSlotSince: undefined,
    delayedUntil: Infinity,
    wakeAt: Infinity,
    isObserved: false,
  };
}
