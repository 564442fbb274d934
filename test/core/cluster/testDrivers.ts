/**
 * Drivers of a test file, stopped after each test, and operators for them to run.
 */
import { afterAll, afterEach, expect } from "vitest";
import { Driver, type DriverOptions } from "../../../core/cluster/driver.ts";
import type { SuperstepError } from "../../../core/errors.ts";
import type { SuperstepEvent } from "../../../core/schedule/events.ts";
import { TestOperators } from "./testOperators.ts";

export const operators: TestOperators = new TestOperators(`
  import { SuperstepError } from "../core/errors.js";
  import { threadId } from "node:worker_threads";

  export const square = (shared, x) => x * x + (shared ?? 0);
  export const later = async (shared, x) => { await null; return x; };
  export const context = (shared, params, task) => [task.jobId, task.stageId, task.partition, task.attempt];
  export const thread = () => threadId;
  export const sum = (shared, ref, task) => task.arena.view(ref).reduce((a, b) => a + b, 0);
  export const fill = (shared, { ref, value }, task) => void task.arena.view(ref).fill(value);
  export const memo = (shared, params, task) => task.memo("key", () => ({ count: 0 })).count++;
  export const count = (shared) => shared.count++;
  export const notAFunction = 5;

  class RouteError extends RangeError { name = "RouteError"; }
  export const fail = (at, x) => {
    if (x === at) throw new RouteError("no route to " + x, { cause: new Error("the reason") });
    return x;
  };
  export const failUntil = (attempt, x, task) => {
    if (task.attempt < attempt) throw new Error("attempt " + task.attempt);
    return x;
  };
  export const failTyped = (code, x, task) => {
    throw new SuperstepError(code, "typed", { details: { row: x, tried: task.attempt } });
  };
  const thrower = () => { throw new Error("not even this"); };
  const hostile = { get: thrower, has: thrower, getPrototypeOf: thrower, ownKeys: thrower };
  const strange = [
    null, undefined, Symbol("s"), 0, "text", 10n, {}, () => 1, NaN,
    new Proxy({}, hostile), new Proxy(new Error("x"), hostile),
    Object.defineProperty(new Error("x"), "message", { get: thrower }),
    Object.freeze(new Error("frozen")),
    Object.assign(new Error("uncloneable"), { port: new MessageChannel().port1, fn: thrower }),
    Object.create(null),
  ];
  export const throwStrange = (shared, which) => { throw strange[which]; };
  export const numStrange = () => strange.length;

  export const spin = () => { for (;;); };
  export const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  export const regex = () => /^(a|a?)+$/.test("a".repeat(60) + "b");
  export const never = () => new Promise(() => {});
  export const polite = (flag, params, task) => {
    Atomics.store(flag, 0, 1);
    for (;;) task.throwIfCancelled();
  };
  export const politeAsync = async (flag, params, task) => {
    Atomics.store(flag, 0, 1);
    for (;;) { await new Promise((resolve) => setTimeout(resolve, 1)); task.throwIfCancelled(); }
  };
  /** Says on a counter that it runs, and goes on until told. */
  export const writeUntilCancelled = (counter, params, task) => {
    for (;;) { Atomics.add(counter, 0, 1); task.throwIfCancelled(); }
  };

  export const exit = (shared, code) => process.exit(code);
  export const exhaust = () => { const all = []; for (;;) all.push({ a: all.length, b: [all.length] }); };

  export const strayRejection = () => { void Promise.reject(new TypeError("stray")); return 1; };
  export const strayMicrotask = () => { queueMicrotask(() => { throw new TypeError("stray"); }); return 1; };
  export const strayTick = () => { process.nextTick(() => { throw new TypeError("stray"); }); return 1; };
  /** Leaves behind a callback that throws once the flag is 1. */
  export const strayTimer = (flag) => {
    const look = () => {
      if (Atomics.load(flag, 0) === 1) throw new TypeError("stray timer");
      setTimeout(look, 1);
    };
    setTimeout(look, 1);
    return 1;
  };
  /** Says on a flag that it runs, and waits until that is 2. */
  export const waitForFlag = async (flag) => {
    Atomics.store(flag, 0, 1);
    while (Atomics.load(flag, 0) !== 2) await new Promise((resolve) => setTimeout(resolve, 1));
    return "waited";
  };
  export const strayWhileWaiting = () => new Promise(() => { setTimeout(() => { throw new TypeError("stray"); }, 1); });
  export const wait = (shared, ms) => new Promise((resolve) => setTimeout(() => resolve("waited"), ms));
  export const handled = async () => {
    const rejected = Promise.reject(new Error("handled in time"));
    await null;
    return rejected.catch(() => "fine");
  };

  export const returnFunction = () => () => 1;
  export const returnSymbol = () => Symbol("s");
  export const returnArena = (shared, params, task) => new Uint8Array(task.arena.memory.buffer, 0, 10);
  export const load = (shared, name) => import(name).then((module) => module.default);

  export const store = (shared, { id, fill, level }, task) => task.storeBlock(id, new Uint8Array(64).fill(fill), level);
  export const storeView = (id, params, task) => {
    const shared = new Uint8Array(new SharedArrayBuffer(1 << 20));
    return task.storeBlock(id, shared.subarray(8, 16).fill(7), "memory");
  };
  export const storeColumn = (id, ref, task) => task.storeBlock(id, task.arena.view(ref), "memory");
  export const storeShared = async (id, params, task) => {
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    await task.storeBlock(id, shared, "memory");
    shared[0] = 9;
  };
  export const fetch = async (shared, id, task) => (await task.fetchBlock(id))?.slice();
  export const mapSide = async (counter, map, task) => {
    Atomics.add(counter, map, 1);
    for (let reduce = 0; reduce < 2; reduce++) {
      await task.storeBlock({ kind: "shuffle", shuffle: 5, map, reduce }, new Uint8Array(10).fill(10 * map + reduce), "disk");
    }
  };
  export const reduceSide = async (shared, reduce, task) => {
    const all = [];
    for (let map = 0; map < 3; map++) {
      const block = await task.fetchBlock({ kind: "shuffle", shuffle: 5, map, reduce });
      if (block === undefined) throw new SuperstepError("FETCH_FAILED", "not there", { details: { shuffle: 5, map } });
      all.push(block[0]);
    }
    return all;
  };
`);
afterAll(() => operators.remove());

const drivers: Driver[] = [];

export const create = async (options: DriverOptions = {}): Promise<Driver> => {
  const driver = await Driver.create({ master: "local[2]", ...options });
  drivers.push(driver);
  return driver;
};
afterEach(async () => {
  await Promise.all(drivers.splice(0).map((driver) => driver.stop()));
});

export const run = (
  driver: Driver,
  name: string,
  tasks: readonly unknown[],
  shared?: unknown,
  signal?: AbortSignal,
): Promise<unknown[]> =>
  driver.runTasks({ name: `the ${name}`, operator: operators.ref(name), tasks, shared }, signal ? { signal } : {});
export const errorOf = async (promise: Promise<unknown>): Promise<SuperstepError> => {
  try {
    await promise;
  } catch (error) {
    return error as SuperstepError;
  }
  throw new Error("it did not fail");
};
export const works = async (driver: Driver): Promise<void> => {
  expect(await run(driver, "square", [1, 2, 3])).toEqual([1, 4, 9]);
};
export const listen = (driver: Driver): SuperstepEvent[] => {
  const events: SuperstepEvent[] = [];
  driver.events.subscribe((event) => events.push(event));
  return events;
};
