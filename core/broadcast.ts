/**
 * Broadcasts: values that every task can read, sent to each thread at most once.
 */
import { decodeValues, encodeValues } from "./column/codec.ts";
import { assert, SuperstepError } from "./errors.ts";
import { type Recipe, shippable } from "./function/shippable.ts";
import type { BlockId } from "./host/task.ts";
import type { TaskEnvironment } from "./host/taskEnvironment.ts";

/** What a broadcast needs of its driver. */
export interface BroadcastStore {
  /** Keeps the bytes under the id, until `removeBroadcast`. */
  putBroadcast(id: number, bytes: Uint8Array): void;
  removeBroadcast(id: number): void;
}

/**
 * A value that functions capture and tasks read as `broadcast.value`. Encoded once; a thread fetches and decodes it when
 * it is first read there, and keeps it. Tasks must not change it: they see a copy that tasks of the same thread share.
 */
export class Broadcast<T> {
  readonly id: number;
  readonly #store: BroadcastStore;
  #value: { readonly value: T } | undefined;

  /** @throws SuperstepError NOT_SHIPPABLE if `value` cannot travel. */
  constructor(id: number, value: T, store: BroadcastStore) {
    this.id = id;
    this.#store = store;
    this.#value = { value };
    store.putBroadcast(id, encodeValues([value]));
    Object.defineProperty(this, shippable, { value: () => this.#recipe() });
  }

  /**
   * On the driver the very value that was given, in tasks a copy.
   *
   * @throws SuperstepError INVALID_ARGUMENT if it was destroyed.
   */
  get value(): T {
    if (this.#value === undefined) throw destroyed("INVALID_ARGUMENT", this.id);
    return this.#value.value;
  }

  /** Frees the value here and in all threads. No function that captured it can be run afterwards. Idempotent. */
  destroy(): void {
    if (this.#value === undefined) return;
    this.#value = undefined;
    this.#store.removeBroadcast(this.id);
  }

  #recipe(): Recipe {
    if (this.#value === undefined) throw destroyed("NOT_SHIPPABLE", this.id);
    return { module: import.meta.url, export: "reviveBroadcast", data: this.id };
  }
}

/** A broadcast in a task. */
export interface TaskBroadcast<T> {
  readonly id: number;
  readonly value: T;
}

/** Makes a broadcast again in a thread; its value is fetched when first read. */
export function reviveBroadcast(id: number, environment: TaskEnvironment): TaskBroadcast<unknown> {
  const block: BlockId = { kind: "broadcast", broadcast: id };
  return {
    id,
    get value(): unknown {
      return environment.broadcast(id, () => {
        const bytes = environment.fetchBlockNow(block);
        if (bytes === undefined) throw destroyed("INVALID_ARGUMENT", id);
        const values = decodeValues(bytes);
        assert(values.length === 1, "a broadcast is one value");
        return values[0];
      });
    },
  };
}

function destroyed(code: "INVALID_ARGUMENT" | "NOT_SHIPPABLE", id: number): SuperstepError {
  const message = `broadcast ${id}: it was destroyed. Make a new one of the value.`;
  return new SuperstepError(code, message, { details: { broadcast: id } });
}
