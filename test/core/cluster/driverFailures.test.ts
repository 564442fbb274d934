import { describe, expect, it } from "vitest";
import type { SuperstepEvent } from "../../../core/schedule/events.ts";
import { create, errorOf, listen, operators, run, works } from "./testDrivers.ts";

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
    expect(error.stack).toContain("driverFailures.test.ts"); // who asked for it
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
    const [stray, waits] = [1, 2].map(() => new Int32Array(new SharedArrayBuffer(4)));
    expect(await run(driver, "strayTimer", [0], stray)).toEqual([1]);
    const next = run(driver, "waitForFlag", [0], waits);
    await expect.poll(() => waits![0]).toBe(1);
    Atomics.store(stray!, 0, 1);
    const warnings = (): SuperstepEvent[] => events.filter((event) => event.type === "warning");
    await expect
      .poll(warnings)
      .toMatchObject([
        { code: "STRAY_ERROR", text: expect.stringMatching(/job 1, stage 0, partition 0.*stray timer/) },
      ]);
    Atomics.store(waits!, 0, 2);
    expect(await next).toEqual(["waited"]);
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
    const driver = await create({ master: "local[1]", config: { cancelGraceMs: 60_000 } });
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
    const driver = await create({ master: "local[1]", config: { cancelGraceMs: 1000 } });
    const before = await run(driver, "thread", [0]);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const controller = new AbortController();
    const error = errorOf(run(driver, "polite", [0], flag, controller.signal));
    await expect.poll(() => flag[0]).toBe(1);
    controller.abort();
    await error;
    expect(await run(driver, "wait", [1200])).toEqual(["waited"]);
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
