import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { Driver } from "../../core/cluster/driver.ts";
import { type AnyFunction, ship } from "../../core/function/ship.ts";
import { TestOperators } from "./cluster/testOperators.ts";

const operators = new TestOperators(`
  export const call = async (fn, value, task) => (await task.revive(fn))(value);
`);
afterAll(() => operators.remove());

let driver: Driver;
beforeEach(async () => {
  driver = await Driver.create({ master: "local[2]" });
});
afterEach(() => driver.stop());

const call = (fn: AnyFunction, tasks: readonly unknown[]) => {
  return driver.runTasks({ name: "calls", operator: operators.ref("call"), shared: ship(fn, "test", "fn"), tasks });
};

describe("Broadcast", () => {
  it.each([
    ["a number", 5],
    ["nothing", undefined],
    ["a record", { names: ["a", "b"], limits: new Map([["x", 1n]]) }],
    ["a typed array", Float64Array.of(0.5, -0, NaN)],
  ])("gives tasks the value: %s", async (_what, value) => {
    const broadcast = driver.broadcast(value);
    expect(broadcast.value).toBe(value);
    expect(await call(() => broadcast.value, [0, 0, 0])).toEqual([value, value, value]);
  });

  it("can be captured in a record, and beside others", async () => {
    const inner = { factor: driver.broadcast(3) };
    const offset = driver.broadcast(4);
    expect(await call((x: number) => x * inner.factor.value + offset.value, [1, 2])).toEqual([7, 10]);
  });

  it("is decoded once a thread, whatever the number of tasks, functions and jobs", async () => {
    await driver.stop();
    driver = await Driver.create({ master: "local[1]" });
    const broadcast = driver.broadcast({ reads: 0 });
    const read = (): number => broadcast.value.reads++;
    expect(await call(read, [0, 0, 0])).toEqual([0, 1, 2]);
    const readToo = (): number => broadcast.value.reads++;
    expect(await call(readToo, [0, 0])).toEqual([3, 4]);
    expect(broadcast.value.reads).toBe(0); // tasks have copies
  });

  it("survives pressure on memory", async () => {
    await driver.stop();
    driver = await Driver.create({ master: "local[2]", config: { blockMemoryBytes: 1000 } });
    const broadcast = driver.broadcast(new Uint8Array(900).fill(7));
    await driver.putBlock({ kind: "rdd", rdd: 1, partition: 0 }, new Uint8Array(800), "memory");
    expect(driver.blockUsage).toMatchObject({ spilled: 1 });
    expect(await call(() => broadcast.value[899], [0, 0])).toEqual([7, 7]);
  });

  it("is gone everywhere once destroyed", async () => {
    const broadcast = driver.broadcast(5);
    const read = (): number => broadcast.value;
    const shipped = ship(read, "test", "fn");
    const again = () =>
      driver.runTasks({ name: "calls", operator: operators.ref("call"), shared: shipped, tasks: [0, 0] });
    expect(await again()).toEqual([5, 5]);
    broadcast.destroy();
    broadcast.destroy();
    expect(driver.blockUsage.blocks).toBe(0);
    expect(() => broadcast.value).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => ship(read, "test", "fn")).toThrow(expect.objectContaining({ code: "NOT_SHIPPABLE" }));
    await expect(again()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("destroyed"),
    });
  });

  it("refuses values that cannot travel when it is made", () => {
    for (const value of [() => 1, Symbol("s"), new WeakMap(), { deep: [Promise.resolve()] }]) {
      expect(() => driver.broadcast(value)).toThrow(expect.objectContaining({ code: "NOT_SHIPPABLE" }));
    }
  });

  it("says that a driver cannot be captured", () => {
    const mine = driver;
    expect(() => ship(() => mine.numThreads, "map", "fn")).toThrow(
      expect.objectContaining({
        code: "NOT_SHIPPABLE",
        message: expect.stringContaining("a Driver, which cannot travel"),
      }),
    );
  });
});
