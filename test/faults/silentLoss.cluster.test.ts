/** F20: an executor that is cut off without a word, in both directions, and later healed. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import type { SuperstepEvent } from "../../core/schedule/events.ts";
import { isAlive, lockCluster, lockTimeoutMs, until } from "../support/cluster.ts";
import { useContext } from "../support/context.ts";
import { graphOf, randomArcs } from "../support/graphs.ts";
import { algorithms, digestOf } from "./answers.ts";
import { WiredExecutors } from "./wires.ts";

const local = useContext("local[1]");
const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-wires-test."));
const settings = { heartbeatMs: 200, hostTimeoutMs: 2500, maxHostReplacements: 1000, spillDirectory: directory };
const events: SuperstepEvent[] = [];
let wired: WiredExecutors;
let context: Context;
let unlock: () => void;

beforeAll(async () => {
  unlock = await lockCluster();
  wired = new WiredExecutors(3);
  context = await Context.create({ executors: wired.source, config: settings });
  context.on((event) => events.push(event));
}, lockTimeoutMs);
afterAll(async () => {
  const pids = context.driver.executors.map(({ pid }) => pid);
  await context.stop();
  await wired.close();
  rmSync(directory, { recursive: true });
  unlock();
  expect(pids.filter(isAlive)).toEqual([]);
});

const lost = (): string[] =>
  events.flatMap((event) => (event.type === "host" && event.what === "lost" ? [event.text ?? ""] : []));
const idOf = (pid: number): number => context.driver.executors.find((each) => each.pid === pid)!.id;

describe("F20: silent loss of an executor, both ways", () => {
  it("with a task that ends meanwhile: it runs again elsewhere, and what is heard of it on healing counts nothing", async () => {
    await context.driver.whenExecutors(3);
    const added = context.accumulator(0, (a, b) => a + b);
    const sums = context
      .range(0, 600, 1, 6)
      .mapPartitionsWithIndex((records, partition) => {
        const fs = process.getBuiltinModule("node:fs");
        fs.writeFileSync(`${directory}/began.${partition}.${process.pid}`, "");
        while (!fs.existsSync(`${directory}/go`)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        added.add(1);
        fs.writeFileSync(`${directory}/ended.${partition}.${process.pid}`, "");
        return records;
      })
      .map((x): [number, number] => [x % 7, 1 / (x + 1)])
      .reduceByKey((a, b) => a + b, 3);
    const expected = await local
      .range(0, 600, 1, 6)
      .map((x): [number, number] => [x % 7, 1 / (x + 1)])
      .reduceByKey((a, b) => a + b, 3)
      .collect();
    const marks = (what: string): string[][] =>
      readdirSync(directory)
        .filter((name) => name.startsWith(`${what}.`))
        .map((name) => name.split("."));

    const result = sums.collect();
    await until(() => new Set(marks("began").map(([, , pid]) => pid)).size === 3, "each executor has a task");
    const [, partition, process_] = marks("began")[0]!;
    const pid = Number(process_);
    const id = idOf(pid);
    await wired.cutOff(pid);
    writeFileSync(path.join(directory, "go"), "");
    expect(await result).toEqual(expected);
    expect(lost().join()).toMatch(new RegExp(`executor ${id} .*(silent|could not be reached)`));
    expect(marks("ended").filter(([, ended]) => ended === partition)).toHaveLength(2); // here, and there in vain
    expect(added.value).toBe(6);

    await until(() => !isAlive(pid), "the one that is cut off ends by itself");
    expect(await wired.heal(pid), "bytes were held").toBeGreaterThan(0);
    await context.driver.whenExecutors(3);
    expect(context.driver.executors.map((each) => each.id)).not.toContain(id);
    expect(await sums.collect()).toEqual(expected);
    expect(added.value).toBe(6);
  });

  it.each(["PageRank", "components", "shortest paths"])("between supersteps of %s: same bits", async (name) => {
    await context.driver.whenExecutors(3);
    const arcs = randomArcs(31, 90, 400);
    const expected = await digestOf(algorithms[name]!, graphOf(local, arcs, 6));
    let victim: { id: number; pid: number } | undefined;
    let recoveries = 0;
    const stop = context.on((event) => {
      if (event.type === "recovery" && event.host === victim?.id) recoveries++;
      if (event.type !== "superstep" || event.n !== 2 || victim !== undefined) return;
      victim = context.driver.executors[1]!;
      void wired.cutOff(victim.pid);
    });
    expect(await digestOf(algorithms[name]!, graphOf(context, arcs, 6))).toBe(expected);
    stop();
    expect(recoveries, "it was cut off, and its loss met").toBe(1);
    const { pid } = victim!;
    await until(() => !isAlive(pid), "it ends by itself");
    expect(await wired.heal(pid)).toBeGreaterThan(0);
    expect(await digestOf(algorithms[name]!, graphOf(context, arcs, 6))).toBe(expected);
  });
});
