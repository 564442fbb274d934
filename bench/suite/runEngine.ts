/**
 * One engine on one graph, in processes of its own.
 */
import { fileURLToPath } from "node:url";
import { finished, ProgramFailed } from "../processes.ts";
import {
  endToEndTasks,
  type AbsentEngine,
  type EndToEnd,
  type EndToEndTask,
  type SuiteMeasurement,
} from "./suiteMeasurement.ts";

/** Engines of the suite, in the order in which they run and stand in tables. */
export const suiteEngines = ["superstep-1", "superstep-2", "graphology", "networkit-2", "igraph", "graphx-2"] as const;

/** What ratios compare with. */
export const baseEngine = "superstep-2";

/** What an engine is run on. */
export interface EngineRun {
  readonly file: string;
  readonly source: string;
  readonly runs: number;
  /** Milliseconds that a process of another engine than Superstep may take. */
  readonly limitMs: number;
}

/** What was measured, or why nothing was; a note where some is missing. */
export type EngineResult =
  { readonly measurement: SuiteMeasurement; readonly note?: string } | { readonly skipped: string };

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const python = process.env["SUPERSTEP_BENCH_PYTHON"] ?? "python3";

/** Engines take longer than is bearable for a second run. */
const singleRuns = new Set(["graphology", "graphx"]);

/**
 * Runs an engine of `suiteEngines`: all tasks in one process, then those of `endToEndTasks` in processes with one task each.
 * Superstep's failures are thrown, others are told.
 */
export async function runEngine(engine: string, run: EngineRun): Promise<EngineResult & { readonly runs: number }> {
  const [name, threads = "1"] = engine.split("-") as [string, string?];
  const runs = singleRuns.has(name) ? 1 : run.runs;
  const started = (task?: EndToEndTask): Promise<string> => startedEngine(name, threads, { ...run, runs }, task);
  let known: SuiteMeasurement | undefined;
  try {
    const said = lastLine<SuiteMeasurement | AbsentEngine>(await started())!;
    if ("absent" in said) return { skipped: `not installed: ${said.absent}`, runs };
    known = said;
    for (const task of endToEndTasks) {
      if (!(task in known.tasks)) continue;
      const ms: number[] = [];
      for (let at = 0; at < runs; at++) ms.push(lastLine<EndToEnd>(await started(task))!.endToEndMs);
      known = { ...known, endToEndMs: { ...known.endToEndMs, [task]: ms } };
    }
    return { measurement: known, runs };
  } catch (error) {
    if (name === "superstep" || !(error instanceof ProgramFailed)) throw error;
    known ??= lastLine<SuiteMeasurement>(error.stdout);
    return known === undefined ? { skipped: error.message, runs } : { measurement: known, note: error.message, runs };
  }
}

/** What an engine says on standard output, with one task or with all. */
async function startedEngine(
  name: string,
  threads: string,
  { file, source, runs, limitMs }: EngineRun,
  task: EndToEndTask | undefined,
): Promise<string> {
  const [program, ...args] = commandOf(name, task !== undefined);
  const given = [threads, file, String(runs), source, ...(task === undefined ? [] : [task])];
  const env = { ...process.env, SUPERSTEP_BENCH_STARTED: String(Date.now()) };
  const options = name === "superstep" ? { env } : { env, limitMs, isHeard: false };
  return (await finished(program, [...args, ...given], options)).stdout;
}

function commandOf(name: string, hasOneTask: boolean): [string, ...string[]] {
  const memory = name === "graphology" ? ["--max-old-space-size=16384"] : [];
  if (name === "superstep" || name === "graphology") {
    if (hasOneTask) return [process.execPath, ...memory, here("measureEndToEnd.js"), name];
    const program = name === "superstep" ? "measureSuperstep.js" : "measureGraphology.js";
    return [process.execPath, "--expose-gc", ...memory, here(program)];
  }
  return [python, here(`../../../bench/peers/${name}_peer.py`)];
}

/** An engine says what it knows after each task, and more each time. */
function lastLine<T>(stdout: string): T | undefined {
  const line = stdout.split("\n").findLast((text) => text.startsWith("{") && text.endsWith("}"));
  return line === undefined ? undefined : (JSON.parse(line) as T);
}
