/**
 * The scheduler: a pure state machine over jobs, stages, tasks and the slots that run them.
 *
 * No IO, no timer, no clock: the shell tells it what happened and when, and does what it asks for. So a whole cluster
 * can be simulated in one process, and every failure be played again.
 */
import { noteDropped, noteRemoved, noteStored } from "./blockLocations.ts";
import { watchDeadlines } from "./deadlines.ts";
import { addHost, addSlot, removeHost, removeSlot } from "./hosts.ts";
import { advanceAll, failJob, submitJob } from "./jobRun.ts";
import { hasSlotFor } from "./placing.ts";
import type { SchedulerCommand, SchedulerEvent } from "./protocol.ts";
import { speculate } from "./speculation.ts";
import type { JobRun, SchedulerState, StageRun, Step } from "./state.ts";
import { fillSlots, resultComing, taskFailed, taskFinished, taskStarted } from "./taskSet.ts";

/**
 * Takes `event` into `state`, which is changed in place, and returns what is to be done, in order.
 *
 * - Jobs share the slots: the oldest job's tasks first, slots left over go to the next.
 * - A stage starts when its parents have ended; a map stage whose shuffle is written already is skipped; one shuffle is
 *   never written by two jobs at once.
 * - The result of (stage, partition) is accepted once; an attempt ends once.
 * - A job that fails or is cancelled ends when the last of its attempts has ended.
 *
 * `now`: milliseconds of any origin, never less than at the call before. Cost: O(stages of live jobs).
 */
export function schedule(state: SchedulerState, event: SchedulerEvent, now: number): SchedulerCommand[] {
  const step: Step = { state, now, commands: [], wakeAt: Infinity };
  take(step, event);
  resumeDelayed(step);
  failStarved(step);
  fillSlots(step);
  speculate(step);
  watchDeadlines(step);
  askForTimer(step);
  return step.commands;
}

function take(step: Step, event: SchedulerEvent): void {
  const { state } = step;
  switch (event.type) {
    case "jobSubmitted":
      return submitJob(step, event.jobId, event.spec);
    case "cancelRequested": {
      const job = state.jobs.get(event.jobId);
      if (job !== undefined) failJob(step, job, event.failure);
      return;
    }
    case "hostAdded":
      return addHost(step, event.host, event.serves);
    case "hostRemoved":
      return removeHost(step, event.host, event.failure);
    case "slotAdded":
      return addSlot(step, event.host, event.slot);
    case "slotRemoved":
      return removeSlot(step, event.host, event.slot, event.failure);
    case "taskStarted":
      return taskStarted(step, event.launch);
    case "resultComing":
      return resultComing(step, event.launch, event.resultBytes);
    case "taskFinished":
      return taskFinished(step, event.launch, event.result, event.resultBytes ?? 0, event.contributions);
    case "taskFailed":
      return taskFailed(step, event.launch, event.failure);
    case "blockStored":
      return noteStored(state, event.host, event.id);
    case "blockDropped":
      return noteDropped(state, event.host, event.id);
    case "blocksRemoved":
      return noteRemoved(state, event.group);
    case "timer":
      state.wakeAt = Infinity;
      return;
  }
}

/** Starts stages whose resubmit delay is over. */
function resumeDelayed(step: Step): void {
  const { state, now } = step;
  if (now < state.delayedUntil) return;
  state.delayedUntil = Infinity;
  advanceAll(step);
}

/** Fails jobs that have waited for the grace without any slot that could take their tasks. */
function failStarved(step: Step): void {
  const { state, now } = step;
  const { noHostGraceMs } = state.settings;
  for (const job of state.jobs.values()) {
    const stage = starvedStage(state, job);
    if (stage === undefined) {
      job.starvedSince = undefined;
      continue;
    }
    job.starvedSince ??= now;
    const end = job.starvedSince + noHostGraceMs;
    if (now < end) {
      step.wakeAt = Math.min(step.wakeAt, end);
      continue;
    }
    const where = whereItRuns(stage);
    const message =
      `stage ${JSON.stringify(stage.spec.name)}: it needs a thread of ${where}, and none has been there for ` +
      `${noHostGraceMs} ms (setting noHostGraceMs). Look at why hosts ended, or start more`;
    failJob(step, job, { code: "HOST_LOST", message, details: { stage: stage.spec.name } });
  }
}

function starvedStage(state: SchedulerState, job: JobRun): StageRun | undefined {
  if (job.ending !== undefined) return undefined;
  return job.stages.find(({ status, isReady, pending, nextPending, spec }) => {
    const isWaiting = status === "running" && isReady && nextPending < pending.length;
    return isWaiting && !hasSlotFor(state, spec, pending[nextPending]!);
  });
}

function whereItRuns({ spec: { placement }, pending, nextPending }: StageRun): string {
  if (placement?.kind === "pinned") return `host ${placement.hosts[pending[nextPending]!]}`;
  return placement?.kind === "anywhere" ? "an executor" : "the driver's own host";
}

function askForTimer({ state, commands, wakeAt }: Step): void {
  const time = Math.min(wakeAt, state.delayedUntil);
  if (time === state.wakeAt) return;
  state.wakeAt = time;
  commands.push({ type: "wakeAt", time });
}
