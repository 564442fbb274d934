/**
 * The attempts of tasks: launched on free slots, and taken off the books when they end.
 */
import { cancelLaunch } from "./deadlines.ts";
import { consequences, jobFailureOf, lineOf, type TaskFailure } from "./failure.ts";
import { acceptResult, failJob, settleIfIdle, stageOf } from "./jobRun.ts";
import { loseMapOutput, noteLostOutput } from "./lostOutputs.ts";
import { numFreeSlots, placeTask } from "./placing.ts";
import type { Contribution, Launch } from "./protocol.ts";
import type { HostRun, JobRun, LaunchRun, StageRun, Step, TaskRun } from "./state.ts";

/** Gives tasks to free slots: oldest job first, within it stages in order; slots left over go to the next job. */
export function fillSlots(step: Step): void {
  const { state } = step;
  for (const job of state.jobs.values()) {
    if (job.ending !== undefined) continue;
    for (const stage of job.stages) {
      if (stage.status === "running" && stage.isReady) fillFrom(step, job, stage);
    }
  }
}

/** A thread has begun with a task. */
export function taskStarted({ state, now, commands }: Step, launchId: number): void {
  const run = state.launches.get(launchId);
  if (run === undefined || run.startedAt !== undefined) return;
  run.startedAt = now;
  if (!state.isObserved) return;
  const { jobId, stageId, partition, attempt, host, slot } = run.launch;
  const event = { type: "task.start", job: jobId, stage: stageId, partition, attempt, host, thread: slot } as const;
  commands.push({ type: "emit", event });
}

/** A result is about to come: its job fails if all that it then brings to the driver is too much. */
export function resultComing(step: Step, launchId: number, resultBytes: number): void {
  const run = step.state.launches.get(launchId);
  if (run === undefined || run.stopped === "superseded") return;
  const job = step.state.jobs.get(run.launch.jobId)!;
  countBytes(job, run, resultBytes);
  const { maxResultBytes } = step.state.settings;
  if (job.ending !== undefined || job.resultBytes <= maxResultBytes) return;
  const message =
    `job ${JSON.stringify(job.spec.name)}: its results must be at most maxResultBytes, ${maxResultBytes} bytes in all, ` +
    `got ${job.resultBytes} so far. Bring less to the driver, write to files instead, or raise the setting`;
  const details = { job: job.spec.name, resultBytes: job.resultBytes, maxResultBytes };
  failJob(step, job, { code: "RESULT_TOO_LARGE", message, details });
}

/** An attempt ended with a result. Ignored if that attempt or its partition has ended before. */
export function taskFinished(
  step: Step,
  launchId: number,
  result: unknown,
  resultBytes: number,
  contributions: readonly Contribution[],
): void {
  resultComing(step, launchId, resultBytes);
  const ended = endLaunch(step, launchId);
  if (ended === undefined) return;
  const { run, job, stage } = ended;
  const isLate = job.ending !== undefined || run.stopped === "superseded" || stage.tasks[run.launch.partition]!.isDone;
  emitTaskEnd(step, ended, isLate ? "cancelled" : "succeeded");
  if (isLate) return settleIfIdle(step, job);
  if (step.state.settings.speculation !== 0) {
    if (run.startedAt !== undefined) stage.durations.push(step.now - run.startedAt);
    supersede(step, job, run.launch);
  }
  acceptResult(step, job, stage, run.launch, result, contributions);
}

/** An attempt ended without a result. Ignored if it has ended before. */
export function taskFailed(step: Step, launchId: number, failure: TaskFailure): void {
  const ended = failLaunch(step, launchId, failure);
  if (ended !== undefined) react(step, ended);
}

/** An attempt that is off the books, and what it ended with. */
export interface FailedLaunch extends EndedLaunch {
  readonly failure: TaskFailure;
}

/** Takes an attempt that ended without a result off the books; undefined if it is not on them. */
export function failLaunch(step: Step, launchId: number, failure: TaskFailure): FailedLaunch | undefined {
  const ended = endLaunch(step, launchId);
  if (ended === undefined) return undefined;
  const { run, job } = ended;
  countBytes(job, run, 0);
  const own = run.stopped === "overdue" && job.ending === undefined ? overdue(step, failure) : failure;
  const isStopped = job.ending !== undefined || run.stopped === "superseded";
  emitTaskEnd(step, ended, isStopped ? "cancelled" : "failed", own);
  return { ...ended, failure: own };
}

/** What follows from the end of an attempt without a result. */
export function react(step: Step, { run, job, stage, failure }: FailedLaunch): void {
  const { launch } = run;
  const task = stage.tasks[launch.partition]!;
  if (job.ending !== undefined) {
    if (failure.kind === "fetchFailed") noteLostOutput(step, job, failure, false);
    return settleIfIdle(step, job);
  }
  if (task.isDone || run.stopped === "superseded") return;
  const { settings } = step.state;
  const place = { ...launch, stage: stage.spec.name };
  const consequence = consequences[failure.kind];
  if (consequence === "fail") return failJob(step, job, jobFailureOf(failure, place, task.failures));
  if (consequence === "retry") {
    if (task.failures.length + 1 >= settings.maxTaskFailures) {
      return failJob(step, job, jobFailureOf(failure, place, task.failures));
    }
    task.failures.push(lineOf(failure.error));
    if (!task.failedOn.includes(launch.host)) task.failedOn.push(launch.host);
  }
  if (consequence === "again" && ++task.numBlameless >= settings.maxStageAttemptsInAll) {
    return failJob(step, job, jobFailureOf(neverEnded(failure, task), place, task.failures));
  }
  if (task.numLive === 0) stage.pending.push(launch.partition);
  if (consequence === "recompute") loseMapOutput(step, job, stage, launch, failure);
}

