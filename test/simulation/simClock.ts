/**
 * Time that stands still until all that can be done at one moment is done, and then jumps to the next timer.
 */
import type { Clock, Timer } from "../../core/net/clock.ts";

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** The one clock of a simulation, from which each process of it gets its own. */
export class SimClock implements Clock {
  #now = 0;
  #lastOrder = 0;
  /** A binary heap, by time, then in order of setting. */
  readonly #heap: Entry[] = [];
  readonly #cleared: Set<Entry> = new Set();

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    if (!(ms >= 0)) throw new Error(`a timer of ${ms} ms`);
    const entry = { at: this.#now + ms, order: ++this.#lastOrder, callback };
    this.#push(entry);
    return { clear: () => void this.#cleared.add(entry) };
  }

  /** Resolves `ms` from now. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Timers that wait. */
  get numTimers(): number {
    return this.#heap.filter((entry) => !this.#cleared.has(entry)).length;
  }

  /**
   * Lets time pass until `promise` settles. Throws if that takes longer than `limitMs`, or if nothing is left that could
   * bring it about.
   */
  async run<T>(promise: Promise<T>, limitMs: number): Promise<T> {
    let isSettled = false;
    const settled = (): void => void (isSettled = true);
    promise.then(settled, settled);
    const limit = this.#now + limitMs;
    for (;;) {
      await allMicrotasks();
      if (isSettled) return promise;
      const next = this.#pop();
      if (next === undefined)
        throw new Error(`simulation: stuck at ${this.#now} ms: nothing is left that could happen`);
      if (next.at > limit) throw new Error(`simulation: not done within ${limitMs} ms of simulated time`);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    await this.run(this.sleep(ms), ms);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** The next timer that was not cleared. */
  #pop(): Entry | undefined {
    for (;;) {
      const first = this.#take();
      if (first === undefined || !this.#cleared.delete(first)) return first;
    }
  }

  #take(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/**
 * The clock of one process of a simulation: of any origin, stopped while the process is frozen, and silent for ever once
 * it has died.
 */
export class ProcessClock implements Clock {
  readonly #clock: SimClock;
  readonly #offset: number;
  #isDead = false;
  #thawed: Promise<void> | undefined;

  /** `offset`: milliseconds by which it is ahead. */
  constructor(clock: SimClock, offset = 0) {
    this.#clock = clock;
    this.#offset = offset;
  }

  now(): number {
    return this.#clock.now() + this.#offset;
  }

  after(ms: number, callback: () => void): Timer {
    return this.#clock.after(Math.max(0, ms), () => this.#call(callback));
  }

  /** While `thawed` is pending, no timer calls back; those that are due do so then. */
  freeze(thawed: Promise<void>): void {
    this.#thawed = thawed;
    void thawed.then(() => (this.#thawed = undefined));
  }

  die(): void {
    this.#isDead = true;
  }

  #call(callback: () => void): void {
    if (this.#isDead) return;
    if (this.#thawed === undefined) callback();
    else void this.#thawed.then(() => this.#call(callback));
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Resolves when no promise can go on by itself: the loop of events has gone round. */
function allMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
