import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { Driver, type DriverOptions } from "../../../core/cluster/driver.ts";
import type { SuperstepError } from "../../../core/errors.ts";
import { operatorRef } from "../../../core/host/task.ts";
import type { SuperstepEvent } from "../../../core/schedule/events.ts";
import { TestOperators } from "./testOperators.ts";

const operators = new TestOperators(`
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
  export const strayTimer = (shared, ms) => { setTimeout(() => { throw new TypeError("stray timer"); }, ms); return 1; };
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
const create = async (options: DriverOptions = {}): Promise<Driver> => {
  const driver = await Driver.create({ master: "local[2]", ...options });
  drivers.push(driver);
  return driver;
};
afterEach(async () => {
  await Promise.all(drivers.splice(0).map((driver) => driver.stop()));
});

const run = (driver: Driver, name: string, tasks: readonly unknown[], shared?: unknown, signal?: AbortSignal) =>
  driver.runTasks({ name: `the ${name}`, operator: operators.ref(name), tasks, shared }, signal ? { signal } : {});
const errorOf = async (promise: Promise<unknown>): Promise<SuperstepError> => {
  try {
    await promise;
  } catch (error) {
    return error as SuperstepError;
  }
  throw new Error("it did not fail");
};
const works = async (driver: Driver): Promise<void> => {
  expect(await run(driver, "square", [1, 2, 3])).toEqual([1, 4, 9]);
};
const listen = (driver: Driver): SuperstepEvent[] => {
  const events: SuperstepEvent[] = [];
  driver.events.subscribe((event) => events.push(event));
  return events;
};

describe("Driver.runTasks", () => {
  it.each(["local[1]", "local[2]", "local[3]"])("gives results in the order of tasks on %s", async (master) => {
    const driver = await create({ master });
    const tasks = Array.from({ length: 100 }, (_, i) => i);
    expect(await run(driver, "square", tasks, 7)).toEqual(tasks.map((x) => x * x + 7));
    expect(await run(driver, "later", tasks)).toEqual(tasks);
    expect(await run(driver, "square", [])).toEqual([]);
    expect(driver.numThreads).toBe(Number(master[6]));
  });

  it("tells tasks where they stand", async () => {
    const driver = await create();
    await works(driver);
    expect(await run(driver, "context", ["a", "b"])).toEqual([
      [2, 1, 0, 0],
      [2, 1, 1, 0],
    ]);
  });

  it("runs every task on one of its threads, none on the driver's", async () => {
    const driver = await create();
    const threads = new Set(await run(driver, "thread", Array.from({ length: 50 })));
    expect(threads.size).toBeLessThanOrEqual(2);
    expect(threads.has(0)).toBe(false);
  });

  it("runs tasks on threads that were started before, too", async () => {
    const driver = await create();
    driver.startThreads();
    await works(driver);
    driver.startThreads();
    const idle = await create();
    idle.startThreads();
    await idle.stop();
  });

  it("lets tasks read and write the driver's arena", async () => {
    const driver = await create();
    const ref = driver.arena.allocate("float64", 1000);
    driver.arena.view(ref).fill(0.5);
    expect(await run(driver, "sum", [ref])).toEqual([500]);
    const tasks = [0, 1].map((i) => ({ ref: driver.arena.slice(ref, i * 500, (i + 1) * 500), value: i + 1 }));
    await run(driver, "fill", tasks);
    expect(driver.arena.view(ref).reduce((a, b) => a + b, 0)).toBe(1500);
  });

  it("sends what tasks share once to each thread, and anew for each stage", async () => {
    const driver = await create({ master: "local[1]" });
    expect(await run(driver, "count", [0, 0, 0], { count: 5 })).toEqual([5, 6, 7]);
    expect(await run(driver, "count", [0, 0], { count: 1 })).toEqual([1, 2]);
  });

  it("keeps what a task memoised for the next one on the same thread", async () => {
    const driver = await create({ master: "local[1]" });
    expect(await run(driver, "memo", [0, 0, 0])).toEqual([0, 1, 2]);
    expect(await run(driver, "memo", [0])).toEqual([3]);
  });

  it("hands each result to onResult, and fails with what that throws", async () => {
    const driver = await create();
    const seen = new Map<number, unknown>();
    const spec = { name: "squares", operator: operators.ref("square"), tasks: [1, 2, 3] };
    await driver.runTasks(spec, { onResult: (partition, result) => seen.set(partition, result) });
    expect(seen).toEqual(new Map([0, 1, 2].map((partition) => [partition, (partition + 1) ** 2])));
    const mine = new Error("mine");
    const throwing = (): never => {
      throw mine;
    };
    expect(await errorOf(driver.runTasks(spec, { onResult: throwing }))).toBe(mine);
    expect(await errorOf(driver.runTasks({ ...spec, tasks: [1] }, { onResult: throwing }))).toBe(mine);
    await works(driver);
  });

  it("runs several jobs at once, and jobs begun in callbacks", async () => {
    const driver = await create();
    const inner: Promise<unknown>[] = [];
    const spec = { name: "outer", operator: operators.ref("square"), tasks: [1, 2] };
    const outer = driver.runTasks(spec, { onResult: (_, result) => inner.push(run(driver, "square", [result])) });
    const others = Array.from({ length: 20 }, (_, i) => run(driver, "square", [i, i + 1]));
    expect(await Promise.all(others)).toEqual(Array.from({ length: 20 }, (_, i) => [i ** 2, (i + 1) ** 2]));
    expect(await outer).toEqual([1, 4]);
    expect(new Set((await Promise.all(inner)).flat())).toEqual(new Set([1, 16]));
  });
});

describe("a task that fails", () => {
  it("fails its job with stage, partition and attempt, and with name, message, stack and cause of what it threw", async () => {
    const driver = await create();
    const error = await errorOf(run(driver, "fail", [1, 2, 3], 2));
    expect(error).toMatchObject({
      name: "SuperstepError",
      code: "TASK_FAILED",
      message: 'stage "the fail", partition 1, attempt 0: RouteError: no route to 2',
      details: { stage: "the fail", partition: 1, attempt: 0, host: 0 },
    });
    expect(error.stack).toContain("driver.test.ts"); // who asked for it
    const cause = error.cause as Error;
    expect(cause).toMatchObject({ name: "RouteError", message: "no route to 2", cause: { message: "the reason" } });
    expect(cause.stack).toMatch(new RegExp(`fail.*${operators.fileName}`)); // where it was thrown
    await works(driver);
  });

  it("may throw anything", async () => {
    const driver = await create({ master: "local[1]" });
    const [count] = (await run(driver, "numStrange", [0])) as [number];
    expect(count).toBe(15);
    for (let which = 0; which < count; which++) {
      const error = await errorOf(run(driver, "throwStrange", [which]));
      expect(error, `thrown value ${which}`).toMatchObject({ code: "TASK_FAILED", details: { partition: 0 } });
      expect(error.cause).toBeInstanceOf(Error);
    }
    await works(driver);
  });

  it("is run again up to the limit, and its history told", async () => {
    const driver = await create({ config: { maxTaskFailures: 3 } });
    expect(await run(driver, "failUntil", [5, 6], 2)).toEqual([5, 6]);
    const error = await errorOf(run(driver, "failUntil", [5], 3));
    expect(error).toMatchObject({
      message: 'stage "the failUntil", partition 0, attempt 2, failed 3 times: Error: attempt 2',
      details: { attempt: 2, earlierFailures: ["Error: attempt 0", "Error: attempt 1"] },
    });
  });

  it.each(["TYPE_MISMATCH", "INVALID_INPUT", "NOT_SHIPPABLE", "CANCELLED", "INVALID_ARGUMENT"])(
    "with %s fails its job with that very code and message, at once",
    async (code) => {
      const driver = await create({ config: { maxTaskFailures: 3 } });
      const error = await errorOf(run(driver, "failTyped", [8], code));
      expect(error).toMatchObject({
        code,
        message: "typed",
        details: { row: 8, tried: 0, partition: 0, stage: "the failTyped" },
      });
      expect(error.cause).toMatchObject({ code });
    },
  );

  it.each([0, 42])("by ending its thread with exit code %i is told so, and the thread replaced", async (code) => {
    const driver = await create();
    const events = listen(driver);
    const error = await errorOf(run(driver, "exit", [code]));
    expect(error).toMatchObject({ code: "TASK_FAILED", message: expect.stringContaining(`exited with code ${code}`) });
    expect(events.filter(({ type }) => type === "host")).toMatchObject([{ what: "replaced" }]);
    await works(driver);
  });

  it("by ending its thread is run again where retries are allowed, and others are not", async () => {
    const driver = await create({ config: { maxTaskFailures: 2 } });
    const events = listen(driver);
    await errorOf(run(driver, "exit", [1]));
    const ends = events.filter((event) => event.type === "task.end").map(({ attempt, status }) => [attempt, status]);
    expect(ends).toEqual([
      [0, "failed"],
      [1, "failed"],
    ]);
  });

  it("by exhausting its thread's heap fails with OUT_OF_MEMORY, and the process lives", async () => {
    const driver = await create({ master: "local[1]", config: { threadHeapMiB: 24 } });
    const error = await errorOf(run(driver, "exhaust", [0]));
    expect(error).toMatchObject({ code: "OUT_OF_MEMORY", message: expect.stringContaining("24 MiB") });
    await works(driver);
  });
});

describe("what a task leaves behind", () => {
  it.each(["strayRejection", "strayMicrotask", "strayTick"])(
    "and fails in the turn of its end fails the task: %s",
    async (name) => {
      const driver = await create({ master: "local[1]" });
      const error = await errorOf(run(driver, name, [0]));
      expect(error).toMatchObject({ code: "TASK_FAILED", cause: { name: "TypeError", message: "stray" } });
      await works(driver);
    },
  );

  it("and fails later is told as a warning that names the task, and does not touch the next", async () => {
    const driver = await create({ master: "local[1]" });
    const events = listen(driver);
    expect(await run(driver, "strayTimer", [5])).toEqual([1]);
    expect(await run(driver, "wait", [40])).toEqual(["waited"]);
    const warnings = events.filter((event) => event.type === "warning");
    expect(warnings).toMatchObject([
      { code: "STRAY_ERROR", text: expect.stringMatching(/job 1, stage 0, partition 0.*stray timer/) },
    ]);
    await works(driver);
  });

  it("and fails while the task still waits fails the task, and its thread is replaced", async () => {
    const driver = await create({ master: "local[1]" });
    const before = await run(driver, "thread", [0]);
    const error = await errorOf(run(driver, "strayWhileWaiting", [0]));
    expect(error).toMatchObject({ code: "TASK_FAILED", cause: { name: "TypeError", message: "stray" } });
    expect(await run(driver, "thread", [0])).not.toEqual(before);
  });

  it("and is handled in time is no failure", async () => {
    const driver = await create();
    expect(await run(driver, "handled", [0, 0])).toEqual(["fine", "fine"]);
  });
});

describe("cancelling", () => {
  it.each(["spin", "sleep", "regex", "never"])("ends a task that does not listen: %s", async (name) => {
    const driver = await create({ config: { cancelGraceMs: 20 } });
    await works(driver);
    const events = listen(driver);
    const controller = new AbortController();
    driver.events.subscribe((event) => event.type === "task.start" && controller.abort());
    const error = await errorOf(run(driver, name, [0], undefined, controller.signal));
    expect(error).toMatchObject({ code: "CANCELLED", message: `job "the ${name}": cancelled by its signal` });
    expect(events.filter(({ type }) => type === "host")).toHaveLength(1);
    await works(driver);
  });

  it.each(["polite", "politeAsync"])("is heard by a task that asks, whose thread lives on: %s", async (name) => {
    const driver = await create({ master: "local[1]" });
    const before = await run(driver, "thread", [0]);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const controller = new AbortController();
    const error = errorOf(run(driver, name, [0], flag, controller.signal));
    await expect.poll(() => flag[0]).toBe(1);
    controller.abort();
    expect(await error).toMatchObject({ code: "CANCELLED" });
    expect(await run(driver, "thread", [0])).toEqual(before);
  });

  it("of one task does not reach the next on the same thread", async () => {
    const driver = await create({ master: "local[1]", config: { cancelGraceMs: 100 } });
    const before = await run(driver, "thread", [0]);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const controller = new AbortController();
    const error = errorOf(run(driver, "polite", [0], flag, controller.signal));
    await expect.poll(() => flag[0]).toBe(1);
    controller.abort();
    await error;
    expect(await run(driver, "wait", [250])).toEqual(["waited"]);
    expect(await run(driver, "thread", [0])).toEqual(before);
  });

  it("settles only when no task of the job runs any more", async () => {
    const driver = await create();
    const counter = new Int32Array(new SharedArrayBuffer(4));
    const controller = new AbortController();
    const error = errorOf(run(driver, "writeUntilCancelled", [0, 0], counter, controller.signal));
    await expect.poll(() => counter[0]).toBeGreaterThan(0);
    controller.abort();
    await error;
    const atEnd = counter[0];
    await works(driver);
    expect(counter[0]).toBe(atEnd);
  });

  it("before the start runs nothing", async () => {
    const driver = await create();
    const events = listen(driver);
    const reason = new RangeError("my reason");
    const error = await errorOf(run(driver, "square", [1], 0, AbortSignal.abort(reason)));
    expect(error).toMatchObject({ code: "CANCELLED", message: expect.stringContaining("my reason") });
    expect(events).toEqual([]);
  });

  it("one job leaves another alone", async () => {
    const driver = await create({ config: { cancelGraceMs: 20 } });
    const controller = new AbortController();
    const error = errorOf(run(driver, "spin", [0], 0, controller.signal));
    const other = run(driver, "wait", [100]);
    controller.abort();
    expect(await error).toMatchObject({ code: "CANCELLED" });
    expect(await other).toEqual(["waited"]);
  });
});

describe("what cannot travel", () => {
  it.each(["returnFunction", "returnSymbol", "returnArena"])("as a result fails the job at once: %s", async (name) => {
    const driver = await create({ config: { maxTaskFailures: 3 } });
    const events = listen(driver);
    expect(await errorOf(run(driver, name, [0]))).toMatchObject({ code: "NOT_SHIPPABLE" });
    expect(events.filter(({ type }) => type === "task.end")).toHaveLength(1);
    await works(driver);
  });

  it("as parameters, or as what tasks share, fails the job at once", async () => {
    const driver = await create({ config: { maxTaskFailures: 3 } });
    const arena = new Uint8Array(driver.arena.memory.buffer, 0, 10); // sent, it does not arrive
    expect(await errorOf(run(driver, "square", [() => 1]))).toMatchObject({ code: "NOT_SHIPPABLE" });
    expect(await errorOf(run(driver, "square", [1, 2, 3], Symbol("s")))).toMatchObject({ code: "NOT_SHIPPABLE" });
    expect(await errorOf(run(driver, "square", [arena]))).toMatchObject({ code: "NOT_SHIPPABLE" });
    await works(driver);
  });
});

describe("operators", () => {
  it.each([
    ["../core/errors", "excerpt"],
    ["core/../core/errors", "excerpt"],
    ["/etc/passwd", "default"],
    ["file:///etc/passwd", "default"],
    ["node:fs", "rmSync"],
    ["core/errors.js", "excerpt"],
    ["core/missing", "excerpt"],
    ["core\\errors", "excerpt"],
    ["", "excerpt"],
    ["core/errors", "missing"],
    ["core/errors", "toString"],
    ["core/errors", "__proto__"],
  ])("are not taken from %j#%s", async (module, name) => {
    const driver = await create({ master: "local[1]", config: { maxTaskFailures: 3 } });
    const events = listen(driver);
    const error = await errorOf(driver.runTasks({ name: "odd", operator: { module, name }, tasks: [0] }));
    expect(error.message).toMatch(/^operator|Cannot find module/);
    expect(events.filter(({ type }) => type === "task.end")).toHaveLength(1);
  });

  it("must be functions", async () => {
    const driver = await create({ master: "local[1]" });
    const error = await errorOf(run(driver, "notAFunction", [0]));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining("exported function") });
  });

  it("are named by their module's URL", async () => {
    const driver = await create({ master: "local[1]" });
    const operator = operatorRef(new URL("../../../dist/core/errors.js", import.meta.url).href, "excerpt");
    expect(operator).toEqual({ module: "core/errors", name: "excerpt" });
    expect(await driver.runTasks({ name: "excerpts", operator, shared: "text", tasks: [20] })).toEqual(['"text"']);
  });
});

describe("blocks", () => {
  const id = (partition: number) => ({ kind: "rdd", rdd: 1, partition }) as const;

  it("that tasks store are there for other tasks and the driver, at any level", async () => {
    const driver = await create();
    const levels = ["memory", "memoryAndDisk", "disk"];
    await run(
      driver,
      "store",
      levels.map((level, i) => ({ id: id(i), fill: i + 1, level })),
    );
    const expected = levels.map((_, i) => new Uint8Array(64).fill(i + 1));
    expect(await run(driver, "fetch", [id(0), id(1), id(2), id(3)])).toEqual([...expected, undefined]);
    expect(await driver.getBlock(id(2))).toEqual(expected[2]);
    expect(driver.blockUsage).toMatchObject({ blocks: 3, memoryBytes: 128, diskBytes: 64 });
    await driver.putBlock(id(9), new Uint8Array([4]), "memory");
    expect(await run(driver, "fetch", [id(9)])).toEqual([new Uint8Array([4])]);
    expect(driver.hasBlock(id(9))).toBe(true);
    expect(driver.removeBlocks({ kind: "rdd", rdd: 1 })).toBe(4);
    expect(await run(driver, "fetch", [id(0), id(9)])).toEqual([undefined, undefined]);
  });

  it("are shared with their thread, not copied, unless they are a small view of much", async () => {
    const driver = await create();
    await run(driver, "storeShared", [0], id(0));
    expect((await driver.getBlock(id(0)))![0]).toBe(9);
    await run(driver, "storeView", [0], id(1));
    const stored = await driver.getBlock(id(1));
    expect([stored, stored!.buffer.byteLength]).toEqual([new Uint8Array(8).fill(7), 8]);
  });

  it("that are columns are copied, so that they do not change with them", async () => {
    const driver = await create({ config: { arenaBytes: 65536 } });
    const ref = driver.arena.allocate("uint8", 65536);
    driver.arena.view(ref).fill(5);
    await run(driver, "storeColumn", [ref], id(2));
    driver.arena.view(ref).fill(6);
    expect((await driver.getBlock(id(2)))!.every((byte) => byte === 5)).toBe(true);
  });

  it("of an unusual name are refused", async () => {
    const driver = await create({ master: "local[1]" });
    const bad = { kind: "rdd", rdd: "../x", partition: 0 };
    expect(await errorOf(run(driver, "fetch", [bad]))).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await errorOf(run(driver, "store", [{ id: bad, fill: 1, level: "disk" }]))).toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("of a shuffle that are damaged on disk are written again, alone, for a later job", async () => {
    const parent = await mkdtemp(path.join(os.tmpdir(), "driver-test-"));
    const driver = await create({ config: { spillDirectory: parent, resubmitDelayMs: 10 } });
    const counter = new Int32Array(new SharedArrayBuffer(12));
    const map = {
      name: "map",
      operator: operators.ref("mapSide"),
      shared: counter,
      tasks: [0, 1, 2],
      parents: [],
      shuffleId: 5,
    };
    const reduce = { name: "reduce", operator: operators.ref("reduceSide"), tasks: [0, 1], parents: [0] };
    const job = { name: "shuffle", stages: [map, reduce] };
    const expected = [
      [0, 10, 20],
      [1, 11, 21],
    ];
    expect(await driver.runJob(job)).toEqual(expected);
    const [directory] = await readdir(parent);
    const files = (await readdir(path.join(parent, directory!))).filter((file) => file.startsWith("shuffle-5-1-"));
    expect(files).toHaveLength(2);
    await truncate(path.join(parent, directory!, files[0]!), 3);
    expect(await driver.runJob(job)).toEqual(expected);
    expect([...counter]).toEqual([1, 2, 1]);
    driver.releaseShuffle(5);
    expect(driver.blockUsage.blocks).toBe(0);
    expect(await driver.runJob(job)).toEqual(expected);
    expect([...counter]).toEqual([2, 3, 2]);
    await driver.stop();
    expect(await readdir(parent)).toEqual([]);
    await rm(parent, { recursive: true });
  });
});

describe("Driver.setModuleHooks", () => {
  const hooks = (answer: string): string => {
    const source = `
      export const resolve = (specifier, context, next) =>
        specifier === "virtual:${answer}" ? { url: specifier, format: "module", shortCircuit: true } : next(specifier, context);
      export const load = (url, context, next) =>
        url === "virtual:${answer}" ? { format: "module", source: "export default '${answer}'", shortCircuit: true } : next(url, context);`;
    return `data:text/javascript,${encodeURIComponent(source)}`;
  };

  it("serves threads that start, and threads that run", async () => {
    const driver = await create({ master: "local[1]" });
    driver.setModuleHooks([hooks("one")]);
    expect(await run(driver, "load", ["virtual:one"])).toEqual(["one"]);
    driver.setModuleHooks([hooks("one"), hooks("two")]);
    expect(await run(driver, "load", ["virtual:two", "virtual:one"])).toEqual(["two", "one"]);
  });

  it("fails jobs, not the program, if a hook cannot be loaded", async () => {
    const driver = await create({ master: "local[1]" });
    driver.setModuleHooks(["data:text/javascript,throw new Error('bad hook')"]);
    const error = await errorOf(run(driver, "square", [1]));
    expect(error).toMatchObject({ code: "TASK_FAILED", message: expect.stringContaining("bad hook") });
  });

  it("fails jobs in bounded time if a thread does not get ready", async () => {
    const driver = await create({ master: "local[1]", config: { threadStartMs: 300 } });
    driver.setModuleHooks(["data:text/javascript,await new Promise((resolve) => setTimeout(resolve, 1e6))"]);
    const error = await errorOf(run(driver, "square", [1]));
    expect(error).toMatchObject({ code: "TASK_FAILED", message: expect.stringContaining("threadStartMs") });
  });
});

describe("events of a driver", () => {
  it("tell of job, stages and tasks, in order, and never change a result", async () => {
    const driver = await create({ master: "local[1]" });
    driver.events.subscribe(() => {
      throw new Error("listener");
    });
    const events = listen(driver);
    expect(await run(driver, "square", [3])).toEqual([9]);
    expect(events.map(({ type }) => type)).toEqual([
      "job.start",
      "stage.start",
      "task.start",
      "task.end",
      "stage.end",
      "job.end",
    ]);
    expect(events.every(({ v, job }) => v === 1 && job === 1)).toBe(true);
    expect(events.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(events[0]).toMatchObject({ name: "the square", stages: [1] });
    expect(events.at(-1)).toMatchObject({ status: "succeeded", ms: expect.any(Number) });
  });

  it("tell how a job failed", async () => {
    const driver = await create({ master: "local[1]" });
    const events = listen(driver);
    await errorOf(run(driver, "fail", [2], 2));
    expect(events.at(-1)).toMatchObject({ type: "job.end", status: "failed", code: "TASK_FAILED" });
    expect(events.find(({ type }) => type === "task.end")).toMatchObject({ error: "RouteError: no route to 2" });
  });
});
