import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAlive, lockCluster, lockTimeoutMs, until } from "../../support/cluster.ts";

const library = fileURLToPath(new URL("../../../dist/index.js", import.meta.url));
const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-unstopped-test."));
const spill = path.join(directory, "spill");
mkdirSync(spill);

let unlock: () => void = () => undefined;
beforeAll(async () => {
  unlock = await lockCluster();
}, lockTimeoutMs);
afterAll(() => {
  unlock();
  rmSync(directory, { recursive: true });
});

/** Runs a program over two executors to its end. The first line that it prints are their processes. */
async function run(then: string): Promise<{ code: number | null; lines: string[]; executors: number[] }> {
  const program = path.join(directory, "program.mjs");
  writeFileSync(
    program,
    `
    import { Context } from ${JSON.stringify(library)};
    const config = { spillDirectory: ${JSON.stringify(spill)}, heartbeatMs: 60_000, hostTimeoutMs: 600_000 };
    const ctx = await Context.create({ master: "local-cluster[2,1]", config });
    console.log(JSON.stringify(ctx.driver.executors.map(({ pid }) => pid)));
    console.log(await ctx.range(0, 100, 1, 4).persist("disk").sum());
    ${then}`,
  );
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const [pids = "[]", ...lines] = output.trim().split("\n");
  return { code, lines, executors: JSON.parse(pids) as number[] };
}

describe("a program over executors that never stops its context", () => {
  it("ends when it has nothing left to do, and its executors before it; nothing stays on disk", async () => {
    const { code, lines, executors } = await run("");
    expect([code, lines]).toEqual([0, ["4950"]]);
    expect(executors).toHaveLength(2);
    expect(executors.filter(isAlive)).toEqual([]);
    expect(readdirSync(spill)).toEqual([]);
  });

  it("keeps its executors while it waits for something of its own, and is kept alive by what it waits for of them", async () => {
    const { code, lines, executors } = await run(`
      const [first] = ctx.driver.executors;
      setTimeout(() => {
        void ctx.range(0, 10, 1, 2).count().then((count) => {
          console.log("later", count, ctx.driver.executors[0].pid === first.pid);
          ctx.driver.killHost(first.id);
          ctx.on((event) => {
            if (event.type === "host" && event.what === "lost")
              void ctx.driver.whenExecutors(2).then(() => console.log("replaced", ctx.driver.executors.length));
          });
          void ctx.range(0, 4, 1, 4).map((x) => (Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50), x)).sum().then(console.log);
        });
      }, 300);`);
    expect([code, lines.slice(0, 2), lines.slice(2).sort()]).toEqual([
      0,
      ["4950", "later 10 true"],
      ["6", "replaced 2"],
    ]);
    expect(executors.filter(isAlive)).toEqual([]);
    expect(readdirSync(spill)).toEqual([]);
  });

  it("takes its executors along when it exits", async () => {
    const { code, executors } = await run("process.exit(3);");
    expect([code, executors.length]).toEqual([3, 2]);
    await until(() => !executors.some(isAlive), "its executors end");
  });
});
