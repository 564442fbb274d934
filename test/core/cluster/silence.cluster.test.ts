import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Context } from "../../../core/context.ts";
import { Driver } from "../../../core/cluster/driver.ts";
import { LocalLauncher } from "../../../core/cluster/localLauncher.ts";
import type { Launcher } from "../../../core/cluster/launcher.ts";
import { resolveConfig } from "../../../core/config.ts";
import { grpcTransport } from "../../../core/net/grpcTransport.ts";
import { Secret } from "../../../core/net/secret.ts";
import { isAlive, lockCluster, lockTimeoutMs, shortSettings, TestCluster, until } from "../../support/cluster.ts";

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
  const settings = { maxHostReplacements: 0, noHostGraceMs: 700 };

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

describe("an executor that is silent", () => {
  it("is lost after the host timeout: its work is done elsewhere", async () => {
    await withCluster("local-cluster[2,1]", { ...shortSettings }, async (cluster) => {
      cluster.arm("afterStore", "freeze");
      const rdd = cluster.context
        .range(0, 1000, 1, 8)
        .map((x): [number, number] => [x % 7, x])
        .reduceByKey((a, b) => a + b);
      const sums = new Map(await rdd.collect());
      const expected = new Map(
        all(7).map((key) => [
          key,
          all(1000)
            .filter((x) => x % 7 === key)
            .reduce((a, b) => a + b),
        ]),
      );
      expect(sums).toEqual(expected);
      expect(cluster.unfired).toBe(0);
      expect(cluster.lost.map(({ text }) => text).join()).toContain("silent");
    });
  });

  it("F12: frozen and thawed, out of reach of a kill: it ends by itself, and nothing late is taken", async () => {
    const spill = mkdtempSync(path.join(os.tmpdir(), "superstep-silence-test."));
    const config = { ...shortSettings, spillDirectory: spill, maxHostReplacements: 0 };
    const secret = Secret.generate();
    const real = new LocalLauncher({ numExecutors: 2, numThreads: 1, config: resolveConfig(config), secret });
    const launcher: Launcher = {
      start: (driver, listener) => real.start(driver, listener),
      replace: () => undefined,
      kill: () => false, // as on a machine that cannot be reached
      stop: () => real.stop(),
    };
    const driver = await Driver.create({
      config,
      executors: { launcher, transport: grpcTransport({ role: "driver", secret }) },
    });
    try {
      const [victim] = driver.executors;
      process.kill(victim!.pid, "SIGSTOP");
      await until(() => driver.executors.length === 1, "the silent one is given up");
      process.kill(victim!.pid, "SIGCONT");
      await until(() => !isAlive(victim!.pid), "the thawed one ends by itself");
      expect(driver.executors.map(({ id }) => id)).toEqual([2]);
    } finally {
      await driver.stop();
      rmSync(spill, { recursive: true });
    }
  });
});

describe("F33: a task that is busy for longer than the host timeout", () => {
  it("does not make its executor look dead", async () => {
    await withCluster("local-cluster[1,1]", { ...shortSettings }, async (cluster) => {
      const busy = cluster.context.range(0, 1, 1, 1).map((x) => {
        const end = performance.now() + 5000;
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
