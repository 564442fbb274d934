/**
 * An executor's process as whoever launched it sees it: started, watched, ended.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { processArguments } from "../../host/threadArguments.ts";
import { type Secret, secretVariable } from "../../net/secret.ts";
import type { Address } from "../../net/transport.ts";
import type { KillManner } from "../launcher.ts";

/** What an executor's process is told on its standard input, in the line after the secret. */
export interface ExecutorSettings {
  readonly executor: string;
  readonly driver: Address;
  readonly numThreads: number;
  /** Milliseconds that it has to reach the driver. */
  readonly startMs: number;
  /** Where it listens. Default 127.0.0.1. */
  readonly listenOn?: string | undefined;
  /** A directory with certificates, and whether it may do without one beyond loopback: see `grpcTransport`. */
  readonly tls?: string | undefined;
  readonly insecureNoTls?: boolean | undefined;
  /** Where it keeps its segments: given to processes of one run on one machine. */
  readonly segmentDirectory?: string | undefined;
  /** Where its blocks on disk are kept, whatever the driver's settings say: it may be on another machine. */
  readonly spillDirectory?: string | undefined;
  /** Bytes of blocks that it keeps in memory at most. */
  readonly maxBlockMemoryBytes?: number | undefined;
}

/** Milliseconds that a process has to end by itself. */
const endMs = 2000;
const entry = new URL(`./main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/**
 * A child process that serves a driver. It ends when the standard input that it was given is closed, be it that this
 * process is no more; the standard output and error it shares. It keeps this process alive no longer than itself wants.
 */
export class ExecutorProcess {
  /** Resolves with how it ended, as in "exited with code 42": also if it could not be started. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  #hasEnded = false;

  constructor(settings: ExecutorSettings, secret: Secret) {
    const child = spawn(process.execPath, [...processArguments(process.execArgv), fileURLToPath(entry)], {
      stdio: ["pipe", "inherit", "inherit"],
      env: childEnvironment(process.env),
      windowsHide: true,
    });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(`could not be started: ${error.message}`));
      child.once("exit", (code, signal) => resolve(howEnded(code, signal)));
    });
    void this.ended.then(() => {
      this.#hasEnded = true;
      child.stdin?.destroy();
    });
    child.stdin?.on("error", () => undefined); // its end is told by `ended`
    if (child.stdin !== null) {
      secret.passTo(child.stdin);
      child.stdin.write(`${JSON.stringify(settings)}\n`);
      (child.stdin as { unref?: () => void }).unref?.();
    }
    child.unref();
  }

  /** Undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Kills it, or freezes it. False if it has ended. */
  kill(manner: KillManner): boolean {
    return !this.#hasEnded && this.#child.kill(manner === "kill" ? "SIGKILL" : "SIGSTOP");
  }

  /** Lets it end; kills it if it takes too long. Resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.ref();
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.kill("kill"), endMs);
    await this.ended;
    clearTimeout(timer);
  }
}

function howEnded(code: number | null, signal: NodeJS.Signals | null): string {
  switch (signal) {
    case null:
      return code === 134 || code === 133 ? `exited with code ${code}, aborted` : `exited with code ${code}`;
    case "SIGKILL":
      return "was killed by signal 9 (SIGKILL), maybe for want of memory";
    case "SIGABRT":
    case "SIGTRAP":
      return `was ended by ${signal}: it aborted, maybe for want of memory`;
    default:
      return `was ended by ${signal}`;
  }
}

/** The environment without what is secret, and without what would open an inspector. */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [secretVariable]: _secret, NODE_OPTIONS: options, ...rest } = environment;
  const kept = options?.split(/\s+/).filter((option) => option !== "" && !option.startsWith("--inspect"));
  return kept === undefined || kept.length === 0 ? rest : { ...rest, NODE_OPTIONS: kept.join(" ") };
}
