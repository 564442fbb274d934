import { describe, expect, it } from "vitest";
import { Arena } from "../../../core/column/arena.ts";
import { ship } from "../../../core/function/ship.ts";
import { ThreadState } from "../../../core/host/taskEnvironment.ts";
import type { ThreadBlocks } from "../../../core/host/threadBlocks.ts";
import type { ThreadDeliveries } from "../../../core/host/threadDeliveries.ts";

const flag = new Int32Array(new SharedArrayBuffer(4));
const threadState = () =>
  new ThreadState(Arena.create({ capacityBytes: 65536 }), {} as ThreadBlocks, {} as ThreadDeliveries, flag);
const task = { launch: 7, jobId: 1, stageId: 2, partition: 3, attempt: 0 };

describe("ThreadState", () => {
  it("revives a shipped function once, and another shipment of it anew", async () => {
    const state = threadState();
    const three = 3;
    const fn = (x: number): number => x + three;
    const shipped = ship(fn, "test", "fn");
    const revived = await state.revive(structuredClone(shipped));
    expect(revived(4)).toBe(7);
    expect(await state.revive(structuredClone(shipped))).toBe(revived);
    expect(await state.revive(ship(fn, "test", "fn"))).not.toBe(revived);
  });

  it("lets go of functions that capture much when others do", async () => {
    const state = threadState();
    const big = (): ((i: number) => number) => {
      const values = new Float64Array(3 * 2 ** 20);
      return (i) => values[i]!;
    };
    const [first, second, third] = [1, 2, 3].map(() => ship(big(), "test", "fn"));
    const kept = [await state.revive(first!), await state.revive(second!)];
    expect([await state.revive(first!), await state.revive(second!)]).toEqual(kept);
    await state.revive(third!); // 3 x 24 MiB are more than 64 MiB
    expect(await state.revive(second!)).toBe(kept[1]);
    expect(await state.revive(first!)).not.toBe(kept[0]);
  });

  it("tries a function again that could not be revived", async () => {
    const state = threadState();
    const seven = 7;
    const shipped = ship(() => seven, "test", "fn");
    const broken = { ...shipped, nodes: [{ ...shipped.nodes[0]!, source: "(" }] } as typeof shipped;
    await expect(state.revive(broken)).rejects.toThrow();
    expect((await state.revive(shipped))()).toBe(7);
  });

  it("memoises by key, and forgets the key used longest ago past 256", () => {
    const context = threadState().contextOf(task);
    const made: string[] = [];
    const memo = (key: string): string => context.memo(key, () => (made.push(key), key));
    for (let i = 0; i < 256; i++) memo(`key ${i}`);
    expect(memo("key 0")).toBe("key 0");
    memo("one more");
    memo("key 0");
    expect(made).toHaveLength(257);
    memo("key 1");
    expect(made.at(-1)).toBe("key 1");
    expect(context.memo("nothing", () => undefined)).toBeUndefined();
  });

  it("stops the task that is cancelled, and no other", () => {
    const state = threadState();
    Atomics.store(flag, 0, 6);
    expect(() => state.contextOf(task).throwIfCancelled()).not.toThrow();
    Atomics.store(flag, 0, 7);
    expect(() => state.contextOf(task).throwIfCancelled()).toThrow(expect.objectContaining({ code: "CANCELLED" }));
    Atomics.store(flag, 0, 0);
  });
});
