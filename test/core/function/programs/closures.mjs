// Prints, as JSON by name, what functions give that travelled from this program through a thread. Plain Node, no tools.
import { parse } from "acorn";
import os, { EOL } from "node:os";
import { performance } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { ship } from "../../../../dist/core/function/ship.js";
// oxlint-disable-next-line import/no-cycle -- what it is about
import { callsMain } from "./circle.mjs";
import fallback, { bump, Clock, drawn as given, table } from "./numbers.mjs";
import * as numbers from "./numbers.mjs";

const thread = new Worker(new URL("../reviver.mjs", import.meta.url));
const call = (shipped, args) =>
  new Promise((resolve) => {
    thread.once("message", ({ id: _id, ...outcome }) => resolve(outcome));
    thread.postMessage({ id: 0, shipped, args });
  });

const results = {};
async function row(name, fn, ...args) {
  try {
    const shipped = ship(fn, "map", "fn");
    const modules = shipped.nodes.filter(({ kind }) => kind === "module").map(({ url, name }) => [url, name]);
    results[name] = { ...(await call(shipped, args)), modules };
  } catch (error) {
    results[name] = { refused: error.message };
  }
}

export const mine = 5;
const own = (x) => x + mine;

await row("function", (x) => bump(x), 1);
await row("default", (x) => fallback(x), 1);
await row("class", () => new Clock().tick());
await row("namespace", () => numbers.bump(numbers.table.length));
await row("data", () => [given, table]);
await row("package", (code) => parse(code, { ecmaVersion: 2020 }).body.length, "a; b");
await row("node", () => [typeof os.cpus, EOL]);
await row("instance", () => typeof performance.now());
const ops = {
  double(x) {
    return x * 2;
  },
};
await row("method", Reflect.get(ops, "double"), 4);
await row("own", (x) => own(x), 1);
await row("back", (x) => callsMain(x), 1);
await row("dynamic", async (x) => (await import("./numbers.mjs")).bump(x), 1);
await row("meta", () => import.meta.url);
await row("missing", async () => import("./nowhere.mjs"));
results.drawn = given;
results.bumped = bump(0);

await thread.terminate();
process.stdout.write(JSON.stringify(results));
