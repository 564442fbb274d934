/**
 * The threads of this process: the host of `local[T]`, of the driver's own tasks in a cluster, and inside an executor.
 */
import type { Arena } from "../column/arena.ts";
import type { Config } from "../config.ts";
import { assert, SuperstepError } from "../errors.ts";
import type { RingEntry } from "../net/segmentRing.ts";
import { encodeError } from "../remoteError.ts";
import type { TaskFailure } from "../schedule/failure.ts";
import type { Launch } from "../schedule/protocol.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import { BlockStore, type BlockUsage } from "../storage/blockStore.ts";
import { type FetchElsewhere, fetchForTask } from "../storage/fetchForTask.ts";
import type { FaultPoints } from "./faultPoint.ts";
import type { Assignment, Host, HostListener } from "./host.ts";
import { LocalThread } from "./localThread.ts";
import type { BlockRequest, Delivery, Forget, FromThread, Reply } from "./messages.ts";
import type { OperatorRef } from "./task.ts";

/** Sends messages of a stage, each in pieces, to another host: as they lie in `entry`, if one is given. */
export type Deliver = (
  stageId: number,
  host: number,
  messages: readonly (readonly Uint8Array[])[],
  entry: RingEntry | undefined,
) => void;

/** What a local host is made of. */
export interface LocalHostOptions {
  readonly id: number;
  readonly numThreads: number;
  readonly arena: Arena;
  readonly config: Config;
  readonly listener: HostListener;
  /** Sends what a task of a stage delivers to another host. Without it no stage has an exchange. */
  readonly deliver?: Deliver;
  /** Where threads keep what they deliver, for other processes of this machine to read; see `Segments`. Default nowhere. */
  readonly segmentDirectory?: string | undefined;
  /** Finds blocks that this host does not have. */
  readonly fetchElsewhere?: FetchElsewhere;
  readonly faultPoints?: FaultPoints;
}

const cancelled: TaskFailure = {
  kind: "cancelled",
  error: { name: "ThreadExit", message: "the thread was ended: its task was cancelled and did not stop" },
};

const endedOnPurpose: TaskFailure = {
  kind: "threadDied",
  error: { name: "ThreadExit", message: "the thread was ended on purpose, to see its task tried again" },
};

/**
 * Threads that start with their first task and are replaced when they die. A slot is one place for a thread: it ends
 * with the thread, and a new slot takes its place.
 */
export class LocalHost implements Host {
  readonly id: number;
  readonly numThreads: number;
  readonly blocks: BlockStore;
  readonly #arena: Arena;
  readonly #config: Config;
  readonly #listener: HostListener;
  readonly #deliver: Deliver;
  readonly #segmentDirectory: string | undefined;
  readonly #fetchElsewhere: FetchElsewhere | undefined;
  readonly #reach: FaultPoints;
  /** By slot; undefined where no task has come yet. */
  readonly #threads: Map<number, LocalThread | undefined> = new Map();
  readonly #ending: Set<LocalThread> = new Set();
  #moduleHooks: readonly string[] = [];
  #lastSlot = 0;
  #willFlush = false;
  #isStopped = false;
  #allEnded: (() => void) | undefined;

  constructor(options: LocalHostOptions) {
    const { id, numThreads, arena, config, listener, deliver, segmentDirectory, fetchElsewhere, faultPoints } = options;
    this.id = id;
    this.numThreads = numThreads;
    this.blocks = new BlockStore({
      memoryBytes: config.blockMemoryBytes,
      spillDirectory: config.spillDirectory,
      onDropped: (block) => {
        if (block.kind === "rdd") listener.blockDropped(id, block);
      },
    });
    this.#fetchElsewhere = fetchElsewhere;
    this.#segmentDirectory = segmentDirectory;
    this.#reach = faultPoints ?? (() => undefined);
    this.#arena = arena;
    this.#config = config;
    this.#listener = listener;
    this.#deliver = deliver ?? ((stageId) => assert(false, `stage ${stageId} has no exchange, but its task delivers`));
  }

  get blockUsage(): BlockUsage {
    return this.blocks.usage;
  }

  start(): void {
    for (let count = 0; count < this.numThreads; count++) this.#addSlot();
  }

