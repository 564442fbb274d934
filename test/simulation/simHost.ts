/**
 * Threads that take simulated time: what `LocalHost` is to an executor, without worker threads.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { Assignment, Host, HostListener } from "../../core/host/host.ts";
import type { Deliver } from "../../core/host/localHost.ts";
import type { Clock } from "../../core/net/clock.ts";
import type { Random } from "../../core/random.ts";
import { encodeError } from "../../core/remoteError.ts";
import { kindOfThrown, type TaskFailure } from "../../core/schedule/failure.ts";
import type { Contribution, Launch } from "../../core/schedule/protocol.ts";
import { type BlockGroup, groupKey } from "../../core/storage/blockId.ts";
import { BlockStore, type BlockUsage } from "../../core/storage/blockStore.ts";
import { type FetchElsewhere, fetchForTask } from "../../core/storage/fetchForTask.ts";
import { type SimOperator, simOperators, type SimTask } from "./simOperators.ts";

/** Chances by which tasks and threads fail, and how long tasks take. */
export interface HostFaults {
  /** A task throws. */
  readonly userError: number;
  /** A thread ends under its task. */
  readonly threadDeath: number;
  /** A task takes a hundred times as long as it should. */
  readonly straggler: number;
  /** A stored block is lost at once, unnoticed. */
  readonly lostBlock: number;
  readonly maxWorkMs: number;
}

export const noHostFaults: HostFaults = { userError: 0, threadDeath: 0, straggler: 0, lostBlock: 0, maxWorkMs: 20 };

export interface SimHostOptions {
  readonly id: number;
  readonly numThreads: number;
  readonly arena: Arena;
  readonly listener: HostListener;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: () => HostFaults;
  readonly count: (what: string) => void;
  readonly deliver?: Deliver | undefined;
  readonly fetchElsewhere?: FetchElsewhere | undefined;
}

const threadStartMs = 30;
const cancelled: TaskFailure = { kind: "cancelled", error: { name: "Error", message: "cancelled" } };

interface Thread {
  isStarted: boolean;
  launch: Launch | undefined;
}

export class SimHost implements Host {
  readonly id: number;
  readonly numThreads: number;
  readonly blocks: BlockStore;
  readonly #options: SimHostOptions;
  readonly #threads: Map<number, Thread> = new Map();
  #lastSlot = 0;
  #isStopped = false;

  constructor(options: SimHostOptions) {
    this.id = options.id;
    this.numThreads = options.numThreads;
    this.#options = options;
    this.blocks = new BlockStore({ memoryBytes: 2 ** 24, spillDirectory: "/nowhere" });
  }

  get blockUsage(): BlockUsage {
    return this.blocks.usage;
  }

  start(): void {
    for (let count = 0; count < this.numThreads; count++) this.#addSlot();
  }

  startThreads(): void {}

  loadOperators(): void {}

  endThread(): void {}

  launch({ launch, operator, shared, params }: Assignment): void {
    const thread = this.#threads.get(launch.slot);
    if (thread === undefined) return;
    if (thread.launch !== undefined) throw new Error(`slot ${launch.slot} of host ${this.id} runs a task already`);
    thread.launch = launch;
    const begin = (): void => {
      if (!this.#runs(launch)) return;
      thread.isStarted = true;
      this.#options.listener.taskStarted(launch.id);
      this.#run(launch, simOperators[operator.name]!, shared, params);
    };
    if (thread.isStarted) begin();
    else this.#options.clock.after(threadStartMs, begin);
  }

  cancel({ id, slot }: Pick<Launch, "id" | "slot">): void {
    const { clock, random } = this.#options;
    const launch = this.#threads.get(slot)?.launch;
    if (launch?.id !== id) return;
    clock.after(random.next() * 50, () => {
      if (this.#runs(launch)) this.#fail(launch, cancelled);
    });
  }

  forget(): void {}
  setModuleHooks(): void {}
  collectGarbage(): void {}
  kill(): void {}

  removeBlocks(group: BlockGroup): void {
    groupKey(group);
    this.blocks.remove(group);
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#threads.clear();
    return this.blocks.close();
  }

  #addSlot(): void {
    this.#threads.set(++this.#lastSlot, { isStarted: false, launch: undefined });
    this.#options.listener.slotAdded(this.id, this.#lastSlot);
  }

  #runs(launch: Launch): boolean {
    return !this.#isStopped && this.#threads.get(launch.slot)?.launch?.id === launch.id;
  }

  #run(launch: Launch, operator: SimOperator, shared: unknown, params: unknown): void {
    const { random, listener } = this.#options;
    const faults = this.#options.faults();
    const contributions: Contribution[] = [];
    if (random.next() < faults.threadDeath) this.#endThread(launch, random.next() * faults.maxWorkMs);
    operator(shared as never, params as never, this.#task(launch, contributions)).then(
      (result) => {
        if (!this.#runs(launch)) return;
        this.#threads.get(launch.slot)!.launch = undefined;
        listener.taskFinished(launch.id, result, contributions, 0);
      },
      (thrown: unknown) => {
        const error = encodeError(thrown);
        if (this.#runs(launch)) this.#fail(launch, { kind: kindOfThrown(error), error });
      },
    );
  }

  #task(launch: Launch, contributions: Contribution[]): SimTask {
    const { clock, random, arena, deliver, fetchElsewhere, count } = this.#options;
    const faults = this.#options.faults();
    /** Ends here, for ever, if the thread is gone. */
    const alive = <T>(value: T): T | Promise<never> =>
      this.#runs(launch) ? value : new Promise<never>(() => undefined);
    const sleep = async (ms: number): Promise<void> => {
      await new Promise<void>((resolve) => clock.after(ms, resolve));
      await alive(undefined);
    };
    return {
      partition: launch.partition,
      attempt: launch.attempt,
      host: this.id,
      memory: new Uint32Array(arena.memory.buffer),
      work: async () => {
        const isStraggler = random.next() < faults.straggler;
        if (isStraggler) count("straggler");
        await sleep(random.next() * faults.maxWorkMs * (isStraggler ? 100 : 1));
        if (random.next() >= faults.userError) return;
        count("userError");
        throw new Error("this attempt fails");
      },
      sleep,
      fetch: async (id) => alive(await fetchForTask(this.blocks, id, fetchElsewhere)),
      store: async (id, bytes) => {
        await alive(undefined);
        await this.blocks.put(id, bytes, "memoryAndDisk");
        if (id.kind === "rdd") this.#options.listener.blockStored(this.id, id, bytes.byteLength);
        if (random.next() >= faults.lostBlock) return;
        count("lostBlock");
        if (id.kind === "shuffle") this.blocks.remove({ kind: "shuffle", shuffle: id.shuffle });
      },
      deliver: (host, bytes) => {
        if (this.#runs(launch)) deliver!(launch.stageId, host, [[bytes]], undefined);
      },
      contribute: (contribution) => void contributions.push(contribution),
    };
  }

  #fail(launch: Launch, failure: TaskFailure): void {
    this.#threads.get(launch.slot)!.launch = undefined;
    this.#options.listener.taskFailed(launch.id, failure);
  }

  #endThread(launch: Launch, ms: number): void {
    const { clock, count, listener } = this.#options;
    clock.after(ms, () => {
      if (!this.#runs(launch)) return;
      count("threadDeath");
      this.#threads.delete(launch.slot);
      const error = { name: "ThreadExit", message: "the thread exited with code 3 while the task ran" };
      listener.slotRemoved(this.id, launch.slot, { kind: "threadDied", error });
      this.#addSlot();
    });
  }
}
