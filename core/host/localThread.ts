/**
 * One worker thread as its host sees it: started, sent to, stopped; its end, however it comes, is told once.
 */
import { Worker } from "node:worker_threads";
import type { Config } from "../config.ts";
import { SuperstepError } from "../errors.ts";
import { RingEntries } from "../net/segmentRing.ts";
import { encodeError } from "../remoteError.ts";
import type { TaskFailure } from "../schedule/failure.ts";
import type { Launch } from "../schedule/protocol.ts";
import type { Forget, FromThread, Reply, ThreadData, ToThread } from "./messages.ts";
import type { OperatorRef } from "./task.ts";
import { threadArguments } from "./threadArguments.ts";

/** Hears from a thread. */
export interface ThreadListener {
  message(thread: LocalThread, message: FromThread): void;
  /** The thread is gone; `failure` is what its task, if it had one, ended with. Called once. */
  ended(thread: LocalThread, failure: TaskFailure): void;
  /** The thread did not end within `abandonMs` of its termination; `ended` follows at once. */
  abandoned(thread: LocalThread): void;
}

/** What a thread is made of. */
export interface ThreadOptions {
  readonly slot: number;
  readonly memory: WebAssembly.Memory;
  readonly moduleHooks: readonly string[];
  /** Where it keeps its ring, if it is to have one. */
  readonly segmentDirectory: string | undefined;
  readonly config: Config;
  readonly listener: ThreadListener;
}

