/**
 * Map outputs that are no more: they are written again, by the stage that wrote them, before any stage that reads them
 * goes on.
 */
import { rootSuperstepError } from "../remoteError.ts";
import { jobFailureOf, type TaskFailure } from "./failure.ts";
import { advanceAll, failJob } from "./jobRun.ts";
import type { Launch } from "./protocol.ts";
import type { JobRun, StageRun, Step } from "./state.ts";

/**
 * Takes the map output that a task could not read off the books; it is written again for all jobs that need it. False
 * if the failure names none that a stage of the task's job writes.
 */
export function noteLostOutput(step: Step, job: JobRun, failure: TaskFailure): boolean {
  const details = rootSuperstepError(failure.error)?.superstep?.details ?? {};
  const shuffleId = details["shuffle"];
  const map = details["map"];
  if (typeof shuffleId !== "number" || typeof map !== "number") return false;
  const writer = job.stages.find((candidate) => candidate.spec.shuffleId === shuffleId);
  const shuffle = step.state.shuffles.get(shuffleId);
  if (shuffle === undefined || writer?.tasks[map] === undefined) return false;
  shuffle.missing.add(map);
  reopen(step, shuffleId);
  return true;
}

/**
 * The stage of a task that could not read a map output goes on when that is written again. The job fails if the stage
 * has met this too often, or if the output is none that can be written again.
 */
export function loseMapOutput(step: Step, job: JobRun, stage: StageRun, launch: Launch, failure: TaskFailure): void {
  const { maxStageAttempts, maxStageAttemptsInAll } = step.state.settings;
  if (stage.isReady) {
    stage.lostInARow++;
    stage.lostInAll++; // losses that gather until the stage goes on are one
  }
  const isTooOften = stage.lostInARow >= maxStageAttempts || stage.lostInAll >= maxStageAttemptsInAll;
  if (!noteLostOutput(step, job, failure) || isTooOften) {
    failJob(step, job, jobFailureOf(failure, { ...launch, stage: stage.spec.name }, []));
  }
}

/** The map outputs that a host held are gone with it. */
export function loseHostOutputs(step: Step, host: number): void {
  for (const [shuffleId, shuffle] of step.state.shuffles) {
    let isHit = false;
    shuffle.locations.forEach((location, map) => {
      if (location !== host || shuffle.missing.has(map)) return;
      shuffle.missing.add(map);
      isHit = true;
    });
    if (isHit) reopen(step, shuffleId);
  }
}

/** Lets stages that had ended write again what is missing of a shuffle, after the resubmit delay. */
function reopen(step: Step, shuffleId: number): void {
  const { state, now } = step;
  const missing = state.shuffles.get(shuffleId)!.missing;
  state.delayedUntil = now + state.settings.resubmitDelayMs;
  for (const job of state.jobs.values()) {
    for (const stage of job.stages) {
      if (stage.spec.shuffleId !== shuffleId) continue;
      if (stage.status === "running") rerun(stage, missing);
      else {
        stage.status = "waiting";
        stage.notBefore = state.delayedUntil;
      }
    }
  }
  advanceAll(step);
}

/** Queues the partitions in `missing` that were done. */
function rerun(stage: StageRun, missing: ReadonlySet<number>): void {
  for (const partition of missing) {
    const task = stage.tasks[partition]!;
    if (!task.isDone) continue;
    task.isDone = false;
    task.failures = [];
    stage.numDone--;
    stage.pending.push(partition);
  }
}
