/**
 * Real executors for tests: one cluster at a time on this machine, faults and markers as files, and a look around
 * afterwards whether anything is left.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { Context, type ContextOptions } from "../../core/context.ts";
import type { FaultPoint } from "../../core/host/faultPoint.ts";
import type { SuperstepEvent } from "../../core/schedule/events.ts";
import { usedAfterGarbage } from "./usedBytes.ts";

const lockFile = path.join(os.tmpdir(), "superstep-test-cluster.lock");
/** Milliseconds that the tests of a file wait for those of others: each of them may take minutes. */
const lockMs = 900_000;
const startMs = 120_000;
/** For the hook that calls `lockCluster`. */
export const lockTimeoutMs: number = lockMs + startMs;

/** Settings that notice a silent executor soon. A machine under load may look silent: only for tests of silence. */
export const shortSettings = { heartbeatMs: 200, hostTimeoutMs: 2500 } as const;

/** Waits until no other test on this machine has a cluster. Returns what ends that. */
export async function lockCluster(): Promise<() => void> {
  for (const deadline = performance.now() + lockMs; ;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: "wx" });
      return () => rmSync(lockFile, { force: true });
    } catch {
      const holder = Number(readOr(lockFile, "0"));
      if (holder > 0 && !isAlive(holder)) rmSync(lockFile, { force: true });
      else if (performance.now() > deadline) throw new Error(`process ${holder} has had a cluster for ${lockMs} ms`);
      else await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** True if a process lives; one that has ended and was not reaped does not. */
export function isAlive(pid: number): boolean {
  const state = /^\d+ \(.*\) (\S)/s.exec(readOr(`/proc/${pid}/stat`, ""))?.[1];
  return state !== undefined && state !== "Z" && state !== "X";
}

/** Waits until `holds` does; 100 seconds at most. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (const deadline = performance.now() + 100_000; !holds();) {
    if (performance.now() > deadline) throw new Error(`waited for 100 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Files by which tests and tasks tell each other something. */
export class Markers {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  file(name: string): string {
    return path.join(this.directory, name);
  }

  set(name: string): void {
    writeFileSync(this.file(name), "");
  }

  has(name: string): boolean {
    return existsSync(this.file(name));
  }

  async seen(name: string): Promise<void> {
    await until(() => this.has(name), `marker ${name}`);
  }

  names(): string[] {
    return readdirSync(this.directory);
  }
}

/** A context over real executors. */
export class TestCluster {
  readonly context: Context;
  readonly events: SuperstepEvent[] = [];
  readonly markers: Markers;
  /** Every executor's process so far. */
  readonly pids: Set<number> = new Set();
  readonly #directory: string;
  readonly #faults: string;
  readonly #sockets: number;
  #lastFault = 0;

  private constructor(context: Context, directory: string, sockets: number) {
    this.context = context;
    this.#directory = directory;
    this.#sockets = sockets;
    this.#faults = path.join(directory, "faults");
    this.markers = new Markers(path.join(directory, "markers"));
    context.on((event) => {
      this.events.push(event);
      this.#notePids();
    });
    this.#notePids();
  }

  /** Starts a cluster. `SUPERSTEP_FAULTS` is set for its executors. */
  static async start(master: string, options: Omit<ContextOptions, "master"> = {}): Promise<TestCluster> {
    const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-cluster-test."));
    for (const name of ["faults", "markers", "spill"]) mkdirSync(path.join(directory, name));
    process.env["SUPERSTEP_TESTING"] = "1";
    process.env["SUPERSTEP_FAULTS"] = path.join(directory, "faults");
    const sockets = listeningSockets();
    const config = { spillDirectory: path.join(directory, "spill"), ...options.config };
    try {
      return new TestCluster(await Context.create({ ...options, master, config }), directory, sockets);
    } catch (error) {
      rmSync(directory, { recursive: true });
      throw error;
    }
  }

  get spillDirectory(): string {
    return path.join(this.#directory, "spill");
  }

  /** Pids of the executors that are there, by id. */
  get alive(): ReadonlyMap<number, number> {
    return new Map(this.context.driver.executors.map(({ id, pid }) => [id, pid]));
  }

  /** Makes the next `count` executors that get to a point fail there. */
  arm(point: FaultPoint, manner: "kill" | "freeze" | "abort" | "exit0" | "exit42", count = 1): void {
    for (let i = 0; i < count; i++)
      writeFileSync(path.join(this.#faults, `${point}.${manner}.${++this.#lastFault}`), "");
  }

  /** Faults that were armed and have not fired. */
  get unfired(): number {
    return readdirSync(this.#faults).length;
  }

  /** Executors that were lost so far, as events told. */
  get lost(): { host: number; text: string }[] {
    return this.events.flatMap((event) =>
      event.type === "host" && event.what === "lost" ? [{ host: event.host, text: event.text ?? "" }] : [],
    );
  }

  /** Waits until `count` executors are there and no lost one is left. */
  async whole(count: number): Promise<void> {
    await this.context.driver.whenExecutors(count);
    expect(this.context.driver.executors).toHaveLength(count);
  }

  /** Stops it and looks whether anything is left: processes, sockets, files, columns that somebody holds, unfired faults. */
  async stop(): Promise<void> {
    this.#notePids();
    const usedBytes = await usedAfterGarbage(this.context);
    await this.context.stop();
    const left = [...this.pids].filter(isAlive);
    const spilled = readdirSync(this.spillDirectory);
    const { unfired } = this;
    rmSync(this.#directory, { recursive: true });
    delete process.env["SUPERSTEP_FAULTS"];
    delete process.env["SUPERSTEP_TESTING"];
    expect({ left, spilled, unfired, usedBytes }).toEqual({ left: [], spilled: [], unfired: 0, usedBytes: 0 });
    expect(listeningSockets()).toBe(this.#sockets);
  }

  #notePids(): void {
    for (const { pid } of this.context.driver.executors) this.pids.add(pid);
  }
}

/** A cluster for the tests of a file or of a `describe`, checked at its end. It must not be used outside of tests. */
export function useCluster(master: string, options: Omit<ContextOptions, "master"> = {}): TestCluster {
  let cluster: TestCluster | undefined;
  let unlock: (() => void) | undefined;
  beforeAll(async () => {
    unlock = await lockCluster();
    cluster = await TestCluster.start(master, options);
  }, lockTimeoutMs);
  afterAll(async () => {
    try {
      await cluster?.stop();
    } finally {
      unlock?.();
    }
  });
  return new Proxy({} as TestCluster, {
    get(_, name) {
      if (cluster === undefined) throw new Error("useCluster: used outside of a test");
      const value: unknown = Reflect.get(cluster, name, cluster);
      return typeof value === "function" ? value.bind(cluster) : value;
    },
  });
}

/** Sockets on which this process listens. */
function listeningSockets(): number {
  const inodes = new Set<string>();
  for (const file of ["/proc/self/net/tcp", "/proc/self/net/tcp6"]) {
    for (const line of readOr(file, "").split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === "0A") inodes.add(fields[9]!);
    }
  }
  return readdirSync("/proc/self/fd").filter((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOr(`/proc/self/fd/${fd}`))?.[1];
    return inode !== undefined && inodes.has(inode);
  }).length;
}

function linkOr(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise;
  }
}
