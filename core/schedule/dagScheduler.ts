/**
 * The scheduler: a pure state machine over jobs, stages, tasks and the slots that run them.
 *
 * No IO, no timer, no clock: the shell tells it what happened and when, and does what it asks for. So a whole cluster
 * can be simulated in one process, and every failure be played again.
 */
import type { TaskFailure } from "./failure.ts";
import { advanceAll, failJob, submitJob } from "./jobRun.ts";
import { loseHostOutputs } from "./lostOutputs.ts";
import type { SchedulerCommand, SchedulerEvent } from "./protocol.ts";
import type { SchedulerState, Step } from "./state.ts";
import { fillSlots, insertAscending, taskFailed, taskFinished, taskStarted } from "./taskSet.ts";

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
  const step: Step = { state, now, commands: [] };
  take(step, event);
  resumeDelayed(step);
  watchForSlots(step);
  fillSlots(step);
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
    case "taskStarted":
      return taskStarted(step, event.launch);
    case "taskFinished":
      return taskFinished(step, event.launch, event.result, event.contributions);
    case "taskFailed":
      return taskFailed(step, event.launch, event.failure);
    case "slotAdded":
      if (state.slots.has(event.slot)) return;
      state.slots.set(event.slot, { id: event.slot, host: event.host, launch: undefined });
      return insertAscending(state.freeSlots, event.slot);
    case "slotRemoved":
      return removeSlot(step, event.slot, event.failure);
    case "hostRemoved":
      return removeHost(step, event.host, event.failure);
    case "shuffleReleased":
      state.shuffles.delete(event.shuffleId);
      return;
    case "timer":
      state.wakeAt = Infinity;
      return;
  }
}

function removeSlot(step: Step, slotId: number, failure: TaskFailure): void {
  const { state } = step;
  const slot = state.slots.get(slotId);
  if (slot === undefined) return;
  state.slots.delete(slotId);
  const free = state.freeSlots.indexOf(slotId);
  if (free >= 0) state.freeSlots.splice(free, 1);
  if (slot.launch === undefined) return;
  const hadStarted = state.launches.get(slot.launch.id)?.startedAt !== undefined;
  taskFailed(step, slot.launch.id, hadStarted ? failure : { ...failure, kind: "notStarted" });
}

function removeHost(step: Step, host: number, failure: TaskFailure): void {
  const slots = [...step.state.slots.values()].filter((slot) => slot.host === host);
  for (const slot of slots) removeSlot(step, slot.id, failure);
  loseHostOutputs(step, host);
}

/** Starts stages whose resubmit delay is over. */
function resumeDelayed(step: Step): void {
  const { state, now } = step;
  if (now < state.delayedUntil) return;
  state.delayedUntil = Infinity;
  advanceAll(step);
}

/** Fails all jobs when there has been no slot for the grace. */
function watchForSlots(step: Step): void {
  const { state, now } = step;
  if (state.jobs.size === 0 || state.slots.size > 0) {
    state.noSlotSince = undefined;
    return;
  }
  state.noSlotSince ??= now;
  if (now - state.noSlotSince < state.settings.noHostGraceMs) return;
  state.noSlotSince = undefined;
  const message = `scheduler: no thread of any host has been there for ${state.settings.noHostGraceMs} ms`;
  for (const job of state.jobs.values()) failJob(step, job, { code: "HOST_LOST", message, details: {} });
}

function askForTimer({ state, commands }: Step): void {
  const grace = state.noSlotSince === undefined ? Infinity : state.noSlotSince + state.settings.noHostGraceMs;
  const time = Math.min(grace, state.delayedUntil);
  if (time === state.wakeAt) return;
  state.wakeAt = time;
  commands.push({ type: "wakeAt", time });
}
