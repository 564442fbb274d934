/**
 * A standalone cluster of real processes on loopback: `superstep master` and workers, with a secret and directories of their
 * own, and a look around afterwards whether anything is left.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { isAlive, lockCluster, Markers, until } from "./cluster.ts";
import { type CommandOptions, type Ended, type Running, startSuperstep } from "./command.ts";

/** Options that notice what is gone soon. */
const short = ["--heartbeat", "200", "--timeout", "3000"];

/** A process of the cluster as /proc shows it. */
export interface SeenProcess {
  readonly pid: number;
  readonly commandLine: string;
  readonly environment: string;
}

/** More arguments of its commands. `prepare` is called with its directory before anything is started. */
export interface StandaloneOptions {
  readonly master?: readonly string[];
  readonly worker?: readonly string[];
  readonly prepare?: (directory: string) => Promise<void>;
}

export class StandaloneCluster {
  readonly directory: string;
  readonly markers: Markers;
  readonly workers: Running[] = [];
  /** "superstep://127.0.0.1:port". */
  url = "";
  master!: Running;
  /** The link of the status page. */
  statusLink = "";
  readonly #unlock: () => void;
  readonly #options: StandaloneOptions;
  readonly #runs: Running[] = [];
  readonly #killed: number[] = [];

  private constructor(unlock: () => void, options: StandaloneOptions) {
    this.#unlock = unlock;
    this.#options = options;
    this.directory = mkdtempSync(path.join(os.tmpdir(), "superstep-standalone-test."));
    mkdirSync(path.join(this.directory, "markers"));
    mkdirSync(path.join(this.directory, "tmp"));
    this.markers = new Markers(path.join(this.directory, "markers"));
  }

  /** Starts a master and workers of one core each; resolves when all workers are registered. */
  static async start(numWorkers: number, options: StandaloneOptions = {}): Promise<StandaloneCluster> {
    const cluster = new StandaloneCluster(await lockCluster(), options);
    try {
      await options.prepare?.(cluster.directory);
      await cluster.startMaster(0);
      for (let i = 0; i < numWorkers; i++) cluster.startWorker();
      await cluster.whenWorkers(numWorkers);
      return cluster;
    } catch (error) {
      await cluster.stop().catch(() => undefined);
      throw error;
    }
  }

  get port(): number {
    return Number(/:(\d+)$/.exec(this.url)![1]);
  }

  /** The file in which the secret lies. */
  get secretFile(): string {
    return path.join(this.directory, "superstep", `secret-${this.port}`);
  }

