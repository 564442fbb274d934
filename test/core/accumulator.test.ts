import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Accumulator } from "../../core/accumulator.ts";
import { Driver } from "../../core/cluster/driver.ts";
import type { ConfigOptions } from "../../core/config.ts";
import { type AnyFunction, ship } from "../../core/function/ship.ts";
import { TestOperators } from "./cluster/testOperators.ts";

const operators = new TestOperators(`
  /** Calls a shipped function with what the task is given, its partition and its attempt. */
  export const call = async (fn, value, task) => (await task.revive(fn))(value, task.partition, task.attempt);
`);
afterAll(() => operators.remove());

let driver: Driver;
const restart = async (master: string, config: ConfigOptions = {}): Promise<void> => {
  await driver?.stop();
  driver = await Driver.create({ master, config });
};
beforeEach(() => restart("local[2]"));
afterEach(() => driver.stop());

const stageOf = (fn: AnyFunction, tasks: readonly unknown[]) => {
  return { name: "calls", operator: operators.ref("call"), shared: ship(fn, "test", "fn"), tasks, parents: [] };
};
const call = (fn: AnyFunction, tasks: readonly unknown[]) =>
  driver.runJob({ name: "calls", stages: [stageOf(fn, tasks)] });
const numbers = Array.from({ length: 50 }, (_, i) => i);

describe("Accumulator", () => {
  it("adds up what tasks add, over jobs", async () => {
    const total = driver.accumulator(0, (a, b) => a + b, "total");
    const add = (x: number): void => {
      total.add(x);
      total.add(1);
    };
    await call(add, numbers);
    expect(total.value).toBe(1225 + 50);
    await call(add, [10]);
    expect(total.value).toBe(1275 + 11);
    total.reset();
    expect(total.value).toBe(0);
    total.add(4);
    expect(total.value).toBe(4);
  });

  it("counts a retried task once", async () => {
    await restart("local[2]", { maxTaskFailures: 3 });
    const total = driver.accumulator(0, (a, b) => a + b);
    const addThenFail = (x: number, partition: number, attempt: number): void => {
      total.add(x);
      if (attempt < partition % 3) throw new Error("once more");
    };
    await call(addThenFail, numbers);
    expect(total.value).toBe(1225);
  });

  it("counts of a job that fails the stages that ended", async () => {
    const total = driver.accumulator(0, (a, b) => a + b);
    const add = (x: number): void => total.add(x);
    const addAndFail = (x: number, partition: number): void => {
      total.add(100 * x);
      if (partition === 2) throw new Error("no");
    };
    const job = { name: "two", stages: [stageOf(add, [1, 2]), { ...stageOf(addAndFail, [1, 1, 1]), parents: [0] }] };
    await expect(driver.runJob(job)).rejects.toMatchObject({ code: "TASK_FAILED" });
    expect(total.value).toBe(3);
  });

  it.each(["local[1]", "local[2]", "local[3]"])("merges in order of partitions on %s", async (master) => {
    await restart(master);
    const order = driver.accumulator<string[]>([], (a, b) => a.concat(b));
    const add = (x: number): void => order.add([`a${x}`]);
    await call(add, numbers);
    expect(order.value).toEqual(numbers.map((x) => `a${x}`));
  });

  it("starts each task from a zero of its own, also where adding changes the total", async () => {
    const seen = driver.accumulator<number[]>([], (list, more) => {
      list.push(...more);
      return list;
    });
    const add = (x: number): void => seen.add([x]);
    await call(add, numbers);
    await call(add, [7]);
    expect(seen.value).toEqual([...numbers, 7]);
    seen.reset();
    expect(seen.value).toEqual([]);
  });

  it("lets a function use several, and captures of the function that adds", async () => {
    const modulus = 10;
    const first = driver.accumulator(0, (a, b) => (a + b) % modulus);
    const second = driver.accumulator(0, (a, b) => Math.max(a, b));
    const both = { first, second };
    const add = (x: number): void => {
      both.first.add(x);
      both.second.add(x);
    };
    await call(add, numbers);
    expect([first.value, second.value]).toEqual([5, 49]);
  });

  it("can be read on the driver alone, and added to only while a task runs", async () => {
    await restart("local[1]");
    const total = driver.accumulator(0, (a, b) => a + b);
    const read = (): number => total.value;
    await expect(call(read, [0])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const warnings: string[] = [];
    driver.events.subscribe((event) => event.type === "warning" && warnings.push(event.text));
    const hasEnded = new Int32Array(new SharedArrayBuffer(4));
    const late = (): void => {
      const look = (): void => {
        if (Atomics.load(hasEnded, 0) === 1) total.add(1);
        else setTimeout(look, 1);
      };
      setTimeout(look, 1);
    };
    await call(late, [0]);
    Atomics.store(hasEnded, 0, 1);
    await expect.poll(() => warnings).toEqual([expect.stringContaining("called after its task had ended")]);
    expect(total.value).toBe(0);
  });

  it("refuses a function that cannot travel when it is made", () => {
    const socket = new WeakMap();
    const message = expect.stringMatching(/accumulator.*add.*socket/);
    expect(() => driver.accumulator(0, (a, b) => (socket.has({}) ? a : b))).toThrow(
      expect.objectContaining({ code: "NOT_SHIPPABLE", message }),
    );
    expect(() => driver.accumulator(0, 5 as never)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("fails the job with what adding throws on the driver", async () => {
    await restart("local[2]");
    const fussy: Accumulator<number> = driver.accumulator(
      0,
      (a, b) => {
        if (a > 0 && b > 0) throw new RangeError("two of them");
        return a + b;
      },
      "fussy",
    );
    const add = (x: number): void => fussy.add(x);
    await expect(call(add, [1, 1])).rejects.toMatchObject({
      code: "TASK_FAILED",
      message: expect.stringContaining('"fussy"'),
      cause: { message: "two of them" },
    });
  });
});
