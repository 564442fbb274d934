/**
 * `npm run bench -- --suite`: every algorithm on graphs of several kinds, on one thread and on two, beside the peers that
 * are installed, in turn on the same machine.
 */
import { closeSync, openSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { finished } from "../processes.ts";
import { inMs, median, ratio } from "../summary.ts";
import {
  suiteTasks,
  suiteTitles,
  type AbsentEngine,
  type SuiteMeasurement,
  type SuiteTask,
} from "./suiteMeasurement.ts";

/** What the suite runs. */
export interface SuiteOptions {
  /** Names of graphs: kron-SCALE, rmat-SCALE, grid-SIDE. */
  readonly graphs: readonly string[];
  /** Runs of each task in a process, the first one cold. */
  readonly runs: number;
  /** Engines besides Superstep. */
  readonly peers: readonly string[];
  /** Milliseconds that a peer may take for one graph. */
  readonly limitMs: number;
  /** Where to write the tables as Markdown, if anywhere. */
  readonly output: string | undefined;
}

/** Engines that can stand beside Superstep. */
export const suitePeers = ["networkit-2", "igraph", "graphx-2"] as const;

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const peersFolder = here("../../../bench/peers/");
const python = process.env["SUPERSTEP_BENCH_PYTHON"] ?? "python3";
const baseEngine = "superstep-2";

/** Runs the suite; false if two engines disagree. */
export async function benchSuite(
  { graphs, runs, peers, limitMs, output }: SuiteOptions,
  folder: string,
  machine: string,
  say: (text: string) => void,
): Promise<boolean> {
  const pages = [
    "# Results",
    "Written by `npm run bench -- --suite --write`; see README.md beside this file for how to read it.",
    `${new Date().toISOString().slice(0, 10)}. ${machine}`,
  ];
  let areAgreed = true;
  for (const name of graphs) {
    const file = path.join(folder, `${name}.txt`);
    await finished(process.execPath, [here("suiteGraph.js"), name, file]);
    const measured = new Map<string, SuiteMeasurement>();
    const absent: string[] = [];
    for (const engine of ["superstep-1", baseEngine, ...peers]) {
      const result = await measureEngine(engine, file, runs, firstSource(file), limitMs);
      if (typeof result === "string") absent.push(`${engine}: ${result}`);
      else measured.set(engine, result);
    }
    const differing = disagreements(measured);
    areAgreed &&= differing.length === 0;
    const page = pageOf(name, statSync(file).size, measured, [...absent, ...differing], runs);
    pages.push(page);
    say(`\n${page}`);
    rmSync(file);
    if (output !== undefined) writeFileSync(output, `${pages.join("\n\n")}\n`); // what is done stays if the rest is cut short
  }
  return areAgreed;
}

/** What the engine measured, or why there is nothing. */
async function measureEngine(
  engine: string,
  file: string,
  runs: number,
  source: string,
  limitMs: number,
): Promise<SuiteMeasurement | string> {
  const [name, threads = "1"] = engine.split("-") as [string, string?];
  const [command, ...args] =
    name === "superstep"
      ? [process.execPath, "--expose-gc", here("measureSuperstep.js"), threads]
      : [python, `${peersFolder}${name}_peer.py`, threads];
  try {
    const options = name === "superstep" ? {} : { limitMs, isHeard: false };
    const { stdout } = await finished(command!, [...args, file, String(runs), source], options);
    const result = JSON.parse(stdout.trim().split("\n").at(-1)!) as SuiteMeasurement | AbsentEngine;
    return "absent" in result ? `skipped, not installed: ${result.absent}` : result;
  } catch (error) {
    if (name === "superstep") throw error;
    return `skipped: ${(error as Error).message}`;
  }
}

function firstSource(file: string): string {
  const start = Buffer.alloc(32);
  const descriptor = openSync(file, "r");
  readSync(descriptor, start);
  closeSync(descriptor);
  return /^\d+/.exec(start.toString("latin1"))![0];
}

/** Relative differences of a check that still count as the same: PageRank is defined in more ways than one. */
const tolerances: Readonly<Partial<Record<SuiteTask, number>>> = { pageRank: 0.02, userPageRank: 0.02 };

function disagreements(measured: ReadonlyMap<string, SuiteMeasurement>): string[] {
  const base = measured.get(baseEngine)!;
  return [...measured].flatMap(([engine, { tasks }]) =>
    suiteTasks.flatMap((task) => {
      const [expected, found] = [base.tasks[task]?.check, tasks[task]?.check];
      if (expected === undefined || found === undefined) return [];
      const tolerance = engine.startsWith("superstep") ? 0 : (tolerances[task] ?? 0);
      if (Math.abs(found - expected) <= tolerance * Math.abs(expected)) return [];
      return [`DIFFERENT RESULTS of ${suiteTitles[task]}: ${baseEngine} ${expected}, ${engine} ${found}`];
    }),
  );
}

function pageOf(
  name: string,
  bytes: number,
  measured: ReadonlyMap<string, SuiteMeasurement>,
  notes: readonly string[],
  runs: number,
): string {
  const base = measured.get(baseEngine)!;
  const engines = [...measured.keys()];
  const versions = [...new Set([...measured.values()].map(({ version }) => version))].join(", ");
  const rows: string[][] = [];
  const row = (title: string, times: (measurement: SuiteMeasurement) => readonly number[] | undefined): void => {
    const basis = times(base);
    const cells = [...measured.values()].map((measurement) => {
      const found = times(measurement);
      if (found === undefined) return "";
      const spread = found.length === 1 ? inMs(found[0]!) : three(found);
      return basis === undefined || measurement === base
        ? spread
        : `${spread} · ${ratio(Math.min(...found), Math.min(...basis))}`;
    });
    rows.push([title, ...cells]);
  };
  row("load", ({ loadMs }) => [loadMs]);
  row("of that, build", ({ buildMs }) => (buildMs === undefined ? undefined : [buildMs]));
  for (const task of suiteTasks) row(suiteTitles[task], ({ tasks }) => tasks[task]?.ms);
  rows.push([
    "resident bytes an edge",
    ...[...measured.values()].map(({ residentBytes, numEdges }) => (residentBytes / numEdges).toFixed(1)),
  ]);
  const size = `${base.numVertices.toLocaleString("en")} vertices, ${base.numEdges.toLocaleString("en")} edges, ${Math.round(bytes / 1e6)} MB of text`;
  return [
    `## ${name}: ${size}`,
    `${versions}; load ${os.loadavg()[0]!.toFixed(1)} at the end. Minimum / median / maximum of ${runs} runs in one process, the first one cold; after the dot the minimum in times that of ${baseEngine}.`,
    markdown(["", ...engines], rows),
    ...notes.map((note) => `- ${note}`),
  ].join("\n\n");
}

function three(times: readonly number[]): string {
  return [Math.min(...times), median(times), Math.max(...times)].map(inMs).join(" / ").replaceAll(" ms /", " /");
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_cell, at) => (at === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
