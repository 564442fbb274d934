/**
 * Ends what makes no progress.
 */

/** Calls back once, when `progress` was not called for a while. Keeps no process alive. */
export class Watchdog {
  readonly #silenceMs: number;
  readonly #timer: NodeJS.Timeout;
  #last: number = performance.now();

  /** `silenceMs`: at least 1. Looks four times in that time, so it may be late by a quarter of it. */
  constructor(silenceMs: number, silent: () => void) {
    this.#silenceMs = silenceMs;
    this.#timer = setInterval(
      () => {
        if (performance.now() - this.#last < this.#silenceMs) return;
        this.stop();
        silent();
      },
      Math.max(1, Math.ceil(silenceMs / 4)),
    ).unref();
  }

  progress(): void {
    this.#last = performance.now();
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
