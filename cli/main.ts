#!/usr/bin/env node
/**
 * The `superstep` command. Loads what a command needs when it runs it, so that help is there at once.
 */
import { readFileSync } from "node:fs";
import { exitCodeOf } from "./exitCodes.ts";
import { runCommandLine } from "./program.ts";
import type { Request } from "./requests.ts";

const args = process.argv.slice(2);

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // a reader that goes away early has seen enough
  });
}
process.on("uncaughtException", (error) => {
  void fail(error).then(() => process.exit()); // what a program left running: nothing can wait for it
});

try {
  process.exitCode = await runCommandLine(args, {
    perform,
    version: packageVersion(),
    print: (text) => void process.stdout.write(text),
  });
} catch (error) {
  await fail(error);
}

async function fail(error: unknown): Promise<void> {
  const [{ describeError }, { styleFor }] = await Promise.all([import("./report.ts"), import("./style.ts")]);
  const style = styleFor(process.stderr, process.env, !args.includes("--no-color"));
  const verbose = args.includes("--verbose") || args.includes("-v");
  process.stderr.write(await describeError(error, { verbose, style }));
  process.exitCode = exitCodeOf(error);
}

async function perform(request: Request): Promise<number> {
  const { performRequest } = await import("./performRequest.ts");
  return performRequest(request);
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
