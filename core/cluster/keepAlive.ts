/**
 * Keeps this process alive while something is waited for whose own handles and timers do not.
 */
const longestTimerMs = 2 ** 31 - 1;

/** Holds on the life of the process. Without any it ends when nothing else is left to do. */
export class KeepAlive {
  #timer: NodeJS.Timeout | undefined;
  #holds = 0;

  /** Keeps the process alive until what is returned is called. That is idempotent. */
  hold(): () => void {
    if (++this.#holds === 1) this.#timer = setInterval(() => undefined, longestTimerMs);
    let isHeld = true;
    return () => {
      if (isHeld && --this.#holds === 0) clearInterval(this.#timer);
      isHeld = false;
    };
  }

  /** Keeps the process alive until `work` has settled, and gives what it gives. */
  async during<R>(work: Promise<R>): Promise<R> {
    const release = this.hold();
    try {
      return await work;
    } finally {
      release();
    }
  }
}
