import { describe, expect, it } from "vitest";
import { operatorRef } from "../../../core/host/task.ts";
import { create, errorOf, listen, operators, run, works } from "./testDrivers.ts";

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