  async startMaster(port: number): Promise<void> {
    const state = path.join(this.directory, "master.state");
    this.master = this.start([
      "master",
      "--port",
      String(port),
      "--state-file",
      state,
      ...short,
      ...(this.#options.master ?? []),
    ]);
    await this.master.until(() => /listening on/.test(this.master.errorSoFar) && this.master.outputSoFar !== "");
    this.url = /superstep:\/\/127\.0\.0\.\d+:\d+/.exec(this.master.errorSoFar)![0];
    this.statusLink = this.master.outputSoFar.trim();
  }

  startWorker(cores = 1): Running {
    const worker = this.start([
      "worker",
      this.url,
      "--cores",
      String(cores),
      "--memory",
      "4g",
      ...(this.#options.worker ?? []),
    ]);
    this.workers.push(worker);
    return worker;
  }

  /** Kills a worker, by default the one that was started first. It leaves its directory to the next one that is started. */
  killWorker(pid: number = this.workers[0]!.pid): void {
    const [victim] = this.workers.splice(
      this.workers.findIndex((worker) => worker.pid === pid),
      1,
    ) as [Running];
    this.#killed.push(victim.pid);
    victim.kill("SIGKILL");
  }

  async whenWorkers(count: number): Promise<void> {
    await until(
      () => [...this.master.errorSoFar.matchAll(/worker \S+ registered/g)].length >= count,
      `${count} workers`,
    );
  }

  /** Starts a command with the environment of the cluster. */
  start(args: readonly string[], options: CommandOptions = {}): Running {
    const env = {
      XDG_STATE_HOME: this.directory,
      XDG_RUNTIME_DIR: "",
      TMPDIR: path.join(this.directory, "tmp"),
      MARKERS: this.markers.directory,
      SUPERSTEP_SECRET: undefined,
      ...options.env,
    };
    const running = startSuperstep(args, { cwd: this.directory, ...options, env });
    this.#runs.push(running);
    return running;
  }

  /** Runs a command to its end. */
  run(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** What the status page shows. */
  async status(): Promise<{
    workers: { freeCores: number }[];
    applications: { name: string; executors: number; cores: number; waiting: string }[];
    endedApplications: { how: string }[];
  }> {
    return JSON.parse(await this.#ask("/api/status")) as Awaited<ReturnType<StandaloneCluster["status"]>>;
  }

  /** What `/metrics` answers, by name and labels. */
  async metrics(): Promise<Readonly<Record<string, number>>> {
    const lines = (await this.#ask("/metrics")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return Object.fromEntries(lines.map((line) => line.split(" ")).map(([name, value]) => [name!, Number(value)]));
  }

  async #ask(page: string): Promise<string> {
    const [url, token] = this.statusLink.split("/#token=") as [string, string];
    return (await fetch(`${url}${page}`, { headers: { authorization: `Bearer ${token}` } })).text();
  }

  /** All processes of the cluster: they have its directory in their environment. */
  processes(): SeenProcess[] {
    const found: SeenProcess[] = [];
    for (const name of readdirSync("/proc")) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === process.pid || !isAlive(pid)) continue;
      const environment = readOr(`/proc/${pid}/environ`);
      if (!environment.includes(`XDG_STATE_HOME=${this.directory}\0`)) continue;
      found.push({ pid, environment, commandLine: readOr(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() });
    }
    return found;
  }

  /** Pids of executors that run. */
  executors(): number[] {
    return this.processes()
      .filter(({ commandLine }) => /executor\/main\.js/.test(commandLine))
      .map(({ pid }) => pid);
  }

  /** Addresses on which processes of the cluster listen, of TCP over IPv4 and IPv6, in hexadecimal. */
  listeners(): string[] {
    const inodes = new Set(this.processes().flatMap(({ pid }) => socketsOf(pid)));
    const found: string[] = [];
    for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
      for (const line of readOr(file).split("\n").slice(1)) {
        const fields = line.trim().split(/\s+/);
        if (fields[3] === "0A" && inodes.has(fields[9]!)) found.push(fields[1]!.split(":")[0]!);
      }
    }
    return found;
  }

  /** Everything that commands of the cluster have written so far. */
  output(): string {
    return this.#runs.map(({ errorSoFar, outputSoFar }) => errorSoFar + outputSoFar).join("");
  }

  /** Stops workers and master by SIGTERM; checks that they end well and leave nothing. */
  async stop(): Promise<void> {
    try {
      for (const worker of this.workers) worker.kill("SIGTERM");
      const ends = await Promise.all(this.workers.map(({ ended }) => ended));
      this.master?.kill("SIGTERM");
      ends.push(await this.master.ended);
      const failures: unknown[] = ends.filter(({ status, signal }) => status !== 0 && signal !== "SIGKILL");
      const deadline = performance.now() + 60_000;
      while (this.processes().length > 0 && performance.now() < deadline) await sleep(20);
      failures.push(...this.processes().map(({ commandLine }) => commandLine));
      const left = readdirSync(path.join(this.directory, "tmp")).filter(
        (name) => !this.#killed.some((pid) => name.startsWith(`superstep-worker-${pid}-`)),
      );
      expect({ failures, left }).toEqual({ failures: [], left: [] });
    } finally {
      for (const { pid } of this.processes()) process.kill(pid, "SIGKILL");
      this.#unlock();
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOr(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return []; // it has ended
  }
}

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function linkOr(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
