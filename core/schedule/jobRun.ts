/**
 * Jobs: their stages start when what they read is there, and they end with all results or with one failure.
 */
import { cancelLaunch } from "./deadlines.ts";
import { type JobFailure, summaryOf, type TaskFailure } from "./failure.ts";
import type { JobSpec, StageSpec } from "./job.ts";
import type { Contribution, Launch } from "./protocol.ts";
import { abandonShuffle, isAvailable, newShuffle, shuffleOf } from "./shuffles.ts";
import type { JobRun, StageRun, Step } from "./state.ts";

/** Takes a job on and starts what can start. */
export function submitJob(step: Step, jobId: number, spec: JobSpec): void {
  const { state, now } = step;
  const stages = spec.stages.map((stage, index) => newStage(state.nextStageId++, index, stage));
  const job: JobRun = {
    id: jobId,
    spec,
    stages,
    submittedAt: now,
    running: new Map(),
    resultBytes: 0,
    starvedSince: undefined,
    ending: undefined,
  };
  state.jobs.set(jobId, job);
  if (state.isObserved) {
    const tasks = spec.stages.map((stage) => stage.tasks.length);
    step.commands.push({ type: "emit", event: { type: "job.start", job: jobId, name: spec.name, stages: tasks } });
  }
  const gone = spec.stages.find(({ placement }) => placement?.kind === "pinned" && missingHost(step, placement.hosts));
  if (gone?.placement?.kind === "pinned") {
    return failJob(step, job, lostPinnedHost(gone, missingHost(step, gone.placement.hosts)!, undefined));
  }
  advance(step, job);
}

/** True if tasks of a stage can run on that host alone. */
export function isPinnedTo({ placement }: StageSpec, host: number): boolean {
  return placement?.kind === "pinned" && placement.hosts.includes(host);
}

/** Why a job fails with tasks pinned to a host that is not there. Details: `host`, `stage`. */
export function lostPinnedHost({ name }: StageSpec, host: number, failure: TaskFailure | undefined): JobFailure {
  const why = failure === undefined ? "it is not there" : summaryOf(failure.error);
  return {
    code: "HOST_LOST",
    message: `stage ${JSON.stringify(name)}: host ${host} was lost, and with it what its tasks view: ${why}`,
    details: { host, stage: name },
    ...(failure === undefined ? {} : { cause: failure.error }),
  };
}

/**
 * Starts each stage that the job's last one needs and whose parents' outputs are there; skips map stages whose outputs
 * exist; ends the job with its last stage.
 */
export function advance(step: Step, job: JobRun): void {
  const { state } = step;
  if (job.ending !== undefined) return;
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
      stage.isReady = false; // what it still has to do is needed no more, if another job did it
      if (isNeeded[index] && stage.status === "waiting") skip(step, job, stage);
      continue;
    }
    stage.isReady = stage.spec.parents.every((parent) => isAvailable(state, job.stages[parent]!));
    if (stage.isReady && stage.status !== "running") start(step, job, stage);
  }
  if (isAvailable(state, job.stages[last]!)) decideEnd(step, job, undefined);
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
  const isFirst = !(partition in stage.results); // not so for a lost map output that is written again
  if (stage.index === job.stages.length - 1 && isFirst) {
    stage.results[partition] = result;
    step.commands.push({ type: "resultAccepted", jobId: job.id, partition, result });
  }
  if (stage.numDone === stage.tasks.length) endStage(step, job, stage);
}

/** Sets a job to fail: its running tasks are cancelled, and it ends when they have ended. The first decision counts. */
export function failJob(step: Step, job: JobRun, failure: JobFailure): void {
  if (job.ending === undefined) decideEnd(step, job, failure);
}

/** Ends a job whose end is decided once nothing of it runs: only then may its caller free what its tasks wrote to. */
export function settleIfIdle(step: Step, job: JobRun): void {
  if (job.ending === undefined || job.running.size > 0 || !step.state.jobs.has(job.id)) return;
  const { failure } = job.ending;
  const status = failure === undefined ? "succeeded" : isCancellation(failure) ? "cancelled" : "failed";
  for (const stage of job.stages) {
    if (stage.status !== "running") continue;
    abandonShuffle(step.state, stage);
    step.commands.push({ type: "stageForgotten", stageId: stage.id });
    emitStageEnd(step, job, stage, status === "failed" ? "failed" : "cancelled");
  }
  const contributions = countedContributions(job);
  endJob(step, job, status);
  if (failure !== undefined) step.commands.push({ type: "jobFailed", jobId: job.id, failure, contributions });
  else {
    const { results } = job.stages.at(-1)!;
    step.commands.push({ type: "jobSucceeded", jobId: job.id, results, contributions });
  }
  advanceAll(step);
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
    tasks: spec.tasks.map(() => ({
      attempts: 0,
      failures: [],
      numBlameless: 0,
      failedOn: [],
      numLive: 0,
      waitsUntil: undefined,
      isDone: false,
    })),
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
    durations: [],
  };
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
  if (shuffle !== undefined) {
    shuffle.builder = undefined;
    if (shuffle.wasHit) step.state.epoch++;
    shuffle.wasHit = false;
  }
  if (shuffle === undefined || !shuffle.isCounted) stage.isCounted = true;
  if (shuffle !== undefined) shuffle.isCounted = true;
  step.commands.push({ type: "stageForgotten", stageId: stage.id });
  emitStageEnd(step, job, stage, "succeeded");
}

function decideEnd(step: Step, job: JobRun, failure: JobFailure | undefined): void {
  job.ending = { failure };
  for (const run of job.running.values()) cancelLaunch(step, run, undefined);
  settleIfIdle(step, job);
}

function endJob({ state, now, commands }: Step, job: JobRun, status: "succeeded" | "failed" | "cancelled"): void {
  state.jobs.delete(job.id);
  if (!state.isObserved) return;
  const failed = job.ending?.failure;
  const failure = failed === undefined ? {} : { code: failed.code, message: failed.message };
  const event = { job: job.id, name: job.spec.name, status, ms: now - job.submittedAt, ...failure };
  commands.push({ type: "emit", event: { type: "job.end", ...event } });
}

function missingHost({ state }: Step, hosts: readonly number[]): number | undefined {
  return hosts.find((host) => !state.hosts.has(host));
}

function isCancellation({ code }: JobFailure): boolean {
  return code === "CANCELLED" || code === "CONTEXT_STOPPED";
}

/** Stages in order, in each the partitions in order. */
function countedContributions(job: JobRun): readonly Contribution[] {
  const all: Contribution[] = [];
  for (const stage of job.stages) {
    if (stage.isCounted) for (const own of stage.contributions) if (own !== undefined) all.push(...own);
  }
  return all;
}

/** Moves every job on: one's end, or a shuffle that it wrote, may be what others wait for. */
export function advanceAll(step: Step): void {
  for (const job of step.state.jobs.values()) advance(step, job);
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
