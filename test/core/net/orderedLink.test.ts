import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SuperstepError } from "../../../core/errors.ts";
import type { Clock } from "../../../core/net/clock.ts";
import { OrderedReceiver, OrderedSender, type OrderedSenderOptions } from "../../../core/net/orderedLink.ts";
import { randomFor } from "../../../core/random.ts";

/** A clock that stands still until it is told to go on. */
class ManualClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  get numTimers(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): { clear(): void } {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return { clear: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  /** Runs the earliest timer; false if there is none. */
  step(): boolean {
    const [next] = this.#timers.toSorted((a, b) => a.at - b.at);
    if (next === undefined) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
    return true;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const unreachable = (): SuperstepError => new SuperstepError("UNREACHABLE", "lost");

function sender(
  clock: Clock,
  send: OrderedSenderOptions<number>["send"],
  more: Partial<OrderedSenderOptions<number>> = {},
): OrderedSender<number> {
  return new OrderedSender({
    clock,
    send,
    sizeOf: () => 1,
    failed: (error) => {
      throw error as Error;
    },
    ...more,
  });
}

describe("an ordered link", () => {
  it("delivers every item once and in order over a network that loses, repeats and delays both ways", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 60 }), async (seed, count) => {
        const random = randomFor(seed);
        const clock = new ManualClock();
        const taken: number[] = [];
        const receiver = new OrderedReceiver<number>((item) => taken.push(item));
        let underWay = 0;
        const link = sender(
          clock,
          async (first, items) => {
            expect(++underWay).toBe(1);
            const copies = random.nextInt(3); // 0: lost
            const isAnswerLost = random.nextInt(4) === 0;
            const late = random.nextInt(3) === 0 ? random.nextInt(500) : 0;
            if (late > 0 && copies > 0) clock.after(late, () => void receiver.receive(first, items)); // long after
            let next: number | undefined;
            for (let copy = 0; copy < copies; copy++) next = receiver.receive(first, items);
            await settle();
            underWay--;
            if (next === undefined || isAnswerLost) throw unreachable();
            return next;
          },
          { maxBatchItems: 7 },
        );
        const items = Array.from({ length: count }, (_, at) => at);
        for (const item of items) {
          link.push(item);
          if (random.nextInt(5) === 0) await settle();
        }
        const flushed = link.flushed();
        let isDone = false;
        void flushed.then(() => (isDone = true));
        for (let round = 0; round < 10_000 && !isDone; round++) {
          await settle();
          clock.step();
        }
        await flushed;
        while (clock.step()); // repeats that come after the end
        expect(taken).toEqual(items);
        expect(link.pending).toBe(0);
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  it("sends what one turn pushes together, capped in bytes and in items", async () => {
    const batches: number[][] = [];
    const send = async (first: number, items: readonly number[]): Promise<number> => {
      batches.push([...items]);
      return first + items.length;
    };
    const options = { sizeOf: (item: number) => item, maxBatchBytes: 10, maxBatchItems: 3 };
    const link = sender(new ManualClock(), send, options);
    for (const item of [4, 6, 1, 25, 1, 1, 1, 1]) link.push(item);
    await link.flushed();
    expect(batches).toEqual([[4, 6], [1], [25], [1, 1, 1], [1]]);
  });

  it("waits longer with each failure, up to a limit, and starts anew after a success", async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    let failures = 5;
    const link = sender(
      clock,
      async (first, items) => {
        times.push(clock.now());
        if (failures-- > 0) throw unreachable();
        return first + items.length;
      },
      { retryMs: 10, maxRetryMs: 50 },
    );
    link.push(1);
    for (let step = 0; step < 5; step++) {
      await settle();
      clock.step();
    }
    await link.flushed();
    expect(times).toEqual([0, 10, 30, 70, 120, 170]);
    failures = 1;
    link.push(2);
    await settle();
    clock.step();
    await link.flushed();
    expect(times.slice(6)).toEqual([170, 180]);
  });

  it("fails once and for all on any other error", async () => {
    const errors: unknown[] = [];
    let sent = 0;
    const refusal = new SuperstepError("HOST_LOST", "retired");
    const send = async (): Promise<number> => {
      sent++;
      throw refusal;
    };
    const link = sender(new ManualClock(), send, { failed: (error) => void errors.push(error) });
    link.push(1);
    await expect(link.flushed()).rejects.toMatchObject({ code: "UNREACHABLE" });
    link.push(2);
    await settle();
    expect(errors).toEqual([refusal]);
    expect(sent).toBe(1);
    expect(link.isClosed).toBe(true);
  });

  it.each([-1, 3, 1.5, Number.NaN])("fails when the receiver expects %d, which was never sent", async (next) => {
    const errors: unknown[] = [];
    const link = sender(new ManualClock(), async () => next, { failed: (error) => void errors.push(error) });
    link.push(1);
    link.push(2);
    await settle();
    expect(errors).toMatchObject([{ code: "INVALID_ARGUMENT" }]);
  });

  it("keeps what the receiver did not take, and sends it again", async () => {
    const firsts: number[] = [];
    const taken: number[] = [];
    const receiver = new OrderedReceiver<number>((item) => taken.push(item));
    const link = sender(new ManualClock(), async (first, items) => {
      firsts.push(first);
      return receiver.receive(first, items.slice(0, 2));
    });
    for (const item of [1, 2, 3, 4, 5]) link.push(item);
    await link.flushed();
    expect(taken).toEqual([1, 2, 3, 4, 5]);
    expect(firsts).toEqual([0, 2, 4]);
  });

  it("tries again at once when told to", async () => {
    const clock = new ManualClock();
    let isThere = false;
    const link = sender(clock, async (first, items) => {
      if (!isThere) throw unreachable();
      return first + items.length;
    });
    link.push(1);
    await settle();
    isThere = true;
    link.retryNow();
    await link.flushed();
    expect(clock.numTimers).toBe(0);
    expect(clock.now()).toBe(0);
  });

  it("sends nothing after close, leaves no timer, and aborts the batch under way", async () => {
    const clock = new ManualClock();
    let aborted = false;
    const link = sender(clock, (_first, _items, signal) => {
      signal.addEventListener("abort", () => (aborted = true));
      return new Promise(() => {});
    });
    link.push(1);
    await settle();
    link.close();
    link.close();
    link.push(2);
    link.retryNow();
    await settle();
    expect(aborted).toBe(true);
    expect(clock.numTimers).toBe(0);
    await expect(link.flushed()).rejects.toMatchObject({ code: "UNREACHABLE" });
  });
});

describe("OrderedReceiver", () => {
  it("takes nothing when items before are missing", () => {
    const taken: string[] = [];
    const receiver = new OrderedReceiver<string>((item) => taken.push(item));
    expect(receiver.receive(1, ["b"])).toBe(0);
    expect(receiver.receive(0, ["a"])).toBe(1);
    expect(receiver.receive(0, ["a", "b"])).toBe(2);
    expect(receiver.receive(0, ["a"])).toBe(2);
    expect(receiver.receive(2, [])).toBe(2);
    expect(taken).toEqual(["a", "b"]);
  });
});
