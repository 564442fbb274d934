import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(path.join(os.tmpdir(), "superstep-full-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const built = pathToFileURL(fileURLToPath(new URL("../../dist/index.js", import.meta.url))).href;

/** A program that makes a checkpoint of something small, then of something too large, and reads the former. */
const program = (make: string): string => `import { Context, Graph } from ${JSON.stringify(built)};
const ctx = await Context.create({ master: "local[2]" });
ctx.setCheckpointDir("saved");
const make = ${make};
const small = make(10);
await small.checkpoint();
const error = await make(300_000).checkpoint().catch((reason) => reason);
const root = (each) => (each.cause instanceof Error ? root(each.cause) : each);
const values = await (small.vertices ?? small).collect();
console.log(JSON.stringify({ code: error.code, cause: root(error).code, values: values.length }));
await ctx.stop();
`;

describe.skipIf(process.platform === "win32")("a checkpoint for which there is no room on the disk", () => {
  it.each([
    ["an RDD", "(n) => ctx.range(0, n, 1, 2).map((x) => x / 3)"],
    [
      "a graph",
      "(n) => Graph.fromEdges(ctx.range(0, n, 1, 2).map((x) => ({ srcId: x, dstId: x + 1, attr: x / 3 })), { defaultVertex: 0 })",
    ],
  ])("is an error that says so, leaves nothing, and leaves the one before whole: %s", (what, make) => {
    const directory = path.join(folder, what.replace(" ", "-"));
    const file = `${directory}.mjs`;
    writeFileSync(file, program(make));
    const script = `mkdir "$1" && cd "$1" && ulimit -f 500 && exec "$0" "$2"`; // blocks of 512 or 1024 bytes
    const { stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, directory, file], { encoding: "utf8" });
    expect(stderr).toBe("");
    const found = JSON.parse(stdout) as { code: string; cause: string; values: number };
    expect(found).toEqual({ code: "TASK_FAILED", cause: "EFBIG", values: what === "a graph" ? 11 : 10 });
    const saved = readdirSync(path.join(directory, "saved"));
    expect(saved).toHaveLength(1);
    const names = readdirSync(path.join(directory, "saved", saved[0]!));
    expect(names.filter((name) => name.includes("temporary"))).toEqual([]);
  });
});
