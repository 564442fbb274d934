/**
 * One engine on one graph, in a process of its own.
 */
import { fileURLToPath } from "node:url";
import { finished, ProgramFailed } from "../processes.ts";
import type { AbsentEngine, SuiteMeasurement } from "./suiteMeasurement.ts";

/** Engines of the suite, in the order in which they run and stand in tables. */
export const suiteEngines = ["superstep-1", "superstep-2", "graphology", "networkit-2", "igraph", "graphx-2"] as const;

/** What ratios compare with. */
export const baseEngine = "superstep-2";

/** What an engine is run on. */
export interface EngineRun {
  readonly file: string;
  readonly source: string;
  readonly runs: number;
  /** Milliseconds that an engine other than Superstep may take. */
  readonly limitMs: number;
}

/** What was measured, or why nothing was; a note where some is missing. */
export type EngineResult =
  { readonly measurement: SuiteMeasurement; readonly note?: string } | { readonly skipped: string };

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const python = process.env["SUPERSTEP_BENCH_PYTHON"] ?? "python3";

/** Engines take longer than is bearable for a second run. */
const singleRuns = new Set(["graphology", "graphx"]);

/** Runs an engine of `suiteEngines`. Superstep's failures are thrown, others are told. */
export async function runEngine(
  engine: string,
  { file, source, runs, limitMs }: EngineRun,
): Promise<EngineResult & { readonly runs: number }> {
  const [name, threads = "1"] = engine.split("-") as [string, string?];
  const own = singleRuns.has(name) ? 1 : runs;
  const isOurs = name === "superstep";
  const [program, ...args] = commandOf(name);
  const env = { ...process.env, SUPERSTEP_BENCH_STARTED: String(Date.now()) };
  try {
    const options = isOurs ? { env } : { env, limitMs, isHeard: false };
    const { stdout } = await finished(program, [...args, threads, file, String(own), source], options);
    const result = lastLine(stdout)!;
    return "absent" in result
      ? { skipped: `not installed: ${result.absent}`, runs: own }
      : { measurement: result, runs: own };
  } catch (error) {
    if (isOurs || !(error instanceof ProgramFailed)) throw error;
    const known = lastLine(error.stdout);
    if (known === undefined || "absent" in known) return { skipped: error.message, runs: own };
    return { measurement: known, note: error.message, runs: own };
  }
}

function commandOf(name: string): [string, ...string[]] {
  if (name === "superstep") return [process.execPath, "--expose-gc", here("measureSuperstep.js")];
  if (name === "graphology") {
    return [process.execPath, "--expose-gc", "--max-old-space-size=16384", here("measureGraphology.js")];
  }
  return [python, here(`../../../bench/peers/${name}_peer.py`)];
}

/** An engine says what it knows after each task, and more each time. */
function lastLine(stdout: string): SuiteMeasurement | AbsentEngine | undefined {
  const line = stdout.split("\n").findLast((text) => text.startsWith("{") && text.endsWith("}"));
  return line === undefined ? undefined : (JSON.parse(line) as SuiteMeasurement | AbsentEngine);
}
