import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Context } from "../../../core/context.ts";
import type { Accumulator } from "../../../core/accumulator.ts";
import { LocalLauncher } from "../../../core/cluster/localLauncher.ts";
import type { Launcher } from "../../../core/cluster/launcher.ts";
import { resolveConfig } from "../../../core/config.ts";
import { grpcTransport } from "../../../core/net/grpcTransport.ts";
import { Secret } from "../../../core/net/secret.ts";
import type { RDD } from "../../../core/rdd/rdd.ts";
import type { SuperstepEvent } from "../../../core/schedule/events.ts";
import {
  isAlive,
  lockCluster,
  lockTimeoutMs,
  Markers,
  shortSettings,
  TestCluster,
  until,
} from "../../support/cluster.ts";

const dist = fileURLToPath(new URL("../../../dist/", import.meta.url));

let unlock: () => void = () => undefined;
beforeAll(async () => {
  unlock = await lockCluster();
}, lockTimeoutMs);
afterAll(() => unlock());

/** Runs `use` over a cluster of its own. */
async function withCluster(
  master: string,
  config: Record<string, number>,
  use: (cluster: TestCluster) => Promise<void>,
): Promise<void> {
  const cluster = await TestCluster.start(master, { config });
  try {
    await use(cluster);
  } finally {
    await cluster.stop();
  }
}

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("F08: all executors killed, none replaced", () => {
  const settings = { maxHostReplacements: 0, noHostGraceMs: 300 };

  it("while idle: the next job fails with HOST_LOST after the grace", async () => {
    await withCluster("local-cluster[2,1]", settings, async (cluster) => {
      const { context } = cluster;
      expect(await context.range(0, 5).collect()).toEqual(all(5));
      for (const pid of cluster.alive.values()) process.kill(pid, "SIGKILL");
      const error = await context
        .range(0, 5)
        .collect()
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "HOST_LOST" });
      expect(context.driver.executors).toEqual([]);
      expect(cluster.lost).toHaveLength(2);
      await expect(context.driver.whenExecutors(1, 50)).rejects.toMatchObject({
        code: "HOST_LOST",
        message: expect.stringContaining("signal 9"),
      });
    });
  });

  it("while launches are in flight: so does that job", async () => {
    await withCluster("local-cluster[2,1]", settings, async (cluster) => {
      cluster.arm("launch", "kill", 2);
      const error = await cluster.context
        .range(0, 40, 1, 8)
        .collect()
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "HOST_LOST" });
      expect(cluster.lost).toHaveLength(2);
      expect(cluster.unfired).toBe(0);
    });
  });

  it("while tasks run: so does that job", async () => {
    await withCluster("local-cluster[2,1]", settings, async (cluster) => {
      const endless = cluster.context.range(0, 4, 1, 4).map((x) => {
        for (;;) if (x < 0) return x;
      });
      const failing = endless.collect().catch((thrown: unknown) => thrown);
      await until(() => cluster.events.filter(({ type }) => type === "task.start").length === 2, "two tasks run");
      for (const pid of cluster.alive.values()) process.kill(pid, "SIGKILL");
      expect(await failing).toMatchObject({ code: "HOST_LOST" });
    });
  });
});

/**
 * Two executors of one thread that nobody can end from here, as on machines that are out of reach; that their processes ended is
 * not told either.
 */
async function withFarExecutors(
  { isMachineSilent = false, ...more }: { readonly isMachineSilent?: boolean; readonly maxTaskFailures?: number },
  use: (context: Context, markers: Markers, events: SuperstepEvent[]) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-silence-test."));
  const spill = path.join(directory, "spill");
  const markers = new Markers(path.join(directory, "markers"));
  for (const name of [spill, markers.directory]) mkdirSync(name);
  const config = { ...shortSettings, fetchRetryMs: 20, resubmitDelayMs: 20, spillDirectory: spill, ...more };
  const secret = Secret.generate();
  const real = new LocalLauncher({ numExecutors: 2, numThreads: 1, config: resolveConfig(config), secret });
  const launcher: Launcher = {
    start: (driver, listener) => real.start(driver, { ...listener, ended: () => undefined }),
    replace: () => undefined,
    kill: () => false,
    isMachineSilent: () => isMachineSilent,
    stop: () => real.stop(),
  };
  const executors = { launcher, transport: grpcTransport({ role: "driver", secret }) };
  const context = await Context.create({ config, executors });
  const events: SuperstepEvent[] = [];
  context.on((event) => events.push(event));
  const pids = context.driver.executors.map(({ pid }) => pid);
  try {
    await use(context, markers, events);
  } finally {
    await context.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(readdirSync(spill)).toEqual([]);
    rmSync(directory, { recursive: true });
  }
}

