/**
 * What a thread keeps between tasks, and what tasks and revived functions see of it.
 */
import type { Arena } from "../column/arena.ts";
import { SuperstepError } from "../errors.ts";
import type { HeapNode } from "../function/heap.ts";
import type { AnyFunction, ShippedFunction } from "../function/ship.ts";
import type { Contribution } from "../schedule/protocol.ts";
import { BoundedMap } from "./boundedMap.ts";
import type { BlockId, StorageLevel, TaskContext } from "./task.ts";
import type { ThreadBlocks } from "./threadBlocks.ts";
import type { ThreadDeliveries } from "./threadDeliveries.ts";

/** What objects that are made again in a thread (broadcasts, accumulators) can ask of it. */
export interface TaskEnvironment {
  importModule(url: string): Promise<Record<string, unknown>>;
  revive<F extends AnyFunction>(fn: ShippedFunction<F>): Promise<F>;
  /** The bytes of a block, waiting for them: for what must be there at once, and is fetched once. */
  fetchBlockNow(id: BlockId): Uint8Array | undefined;
  /** The value of a broadcast: made by `make` once per thread. */
  broadcast(id: number, make: () => unknown): unknown;
  /** Adds to what the current task contributes to an accumulator, starting from `zero()`. */
  accumulate(
    accumulator: number,
    zero: () => unknown,
    add: (total: unknown, value: unknown) => unknown,
    value: unknown,
  ): void;
  readonly [extra: string]: unknown;
}

/** The task that runs. */
export interface CurrentTask {
  readonly launch: number;
  readonly jobId: number;
  readonly stageId: number;
  readonly partition: number;
  readonly attempt: number;
}

const maxMemos = 256;
/** Bytes that functions kept for later tasks may have captured, in all; each counts a little more than it captured. */
const maxFunctionBytes = 2 ** 26;
const bytesPerFunction = 2 ** 16;

/** One per thread. */
export class ThreadState {
  readonly arena: Arena;
  readonly environment: TaskEnvironment;
  /** Undefined between tasks. */
  current: CurrentTask | undefined;
  readonly #blocks: ThreadBlocks;
  readonly #deliveries: ThreadDeliveries;
  readonly #cancelFlag: Int32Array;
  readonly #memos: BoundedMap<string, { readonly value: unknown }> = new BoundedMap(maxMemos);
  readonly #functions: BoundedMap<string, Promise<AnyFunction>> = new BoundedMap(maxFunctionBytes);
  readonly #broadcasts: Map<number, unknown> = new Map();
  #contributions: Map<number, unknown> = new Map();

  constructor(arena: Arena, blocks: ThreadBlocks, deliveries: ThreadDeliveries, cancelFlag: Int32Array) {
    this.arena = arena;
    this.#blocks = blocks;
    this.#deliveries = deliveries;
    this.#cancelFlag = cancelFlag;
    this.environment = {
      importModule: (url) => import(url) as Promise<Record<string, unknown>>,
      revive: (fn) => this.revive(fn),
      fetchBlockNow: (id) => blocks.fetchNow(id),
      broadcast: (id, make) => this.#broadcast(id, make),
      accumulate: (accumulator, zero, add, value) => this.#accumulate(accumulator, zero, add, value),
    };
  }

  /** The surroundings of one task. */
  contextOf(task: CurrentTask): TaskContext {
    const { jobId, stageId, partition, attempt } = task;
    return {
      jobId,
      stageId,
      partition,
      attempt,
      arena: this.arena,
      revive: (fn) => this.revive(fn),
      fetchBlock: (id: BlockId) => this.#blocks.fetch(id),
      storeBlock: (id: BlockId, bytes: Uint8Array, level: StorageLevel) => this.#blocks.store(id, bytes, level),
      deliver: (host, bytes, columns) => this.#deliveries.deliver(stageId, host, bytes, columns),
      memo: <T>(key: string, make: () => T): T => this.#memo(key, make),
      throwIfCancelled: () => {
        if (Atomics.load(this.#cancelFlag, 0) === (task.launch | 0))
          throw new SuperstepError("CANCELLED", "task: cancelled");
      },
    };
  }

  /** The function of a ShippedFunction: one object per id, as long as those used last capture less than 64 MiB. */
  revive<F extends AnyFunction>(shipped: ShippedFunction<F>): Promise<F> {
    let revived = this.#functions.get(shipped.id);
    if (revived === undefined) {
      revived = reviveAfresh(shipped, this.environment);
      this.#functions.set(shipped.id, revived, bytesPerFunction + capturedBytes(shipped.nodes));
      revived.catch(() => this.#functions.delete(shipped.id)); // the next task tries again
    }
    return revived as Promise<AnyFunction> as Promise<F>;
  }

  /** What the task that ended contributed, by ascending accumulator; forgets it. */
  takeContributions(): readonly Contribution[] {
    if (this.#contributions.size === 0) return [];
    const taken = [...this.#contributions].map(([accumulator, value]) => ({ accumulator, value }));
    this.#contributions = new Map();
    return taken.sort((a, b) => a.accumulator - b.accumulator);
  }

  forgetBroadcast(id: number): void {
    this.#broadcasts.delete(id);
  }

  #memo<T>(key: string, make: () => T): T {
    let memo = this.#memos.get(key);
    if (memo === undefined) {
      memo = { value: make() };
      this.#memos.set(key, memo);
    }
    return memo.value as T;
  }

  #broadcast(id: number, make: () => unknown): unknown {
    if (!this.#broadcasts.has(id)) this.#broadcasts.set(id, make());
    return this.#broadcasts.get(id);
  }

  #accumulate(
    accumulator: number,
    zero: () => unknown,
    add: (total: unknown, value: unknown) => unknown,
    value: unknown,
  ): void {
    if (this.current === undefined) throw new Error("accumulator.add: called after its task had ended");
    const total = this.#contributions.has(accumulator) ? this.#contributions.get(accumulator) : zero();
    this.#contributions.set(accumulator, add(total, value));
  }
}

async function reviveAfresh<F extends AnyFunction>(
  shipped: ShippedFunction<F>,
  environment: TaskEnvironment,
): Promise<F> {
  const { revive } = await import("../function/revive.ts"); // loaded by the first task that has a user's function
  return revive(shipped, environment);
}

/** About how much memory captured values take that are not shared with other threads. */
function capturedBytes(nodes: readonly HeapNode[]): number {
  let bytes = 0;
  for (const node of nodes) {
    if (node.kind === "buffer" && node.bytes instanceof ArrayBuffer) bytes += node.bytes.byteLength;
    else if (node.kind === "array" || node.kind === "set") bytes += 8 * node.items.length;
    else if (node.kind === "map" || node.kind === "object") bytes += 16 * node.entries.length;
    else if (node.kind === "made") bytes += capturedBytes(node.data.nodes);
  }
  return bytes;
}
