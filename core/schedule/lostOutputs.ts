/**
 * Map outputs that are no more: they are written again, by the stage that wrote them, before any stage that reads them
 * goes on.
 */
import { jobFailureOf, type TaskFailure } from "./failure.ts";
import { fetchFailureIn } from "./fetchFailure.ts";
import { advanceAll, failJob } from "./jobRun.ts";
import type { Launch } from "./protocol.ts";
import type { JobRun, ShuffleRun, StageRun, Step } from "./state.ts";

/**
 * Takes the map output that a task could not read off the books; it is written again for all jobs that need it. So are
 * all outputs of that shuffle on the same host, if that could not be reached at all, or if `isRepeated`: the stage has
 * met a loss before and not succeeded since. Else each further one would cost it an attempt to find out about.
 *
 * `unknown`: the failure names no output that a stage of the task's job writes. `old`: what it names has been written
 * again elsewhere since.
 */
export function noteLostOutput(
  step: Step,
  job: JobRun,
  { error }: TaskFailure,
  isRepeated: boolean,
): "lost" | "old" | "unknown" {
  const failed = fetchFailureIn(error);
  if (failed === undefined) return "unknown";
  const { shuffle: shuffleId, map, holder } = failed;
  const writer = job.stages.find((candidate) => candidate.spec.shuffleId === shuffleId);
  const shuffle = step.state.shuffles.get(shuffleId);
  if (shuffle === undefined || writer?.tasks[map] === undefined) return "unknown";
  if (shuffle.missing.has(map)) return "lost";
  if (holder !== undefined && shuffle.locations[map] !== holder) return "old";
  const isWhole = holder !== undefined && (failed.isUnreachable === true || isRepeated);
  lose(step, shuffleId, isWhole ? outputsOn(shuffle, holder) : [map]);
  return "lost";
}

/**
 * The stage of a task that could not read a map output goes on when that is written again. The job fails if the stage
 * has met this too often, or if the output is none that can be written again.
 */
export function loseMapOutput(step: Step, job: JobRun, stage: StageRun, launch: Launch, failure: TaskFailure): void {
  const { maxStageAttempts, maxStageAttemptsInAll } = step.state.settings;
  const { isReady } = stage;
  const found = noteLostOutput(step, job, failure, stage.lostInARow > 0);
  if (isReady) {
    if (found === "lost") stage.lostInARow++; // losses that gather until the stage goes on are one
    stage.lostInAll++;
  }
  const isTooOften = stage.lostInARow >= maxStageAttempts || stage.lostInAll >= maxStageAttemptsInAll;
  if (found === "unknown" || isTooOften) {
    failJob(step, job, jobFailureOf(failure, { ...launch, stage: stage.spec.name }, []));
  }
}

/** The map outputs that a host held are gone with it. */
export function loseHostOutputs(step: Step, host: number): void {
  for (const [shuffleId, shuffle] of step.state.shuffles) lose(step, shuffleId, outputsOn(shuffle, host));
}

function outputsOn({ locations, missing }: ShuffleRun, host: number): number[] {
  return [...locations.keys()].filter((map) => locations[map] === host && !missing.has(map));
}

function lose(step: Step, shuffleId: number, maps: readonly number[]): void {
  if (maps.length === 0) return;
  const shuffle = step.state.shuffles.get(shuffleId)!;
  for (const map of maps) shuffle.missing.add(map);
  shuffle.wasHit = true;
  step.state.epoch++;
  reopen(step, shuffleId);
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
