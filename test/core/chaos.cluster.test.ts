import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Context, type ContextOptions } from "../../core/context.ts";
import type { SuperstepEvent } from "../../core/schedule/events.ts";
import { lockCluster, lockTimeoutMs, shortSettings } from "../support/cluster.ts";

const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-chaos-test."));
let unlock: (() => void) | undefined;
beforeAll(async () => {
  unlock = await lockCluster();
}, lockTimeoutMs);
afterAll(() => {
  unlock?.();
  rmSync(directory, { recursive: true });
});

const contexts: Context[] = [];
afterEach(async () => {
  for (const ctx of contexts.splice(0)) await ctx.stop();
});

async function newContext(options: ContextOptions): Promise<{ ctx: Context; seen: SuperstepEvent[] }> {
  const ctx = await Context.create(options);
  contexts.push(ctx);
  const seen: SuperstepEvent[] = [];
  ctx.on((event) => seen.push(event));
  return { ctx, seen };
}

/** Two shuffles, so four stages with the one before; the answer is the same on any master. */
async function counted(ctx: Context): Promise<[number, number][]> {
  const pairs = ctx.range(0, 4000, 1, 6).map((n): [number, number] => [n % 97, n]);
  const sums = pairs.reduceByKey((a, b) => a + b);
  return sums
    .map(([key, sum]): [number, number] => [(key * sum) % 10, 1])
    .reduceByKey((a, b) => a + b)
    .sortByKey()
    .collect();
}

const warningsIn = (seen: readonly SuperstepEvent[]): string[] =>
  seen.flatMap((event) =>
    event.type === "warning" && event.code.startsWith("CHAOS") ? `${event.code} ${event.text}` : [],
  );
const lostIn = (seen: readonly SuperstepEvent[]): number =>
  seen.filter((event) => event.type === "host" && event.what === "lost").length;

describe("chaos on executors", () => {
  it.each([
    ["kill-host@stage=1", "killed", 1],
    ["kill-host@stage=2#seed=3", "killed", 1],
    ["kill-host@stage=1,kill-host@stage=3#seed=5", "killed", 2],
    ["freeze-host@stage=2", "froze", 1],
  ])("loses executors and no bit: %s", async (chaos, word, times) => {
    const { ctx: local } = await newContext({ master: "local[1]" });
    const expected = await counted(local);
    const config = word === "froze" ? shortSettings : {};
    const { ctx, seen } = await newContext({ master: "local-cluster[2,1]", config, chaos });
    expect(await counted(ctx)).toEqual(expected);
    expect(await counted(ctx)).toEqual(expected);
    await ctx.stop();
    expect(warningsIn(seen)).toHaveLength(times);
    for (const warning of warningsIn(seen))
      expect(warning).toMatch(new RegExp(`^CHAOS ${word} executor \\d+ as stage \\d`));
    expect(lostIn(seen)).toBe(times);
  });

  it("ends a thread of an executor, whose task runs again", async () => {
    const { ctx, seen } = await newContext({ master: "local-cluster[2,1]", chaos: "kill-thread@stage=1" });
    const replaced = path.join(directory, "replaced");
    ctx.on((event) => event.type === "host" && event.what === "replaced" && writeFileSync(replaced, ""));
    const waiting = (n: number): number => {
      const { existsSync } = process.getBuiltinModule("node:fs");
      while (!existsSync(replaced)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      return n * 2;
    };
    expect(await ctx.range(0, 6, 1, 6).map(waiting).collect()).toEqual([0, 2, 4, 6, 8, 10]);
    expect(warningsIn(seen)).toEqual([
      expect.stringMatching(/^CHAOS ended thread \d+ of host [12] in its task as stage 1/),
    ]);
    expect(seen.filter((event) => event.type === "host" && event.what === "replaced")).toHaveLength(1);
    expect(seen.filter((event) => event.type === "task.start" && event.attempt > 0)).toHaveLength(1);
    expect(lostIn(seen)).toBe(0);
  });

  it("ends a thread of this process, where tasks are tried again", async () => {
    const config = { maxTaskFailures: 2 };
    const { ctx, seen } = await newContext({ master: "local[2]", config, chaos: "kill-thread@stage=2" });
    const { ctx: local } = await newContext({ master: "local[1]" });
    expect(await counted(ctx)).toEqual(await counted(local));
    expect(warningsIn(seen)).toEqual([expect.stringContaining("of host 0 in its task as stage 2 began")]);
  });

  it("warns of what never fired, as the context stops", async () => {
    const { ctx, seen } = await newContext({ master: "local-cluster[1,1]", chaos: "kill-host@superstep=4" });
    await ctx.range(3).count();
    await ctx.stop();
    expect(warningsIn(seen)).toEqual([
      "CHAOS_NOT_FIRED kill-host@superstep=4 never fired: there was no such superstep",
    ]);
  });

  it("is refused before anything runs, and leaves nothing", async () => {
    const config = { maxTaskFailures: 1 };
    await expect(Context.create({ master: "local[2]", chaos: "kill-host@stage=1" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining('use the master "local-cluster[2,1]"') as string,
    });
    await expect(Context.create({ master: "local[2]", config, chaos: "kill-thread@stage=1" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(Context.create({ chaos: "kill-everything" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
