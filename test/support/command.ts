import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The built command. */
export const commandFile: string = fileURLToPath(new URL("../../bundle/cli/main.js", import.meta.url));

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `superstep` process that may still run. */
export interface Running {
  readonly pid: number;
  /** Resolves once standard error holds `text`; rejects if the process ends before. */
  said(text: string): Promise<void>;
  /** Resolves once `isTrue`, asked every few milliseconds; rejects if the process ends before. */
  until(isTrue: () => boolean): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** What it has written on standard error and output so far. */
  readonly errorSoFar: string;
  readonly outputSoFar: string;
  readonly ended: Promise<Ended>;
}

/** Options of `startSuperstep`. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Standard input; default: empty. */
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
}

/** Processes of the test file that have not ended. */
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill("SIGKILL"); // of tests that failed
});

/** Starts the built command: two threads, no colours, in a folder of its own choice. */
export function startSuperstep(args: readonly string[], options: CommandOptions = {}): Running {
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, [commandFile, ...args], {
    cwd: options.cwd,
    env: { ...env, NO_COLOR: "1", SUPERSTEP_MASTER: "local[2]", ...options.env },
  });
  children.add(child);
  let [stdout, stderr] = ["", ""];
  let hasEnded = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => {}); // a process that ends early does not read it all
  child.stdin.end(options.input ?? "");
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      hasEnded = true;
      children.delete(child);
      resolve({ status, signal, stdout, stderr });
    });
  });
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) {
      if (hasEnded) throw new Error(`superstep ${args.join(" ")} ended too early: ${stdout}${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return {
    pid: child.pid!,
    said: (text) => until(() => stderr.includes(text)),
    until,
    kill: (signal) => void child.kill(signal),
    get errorSoFar() {
      return stderr;
    },
    get outputSoFar() {
      return stdout;
    },
    ended,
  };
}

/** Runs the built command to its end. */
export function superstep(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return startSuperstep(args, options).ended;
}

/** A folder for the files of one test file, removed when it ends. */
export function useTemporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "superstep-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
