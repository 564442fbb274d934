/**
 * Those who wait until so many are there.
 */
import type { Clock, Timer } from "../net/clock.ts";

interface Waiter {
  count: number;
  readonly canShrink: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

export class CountWaiters {
  readonly #clock: Clock;
  readonly #waiters: Set<Waiter> = new Set();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves when `reached` is told of `count` or more; rejects with `late(count)` after `timeoutMs`. `canShrink`: each
   * `shrink` makes it wait for one less, down to one.
   */
  wait(count: number, timeoutMs: number, late: (count: number) => Error, canShrink = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiters.delete(waiter);
        reject(late(waiter.count));
      });
      const waiter: Waiter = { count, canShrink, resolve, reject, timer };
      this.#waiters.add(waiter);
    });
  }

  /** One less will come, for now. */
  shrink(): void {
    for (const waiter of this.#waiters) if (waiter.canShrink && waiter.count > 1) waiter.count--;
  }

  /** So many are there. */
  reached(count: number): void {
    for (const waiter of this.#waiters) if (waiter.count <= count) this.#leave(waiter).resolve();
  }

  /** There will never be more: all fail. */
  fail(error: (count: number) => Error): void {
    for (const waiter of this.#waiters) this.#leave(waiter).reject(error(waiter.count));
  }

  #leave(waiter: Waiter): Waiter {
    waiter.timer.clear();
    this.#waiters.delete(waiter);
    return waiter;
  }
}
