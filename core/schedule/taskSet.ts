/**
 * Tasks of stages: handed to free slots, and taken back when their attempts end.
 */
import { consequences, jobFailureOf, lineOf, type TaskFailure } from "./failure.ts";
import { acceptResult, failJob, settleIfIdle, stageOf } from "./jobRun.ts";
import { loseMapOutput, noteLostOutput } from "./lostOutputs.ts";
import type { Contribution, Launch } from "./protocol.ts";
import type { JobRun, SchedulerState, StageRun, Step } from "./state.ts";

/** Gives tasks to free slots: oldest job first, within it stages in order; slots left over go to the next job. */
export function fillSlots(step: Step): void {
  const { state } = step;
  if (state.freeSlots.length === 0) return;
  for (const job of state.jobs.values()) {
    if (job.ending !== undefined) continue;
    for (const stage of job.stages) {
      if (stage.status !== "running" || !stage.isReady) continue;
      while (stage.nextPending < stage.pending.length) {
        if (state.freeSlots.length === 0) return;
        launch(step, job, stage, stage.pending[stage.nextPending++]!);
      }
    }
  }
}

/** A thread has begun with a task. */
export function taskStarted({ state, now, commands }: Step, launchId: number): void {
  const entry = state.launches.get(launchId);
  if (entry === undefined || entry.startedAt !== undefined) return;
  entry.startedAt = now;
  if (!state.isObserved) return;
  const { jobId, stageId, partition, attempt, host, slot } = entry.launch;
  const event = { type: "task.start", job: jobId, stage: stageId, partition, attempt, host, thread: slot } as const;
  commands.push({ type: "emit", event });
}

/** An attempt ended with a result. Ignored if that attempt or its partition has ended before. */
export function taskFinished(
  step: Step,
  launchId: number,
  result: unknown,
  contributions: readonly Contribution[],
): void {
  const ended = endLaunch(step.state, launchId);
  if (ended === undefined) return;
  const { launch, job, stage } = ended;
  emitTaskEnd(step, ended, job.ending === undefined ? "succeeded" : "cancelled");
  if (job.ending !== undefined) settleIfIdle(step, job);
  else acceptResult(step, job, stage, launch, result, contributions);
}

/** An attempt ended without a result. Ignored if it has ended before. */
export function taskFailed(step: Step, launchId: number, failure: TaskFailure): void {
  const ended = endLaunch(step.state, launchId);
  if (ended === undefined) return;
  const { launch, job, stage } = ended;
  emitTaskEnd(step, ended, job.ending === undefined ? "failed" : "cancelled", failure);
  if (job.ending !== undefined) {
    if (failure.kind === "fetchFailed") noteLostOutput(step, job, failure);
    settleIfIdle(step, job);
  } else reactTo(step, job, stage, launch, failure);
}

function launch({ state, commands }: Step, job: JobRun, stage: StageRun, partition: number): void {
  const slotId = state.freeSlots.shift()!;
  const slot = state.slots.get(slotId)!;
  const task = stage.tasks[partition]!;
  const launch: Launch = {
    id: state.nextLaunchId++,
    jobId: job.id,
    stageId: stage.id,
    partition,
    attempt: task.attempts++,
    slot: slotId,
    host: slot.host,
  };
  slot.launch = launch;
  job.running.set(launch.id, launch);
  state.launches.set(launch.id, { launch, startedAt: undefined });
  commands.push({ type: "launchTask", launch, stage: stage.spec });
}

interface EndedLaunch {
  readonly launch: Launch;
  readonly startedAt: number | undefined;
  readonly job: JobRun;
  readonly stage: StageRun;
}

/** Takes a launch off the books and frees its slot; undefined if it is not on them. */
function endLaunch(state: SchedulerState, launchId: number): EndedLaunch | undefined {
  const entry = state.launches.get(launchId);
  if (entry === undefined) return undefined;
  const { launch, startedAt } = entry;
  state.launches.delete(launchId);
  const slot = state.slots.get(launch.slot);
  if (slot !== undefined) {
    slot.launch = undefined;
    insertAscending(state.freeSlots, slot.id);
  }
  const job = state.jobs.get(launch.jobId)!; // a job outlives its launches
  job.running.delete(launchId);
  return { launch, startedAt, job, stage: stageOf(job, launch) };
}

/** Inserts `value`, keeping ascending order; lists are as long as a cluster has threads. */
export function insertAscending(values: number[], value: number): void {
  let at = values.length;
  while (at > 0 && values[at - 1]! > value) at--;
  values.splice(at, 0, value);
}

function reactTo(step: Step, job: JobRun, stage: StageRun, launch: Launch, failure: TaskFailure): void {
  const task = stage.tasks[launch.partition]!;
  if (task.isDone) return;
  const consequence = consequences[failure.kind];
  const place = { ...launch, stage: stage.spec.name };
  if (consequence === "fail") return failJob(step, job, jobFailureOf(failure, place, task.failures));
  if (consequence === "recompute") {
    stage.pending.push(launch.partition);
    return loseMapOutput(step, job, stage, launch, failure);
  }
  if (consequence === "retry") {
    if (task.failures.length + 1 >= step.state.settings.maxTaskFailures) {
      return failJob(step, job, jobFailureOf(failure, place, task.failures));
    }
    task.failures.push(lineOf(failure.error));
  }
  stage.pending.push(launch.partition);
}

function emitTaskEnd(
  { state, now, commands }: Step,
  { launch, startedAt }: EndedLaunch,
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
