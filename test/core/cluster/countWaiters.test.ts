import { describe, expect, it } from "vitest";
import { CountWaiters } from "../../../core/cluster/countWaiters.ts";
import { systemClock } from "../../../core/net/clock.ts";

/** What has become of a promise by now. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  const settled = promise.then(
    () => "reached",
    (error: Error) => error.message,
  );
  return Promise.race([settled, new Promise<string>((resolve) => setImmediate(() => resolve("waits")))]);
}

describe("CountWaiters", () => {
  it("waits for one less with each that will not come, down to one, if it may", async () => {
    const waiters = new CountWaiters(systemClock);
    const late = (count: number): Error => new Error(`late ${count}`);
    const firm = waiters.wait(3, 60_000, late);
    const yielding = waiters.wait(3, 60_000, late, true);
    waiters.reached(2);
    expect([await stateOf(firm), await stateOf(yielding)]).toEqual(["waits", "waits"]);
    waiters.shrink();
    waiters.reached(2);
    expect([await stateOf(firm), await stateOf(yielding)]).toEqual(["waits", "reached"]);
    const last = waiters.wait(2, 60_000, late, true);
    for (let i = 0; i < 5; i++) waiters.shrink();
    waiters.reached(0);
    expect(await stateOf(last)).toBe("waits");
    waiters.reached(1);
    expect(await stateOf(last)).toBe("reached");
    waiters.fail((count) => new Error(`failed ${count}`));
    await expect(firm).rejects.toThrow("failed 3");
  });

  it("is late with the count that it waits for then", async () => {
    const waiters = new CountWaiters(systemClock);
    const waiting = waiters.wait(4, 1, (count) => new Error(`late ${count}`), true);
    waiters.shrink();
    await expect(waiting).rejects.toThrow("late 3");
  });
});
