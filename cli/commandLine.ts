/**
 * A command line, from its arguments to its exit code. Loads what a command needs when it runs it, so that help is there
 * at once.
 */
import { readFileSync } from "node:fs";
import { exitCodeOf } from "./exitCodes.ts";
import { runCommandLine } from "./program.ts";
import type { Request } from "./requests.ts";

/** Runs what `args` ask for in this process; resolves to the exit code. What fails is told on standard error. */
export async function commandLine(args: readonly string[]): Promise<number> {
  try {
    return await runCommandLine(args, {
      perform,
      version: packageVersion(),
      print: (text) => void process.stdout.write(text),
    });
  } catch (error) {
    return tellError(error, args);
  }
}

/** Tells on standard error why the command with `args` failed; resolves to its exit code. */
export async function tellError(error: unknown, args: readonly string[]): Promise<number> {
  const [{ describeError }, { styleFor }] = await Promise.all([import("./report.ts"), import("./style.ts")]);
  const style = styleFor(process.stderr, process.env, !args.includes("--no-color"));
  const verbose = args.includes("--verbose") || args.includes("-v");
  process.stderr.write(await describeError(error, { verbose, style }));
  return exitCodeOf(error);
}

async function perform(request: Request): Promise<number> {
  const { performRequest } = await import("./performRequest.ts");
  return performRequest(request);
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