const entry = new URL(`./thread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** A worker thread. It does not keep the process alive. */
export class LocalThread {
  readonly slot: number;
  /** What runs on it, from launch to end. */
  launch: Launch | undefined;
  isReady = false;
  /** What it wrote for other processes and these have not read yet. */
  readonly ring: RingEntries | undefined;
  readonly #worker: Worker;
  readonly #cancelFlag: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));
  readonly #config: Config;
  readonly #listener: ThreadListener;
  readonly #knownStages: Set<number> = new Set();
  #forget: { stages: number[]; broadcasts: number[] } = { stages: [], broadcasts: [] };
  #replies: Reply[] = [];
  #failure: TaskFailure | undefined;
  #hasEnded = false;
  #startTimer: NodeJS.Timeout | undefined;
  #stopTimer: NodeJS.Timeout | undefined;

  constructor({ slot, memory, moduleHooks, segmentDirectory, config, listener }: ThreadOptions) {
    this.slot = slot;
    this.ring = segmentDirectory === undefined ? undefined : new RingEntries(segmentDirectory);
    this.#config = config;
    this.#listener = listener;
    const workerData: ThreadData = { memory, cancelFlag: this.#cancelFlag, ring: this.ring?.share, moduleHooks };
    const limits = config.threadHeapMiB === 0 ? {} : { maxOldGenerationSizeMb: config.threadHeapMiB };
    const execArgv = threadArguments(process.execArgv);
    this.#worker = new Worker(entry, {
      workerData,
      resourceLimits: limits,
      name: `superstep-${slot}`,
      ...(execArgv === undefined ? {} : { execArgv }),
    });
    this.#worker.on("message", (message: FromThread) => this.#receive(message));
    this.#worker.on("messageerror", (error) => this.#resultDidNotArrive(error));
    this.#worker.on("error", (error: unknown) => (this.#failure ??= failureOf(error, config, this.isReady)));
    this.#worker.on("exit", (code) => this.#end(exited(code, this.isReady)));
    this.#worker.unref();
    this.#startTimer = setTimeout(() => this.terminate(startedTooLate(config)), config.threadStartMs);
    this.#startTimer.unref();
  }

  /** Sends a task, and with the first one of a stage what its tasks share. Throws what cannot be cloned. */
  run(launch: Launch, params: unknown, stage: (ToThread & { type: "run" })["stage"]): void {
    const { id, jobId, stageId, partition, attempt } = launch;
    const isFirst = !this.#knownStages.has(stageId);
    const forget = this.#forget;
    const hasForget = forget.stages.length > 0 || forget.broadcasts.length > 0;
    this.#post({
      type: "run",
      launch: id,
      jobId,
      stageId,
      partition,
      attempt,
      params,
      ...(isFirst && stage !== undefined ? { stage } : {}),
      ...(hasForget ? { forget } : {}),
    });
    this.launch = launch;
    if (hasForget) this.#forget = { stages: [], broadcasts: [] };
    if (isFirst) this.#knownStages.add(stageId);
  }

  /** Raises the flag that `throwIfCancelled` reads; if the task has not ended after the grace, ends the thread. */
  cancel(failure: TaskFailure): void {
    if (this.launch === undefined) return;
    Atomics.store(this.#cancelFlag, 0, this.launch.id | 0);
    this.#stopTimer ??= setTimeout(() => this.terminate(failure), this.#config.cancelGraceMs).unref();
  }

  /** Ends the thread, whatever it does. `failure`: what its task ended with. */
  terminate(failure: TaskFailure): void {
    if (this.#hasEnded) return;
    this.#failure ??= failure;
    clearTimeout(this.#startTimer);
    clearTimeout(this.#stopTimer);
    this.#stopTimer = setTimeout(() => {
      this.#listener.abandoned(this);
      this.#end(failure);
    }, this.#config.abandonMs).unref();
    void this.#worker.terminate();
  }

  /** Remembers what the thread can forget: told with its next task, or by `flushForget`. */
  forget({ stages = [], broadcasts = [] }: Partial<Forget>): void {
    for (const id of stages) if (this.#knownStages.delete(id)) this.#forget.stages.push(id);
    this.#forget.broadcasts.push(...broadcasts);
  }

  flushForget(): void {
    const forget = this.#forget;
    if (forget.stages.length === 0 && forget.broadcasts.length === 0) return;
    this.#forget = { stages: [], broadcasts: [] };
    this.#post({ type: "forget", forget });
  }

  addModuleHooks(urls: readonly string[]): void {
    this.#post({ type: "moduleHooks", urls });
  }

  loadOperators(operators: readonly OperatorRef[]): void {
    this.#post({ type: "loadOperators", operators });
  }

  collectGarbage(): void {
    this.flushForget();
    this.#post({ type: "collectGarbage" });
  }

  /** Replies to a request for a block, together with whatever else is replied in this turn. */
  reply(reply: Reply): void {
    if (this.#replies.push(reply) > 1) return;
    queueMicrotask(() => {
      const replies = this.#replies;
      this.#replies = [];
      if (!this.#hasEnded) this.#post({ type: "replies", replies });
    });
  }

  #receive(message: FromThread): void {
    if (this.#hasEnded) return;
    if (message.type === "ready") {
      this.isReady = true;
      clearTimeout(this.#startTimer);
    } else if (message.type === "done" || message.type === "failed") {
      clearTimeout(this.#stopTimer);
      this.#stopTimer = undefined;
    }
    this.#listener.message(this, message);
  }

  #resultDidNotArrive(error: unknown): void {
    const message = "task result: did not arrive, such as a view over the whole arena. Return a ColumnRef instead";
    const record = encodeError(new SuperstepError("NOT_SHIPPABLE", message, { cause: error }));
    const launch = this.launch?.id ?? 0;
    this.#receive({ type: "failed", launch, kind: "permanent", error: record, isStuck: false });
  }

  #end(failure: TaskFailure): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.ring?.remove();
    clearTimeout(this.#startTimer);
    clearTimeout(this.#stopTimer);
    this.#listener.ended(this, this.#failure ?? failure);
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }
}

function failureOf(error: unknown, config: Config, wasReady: boolean): TaskFailure {
  const code = (error as { code?: unknown } | null)?.code;
  if (code !== "ERR_WORKER_OUT_OF_MEMORY") {
    return { kind: wasReady ? "threadDied" : "threadNotStarted", error: encodeError(error) };
  }
  const limit = config.threadHeapMiB === 0 ? "Node's own" : `${config.threadHeapMiB} MiB`;
  const message =
    `task: its thread's heap reached its limit, ${limit}. Use more partitions, ` +
    "or raise the setting threadHeapMiB.";
  return { kind: "outOfMemory", error: encodeError(new SuperstepError("OUT_OF_MEMORY", message, { cause: error })) };
}

function exited(code: number, wasReady: boolean): TaskFailure {
  const when = wasReady ? "while the task ran" : "before it had started";
  const message = `the thread exited with code ${code} ${when}`;
  return { kind: wasReady ? "threadDied" : "threadNotStarted", error: { name: "ThreadExit", message } };
}

function startedTooLate({ threadStartMs }: Config): TaskFailure {
  const message = `the thread did not start within ${threadStartMs} ms (setting threadStartMs)`;
  return { kind: "threadNotStarted", error: { name: "ThreadExit", message } };
}
