/**
 * Time as the shells of the cluster see it: the process's own, or a simulated one. Monotonic, compared only within one
 * process.
 */

/** A timer that was set. */
export interface Timer {
  clear(): void;
}

/** Milliseconds of any origin, and timers over them. */
export interface Clock {
  now(): number;
  /** Calls `callback` once, `ms` from now or later. The timer alone keeps no process alive. */
  after(ms: number, callback: () => void): Timer;
}

const longestTimerMs = 2 ** 31 - 1;

/** The clock of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const delay = Math.min(Math.max(0, Math.ceil(ms)), longestTimerMs);
    const timeout = setTimeout(callback, delay).unref();
    return { clear: () => clearTimeout(timeout) };
  },
};