  startThreads(): void {
    for (const [slot, thread] of this.#threads) if (thread === undefined) this.#startThread(slot);
  }

  /** Has threads that have started load operators, so that their next tasks find them there. */
  loadOperators(operators: readonly OperatorRef[]): void {
    for (const thread of this.#threads.values()) thread?.loadOperators(operators);
  }

  launch({ launch, operator, shared, params }: Assignment): void {
    if (!this.#threads.has(launch.slot)) return; // it ended meanwhile, and whoever launches is about to hear of it
    const thread = this.#threads.get(launch.slot) ?? this.#startThread(launch.slot);
    try {
      thread.run(launch, params, { operator, shared });
    } catch (cause) {
      const message = "task: its parameters, and what its stage shares, must be plain data that can be cloned.";
      const error = encodeError(new SuperstepError("NOT_SHIPPABLE", message, { cause }));
      return this.#listener.taskFailed(launch.id, { kind: "permanent", error });
    }
    if (thread.isReady) this.#listener.taskStarted(launch.id);
    this.#reach("launch");
  }

  cancel(launch: Pick<Launch, "id" | "slot">): void {
    const thread = this.#threads.get(launch.slot);
    if (thread?.launch?.id === launch.id) thread.cancel(cancelled);
  }

  forget(what: Partial<Forget>): void {
    for (const thread of this.#threads.values()) thread?.forget(what);
    if (this.#willFlush) return;
    this.#willFlush = true;
    // the next task brings it along; without one, a turn later
    setImmediate(() => {
      this.#willFlush = false;
      for (const thread of this.#threads.values()) thread?.flushForget();
    });
  }

  setModuleHooks(urls: readonly string[]): void {
    const added = urls.filter((url) => !this.#moduleHooks.includes(url));
    this.#moduleHooks = [...this.#moduleHooks, ...added];
    if (added.length > 0) for (const thread of this.#threads.values()) thread?.addModuleHooks(added);
  }

  collectGarbage(): void {
    for (const thread of this.#threads.values()) thread?.collectGarbage();
  }

  removeBlocks(group: BlockGroup): void {
    this.blocks.remove(group);
  }

  /** This process is not ended from within. */
  endThread(slot: number): void {
    const thread = this.#threads.get(slot);
    if (thread !== undefined) this.#end(thread, endedOnPurpose);
  }

  kill(): void {}

  async stop(): Promise<void> {
    this.#isStopped = true;
    const ended = new Promise<void>((resolve) => (this.#allEnded = resolve));
    for (const thread of this.#threads.values()) if (thread !== undefined) this.#end(thread, cancelled);
    if (this.#ending.size > 0) await ended;
    this.#threads.clear();
    await this.blocks.close();
  }

  #addSlot(): void {
    const slot = ++this.#lastSlot;
    this.#threads.set(slot, undefined);
    this.#listener.slotAdded(this.id, slot);
  }

  #startThread(slot: number): LocalThread {
    const thread = new LocalThread({
      slot,
      memory: this.#arena.memory,
      moduleHooks: this.#moduleHooks,
      segmentDirectory: this.#segmentDirectory,
      config: this.#config,
      listener: {
        message: (from, message) => this.#receive(from, message),
        ended: (from, failure) => this.#replace(from, failure),
        abandoned: () =>
          this.#listener.warning("THREAD_ABANDONED", "a thread in a native call did not end; it was left"),
      },
    });
    this.#threads.set(slot, thread);
    return thread;
  }

  #end(thread: LocalThread, failure: TaskFailure): void {
    this.#ending.add(thread);
    thread.terminate(failure);
  }

  #replace(thread: LocalThread, failure: TaskFailure): void {
    this.#threads.delete(thread.slot);
    this.#ending.delete(thread);
    // a thread that never got so far did not start its task either, but that must count: it may never get further
    if (failure.kind === "threadNotStarted" && thread.launch !== undefined) {
      this.#listener.taskFailed(thread.launch.id, failure);
    }
    this.#listener.slotRemoved(this.id, thread.slot, failure);
    if (!this.#isStopped) this.#addSlot();
    else if (this.#ending.size === 0) this.#allEnded?.();
  }

  #receive(thread: LocalThread, message: FromThread): void {
    switch (message.type) {
      case "ready":
        if (thread.launch !== undefined) this.#listener.taskStarted(thread.launch.id);
        return;
      case "done":
        thread.launch = undefined;
        this.#reach("finish");
        return this.#listener.taskFinished(
          message.launch,
          message.result,
          message.contributions,
          message.result instanceof Uint8Array ? message.result.byteLength : 0,
        );
      case "failed":
        return this.#taskFailed(thread, message);
      case "stray":
        return this.#listener.warning(
          "STRAY_ERROR",
          `a callback of ${message.task ?? "an earlier task"} failed after its end`,
          message.error,
        );
      case "deliver":
        for (const delivery of message.deliveries) this.#send(message.stageId, delivery, thread);
        return;
      case "blocks":
        for (const request of message.requests) this.#request(thread, request);
        return;
      case "fetchBlockNow":
        return this.#answer(
          0,
          (answer) => wakeWith(message, answer),
          () => fetchForTask(this.blocks, message.id, this.#fetchElsewhere),
        );
    }
  }

  #send(stageId: number, { host, parcels, stored }: Delivery, { ring }: LocalThread): void {
    const messages = parcels.map(({ bytes, columns }) => [bytes, ...columns.map((column) => this.#arena.view(column))]);
    this.#deliver(stageId, host, messages, stored && ring?.written(stored));
  }

  #request(thread: LocalThread, request: BlockRequest): void {
    const work = (): Promise<Uint8Array | undefined | void> =>
      request.type === "storeBlock"
        ? this.#store(request)
        : fetchForTask(this.blocks, request.id, this.#fetchElsewhere);
    this.#answer(request.request, (reply) => thread.reply(reply), work);
  }

  #taskFailed(thread: LocalThread, { launch, kind, error, isStuck }: FromThread & { type: "failed" }): void {
    if (isStuck) return this.#end(thread, { kind, error }); // told when nothing of the task can run any more
    const id = launch === 0 ? thread.launch?.id : launch;
    thread.launch = undefined;
    if (id !== undefined) this.#listener.taskFailed(id, { kind, error });
  }

  async #store({ id, bytes, level }: BlockRequest & { type: "storeBlock" }): Promise<void> {
    if (id.kind === "shuffle") this.#reach("beforeStore");
    await this.blocks.put(id, bytes, level);
    if (id.kind === "rdd" && this.blocks.has(id)) this.#listener.blockStored(this.id, id, bytes.byteLength);
    if (id.kind === "shuffle") this.#reach("afterStore");
  }

  #answer(request: number, reply: (message: Reply) => void, work: () => Promise<Uint8Array | undefined | void>): void {
    work().then(
      (bytes) => reply({ type: "answer", request, bytes: bytes ?? undefined }),
      (error: unknown) => reply({ type: "refusal", request, error: encodeError(error) }),
    );
  }
}

/** Answers a thread that stands still. */
function wakeWith({ port, flag }: FromThread & { type: "fetchBlockNow" }, answer: Reply): void {
  port.postMessage(answer);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  port.close();
}
