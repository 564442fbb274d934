import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Driver } from "../../../core/cluster/driver.ts";
import { TestOperators } from "./testOperators.ts";

const operators = new TestOperators(`
  export const square = (shared, x) => x * x;
  export const spin = () => { for (;;); };
  /** Leaves behind a callback that throws once the flag is 1. */
  export const stray = (flag) => {
    const look = () => {
      if (Atomics.load(flag, 0) === 1) throw new Error("left behind");
      setTimeout(look, 1);
    };
    setTimeout(look, 1);
  };
  export const store = (shared, id, task) => task.storeBlock(id, new Uint8Array(10), "disk");
`);
afterAll(() => operators.remove());

const squares = { name: "squares", operator: operators.ref("square"), tasks: [2, 3] };
const spins = { name: "spins", operator: operators.ref("spin"), tasks: [0, 0, 0] };
const stopped = expect.objectContaining({ code: "CONTEXT_STOPPED" });

/** Runs a program that has `Driver` and the operators at hand. Resolves with its exit code and what it printed. */
async function runProgram(body: string): Promise<{ code: number | null; output: string }> {
  const url = (module: string): string => JSON.stringify(new URL(`../../../dist/${module}`, import.meta.url).href);
  const program = `
    import { Driver } from ${url("core/cluster/driver.js")};
    const squares = ${JSON.stringify(squares)}, spins = ${JSON.stringify(spins)};
    const driver = await Driver.create({ master: "local[2]" });
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { timeout: 100_000 });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output: output.trim() };
}

describe("Driver.stop", () => {
  it("fails unfinished jobs, and all that is asked afterwards, with CONTEXT_STOPPED", async () => {
    const driver = await Driver.create({ master: "local[2]" });
    const started = new Promise<void>((resolve) => {
      driver.events.subscribe((event) => event.type === "task.start" && resolve());
    });
    const hostEvents: string[] = [];
    driver.events.subscribe((event) => event.type === "host" && hostEvents.push(event.what));
    const jobs = [driver.runTasks(spins), driver.runTasks(squares)].map((job) => expect(job).rejects.toEqual(stopped));
    await started;
    await driver.stop();
    await Promise.all(jobs);
    expect(driver.isStopped).toBe(true);
    expect(hostEvents).toEqual([]); // threads that end as they should are no event
    await expect(driver.runTasks(squares)).rejects.toEqual(stopped);
    await expect(driver.getBlock({ kind: "rdd", rdd: 1, partition: 0 })).rejects.toEqual(stopped);
    await expect(driver.putBlock({ kind: "rdd", rdd: 1, partition: 0 }, new Uint8Array(1), "memory")).rejects.toEqual(
      stopped,
    );
    expect(() => driver.broadcast(1)).toThrow(stopped);
    expect(() => driver.accumulator(0, (a, b) => a + b)).toThrow(stopped);
    expect(() => driver.setModuleHooks([])).toThrow(stopped);
    driver.releaseShuffle(1); // what lets go of things may come late
    driver.removeBlocks({ kind: "rdd", rdd: 1 });
  });

  it("can be called again, at the same time and later", async () => {
    const driver = await Driver.create({ master: "local[2]" });
    await driver.runTasks(squares);
    await Promise.all([driver.stop(), driver.stop()]);
    await driver.stop();
  });

  it("before any task starts no thread", async () => {
    const driver = await Driver.create({ master: "local[2]" });
    await driver.stop();
  });

  it("is what the end of `await using` does", async () => {
    const driver = await Driver.create({ master: "local[1]" });
    await driver[Symbol.asyncDispose]();
    expect(driver.isStopped).toBe(true);
  });

  it("follows the driver's signal, which cancels what runs", async () => {
    const controller = new AbortController();
    const driver = await Driver.create({ master: "local[1]", signal: controller.signal });
    const job = expect(driver.runTasks(spins)).rejects.toMatchObject({ code: "CANCELLED" });
    controller.abort();
    await job;
    await expect(driver.runTasks(squares)).rejects.toEqual(stopped);
    await driver.stop();
    await expect(Driver.create({ signal: controller.signal })).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("leaves no file", async () => {
    const parent = await mkdtemp(path.join(os.tmpdir(), "stop-test-"));
    const driver = await Driver.create({ master: "local[1]", config: { spillDirectory: parent } });
    const tasks = [{ kind: "rdd", rdd: 1, partition: 0 }];
    await driver.runTasks({ name: "store", operator: operators.ref("store"), tasks });
    expect(await readdir(parent)).toHaveLength(1);
    await driver.stop();
    expect(await readdir(parent)).toEqual([]);
    await rm(parent, { recursive: true });
  });
});

describe("a program with a driver", () => {
  it("ends by itself when it forgets to stop it", async () => {
    expect(await runProgram(`console.log(await driver.runTasks(squares));`)).toEqual({ code: 0, output: "[ 4, 9 ]" });
  });

  it("is kept alive by a job that runs", async () => {
    const body = `driver.runTasks(squares).then((results) => console.log("later", results));`;
    expect(await runProgram(body)).toEqual({ code: 0, output: "later [ 4, 9 ]" });
  });

  it("goes on after stop, also with a job under way, and has no thread left", async () => {
    const body = `
      const job = driver.runTasks(spins).catch((error) => error.code);
      await driver.runTasks(squares, { signal: AbortSignal.timeout(50) }).catch((error) => console.log(error.code));
      await driver.stop();
      console.log(await job, process.getActiveResourcesInfo().filter((name) => /Worker|MessagePort|Timeout/.test(name)).length);`;
    expect(await runProgram(body)).toEqual({ code: 0, output: "CANCELLED\nCONTEXT_STOPPED 0" });
  });

  it("hears of stray errors as warnings of the process when nobody listens to events", async () => {
    const body = `
      const flag = new Int32Array(new SharedArrayBuffer(4));
      await driver.runTasks({ ...squares, operator: strays, shared: flag });
      const warned = new Promise((resolve) => process.once("warning", resolve));
      Atomics.store(flag, 0, 1);
      const keptAlive = setTimeout(() => {}, 90_000);
      const { name, code, message } = await warned;
      clearTimeout(keptAlive);
      console.log(name, code, message);`;
    const { code, output } = await runProgram(`const strays = ${JSON.stringify(operators.ref("stray"))}; ${body}`);
    expect(code).toBe(0);
    expect(output).toMatch(/SuperstepWarning STRAY_ERROR .*stage 0, partition \d.*Error: left behind/);
  });
});
