/**
 * Jobs: their stages start when what they read is there, and they end with all results or with one failure.
 */
import { rootSuperstepError } from "../remoteError.ts";
import { type JobFailure, jobFailureOf, type TaskFailure } from "./failure.ts";
import type { JobSpec, StageSpec } from "./job.ts";
import type { Contribution, Launch } from "./protocol.ts";
import type { JobRun, SchedulerState, ShuffleRun, StageRun, Step } from "./state.ts";

/** Takes a job on and starts what can start. */
export function submitJob(step: Step, jobId: number, spec: JobSpec): void {
  const { state, now } = step;
  const stages = spec.stages.map((stage, index) => newStage(state.nextStageId++, index, stage));
  const job: JobRun = { id: jobId, spec, stages, submittedAt: now, running: new Map(), failure: undefined };
  state.jobs.set(jobId, job);
  if (state.isObserved) {
    const tasks = spec.stages.map((stage) => stage.tasks.length);
    step.commands.push({ type: "emit", event: { type: "job.start", job: jobId, name: spec.name, stages: tasks } });
  }
  advance(step, job);
}

/**
 * Starts each stage that the job's last one needs and whose parents' outputs are there; skips map stages whose outputs
 * exist; ends the job with its last stage.
 */
export function advance(step: Step, job: JobRun): void {
  const { state } = step;
  if (job.failure !== undefined || !state.jobs.has(job.id)) return;
  const last = job.stages.length - 1;
  const isNeeded = job.stages.map(() => false);
  isNeeded[last] = true;
  for (let index = last; index >= 0; index--) {
    const stage = job.stages[index]!;
    if (isNeeded[index] && !isAvailable(state, stage)) for (const parent of stage.spec.parents) isNeeded[parent] = true;
  }
  for (let index = 0; index <= last; index++) {
    const stage = job.stages[index]!;
    if (!isNeeded[index] || isAvailable(state, stage)) {
      if (isNeeded[index] && stage.status === "waiting") skip(step, job, stage);
      continue;
    }
    stage.isReady = stage.spec.parents.every((parent) => isAvailable(state, job.stages[parent]!));
    if (stage.isReady && stage.status !== "running") start(step, job, stage);
  }
  if (isAvailable(state, job.stages[last]!)) succeed(step, job);
}

/** Takes the result of one partition; a partition's second result is ignored. */
export function acceptResult(
  step: Step,
  job: JobRun,
  stage: StageRun,
  { partition, host }: Launch,
  result: unknown,
  contributions: readonly Contribution[],
): void {
  const task = stage.tasks[partition]!;
  if (task.isDone) return;
  task.isDone = true;
  stage.numDone++;
  stage.contributions[partition] = contributions;
  const shuffle = shuffleOf(step.state, stage);
  if (shuffle !== undefined) {
    shuffle.missing.delete(partition);
    shuffle.locations[partition] = host;
  }
  if (stage.index === job.stages.length - 1) {
    stage.results[partition] = result;
    step.commands.push({ type: "resultAccepted", jobId: job.id, partition, result });
  }
  if (stage.numDone === stage.tasks.length) endStage(step, job, stage);
}

/** Sets a job to fail: its running tasks are cancelled, and it ends when they have ended. The first failure counts. */
export function failJob(step: Step, job: JobRun, failure: JobFailure): void {
  if (job.failure !== undefined) return;
  job.failure = failure;
  for (const launch of job.running.values()) step.commands.push({ type: "cancelTask", launch });
  settleIfIdle(step, job);
}

/** Ends a job that is to fail once nothing of it runs: only then may its caller free what its tasks wrote to. */
export function settleIfIdle(step: Step, job: JobRun): void {
  if (job.failure === undefined || job.running.size > 0) return;
  const status = job.failure.code === "CANCELLED" || job.failure.code === "CONTEXT_STOPPED" ? "cancelled" : "failed";
  for (const stage of job.stages) {
    if (stage.status !== "running") continue;
    abandonShuffle(step.state, stage);
    step.commands.push({ type: "stageForgotten", stageId: stage.id });
    emitStageEnd(step, job, stage, status);
  }
  const contributions = countedContributions(job);
  endJob(step, job, status);
  step.commands.push({ type: "jobFailed", jobId: job.id, failure: job.failure, contributions });
  advanceAll(step);
}

/**
 * A task could not read a map output. The output is taken off the books and written again; the stage that reads it goes
 * on after. The job fails if that stage has met this too often, or if no stage of it writes that shuffle.
 */
