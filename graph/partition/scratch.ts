/**
 * Arena columns of one computation: what it keeps outlives it, all else is freed at its end, also when it fails.
 */
import type { AllocateOptions, Arena } from "../../core/column/arena.ts";
import type { ColumnRef, FixedType } from "../../core/column/types.ts";

/** Columns in use by one computation. Always end with `freeAll`, in a `finally`. */
export class Scratch {
  readonly #arena: Arena;
  readonly #owner: string;
  readonly #live = new Map<number, ColumnRef>();

  constructor(arena: Arena, owner: string) {
    this.#arena = arena;
    this.#owner = owner;
  }

  /** A column, of zeros unless asked otherwise, freed by `free` or `freeAll` unless kept. */
  allocate<T extends FixedType>(type: T, length: number, options?: AllocateOptions): ColumnRef<T> {
    const ref = this.#arena.allocate(type, length, this.#owner, options);
    this.#live.set(ref.offset, ref);
    return ref;
  }

  /** Hands the column to the caller, who frees it from now on. */
  keep<T extends FixedType>(ref: ColumnRef<T>): ColumnRef<T> {
    this.#live.delete(ref.offset);
    return ref;
  }

  /** Frees a column before the end. */
  free(ref: ColumnRef): void {
    this.#live.delete(ref.offset);
    this.#arena.free(ref);
  }

  /** Frees every column that was not kept. */
  freeAll(): void {
    for (const ref of this.#live.values()) this.#arena.free(ref);
    this.#live.clear();
  }
}
