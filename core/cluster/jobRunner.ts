/**
 * The shell around the scheduler: clock, timers, promises, hosts. Whatever is decided is decided by `schedule`.
 */
import type { Config } from "../config.ts";
import { assert } from "../errors.ts";
import type { Assignment, ExchangeReport, Host, HostListener } from "../host/host.ts";
import type { BlockId } from "../host/task.ts";
import { type Clock, systemClock, type Timer } from "../net/clock.ts";
import { encodeError } from "../remoteError.ts";
import { locate, type Located, locateShuffle } from "../schedule/blockLocations.ts";
import { schedule } from "../schedule/dagScheduler.ts";
import type { EventBus } from "../schedule/events.ts";
import { type JobFailure, lineOf, type TaskFailure } from "../schedule/failure.ts";
import type { JobSpec, RunOptions } from "../schedule/job.ts";
import type { Contribution, SchedulerCommand, SchedulerEvent, Serves } from "../schedule/protocol.ts";
import { createScheduler, type SchedulerState } from "../schedule/state.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import { KeepAlive } from "./keepAlive.ts";

/** How a job ended: the results of its last stage in partition order, or why there are none. */
export type JobOutcome = { readonly results: readonly unknown[] } | { readonly failure: JobFailure };

/** What a job's caller waits for. */
interface Caller {
  readonly resolve: (outcome: JobOutcome) => void;
  readonly reject: (error: unknown) => void;
  readonly onResult: RunOptions["onResult"];
  readonly unsubscribe: () => void;
  /** Lets the process end. */
  readonly release: () => void;
  /** What `onResult` threw, in a box. */
  callbackFailure: { readonly thrown: unknown } | undefined;
}

/** What a job runner is made of. */
export interface JobRunnerOptions {
  readonly config: Config;
  readonly events: EventBus;
  /** Takes what the tasks of a job contributed to accumulators, in order of stage and partition. */
  readonly mergeContributions: (contributions: readonly Contribution[]) => void;
  /** Hears what the tasks of a stage sent between hosts. */
  readonly exchanged: (report: ExchangeReport) => void;
  /** Default the clock of this process. */
  readonly clock?: Clock;
}

/** Runs jobs on hosts. While a job runs it keeps the process alive; between jobs it does not. */
export class JobRunner implements HostListener {
  readonly #state: SchedulerState;
  readonly #events: EventBus;
  readonly #clock: Clock;
  readonly #mergeContributions: (contributions: readonly Contribution[]) => void;
  readonly #exchanged: (report: ExchangeReport) => void;
  readonly #hosts: Map<number, Host> = new Map();
  readonly #callers: Map<number, Caller> = new Map();
  readonly #queue: SchedulerEvent[] = [];
  readonly #keepAlive: KeepAlive = new KeepAlive();
  #isDraining = false;
  #wake: Timer | undefined;
  #idle: (() => void) | undefined;

  constructor({ config, events, mergeContributions, exchanged, clock = systemClock }: JobRunnerOptions) {
    this.#state = createScheduler(config);
    this.#events = events;
    this.#mergeContributions = mergeContributions;
    this.#exchanged = exchanged;
    this.#clock = clock;
  }