export function loseMapOutput(step: Step, job: JobRun, stage: StageRun, launch: Launch, failure: TaskFailure): void {
  const { state } = step;
  const details = rootSuperstepError(failure.error)?.superstep?.details ?? {};
  const shuffleId = details["shuffle"];
  const map = details["map"];
  const writer = job.stages.find((candidate) => candidate.spec.shuffleId === shuffleId && shuffleId !== undefined);
  const shuffle = state.shuffles.get(shuffleId as number);
  const place = { ...launch, stage: stage.spec.name };
  const isKnown = Number.isInteger(map) && (map as number) >= 0 && (map as number) < (writer?.tasks.length ?? 0);
  if (writer === undefined || shuffle === undefined || !isKnown)
    return failJob(step, job, jobFailureOf(failure, place, []));
  if (stage.isReady) {
    stage.lostInARow++;
    stage.lostInAll++; // losses that gather until the stage goes on are one
  }
  if (stage.lostInARow >= state.settings.maxStageAttempts || stage.lostInAll >= state.settings.maxStageAttemptsInAll) {
    return failJob(step, job, jobFailureOf(failure, place, []));
  }
  shuffle.missing.add(map as number);
  reopen(step, shuffleId as number);
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

/** The stage that a launch belongs to: ids of a job's stages are consecutive. */
export function stageOf(job: JobRun, { stageId }: Launch): StageRun {
  return job.stages[stageId - job.stages[0]!.id]!;
}

function newStage(id: number, index: number, spec: StageSpec): StageRun {
  return {
    id,
    index,
    spec,
    status: "waiting",
    isReady: false,
    tasks: spec.tasks.map(() => ({ attempts: 0, failures: [], isDone: false })),
    pending: [],
    nextPending: 0,
    numDone: 0,
    results: [],
    contributions: [],
    isCounted: false,
    startedAt: 0,
    lostInARow: 0,
    lostInAll: 0,
    notBefore: -Infinity,
  };
}

function isAvailable(state: SchedulerState, stage: StageRun): boolean {
  if (stage.spec.shuffleId === undefined) return stage.status === "done";
  return state.shuffles.get(stage.spec.shuffleId)?.missing.size === 0;
}

function start(step: Step, job: JobRun, stage: StageRun): void {
  const { state, now } = step;
  if (now < stage.notBefore) return;
  if (stage.spec.shuffleId !== undefined) {
    const shuffle = state.shuffles.get(stage.spec.shuffleId) ?? newShuffle(stage.spec.tasks.length);
    if (shuffle.builder !== undefined) return; // another job writes it: this stage goes on when that one has ended
    shuffle.builder = { jobId: job.id, stageId: stage.id };
    state.shuffles.set(stage.spec.shuffleId, shuffle);
    stage.tasks.forEach((task, partition) => (task.isDone = !shuffle.missing.has(partition)));
    stage.pending = [...shuffle.missing].sort((a, b) => a - b);
    stage.numDone = stage.tasks.length - stage.pending.length;
  } else stage.pending = stage.tasks.map((_task, partition) => partition);
  stage.nextPending = 0;
  stage.status = "running";
  stage.startedAt = now;
  if (state.isObserved) {
    const event = { job: job.id, stage: stage.id, name: stage.spec.name, tasks: stage.pending.length };
    step.commands.push({ type: "emit", event: { type: "stage.start", ...event } });
  }
  if (stage.numDone === stage.tasks.length) completeStage(step, job, stage);
}

function skip(step: Step, job: JobRun, stage: StageRun): void {
  stage.status = "skipped";
  emitStageEnd(step, job, stage, "skipped");
}

function endStage(step: Step, job: JobRun, stage: StageRun): void {
  completeStage(step, job, stage);
  if (stage.spec.shuffleId === undefined) advance(step, job);
  else advanceAll(step);
}

function completeStage(step: Step, job: JobRun, stage: StageRun): void {
  stage.status = "done";
  stage.lostInARow = 0;
  const shuffle = shuffleOf(step.state, stage);
  if (shuffle !== undefined) shuffle.builder = undefined;
  if (shuffle === undefined || !shuffle.isCounted) stage.isCounted = true;
  if (shuffle !== undefined) shuffle.isCounted = true;
  step.commands.push({ type: "stageForgotten", stageId: stage.id });
  emitStageEnd(step, job, stage, "succeeded");
}

function succeed(step: Step, job: JobRun): void {
  const results = job.stages.at(-1)!.results;
  const contributions = countedContributions(job);
  endJob(step, job, "succeeded");
  step.commands.push({ type: "jobSucceeded", jobId: job.id, results, contributions });
}

function endJob({ state, now, commands }: Step, job: JobRun, status: "succeeded" | "failed" | "cancelled"): void {
  state.jobs.delete(job.id);
  if (!state.isObserved) return;
  const failure = job.failure === undefined ? {} : { code: job.failure.code, message: job.failure.message };
  const event = { job: job.id, name: job.spec.name, status, ms: now - job.submittedAt, ...failure };
  commands.push({ type: "emit", event: { type: "job.end", ...event } });
}

/** Stages in order, in each the partitions in order. */
function countedContributions(job: JobRun): readonly Contribution[] {
  const all: Contribution[] = [];
  for (const stage of job.stages) {
    if (stage.isCounted) for (const own of stage.contributions) if (own !== undefined) all.push(...own);
  }
  return all;
}

/** What was written of a shuffle by a stage that will not end is forgotten, unless it had been whole before. */
function abandonShuffle(state: SchedulerState, stage: StageRun): void {
  const shuffle = shuffleOf(state, stage);
  if (shuffle === undefined) return;
  shuffle.builder = undefined;
  if (!shuffle.isCounted) state.shuffles.delete(stage.spec.shuffleId!);
}

/** Moves every job on: one's end, or a shuffle that it wrote, may be what others wait for. */
export function advanceAll(step: Step): void {
  for (const job of step.state.jobs.values()) advance(step, job);
}

function shuffleOf(state: SchedulerState, stage: StageRun): ShuffleRun | undefined {
  return stage.spec.shuffleId === undefined ? undefined : state.shuffles.get(stage.spec.shuffleId);
}

function newShuffle(numMaps: number): ShuffleRun {
  const missing = new Set<number>();
  for (let map = 0; map < numMaps; map++) missing.add(map);
  return { missing, locations: [], isCounted: false, builder: undefined };
}

function emitStageEnd(
  { state, now, commands }: Step,
  job: JobRun,
  stage: StageRun,
  status: "succeeded" | "failed" | "cancelled" | "skipped",
): void {
  if (!state.isObserved) return;
  const ms = status === "skipped" ? 0 : now - stage.startedAt;
  const event = { job: job.id, stage: stage.id, name: stage.spec.name, status, ms };
  commands.push({ type: "emit", event: { type: "stage.end", ...event } });
}
