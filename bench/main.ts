/**
 * `npm run bench [-- --full] [-- --runs N]`: what Superstep costs beside a plain serial program and beside graphology,
 * on the same graph in the same run. See README.md for how to read it.
 *
 * `--suite` measures every algorithm beside the peers that are installed, `--graphs` and `--engines` choose which, and
 * `--write` writes bench/RESULTS.md. `--transfer` measures only how fast bytes go from one process to another, `--cluster`
 * what executors cost beside threads, `--layout` how fast supersteps over all edges are.
 *
 * Ends with status 1 if two engines disagree about a result.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { benchCluster } from "./cluster.ts";
import { agree, type Digest } from "./engines/engine.ts";
import { rmat, socialGraph, type BenchGraph } from "./graphs.ts";
import type { Computation, Measurement } from "./measure.ts";
import { measure, timeCommand } from "./processes.ts";
import { benchSuite } from "./suite/benchSuite.ts";
import { suiteEngines } from "./suite/runEngine.ts";
import { benchLayout } from "./layout.ts";
import { inMs, median, ratio, spread, table } from "./summary.ts";
import { benchRecovery } from "./recovery.ts";
import { benchTransfer } from "./transfer.ts";

const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    runs: { type: "string", default: "3" },
    transfer: { type: "boolean", default: false },
    cluster: { type: "boolean", default: false },
    recovery: { type: "boolean", default: false },
    layout: { type: "boolean", default: false },
    scale: { type: "string", default: "18" },
    suite: { type: "boolean", default: false },
    graphs: { type: "string" },
    engines: { type: "string", default: suiteEngines.join(",") },
    folder: { type: "string" },
    limit: { type: "string", default: "600" },
    write: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
if (!(Number.isInteger(runs) && runs >= 1)) throw new RangeError(`--runs must be an integer >= 1, got ${values.runs}`);

const rounds = 20;
const say = (text: string): void => console.log(text);

async function times(count: number, run: () => Promise<number>): Promise<number[]> {
  const found: number[] = [];
  for (let at = 0; at < count; at++) found.push(await run());
  return found;
}

function cores(): string {
  const gigabytes = Math.round(os.totalmem() / 2 ** 30);
  return `${os.availableParallelism()} cores (${os.cpus()[0]?.model ?? "unknown"}), ${gigabytes} GiB`;
}

function sayMachine(): void {
  const [load] = os.loadavg();
  say(`Node ${process.version}, ${cores()}, load ${load!.toFixed(2)}`);
  if (load! > os.availableParallelism() / 2) say("This machine is busy with something else: times are upper bounds.");
}

async function benchCommand(graph: BenchGraph, folder: string): Promise<void> {
  say("\nCommand, from its start to its end: median (min to max)");
  const output = path.join(folder, "ranks.csv");
  const ranking = ["run", "pagerank", graph.file, "--tolerance", "1e-6", "--quiet", "--force", "-o", output];
  const help = await times(2 * runs + 1, () => timeCommand(["--help"]));
  const ranked = await times(runs, () => timeCommand(ranking));
  say(
    table([
      ["superstep --help", spread(help)],
      [`superstep run pagerank, ${graph.name}, tolerance 1e-6`, spread(ranked)],
    ]),
  );
}

const computations: readonly (readonly [Computation, string, boolean])[] = [
  ["pageRank", `PageRank, ${rounds} rounds`, true],
  ["components", "components", false],
  ["bfs", "BFS from 1", false],
];

/** Engines take turns, so that what else the machine does meets all of them alike. */
async function benchEngines(graph: BenchGraph): Promise<boolean> {
  const measured = new Map<string, Measurement[]>();
  const run = async (engine: string): Promise<void> => {
    measured.set(engine, [...(measured.get(engine) ?? []), await measure(engine, graph.file, rounds)]);
  };
  for (let at = 0; at < runs; at++) for (const engine of ["serial", "superstep-1", "superstep-2"]) await run(engine);
  await run("graphology");
  const [first] = measured.get("serial")!;
  const size = `${first!.numVertices.toLocaleString("en")} vertices, ${first!.numEdges.toLocaleString("en")} edges`;
  say(`\n${graph.name}: ${size}; ${runs} runs of each, graphology 1: median (min to max), times the serial median`);
  const rows = [["", ...measured.keys()]];
  const row = (name: string, of: (measurement: Measurement) => number): void => {
    const base = median(measured.get("serial")!.map(of));
    const cells = [...measured.values()].map((some) => `${spread(some.map(of))}  ${ratio(median(some.map(of)), base)}`);
    rows.push([name, ...cells]);
  };
  row("load", ({ loadMs }) => loadMs);
  for (const [name, title] of computations) row(title, ({ computed }) => computed![name].ms);
  row("processor time in all", ({ cpuMs }) => cpuMs);
  say(table(rows));
  return sayAgreement([...measured.values()].flat());
}