  /** Takes a host on, at any time, and starts it. Its number must be new: a host that returns is another host. */
  addHost(host: Host, serves: Serves = "both"): void {
    assert(!this.#hosts.has(host.id), `host ${host.id} is there already`);
    this.#hosts.set(host.id, host);
    if (host.id !== 0) this.#events.emit({ type: "host", job: null, what: "joined", host: host.id });
    this.#send({ type: "hostAdded", host: host.id, serves });
    host.start();
  }

  /**
   * Takes a host off, however it was lost: the one way. Whatever ran there has ended with `failure`, whose kind is
   * hostLost, or hostDrained where no task can be to blame; whatever it still says is not heard. Stopping it is up to the
   * caller. Idempotent.
   */
  removeHost(host: number, failure: TaskFailure): void {
    if (!this.#hosts.has(host)) return;
    if (this.#idle === undefined) {
      this.#events.emit({ type: "host", job: null, what: "lost", host, text: lineOf(failure.error) });
    }
    this.#send({ type: "hostRemoved", host, failure });
  }

  /** The hosts that hold each of the blocks. */
  locate(ids: readonly BlockId[]): Located<readonly (readonly number[])[]> {
    return locate(this.#state, ids);
  }

  /** The host of each map output of a shuffle, -1 where it is missing; empty if nothing of it is known. */
  locateShuffle(shuffleId: number): Located<readonly number[]> {
    return locateShuffle(this.#state, shuffleId);
  }

  /**
   * Runs a job to its end. Settles only when no task of the job runs any more, so that its caller can free what they
   * wrote to. Rejects only with what the caller's own `onResult`, or the function of an accumulator, threw.
   */
  run(jobId: number, spec: JobSpec, { signal, onResult }: RunOptions): Promise<JobOutcome> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return resolve({ failure: cancelledBy(spec, signal) });
      const onAbort = (): void => this.cancel(jobId, cancelledBy(spec, signal!));
      signal?.addEventListener("abort", onAbort, { once: true });
      const unsubscribe = (): void => signal?.removeEventListener("abort", onAbort);
      const release = this.#keepAlive.hold();
      this.#callers.set(jobId, { resolve, reject, onResult, unsubscribe, release, callbackFailure: undefined });
      this.#send({ type: "jobSubmitted", jobId, spec });
    });
  }

  cancel(jobId: number, failure: JobFailure): void {
    this.#send({ type: "cancelRequested", jobId, failure });
  }

  /** Forgets where blocks are that all hosts are told to remove; a shuffle is then written again. */
  forgetBlocks(group: BlockGroup): void {
    this.#send({ type: "blocksRemoved", group });
  }

  /** Fails all jobs with `failure` and stops all hosts; resolves when both have ended. */
  async stop(failure: JobFailure): Promise<void> {
    const release = this.#keepAlive.hold();
    const idle = new Promise<void>((resolve) => (this.#idle = resolve));
    for (const jobId of this.#callers.keys()) this.cancel(jobId, failure);
    await Promise.all([...this.#hosts.values()].map((host) => host.stop()));
    if (this.#callers.size > 0) await idle;
    this.#wake?.clear();
    release();
  }

  slotAdded(host: number, slot: number): void {
    this.#send({ type: "slotAdded", host, slot });
  }

  slotRemoved(host: number, slot: number, failure: TaskFailure): void {
    if (this.#idle === undefined && this.#events.hasListeners) {
      const text = lineOf(failure.error);
      this.#events.emit({ type: "host", job: null, what: "replaced", host, thread: slot, text });
    }
    this.#send({ type: "slotRemoved", host, slot, failure });
  }

  taskStarted(launch: number): void {
    this.#send({ type: "taskStarted", launch });
  }

  resultComing(launch: number, resultBytes: number): void {
    this.#send({ type: "resultComing", launch, resultBytes });
  }

  taskFinished(launch: number, result: unknown, contributions: readonly Contribution[], resultBytes: number): void {
    this.#send({ type: "taskFinished", launch, result, resultBytes, contributions });
  }

  exchanged(report: ExchangeReport): void {
    this.#exchanged(report);
  }

  taskFailed(launch: number, failure: TaskFailure): void {
    this.#send({ type: "taskFailed", launch, failure });
  }

  blockStored(host: number, id: BlockId): void {
    this.#send({ type: "blockStored", host, id });
  }

  blockDropped(host: number, id: BlockId): void {
    this.#send({ type: "blockDropped", host, id });
  }

  /** A warning that no listener hears goes to the process's own warnings: it must not be lost. */
  warning(code: string, text: string, error?: Parameters<HostListener["warning"]>[2]): void {
    const full = error === undefined ? text : `${text}: ${lineOf(error)}`;
    if (this.#events.hasListeners) this.#events.emit({ type: "warning", job: null, code, text: full });
    else process.emitWarning(full, { type: "SuperstepWarning", code });
  }

  /** Takes events one after the other, also those that carrying out a command brings about. */
  #send(event: SchedulerEvent): void {
    this.#queue.push(event);
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#state.isObserved = this.#events.hasListeners;
        const commands = schedule(this.#state, next, this.#clock.now());
        if (next.type === "hostRemoved") this.#hosts.delete(next.host);
        for (const command of commands) this.#carryOut(command);
      }
    } finally {
      this.#isDraining = false;
    }
  }

  #carryOut(command: SchedulerCommand): void {
    switch (command.type) {
      case "launchTask": {
        const { launch, stage, epoch } = command;
        const { operator, shared, tasks, exchange, placement } = stage;
        const hosts = placement?.kind === "pinned" ? placement.hosts : undefined;
        const params = tasks[launch.partition];
        const assignment: Assignment = { launch, operator, shared, params, epoch, exchange, hosts };
        return this.#hostOf(launch.host).launch(assignment);
      }
      case "cancelTask":
        return this.#hostOf(command.launch.host).cancel(command.launch);
      case "killHost":
        return this.#hosts.get(command.host)?.kill(command.reason);
      case "resultAccepted":
        return this.#tellResult(command.jobId, command.partition, command.result);
      case "stageForgotten":
        for (const host of this.#hosts.values()) host.forget({ stages: [command.stageId] });
        return;
      case "jobSucceeded":
        return this.#settle(command.jobId, command.contributions, { results: command.results });
      case "jobFailed":
        return this.#settle(command.jobId, command.contributions, { failure: command.failure });
      case "wakeAt":
        return this.#wakeAt(command.time);
      case "emit":
        return this.#events.emit(command.event);
    }
  }

  #tellResult(jobId: number, partition: number, result: unknown): void {
    const caller = this.#callers.get(jobId);
    if (caller?.onResult === undefined || caller.callbackFailure !== undefined) return;
    try {
      caller.onResult(partition, result);
    } catch (thrown) {
      caller.callbackFailure = { thrown };
      this.cancel(jobId, { code: "CANCELLED", message: "job: its onResult failed", details: {} });
    }
  }

  /** Ends a job for its caller. What the caller's own functions threw goes before all else. */
  #settle(jobId: number, contributions: readonly Contribution[], outcome: JobOutcome): void {
    const caller = this.#callers.get(jobId);
    assert(caller, `job ${jobId} ended twice`);
    this.#callers.delete(jobId);
    caller.unsubscribe();
    caller.release();
    if (this.#callers.size === 0) this.#idle?.();
    try {
      this.#mergeContributions(contributions);
    } catch (thrown) {
      caller.callbackFailure ??= { thrown };
    }
    if (caller.callbackFailure === undefined) caller.resolve(outcome);
    else caller.reject(caller.callbackFailure.thrown);
  }

  #wakeAt(time: number): void {
    this.#wake?.clear();
    if (time !== Infinity)
      this.#wake = this.#clock.after(time - this.#clock.now(), () => this.#send({ type: "timer" }));
  }

  #hostOf(id: number): Host {
    const host = this.#hosts.get(id);
    assert(host, `host ${id} is not one of this driver`);
    return host;
  }
}

function cancelledBy({ name }: JobSpec, { reason }: AbortSignal): JobFailure {
  const why = reason instanceof Error && reason.name !== "AbortError" ? ` (${lineOf(encodeError(reason))})` : "";
  return {
    code: "CANCELLED",
    message: `job ${JSON.stringify(name)}: cancelled by its signal${why}`,
    details: { job: name },
  };
}
