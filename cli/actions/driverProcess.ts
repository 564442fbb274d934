/**
 * Entry of a process that a worker starts: the driver of a submitted program. Through descriptor 3 it is told what to run,
 * and ends when that is closed: its worker is no more.
 */
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { DriverRecovery } from "../../core/net/messages.ts";
import { Secret } from "../../core/net/secret.ts";
import type { EventListener } from "../../core/schedule/events.ts";
import { exitCodeOf, exitCodes } from "../exitCodes.ts";
import { showProgress } from "../progress.ts";
import { describeError } from "../report.ts";
import type { AccessRequest, ShareRequest } from "../requests.ts";
import { styleFor } from "../style.ts";
import { defaultsOf } from "./ownContexts.ts";
import { runProgram } from "./wholeProgram.ts";

/** What it is told, in the line after the secret. */
export interface DriverSettings {
  readonly master: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly recovery?: DriverRecovery | undefined;
  readonly cluster: Omit<AccessRequest, "secretFile"> & ShareRequest;
}

const stopping = new AbortController();
process.once("SIGTERM", () => {
  stopping.abort();
  process.once("SIGTERM", () => process.exit(exitCodes.terminated));
});
process.on("SIGINT", () => undefined); // Ctrl-C reaches all processes of a terminal: when this one ends is up to the worker
process.on("uncaughtException", (error) => void fail(error).then(() => process.exit()));

try {
  const channel = new Socket({ fd: 3 });
  channel.on("error", () => process.exit(exitCodes.failed));
  const secret = await Secret.receive(channel);
  const { master, program, args, recovery, cluster } = await readSettings(channel);
  channel.unref();
  await runProgram(program, args, {
    ...defaultsOf({ master, ...recovery }),
    cluster: { ...cluster, secret },
    signal: stopping.signal,
    ...(recovery !== undefined && { listener: warnings() }),
  });
} catch (error) {
  await fail(error);
}

async function fail(error: unknown): Promise<void> {
  process.stderr.write(await describeError(error, { verbose: true, style: styleFor(process.stderr, process.env) }));
  process.exitCode = stopping.signal.aborted ? exitCodes.terminated : exitCodeOf(error);
}

/** Tells warnings on standard error: of faults on purpose, and of checkpoints. */
function warnings(): EventListener {
  const { stderr: stream, env } = process;
  return showProgress({ mode: "none", stream, style: styleFor(stream, env), env }).listener;
}

function readSettings(channel: Socket): Promise<DriverSettings> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: channel });
    lines.once("line", (line) => resolve(JSON.parse(line) as DriverSettings));
    lines.once("close", () => process.exit(exitCodes.failed));
  });
}