/** Runs a task on a free slot of `host`. */
export function launch(step: Step, job: JobRun, stage: StageRun, partition: number, host: HostRun): void {
  const { state, now, commands } = step;
  const slot = host.slots.get(host.freeSlots.shift()!)!;
  const task = stage.tasks[partition]!;
  const launch: Launch = {
    id: state.nextLaunchId++,
    jobId: job.id,
    stageId: stage.id,
    partition,
    attempt: task.attempts++,
    slot: slot.id,
    host: host.id,
  };
  slot.launch = launch;
  task.numLive++;
  task.waitsUntil = undefined;
  const run: LaunchRun = {
    launch,
    launchedAt: now,
    startedAt: undefined,
    cancelledAt: undefined,
    stopped: undefined,
    resultBytes: 0,
  };
  job.running.set(launch.id, run);
  state.launches.set(launch.id, run);
  commands.push({ type: "launchTask", launch, stage: stage.spec, epoch: state.epoch });
}

/** Inserts `value`, keeping ascending order; lists are as long as a host has threads. */
export function insertAscending(values: number[], value: number): void {
  let at = values.length;
  while (at > 0 && values[at - 1]! > value) at--;
  values.splice(at, 0, value);
}

function fillFrom(step: Step, job: JobRun, stage: StageRun): void {
  const { pending } = stage;
  if (stage.nextPending === pending.length) return;
  let numFree = numFreeSlots(step.state, stage.spec);
  for (let at = stage.nextPending; at < pending.length && numFree > 0; at++) {
    const partition = pending[at]!;
    const host = placeTask(step, stage, partition);
    if (host === undefined) continue;
    if (at === stage.nextPending) stage.nextPending++;
    else pending.splice(at--, 1);
    launch(step, job, stage, partition, host);
    numFree--;
  }
}

interface EndedLaunch {
  readonly run: LaunchRun;
  readonly job: JobRun;
  readonly stage: StageRun;
}

/** Takes an attempt off the books and frees its slot; undefined if it is not on them. */
function endLaunch({ state }: Step, launchId: number): EndedLaunch | undefined {
  const run = state.launches.get(launchId);
  if (run === undefined) return undefined;
  const { launch } = run;
  state.launches.delete(launchId);
  const host = state.hosts.get(launch.host);
  const slot = host?.slots.get(launch.slot);
  if (host !== undefined && slot !== undefined) {
    slot.launch = undefined;
    insertAscending(host.freeSlots, slot.id);
  }
  const job = state.jobs.get(launch.jobId)!; // a job outlives its attempts
  job.running.delete(launchId);
  const stage = stageOf(job, launch);
  if (run.stopped !== "superseded") stage.tasks[launch.partition]!.numLive--;
  return { run, job, stage };
}

/** Cancels the other attempts of a partition that has its result. */
function supersede(step: Step, job: JobRun, { stageId, partition }: Launch): void {
  for (const run of job.running.values()) {
    if (run.launch.stageId !== stageId || run.launch.partition !== partition || run.stopped === "superseded") continue;
    stageOf(job, run.launch).tasks[partition]!.numLive--;
    cancelLaunch(step, run, "superseded");
    run.stopped = "superseded"; // also where it had been asked to stop before
    countBytes(job, run, 0);
  }
}

/** Sets what the result of an attempt counts among those of its job. */
function countBytes(job: JobRun, run: LaunchRun, resultBytes: number): void {
  job.resultBytes += resultBytes - run.resultBytes;
  run.resultBytes = resultBytes;
}

function overdue({ state }: Step, { error }: TaskFailure): TaskFailure {
  const message = `the task ran longer than taskDeadlineMs, ${state.settings.taskDeadlineMs} ms, and was ended`;
  return { kind: "timedOut", error: { name: "TimedOut", message, cause: error } };
}

function neverEnded({ error }: TaskFailure, { numBlameless }: TaskRun): TaskFailure {
  const message =
    `the task was sent to a thread ${numBlameless} times, and each time it ended before it had started, ` +
    "with its whole machine, or without being told to";
  return { kind: "hostLost", error: { name: "NeverEnded", message, cause: error } };
}

function emitTaskEnd(
  { state, now, commands }: Step,
  { run: { launch, startedAt } }: EndedLaunch,
  status: "succeeded" | "failed" | "cancelled",
  failure?: TaskFailure,
): void {
  if (!state.isObserved) return;
  const { jobId, stageId, partition, attempt, host, slot } = launch;
  const ms = startedAt === undefined ? 0 : now - startedAt;
  const error = failure === undefined ? {} : { error: lineOf(failure.error) };
  const where = { job: jobId, stage: stageId, partition, attempt, host, thread: slot };
  commands.push({ type: "emit", event: { type: "task.end", ...where, status, ms, ...error } });
}
