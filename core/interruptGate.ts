/**
 * A signal that ends a program, held back while something must be finished first: a superstep, and its checkpoint.
 */

/** Milliseconds that holders have to let go once the program is to end. */
const defaultGraceMs = 60_000;

export class InterruptGate {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #graceMs: number;
  readonly #onAbort = (): void => {
    if (this.#holders === 0) this.#open();
    else this.#timer = setTimeout(() => this.#open(), this.#graceMs).unref();
  };
  #holders = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `outer`: what asks for the end. Holders that have not let go after `graceMs` milliseconds are passed over. */
  constructor(outer: AbortSignal, graceMs: number = defaultGraceMs) {
    this.#outer = outer;
    this.#graceMs = graceMs;
    if (outer.aborted) this.#open();
    else outer.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Aborts when the outer signal does, or when the last one who held it then lets go. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True once the end was asked for: a holder finishes what it is at, and lets go. */
  get isClosing(): boolean {
    return this.#outer.aborted;
  }

  /** Holds the end back until the function that is returned is called. */
  hold(): () => void {
    let isHeld = true;
    this.#holders++;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders--;
      if (this.#holders === 0 && this.isClosing) this.#open();
    };
  }

  /** Hears the outer signal no more. Idempotent. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#onAbort);
  }

  #open(): void {
    clearTimeout(this.#timer);
    this.#controller.abort(this.#outer.reason);
  }
}
