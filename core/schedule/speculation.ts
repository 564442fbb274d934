/**
 * Second attempts of tasks that take far longer than the others of their stage: the first result counts, and the other
 * attempt is cancelled. Only of tasks that write blocks alone: two attempts must not write the same columns.
 */
import { placeTwin } from "./placing.ts";
import type { LaunchRun, SchedulerState, StageRun, Step } from "./state.ts";
import { launch } from "./taskSet.ts";

/** Part of a stage's tasks that must have ended. */
const doneShare = 0.9;
/** A task is slow at this multiple of the median of those that ended, */
const slowness = 3;
/** and not before so many milliseconds. */
const leastMs = 1000;

/** Starts second attempts on slots that nothing else wants. Cost: O(attempts that have not ended). */
export function speculate(step: Step): void {
  const { state } = step;
  if (state.settings.speculation === 0) return;
  for (const run of state.launches.values()) {
    const stage = slowStage(state, run);
    if (stage === undefined) continue;
    const slowAt = run.startedAt! + slowAfterMs(stage);
    if (step.now < slowAt) {
      step.wakeAt = Math.min(step.wakeAt, slowAt);
      continue;
    }
    const host = placeTwin(state, stage, run.launch);
    if (host !== undefined) launch(step, state.jobs.get(run.launch.jobId)!, stage, run.launch.partition, host);
  }
}

/** The stage of an attempt, if the attempt may get a twin once it has taken long enough. */
function slowStage(
  state: SchedulerState,
  { launch: { jobId, stageId, partition }, ...run }: LaunchRun,
): StageRun | undefined {
  if (run.startedAt === undefined || run.cancelledAt !== undefined) return undefined;
  const job = state.jobs.get(jobId)!;
  const stage = job.stages[stageId - job.stages[0]!.id]!;
  if (job.ending !== undefined || !stage.isReady || stage.spec.placement?.kind !== "anywhere") return undefined;
  if (stage.tasks[partition]!.numLive !== 1 || stage.durations.length === 0) return undefined;
  const enough = Math.max(1, Math.floor(doneShare * stage.tasks.length));
  return stage.numDone >= enough ? stage : undefined;
}

function slowAfterMs({ durations }: StageRun): number {
  const sorted = durations.toSorted((a, b) => a - b);
  return Math.max(leastMs, slowness * sorted[sorted.length >> 1]!);
}
