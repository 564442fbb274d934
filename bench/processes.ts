/**
 * Measurements run as processes of their own, so that none leaves compiled code or garbage to the next.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Measurement } from "./measure.ts";

const command = fileURLToPath(new URL("../cli/main.js", import.meta.url));
const measurement = fileURLToPath(new URL("./measure.js", import.meta.url));

/** One measurement; see `measure.ts`. */
export async function measure(engine: string, file: string, rounds: number | "load"): Promise<Measurement> {
  const last = rounds === "load" ? ["0", "load"] : [String(rounds)];
  const { stdout } = await finished(["--expose-gc", measurement, engine, file, ...last]);
  return JSON.parse(stdout) as Measurement;
}

/** Runs the `superstep` command; resolves to the milliseconds from its start to its end. */
export async function timeCommand(args: readonly string[]): Promise<number> {
  return (await finished([command, ...args])).ms;
}

function finished(args: readonly string[]): Promise<{ stdout: string; ms: number }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve({ stdout, ms: performance.now() - started });
      else reject(new Error(`${args.join(" ")} ended with ${code ?? signal}`));
    });
  });
}
