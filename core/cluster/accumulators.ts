/**
 * The accumulators of a driver, for as long as its program holds them.
 */
import { Accumulator, type AddFunction } from "../accumulator.ts";
import type { Contribution } from "../schedule/protocol.ts";

export class Accumulators {
  readonly #held: Map<number, WeakRef<Accumulator<unknown>>> = new Map();
  readonly #lost: FinalizationRegistry<number> = new FinalizationRegistry((id) => {
    this.#held.delete(id);
  });
  #lastId = 0;

  make<T>(zero: T, add: AddFunction<T>, name: string | undefined): Accumulator<T> {
    const accumulator = new Accumulator<T>(++this.#lastId, zero, add, name);
    this.#held.set(accumulator.id, new WeakRef(accumulator as Accumulator<unknown>));
    this.#lost.register(accumulator, accumulator.id);
    return accumulator;
  }

  /** Adds what tasks contributed. To those that nobody holds any more, nothing. Throws what their functions throw. */
  merge(contributions: readonly Contribution[]): void {
    for (const { accumulator, value } of contributions) this.#held.get(accumulator)?.deref()?.merge(value);
  }
}
