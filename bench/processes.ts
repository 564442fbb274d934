/**
 * Measurements run as processes of their own, so that none leaves compiled code or garbage to the next.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Measurement } from "./measure.ts";

const command = fileURLToPath(new URL("../cli/main.js", import.meta.url));
const measurement = fileURLToPath(new URL("./measure.js", import.meta.url));

/** One measurement; see `measure.ts`. */
export async function measure(engine: string, file: string, rounds: number | "load"): Promise<Measurement> {
  const last = rounds === "load" ? ["0", "load"] : [String(rounds)];
  const { stdout } = await finished(process.execPath, ["--expose-gc", measurement, engine, file, ...last]);
  return JSON.parse(stdout) as Measurement;
}

/** Runs the `superstep` command; resolves to the milliseconds from its start to its end. */
export async function timeCommand(args: readonly string[]): Promise<number> {
  return (await finished(process.execPath, [command, ...args])).ms;
}

/** How a program is run. */
export interface ProgramOptions {
  /** Milliseconds after which it is ended; default: none. */
  readonly limitMs?: number;
  /** Whether what it says on standard error is shown; default: true. */
  readonly isHeard?: boolean;
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A program failed, or took longer than it may. */
export class ProgramFailed extends Error {
  /** What it had said by then. */
  readonly stdout: string;

  constructor(message: string, stdout: string) {
    super(message);
    this.stdout = stdout;
  }
}

/** Runs a program to its end. Rejects with `ProgramFailed` if it fails, or takes longer than it may. */
export function finished(
  program: string,
  args: readonly string[],
  { limitMs, isHeard = true, env = process.env }: ProgramOptions = {},
): Promise<{ stdout: string; ms: number }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const stderr = isHeard ? "inherit" : "ignore";
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", stderr],
      env,
      ...(limitMs !== undefined && { timeout: limitMs, killSignal: "SIGKILL" }),
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const ms = performance.now() - started;
      if (code === 0) return resolve({ stdout, ms });
      const isLate = limitMs !== undefined && ms >= limitMs;
      const end = isLate ? `took more than ${Math.round(limitMs / 1000)} s` : `ended with ${code ?? signal}`;
      reject(new ProgramFailed(`${path.basename(args.find((arg) => !arg.startsWith("-")) ?? program)} ${end}`, stdout));
    });
  });
}
