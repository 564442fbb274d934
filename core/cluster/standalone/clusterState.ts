/**
 * What a master knows: workers and what they offer, applications and what they want, the executors that join the two,
 * and drivers that run on workers.
 */
import type { DriverRecovery } from "../../net/messages.ts";

/** Times of a cluster, in milliseconds. */
export interface ClusterSettings {
  /** Between two heartbeats of a worker or an application. */
  readonly heartbeatMs: number;
  /** Of silence after which a worker or an application is lost. */
  readonly timeoutMs: number;
}

/** A process that launches executors. */
export interface WorkerRecord {
  readonly id: string;
  readonly address: string;
  /** Threads that executors on it can have in all. */
  readonly cores: number;
  readonly memoryBytes: number;
  /** Position in the order of registration. */
  readonly order: number;
  heardAt: number;
}

/** A program whose driver has registered. */
export interface ApplicationRecord {
  readonly id: string;
  readonly name: string;
  readonly driverAddress: string;
  /** Threads wanted in all; 0 for all that are to be had. */
  readonly cores: number;
  /** Threads of one executor at most; 0 for all that are to be had. */
  readonly coresPerExecutor: number;
  readonly memoryBytesPerExecutor: number;
  /** Position in the order of registration, kept over restarts of the master. */
  readonly order: number;
  /** False until its driver was heard: known from the file, or from a worker that runs executors of it. */
  isPresent: boolean;
  heardAt: number;
  /** Executors that end are replaced. */
  replace: boolean;
  /** Ended executors that its driver is not known to have heard of; the first has the number `firstEnded`. */
  ended: EndedExecutor[];
  firstEnded: number;
  /** Executors that ended soon after their launch, in a row. */
  quickEnds: number;
  /** No executor of it is launched before this time. */
  notBefore: number;
}

/** An executor that is gone. */
export interface EndedExecutor {
  readonly executor: string;
  /** Why, for users. */
  readonly text: string;
  /** It was told to end, or its worker is lost: no task is to blame. */
  readonly drained: boolean;
}

/** An executor: its cores and memory are taken from the worker until it is known to have ended. */
export interface ExecutorRecord {
  readonly executor: string;
  readonly application: string;
  readonly worker: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly launchedAt: number;
  /** `launching`: the worker has not answered yet. `stopping`: it was told to end it. */
  state: "launching" | "running" | "stopping";
}

/** A driver of a submitted program. It takes one core of its worker. */
export interface DriverRecord {
  readonly submission: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Threads that its application wants. */
  readonly cores: number;
  readonly recovery?: DriverRecovery | undefined;
  readonly order: number;
  state: "waiting" | "running" | "finished" | "failed" | "lost" | "killed";
  /** Where it runs or ran. */
  worker: string | undefined;
  /** It was told to end. */
  isStopping: boolean;
  exitCode: number;
  /** The end of its output, or why it is lost. */
  text: string;
}

/** An application that is over, for the status page. */
export interface EndedApplication {
  readonly id: string;
  readonly name: string;
  readonly how: "finished" | "lost";
}

/** A master's whole state. Only `manageCluster` and `restoreCluster` change it. */
export interface ClusterState {
  readonly settings: ClusterSettings;
  /** Part of the names of executors: differs between lives of a master. */
  readonly life: string;
  readonly workers: Map<string, WorkerRecord>;
  readonly applications: Map<string, ApplicationRecord>;
  readonly executors: Map<string, ExecutorRecord>;
  readonly drivers: Map<string, DriverRecord>;
  /** The last ones, oldest first. */
  readonly endedApplications: EndedApplication[];
  /** Workers that an earlier life of the master knew, and that have not registered with this one. */
  readonly awaited: Map<string, { readonly address: string }>;
  /** Nothing is launched before this time: workers and applications of an earlier life may still come. */
  recoveringUntil: number;
  nextOrder: number;
  nextExecutor: number;
  /** Workers that were lost, since this life began. */
  lostWorkers: number;
  /** Executors that were launched, since this life began. */
  launchedExecutors: number;
  /** The last time asked for by `wakeAt`. */
  wakeAt: number;
}

/** A master that knows of nobody. `life`: a random name. */
export function createCluster(settings: ClusterSettings, life: string): ClusterState {
  return {
    settings,
    life,
    workers: new Map(),
    applications: new Map(),
    executors: new Map(),
    drivers: new Map(),
    endedApplications: [],
    awaited: new Map(),
    recoveringUntil: -Infinity,
    nextOrder: 0,
    nextExecutor: 0,
    lostWorkers: 0,
    launchedExecutors: 0,
    wakeAt: Infinity,
  };
}

/** What a worker has left. */
export interface FreeOnWorker {
  cores: number;
  memoryBytes: number;
}

/** What each worker has left, in order of registration. */
export function freeOnWorkers({ workers, executors, drivers }: ClusterState): Map<string, FreeOnWorker> {
  const free = new Map<string, FreeOnWorker>();
  for (const { id, cores, memoryBytes } of workers.values()) free.set(id, { cores, memoryBytes });
  for (const { worker, cores, memoryBytes } of executors.values()) {
    const left = free.get(worker);
    if (left === undefined) continue;
    left.cores -= cores;
    left.memoryBytes -= memoryBytes;
  }
  for (const { state, worker } of drivers.values()) {
    const left = state === "running" && worker !== undefined ? free.get(worker) : undefined;
    if (left !== undefined) left.cores -= 1;
  }
  return free;
}

/** Executors of an application that are not being ended. */
export function executorsOf({ executors }: ClusterState, application: string): ExecutorRecord[] {
  return [...executors.values()].filter((each) => each.application === application && each.state !== "stopping");
}

/** Threads that an application has. */
export function coresOf(state: ClusterState, application: string): number {
  return executorsOf(state, application).reduce((sum, { cores }) => sum + cores, 0);
}

/** Threads that an application wants at most. */
export function wantedCores({ cores }: ApplicationRecord): number {
  return cores === 0 ? Infinity : cores;
}
