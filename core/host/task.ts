/**
 * What runs in a worker thread: an operator, a plain exported function, called with what all tasks of its stage share,
 * with the parameters of its own partition, and with the task's surroundings.
 */
import type { Arena } from "../column/arena.ts";
import type { ColumnRef } from "../column/types.ts";
import type { AnyFunction, ShippedFunction } from "../function/ship.ts";

/**
 * Names an operator: an exported function of a module of this package. Threads load it by this name, so a peer can
 * ask only for what the package exports, never send code this way.
 */
export interface OperatorRef {
  /** Path below the package's built root, without extension: "graph/superstep/scan". */
  readonly module: string;
  /** The exported function. */
  readonly name: string;
}

/** A function that computes one partition: pure but for the arena columns and blocks that it was told to write. */
export type Operator<Shared, Params, Result> = (
  shared: Shared,
  params: Params,
  task: TaskContext,
) => Result | Promise<Result>;

/** The name of a block: what a host stores and serves. A struct, never a path. */
export type BlockId =
  | { readonly kind: "shuffle"; readonly shuffle: number; readonly map: number; readonly reduce: number }
  | { readonly kind: "rdd"; readonly rdd: number; readonly partition: number }
  | { readonly kind: "broadcast"; readonly broadcast: number };

/** Where a block is kept: in memory, on disk, or in memory until room is needed and then on disk. */
export type StorageLevel = "memory" | "memoryAndDisk" | "disk";

/** What an operator sees of the thread and host it runs on. */
export interface TaskContext {
  readonly jobId: number;
  readonly stageId: number;
  /** Index of the task in its stage. */
  readonly partition: number;
  /** From 0. */
  readonly attempt: number;
  /** The host's shared memory; columns are viewed by reference. */
  readonly arena: Arena;
  /** Puts a shipped function together again; the same function each time it is asked for, per thread. */
  revive<F extends AnyFunction>(fn: ShippedFunction<F>): Promise<F>;
  /** The bytes of a block, or undefined if the host does not have it. */
  fetchBlock(id: BlockId): Promise<Uint8Array | undefined>;
  /** Gives bytes to the host's block store. `bytes` must view a SharedArrayBuffer, else they are copied into one. */
  storeBlock(id: BlockId, bytes: Uint8Array, level: StorageLevel): Promise<void>;
  /**
   * Sends a message to the host of other tasks of this stage, which has an `exchange`: `bytes`, and behind them those of
   * `columns`, which are read any time before the stage has ended. Returns at once; it arrives before the tasks of the
   * stage that awaits this mailbox start there, or the job fails.
   */
  deliver(host: number, bytes: Uint8Array, columns?: readonly ColumnRef<"uint8">[]): void;
  /** The value made by `make` for this key in this thread: kept between tasks, oldest dropped past 256 keys. */
  memo<T>(key: string, make: () => T): T;
  /** Throws CANCELLED if the job was cancelled. Cheap: long loops call it every few thousand rounds. */
  throwIfCancelled(): void;
}

/** The OperatorRef of `name`, exported by the module whose `import.meta.url` is given. */
export function operatorRef(moduleUrl: string, name: string): OperatorRef {
  const module = moduleUrl.slice(packageRoot.length).replace(/\.[jt]s$/, "");
  return { module, name };
}

const packageRoot = new URL("../../", import.meta.url).href;
