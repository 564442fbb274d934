/**
 * Items from one process to another: in order, each taken once, whatever is lost, repeated or late on the way. One
 * sender and one receiver for each direction and each incarnation of the peer; both start at number 0.
 */
import { hasCode, SuperstepError } from "../errors.ts";
import type { Clock, Timer } from "./clock.ts";

/** How an `OrderedSender` sends. */
export interface OrderedSenderOptions<Item> {
  readonly clock: Clock;
  /**
   * Sends `items`, numbered `first`, `first + 1`, …; resolves with the number that the receiver expects next. Rejects with
   * UNREACHABLE if that is unknown: the batch is sent again. The signal aborts on `close`.
   */
  readonly send: (first: number, items: readonly Item[], signal: AbortSignal) => Promise<number>;
  /** Bytes of an item on the way, roughly. */
  readonly sizeOf: (item: Item) => number;
  /** Called once, when the link cannot go on: `send` rejected otherwise, or was answered with a number never sent. */
  readonly failed: (error: unknown) => void;
  /** Bytes of one batch; an item beyond that goes alone. Default 1 MiB. */
  readonly maxBatchBytes?: number;
  /** Items of one batch. Default 1024. */
  readonly maxBatchItems?: number;
  /** Milliseconds before a batch is sent again: twice as many with each failure. Default 50. */
  readonly retryMs?: number;
  /** Where that doubling ends. Default 2000. */
  readonly maxRetryMs?: number;
}

/**
 * Queues items and sends them in batches, one at a time, again and again until acknowledged. What is pushed in one turn
 * of the event loop, or while a batch is under way, travels together.
 *
 * Memory: all that is not acknowledged; nothing is dropped but by `close`.
 */
export class OrderedSender<Item> {
  readonly #options: OrderedSenderOptions<Item>;
  readonly #closing = new AbortController();
  readonly #waiting: { readonly upTo: number; resolve(): void; reject(error: unknown): void }[] = [];
  #queue: Item[] = [];
  /** The number of the first item of the queue. */
  #first = 0;
  #isSending = false;
  #failures = 0;
  #retry: Timer | undefined;

  constructor(options: OrderedSenderOptions<Item>) {
    this.#options = options;
  }

  /** Items that are not acknowledged. */
  get pending(): number {
    return this.#queue.length;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Queues an item, to be sent soon. Dropped if closed. */
  push(item: Item): void {
    if (this.isClosed) return;
    this.#queue.push(item);
    if (this.#queue.length === 1) queueMicrotask(() => this.#sendNext());
  }

  /** Resolves when all that was pushed so far is acknowledged; rejects with UNREACHABLE if closed before. */
  flushed(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    if (this.isClosed) return Promise.reject(closedError());
    const upTo = this.#first + this.#queue.length;
    return new Promise((resolve, reject) => this.#waiting.push({ upTo, resolve, reject }));
  }

  /** Tries again at once what waits for its next try: the peer is known to be there again. */
  retryNow(): void {
    this.#failures = 0;
    this.#sendNext();
  }

  /** Sends no more. A batch under way may arrive, or not. Idempotent. */
  close(): void {
    if (this.isClosed) return;
    this.#closing.abort();
    this.#retry?.clear();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(closedError());
  }

  #sendNext(): void {
    if (this.#isSending || this.isClosed || this.#queue.length === 0) return;
    this.#retry?.clear();
    this.#isSending = true;
    const batch = this.#queue.slice(0, this.#batchLength());
    const first = this.#first;
    const sent = attempt(() => this.#options.send(first, batch, this.#closing.signal));
    sent.then(
      (next) => this.#acknowledged(batch.length, next),
      (error: unknown) => this.#rejected(error),
    );
  }

  #batchLength(): number {
    const { sizeOf, maxBatchBytes = 2 ** 20, maxBatchItems = 1024 } = this.#options;
    const most = Math.min(this.#queue.length, maxBatchItems);
    let length = 0;
    for (let bytes = 0; length < most; length++) {
      bytes += sizeOf(this.#queue[length]!);
      if (bytes > maxBatchBytes) break;
    }
    return Math.max(1, length);
  }

  #acknowledged(sent: number, next: number): void {
    this.#isSending = false;
    if (this.isClosed) return;
    if (!Number.isSafeInteger(next) || next < this.#first || next > this.#first + sent) {
      const range = `[${this.#first}, ${this.#first + sent}]`;
      this.#fail(new SuperstepError("INVALID_ARGUMENT", `ordered link: next must be in ${range}, got ${next}`));
      return;
    }
    if (next === this.#first) {
      this.#retryLater();
      return;
    }
    this.#queue.splice(0, next - this.#first);
    this.#first = next;
    this.#failures = 0;
    const done = this.#waiting.findIndex(({ upTo }) => upTo > next);
    for (const waiting of this.#waiting.splice(0, done === -1 ? this.#waiting.length : done)) waiting.resolve();
    this.#sendNext();
  }

  #rejected(error: unknown): void {
    this.#isSending = false;
    if (this.isClosed) return;
    if (hasCode(error, "UNREACHABLE")) this.#retryLater();
    else this.#fail(error);
  }

  #retryLater(): void {
    const { clock, retryMs = 50, maxRetryMs = 2000 } = this.#options;
    const delay = Math.min(maxRetryMs, retryMs * 2 ** Math.min(this.#failures++, 30));
    this.#retry = clock.after(delay, () => this.#sendNext());
  }

  #fail(error: unknown): void {
    this.close();
    this.#options.failed(error);
  }
}

/** Takes batches of an `OrderedSender`: each item once, in order. */
export class OrderedReceiver<Item> {
  readonly #take: (item: Item) => void;
  #next = 0;

  /** `take` must not throw: an item counts as taken when it is called. */
  constructor(take: (item: Item) => void) {
    this.#take = take;
  }

  /** The number of the item that it expects. */
  get next(): number {
    return this.#next;
  }

  /** Takes what is new among `items`, numbered from `first`, and nothing if items before are missing. Returns `next`. */
  receive(first: number, items: readonly Item[]): number {
    if (first > this.#next) return this.#next;
    for (let at = this.#next - first; at < items.length; at++) {
      this.#next++;
      this.#take(items[at]!);
    }
    return this.#next;
  }
}

function closedError(): SuperstepError {
  return new SuperstepError("UNREACHABLE", "ordered link: closed before all items were acknowledged");
}

async function attempt(send: () => Promise<number>): Promise<number> {
  return await send();
}
