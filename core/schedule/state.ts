/**
 * What the scheduler knows: jobs, their stages and tasks, the hosts that run them, and which blocks are where.
 */
import type { JobFailure } from "./failure.ts";
import type { JobSpec, StageSpec } from "./job.ts";
import type { Contribution, Launch, SchedulerCommand, Serves } from "./protocol.ts";

/** The settings that the scheduler heeds; see core/config.ts. */
export interface SchedulerSettings {
  readonly maxTaskFailures: number;
  readonly maxStageAttempts: number;
  readonly maxStageAttemptsInAll: number;
  readonly resubmitDelayMs: number;
  readonly noHostGraceMs: number;
  readonly localityWaitMs: number;
  readonly maxResultBytes: number;
  readonly taskDeadlineMs: number;
  readonly speculation: number;
  readonly cancelGraceMs: number;
  readonly abandonMs: number;
}

/** One task of a stage. */
export interface TaskRun {
  attempts: number;
  /** One line for each attempt that failed and counted, oldest first. */
  failures: string[];
  /** Attempts that ended and count as no failure: their number is bounded apart. */
  numBlameless: number;
  /** Hosts on which an attempt failed: another one is taken, if there is one. */
  failedOn: number[];
  /** Its attempts that have not ended and are of use: 0, 1, or 2 with speculation. */
  numLive: number;
  /** Until when it waits for a host that holds its blocks; undefined while it has not been passed over. */
  waitsUntil: number | undefined;
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
  /** Milliseconds that its tasks took, in order of their ends; kept with speculation only. */
  readonly durations: number[];
}

/** One job. */
export interface JobRun {
  readonly id: number;
  readonly spec: JobSpec;
  readonly stages: readonly StageRun[];
  readonly submittedAt: number;
  /** Its launches that have not ended, by id. */
  readonly running: Map<number, LaunchRun>;
  /** Of the results accepted and of those on their way. */
  resultBytes: number;
  /** Since when a stage of it has waited without any slot that could take its tasks, if one does. */
  starvedSince: number | undefined;
  /** Set once it is decided how it ends: nothing is launched any more, and the job ends when nothing of it runs. */
  ending: { readonly failure: JobFailure | undefined } | undefined;
}

/** One attempt that has not ended. */
export interface LaunchRun {
  readonly launch: Launch;
  readonly launchedAt: number;
  startedAt: number | undefined;
  /** When it was asked to stop. */
  cancelledAt: number | undefined;
  /** Why, if it is not with its whole job: it ran too long, or another attempt was first. */
  stopped: "overdue" | "superseded" | undefined;
  /** Of its result, counted already among those of its job. */
  resultBytes: number;
}

/** A thread that can run one task at a time. */
export interface Slot {
  readonly id: number;
  launch: Launch | undefined;
}

/** A host that is there. */
export interface HostRun {
  readonly id: number;
  readonly serves: Serves;
  readonly slots: Map<number, Slot>;
  /** Ids of slots without a task, ascending. */
  readonly freeSlots: number[];
  /** It has been asked for its end, since it did not end a task. */
  isKilled: boolean;
}

/** The map outputs of a shuffle. */
export interface ShuffleRun {
  /** Partitions whose outputs are not there. Empty: the shuffle can be read. */
  readonly missing: Set<number>;
  /** The host that holds each map output. */
  readonly locations: number[];
  /** Some of it was lost since it was last whole: answers about it that are older than its next completion are wrong. */
  wasHit: boolean;
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
  /** In order of arrival. */
  readonly hosts: Map<number, HostRun>;
  readonly launches: Map<number, LaunchRun>;
  readonly shuffles: Map<number, ShuffleRun>;
  /** Hosts that hold partitions of persisted RDDs: by RDD, by partition, in order of arrival. */
  readonly rddBlocks: Map<number, Map<number, number[]>>;
  /** Grows whenever map outputs come to be somewhere else than what was answered before. */
  epoch: number;
  nextStageId: number;
  nextLaunchId: number;
  /** When stages that wait for the resubmit delay can start; Infinity if none does. */
  delayedUntil: number;
  /** The last time asked for by `wakeAt`. */
  wakeAt: number;
  /** Whether `emit` commands are wanted. */
  isObserved: boolean;
}

/** One step: the state, the time (milliseconds, any origin, never backwards), and what was gathered so far. */
export interface Step {
  readonly state: SchedulerState;
  readonly now: number;
  readonly commands: SchedulerCommand[];
  /** When something is to be looked at again, though nothing may happen until then. */
  wakeAt: number;
}

/** A scheduler without jobs, hosts and shuffles. */
export function createScheduler(settings: SchedulerSettings): SchedulerState {
  return {
    settings,
    jobs: new Map(),
    hosts: new Map(),
    launches: new Map(),
    shuffles: new Map(),
    rddBlocks: new Map(),
    epoch: 0,
    nextStageId: 0,
    nextLaunchId: 1,
    delayedUntil: Infinity,
    wakeAt: Infinity,
    isObserved: false,
  };
}