function sayAgreement(measured: readonly Measurement[]): boolean {
  let isAgreed = true;
  for (const [name, title, areSums] of computations) {
    const digests = measured.map(({ computed }): Digest => computed![name].digest);
    const differing = digests.find((digest) => !agree(digests[0]!, digest, { areSums }));
    if (differing === undefined) continue;
    isAgreed = false;
    say(`  DIFFERENT RESULTS of ${title}: ${JSON.stringify(digests[0])} and ${JSON.stringify(differing)}`);
  }
  if (isAgreed) say("  all results agree: components and depths exactly, ranks to 1e-9");
  return isAgreed;
}

async function benchLoad(graph: BenchGraph): Promise<void> {
  const engines = ["serial", "superstep-1", "superstep-2"];
  const measured = new Map<string, Measurement[]>(engines.map((engine) => [engine, []]));
  for (let at = 0; at < runs; at++) {
    for (const engine of engines) measured.get(engine)!.push(await measure(engine, graph.file, "load"));
  }
  say(`\nLoad of ${graph.name}, from text to a graph that is ready: median (min to max) of ${runs} runs`);
  const base = median(measured.get("serial")!.map(({ loadMs }) => loadMs));
  const rows = [["", "time", "serial", "edges/s", "resident bytes/edge", "at its peak"]];
  for (const [engine, some] of measured) {
    const ms = median(some.map(({ loadMs }) => loadMs));
    const { numEdges } = some[0]!;
    const perEdge = (bytes: (measurement: Measurement) => number): string =>
      (median(some.map((one) => bytes(one) - one.rssBefore)) / numEdges).toFixed(1);
    rows.push([
      engine,
      spread(some.map(({ loadMs }) => loadMs)),
      ratio(ms, base),
      `${((numEdges / ms) * 1e-3).toFixed(2)} M`,
      perEdge(({ rssAfter }) => rssAfter),
      perEdge(({ rssPeak }) => rssPeak),
    ]);
  }
  say(table(rows));
}

async function benchAll(folder: string): Promise<void> {
  const started = performance.now();
  const graph = await socialGraph(folder);
  await benchCommand(graph, folder);
  const isAgreed = await benchEngines(graph);
  await benchLoad(values.full ? await rmat(folder, 1_048_576, 10_000_000) : await rmat(folder, 131_072, 1_000_000));
  say(`\n${values.full ? "" : "--full loads 10,000,000 edges instead. "}Took ${inMs(performance.now() - started)}.`);
  if (!isAgreed) process.exitCode = 1;
}

const smallGraphs = "kron-14,kron-16,rmat-16,grid-300";
const largeGraphs = "kron-16,kron-18,kron-20,rmat-20,grid-1000";

async function runSuite(): Promise<void> {
  const options = {
    graphs: (values.graphs ?? (values.full ? largeGraphs : smallGraphs)).split(","),
    engines: values.engines.split(","),
    runs,
    limitMs: 1000 * Number(values.limit),
    folder: values.folder ?? folder,
    isKept: values.folder !== undefined,
    isWritten: values.write,
    machine: cores(),
  };
  const unknown = options.engines.find((name) => !(suiteEngines as readonly string[]).includes(name));
  if (unknown !== undefined) throw new RangeError(`--engines are of ${suiteEngines.join(", ")}, got ${unknown}`);
  if (!(await benchSuite(options, say))) process.exitCode = 1;
}

const folder = mkdtempSync(path.join(os.tmpdir(), "superstep-bench-"));
try {
  sayMachine();
  if (values.transfer) await benchTransfer(runs, say);
  else if (values.cluster) process.exitCode = (await benchCluster(runs, say)) ? 0 : 1;
  else if (values.layout) process.exitCode = (await benchLayout(Number(values.scale), runs, say)) ? 0 : 1;
  else if (values.recovery) process.exitCode = (await benchRecovery(runs, say)) ? 0 : 1;
  else if (values.suite) await runSuite();
  else await benchAll(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
