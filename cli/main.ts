#!/usr/bin/env node
/**
 * The `superstep` command.
 */
import { commandLine, tellError } from "./commandLine.ts";

const args = process.argv.slice(2);

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // a reader that goes away early has seen enough
  });
}
process.on("uncaughtException", (error) => {
  void tellError(error, args).then((code) => process.exit(code)); // what a program left running: nothing can wait for it
});

process.exitCode = await commandLine(args);
