/**
 * The processes that a worker starts: executors, and drivers of submitted programs.
 */
import { spawn } from "node:child_process";
import os from "node:os";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ClusterAccess } from "../../core/cluster/clusterAccess.ts";
import { childEnvironment, ExecutorProcess } from "../../core/cluster/executor/executorProcess.ts";
import type { WorkerProcess, WorkerProcesses } from "../../core/cluster/standalone/workerProcesses.ts";
import type { Request } from "../../core/net/messages.ts";
import type { Address } from "../../core/net/transport.ts";
import type { AccessRequest } from "../requests.ts";
import type { DriverSettings } from "./driverProcess.ts";

/** Milliseconds that an executor has to reach its driver. */
const startMs = 30_000;
/** Milliseconds that a driver has to end by itself. */
const endMs = 5000;
/** The same, if it writes a checkpoint before: a minute is what its context gives itself for that. */
const lastCheckpointMs = 65_000;
/** Bytes of a driver's output that are kept. */
const keptBytes = 16_384;
const driverEntry = fileURLToPath(new URL("./driverProcess.js", import.meta.url));

/** Children of this process. They end when it does: each of them watches a pipe that it holds. */
export class ChildProcesses implements WorkerProcesses {
  readonly #master: Address;
  readonly #request: AccessRequest;
  readonly #access: ClusterAccess;

  constructor(master: Address, request: AccessRequest, access: ClusterAccess) {
    this.#master = master;
    this.#request = request;
    this.#access = access;
  }

  startExecutor(request: Request<"worker.launchExecutor">, directory: string): WorkerProcess {
    const { executor, driverAddress, cores, memoryBytes } = request;
    const { tls } = this.#request;
    const { secret, host, insecureNoTls } = this.#access;
    const settings = {
      executor,
      driver: driverAddress,
      numThreads: cores,
      startMs,
      listenOn: host,
      ...(tls !== undefined && { tls }),
      insecureNoTls,
      spillDirectory: directory,
      maxBlockMemoryBytes: Math.floor(memoryBytes / 2), // the rest is for columns and heaps
    };
    const child = new ExecutorProcess(settings, secret);
    return {
      ended: child.ended.then((text) => ({ text, exitCode: 0, output: "" })),
      stop: (force) => {
        if (force) child.kill("kill");
        else void child.stop();
      },
    };
  }

  startDriver(request: Request<"worker.launchDriver">, directory: string): WorkerProcess {
    const { program, args, cores, recovery } = request;
    const child = spawn(process.execPath, [driverEntry], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: { ...childEnvironment(process.env), TMPDIR: directory },
      windowsHide: true,
    });
    const { tls, insecureNoTls, host } = this.#request;
    const settings: DriverSettings = {
      master: `superstep://${this.#master}`,
      program,
      args,
      recovery,
      cluster: {
        ...(tls !== undefined && { tls }),
        ...(insecureNoTls !== undefined && { insecureNoTls }),
        host: host ?? this.#access.host,
        cores,
      },
    };
    const channel = child.stdio[3] as Writable;
    channel.on("error", () => undefined); // its end is told by "close"
    this.#access.secret.passTo(channel);
    channel.write(`${JSON.stringify(settings)}\n`);
    const output = new Tail(keptBytes);
    child.stdout!.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr!.on("data", (chunk: Buffer) => output.push(chunk));
    let forced: NodeJS.Timeout | undefined;
    return {
      ended: new Promise((resolve) => {
        child.once("error", (error) => {
          resolve({ text: `could not be started: ${error.message}`, exitCode: 1, output: error.message });
        });
        child.once("close", (code, signal) => {
          clearTimeout(forced);
          channel.destroy();
          const exitCode = code ?? 128 + (os.constants.signals[signal ?? "SIGKILL"] ?? 0);
          const text = signal === null ? `exited with code ${exitCode}` : `was ended by ${signal}`;
          resolve({ text, exitCode, output: output.toString() });
        });
      }),
      stop: (force) => {
        child.kill(force ? "SIGKILL" : "SIGTERM");
        forced ??= setTimeout(
          () => child.kill("SIGKILL"),
          recovery?.checkpointDir === undefined ? endMs : lastCheckpointMs,
        );
      },
    };
  }
}

/** The end of a stream of bytes. */
class Tail {
  readonly #limit: number;
  #bytes: Buffer = Buffer.alloc(0);
  #cut = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    const all = Buffer.concat([this.#bytes, chunk.subarray(-this.#limit)]);
    this.#cut ||= all.length > this.#limit || chunk.length > this.#limit;
    this.#bytes = all.subarray(-this.#limit);
  }

  /** From the first whole line on, if its start is lost. */
  toString(): string {
    const text = this.#bytes.toString("utf8");
    return this.#cut ? `…\n${text.slice(text.indexOf("\n") + 1)}` : text;
  }
}
