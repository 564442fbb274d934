import { schedule } from "../../../core/schedule/dagScheduler.ts";
import type { FailureKind, TaskFailure } from "../../../core/schedule/failure.ts";
import type { FetchFailure } from "../../../core/schedule/fetchFailure.ts";
import type { StageSpec } from "../../../core/schedule/job.ts";
import type {
  Contribution,
  Launch,
  SchedulerCommand,
  SchedulerEvent,
  Serves,
} from "../../../core/schedule/protocol.ts";
import { createScheduler, type SchedulerSettings, type SchedulerState } from "../../../core/schedule/state.ts";

type CommandOf<T extends SchedulerCommand["type"]> = SchedulerCommand & { type: T };

/** Plays events into the scheduler by hand, with a clock that stands still until told. */
export class Script {
  readonly state: SchedulerState;
  readonly commands: SchedulerCommand[] = [];
  now = 0;

  constructor(settings: Partial<SchedulerSettings> = {}, isObserved = false) {
    this.state = createScheduler({
      maxTaskFailures: 1,
      maxStageAttempts: 4,
      maxStageAttemptsInAll: 16,
      resubmitDelayMs: 200,
      noHostGraceMs: 30_000,
      localityWaitMs: 100,
      maxResultBytes: 2 ** 30,
      taskDeadlineMs: 0,
      speculation: 0,
      cancelGraceMs: 1000,
      abandonMs: 10_000,
      ...settings,
    });
    this.state.isObserved = isObserved;
  }

  send(event: SchedulerEvent): SchedulerCommand[] {
    const commands = schedule(this.state, event, this.now);
    this.commands.push(...commands);
    return commands;
  }

  host(host: number, serves: Serves, numSlots: number): this {
    this.send({ type: "hostAdded", host, serves });
    return this.slots(numSlots, host);
  }

  slots(count: number, host = 0, first = 1): this {
    this.send({ type: "hostAdded", host, serves: "both" });
    for (let slot = first; slot < first + count; slot++) this.send({ type: "slotAdded", slot, host });
    return this;
  }

  submit(jobId: number, ...stages: StageSpec[]): SchedulerCommand[] {
    return this.send({ type: "jobSubmitted", jobId, spec: { name: `job ${jobId}`, stages } });
  }

  start(launch: Launch): void {
    this.send({ type: "taskStarted", launch: launch.id });
  }

  finish(launch: Launch, result: unknown = launch.partition, contributions: Contribution[] = []): SchedulerCommand[] {
    this.start(launch);
    return this.send({ type: "taskFinished", launch: launch.id, result, contributions });
  }

  fail(launch: Launch, kind: FailureKind = "userError", message = "broken"): SchedulerCommand[] {
    this.start(launch);
    return this.send({ type: "taskFailed", launch: launch.id, failure: failure(kind, message) });
  }

  failFetch(launch: Launch, shuffle: number, map: number, from: Partial<FetchFailure> = {}): SchedulerCommand[] {
    const superstep = { code: "FETCH_FAILED", details: { shuffle, map, ...from } } as const;
    const error = { name: "SuperstepError", message: "lost", superstep };
    return this.send({ type: "taskFailed", launch: launch.id, failure: { kind: "fetchFailed", error } });
  }

  loseHost(host: number, kind: FailureKind = "hostLost", message = "signal 9"): SchedulerCommand[] {
    return this.send({ type: "hostRemoved", host, failure: failure(kind, message) });
  }

  stored(host: number, rdd: number, ...partitions: number[]): void {
    for (const partition of partitions) this.send({ type: "blockStored", host, id: { kind: "rdd", rdd, partition } });
  }

  /** The launch that runs `task`, "stage index/partition": the latest, if there are two. */
  launchOf(task: string): Launch {
    const launch = this.running.findLast((each) => `${this.stageIndex(each)}/${each.partition}` === task);
    if (launch === undefined) throw new Error(`${task} does not run, but ${this.runningTasks.join(", ")}`);
    return launch;
  }

  /** What runs, as "stage index/partition@host". */
  get places(): string[] {
    return this.running.map((launch) => `${this.stageIndex(launch)}/${launch.partition}@${launch.host}`);
  }

  at(now: number): SchedulerCommand[] {
    this.now = now;
    return this.send({ type: "timer" });
  }

  /** What runs now: in order of launch. */
  get running(): Launch[] {
    return [...this.state.launches.values()].map(({ launch }) => launch);
  }

  /** Like `running`, as "stage index of its job/partition". */
  get runningTasks(): string[] {
    return this.running.map((launch) => `${this.stageIndex(launch)}/${launch.partition}`);
  }

  stageIndex(launch: Launch): number {
    return launch.stageId - this.state.jobs.get(launch.jobId)!.stages[0]!.id;
  }

  all<T extends SchedulerCommand["type"]>(type: T): CommandOf<T>[] {
    return this.commands.filter((command): command is CommandOf<T> => command.type === type);
  }

  end(jobId: number): CommandOf<"jobSucceeded"> | CommandOf<"jobFailed"> | undefined {
    const ends = [...this.all("jobSucceeded"), ...this.all("jobFailed")].filter((command) => command.jobId === jobId);
    if (ends.length > 1) throw new Error(`job ${jobId} ended ${ends.length} times`);
    return ends[0];
  }
}

export function failure(kind: FailureKind = "userError", message = "broken"): TaskFailure {
  return { kind, error: { name: "Error", message } };
}

/** Stages whose tasks run on executors: "anywhere", near blocks of the RDDs `prefers`. */
export function anywhere(spec: StageSpec, ...prefers: number[]): StageSpec {
  return { ...spec, placement: { kind: "anywhere", prefers } };
}

export function pinned(name: string, ...hosts: number[]): StageSpec {
  return { ...stage(name, hosts.length), placement: { kind: "pinned", hosts } };
}

export function stage(name: string, numTasks: number, parents: number[] = [], shuffleId?: number): StageSpec {
  const tasks = Array.from({ length: numTasks }, (_, partition) => ({ partition }));
  const operator = { module: "some/module", name: "some" };
  return { name, operator, tasks, parents, ...(shuffleId === undefined ? {} : { shuffleId }) };
}