/** Pids of executors with tasks at the gate of a side of `gatedSums`. */
const waitingAt = (markers: Markers, side: "map" | "reduce"): number[] =>
  markers
    .names()
    .filter((name) => name.startsWith(`${side}.`))
    .map((name) => Number(name.split(".")[2]));

/**
 * Sums of fractions by key over a shuffle of 6 maps and 4 reduces; the tasks of one side stand still until there is a marker
 * "go". `ran` counts all tasks.
 */
function gatedSums(
  context: Context,
  markers: Markers,
  side: "map" | "reduce" | "none",
): { readonly sums: RDD<[number, number]>; readonly ran: Accumulator<number> } {
  const { directory } = markers;
  const ran = context.accumulator(0, (a, b) => a + b);
  const gate = (partition: number, ofSide: string): void => {
    const fs = process.getBuiltinModule("node:fs");
    ran.add(1);
    if (ofSide !== side) return;
    fs.writeFileSync(`${directory}/${side}.${partition}.${process.pid}`, "");
    while (!fs.existsSync(`${directory}/go`)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  };
  const sums = context
    .range(0, 600, 1, 6)
    .mapPartitionsWithIndex((records, partition) => {
      gate(partition, "map");
      return Array.from(records, (x): [number, number] => [x % 7, 1 / (x + 1)]);
    })
    .reduceByKey((a, b) => a + b, 4)
    .mapPartitionsWithIndex((records, partition) => {
      gate(partition, "reduce");
      return records;
    });
  return { sums, ran };
}

describe("an executor that is silent", () => {
  const silent = (events: readonly SuperstepEvent[]): number[] =>
    events.flatMap((event) =>
      event.type === "host" && event.what === "lost" && /was silent for/.test(event.text ?? "") ? [event.host] : [],
    );
  const expected = async (markers: Markers): Promise<[number, number][]> => {
    const local = await Context.create({ master: "local[1]" });
    const rows = await gatedSums(local, markers, "none").sums.collect();
    await local.stop();
    return rows;
  };

  it("F02: killed in the reduce stage, which nobody tells: exactly the lost maps run again", async () => {
    await withFarExecutors({}, async (context, markers, events) => {
      const { sums, ran } = gatedSums(context, markers, "reduce");
      const result = sums.collect();
      await until(() => new Set(waitingAt(markers, "reduce")).size === 2, "both executors have a reduce task");
      const [pid] = waitingAt(markers, "reduce");
      const { id } = context.driver.executors.find((each) => each.pid === pid)!;
      const maps = (): SuperstepEvent[] =>
        events.filter((event) => event.type === "task.end" && event.status === "succeeded" && event.host === id);
      const written = maps().length;
      expect(written).toBeGreaterThan(0);
      process.kill(pid!, "SIGKILL");
      await until(() => silent(events).length > 0, "its silence is noticed");
      markers.set("go");
      expect(await result).toEqual(await expected(markers));
      expect(silent(events)).toEqual([id]);
      const stages = new Set(
        events.flatMap((event) =>
          event.type === "stage.start" && event.name.includes("(map side)") ? [event.stage] : [],
        ),
      );
      const starts = events.filter((event) => event.type === "task.start" && stages.has(event.stage));
      expect(starts).toHaveLength(6 + written);
      expect(ran.value).toBe(10);
    });
  });

  it("F12: frozen with its machine and thawed: it ends by itself, nothing late is taken, and no task is to blame", async () => {
    const settings = { isMachineSilent: true, maxTaskFailures: 1 };
    await withFarExecutors(settings, async (context, markers, events) => {
      const { sums, ran } = gatedSums(context, markers, "map");
      const result = sums.collect();
      await until(() => new Set(waitingAt(markers, "map")).size === 2, "both executors have a task");
      const [pid] = waitingAt(markers, "map");
      const { id } = context.driver.executors.find((each) => each.pid === pid)!;
      await until(() => events.some((event) => event.type === "task.start" && event.host === id), "its start is told");
      process.kill(pid!, "SIGSTOP");
      await until(() => silent(events).length > 0, "the silent one is given up");
      markers.set("go");
      const rows = await result;
      expect(rows).toEqual(await expected(markers));
      process.kill(pid!, "SIGCONT");
      await until(() => !isAlive(pid!), "the thawed one ends by itself");
      expect(silent(events)).toEqual([id]);
      expect(context.driver.executors.map((each) => each.id)).toEqual([3 - id]);
      expect(ran.value).toBe(10);
      expect(await sums.collect()).toEqual(rows);
    });
  });
});

describe("F33: a task that is busy for longer than the host timeout", () => {
  it("does not make its executor look dead", async () => {
    await withCluster("local-cluster[1,1]", { ...shortSettings }, async (cluster) => {
      const busy = cluster.context.range(0, 1, 1, 1).map((x) => {
        const end = performance.now() + 3500;
        while (performance.now() < end);
        return x;
      });
      expect(await busy.collect()).toEqual([0]);
      expect(cluster.lost).toEqual([]);
    });
  });
});

describe("F54: a result over the cap", () => {
  it("fails with RESULT_TOO_LARGE, alone or as a sum; the driver lives", async () => {
    await withCluster("local-cluster[1,1]", { maxResultBytes: 1 << 20 }, async ({ context }) => {
      const one = context.range(0, 1, 1, 1).map(() => "x".repeat(1 << 21));
      await expect(one.collect()).rejects.toMatchObject({
        code: "RESULT_TOO_LARGE",
        message: expect.stringContaining("maxResultBytes"),
      });
      const many = context.range(0, 8, 1, 8).map(() => "x".repeat(1 << 18));
      await expect(many.collect()).rejects.toMatchObject({ code: "RESULT_TOO_LARGE" });
      expect(await many.count()).toBe(8);
    });
  });
});

describe("the cap of results on local[T]", () => {
  it("is the same", async () => {
    const context = await Context.create({ master: "local[1]", config: { maxResultBytes: 1 << 20 } });
    const many = context.range(0, 8, 1, 8).map(() => "x".repeat(1 << 18));
    await expect(many.collect()).rejects.toMatchObject({ code: "RESULT_TOO_LARGE" });
    expect(await many.count()).toBe(8);
    await context.stop();
  });
});

describe("F10: a driver that is killed", () => {
  it("takes its executors along at once, long before they would miss it; what they left on disk goes at the next start", async () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-orphan-test."));
    const spill = path.join(directory, "spill");
    mkdirSync(spill);
    const program = path.join(directory, "program.mjs");
    const context = (then: string): string => `
      import { writeFileSync } from "node:fs";
      import { Context } from ${JSON.stringify(path.join(dist, "index.js"))};
      const config = { spillDirectory: ${JSON.stringify(spill)}, heartbeatMs: 60_000, hostTimeoutMs: 600_000 };
      const ctx = await Context.create({ master: "local-cluster[2,1]", config });
      ${then}`;
    try {
      const pids = path.join(directory, "pids");
      writeFileSync(
        program,
        context(`
          await ctx.range(0, 100, 1, 4).persist("disk").count();
          writeFileSync(${JSON.stringify(pids)}, JSON.stringify(ctx.driver.executors.map(({ pid }) => pid)));
          for (;;) await ctx.range(0, 100).map((x) => x + 1).count();`),
      );
      const driver = spawn(process.execPath, [program], { stdio: "inherit" });
      await until(() => readdirSync(directory).includes("pids"), "the driver has its executors");
      await until(() => readFileSync(pids, "utf8") !== "", "their pids are written");
      const executors = JSON.parse(readFileSync(pids, "utf8")) as number[];
      expect(executors.filter(isAlive)).toHaveLength(2);
      driver.kill("SIGKILL");
      await until(() => !executors.some(isAlive), "the executors end");
      // a dead run's directory, as one that was killed itself leaves it
      mkdirSync(path.join(spill, `superstep-${os.hostname()}-${executors[0]!}-abcdef`));
      writeFileSync(program, context(`await ctx.stop();`));
      const next = spawn(process.execPath, [program], { stdio: "inherit" });
      await new Promise((resolve) => next.once("exit", resolve));
      expect(readdirSync(spill)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
