/**
 * A cluster as its status page and `/metrics` show it.
 */
import {
  type ClusterState,
  coresOf,
  type DriverRecord,
  type EndedApplication,
  executorsOf,
  freeOnWorkers,
} from "./clusterState.ts";
import { waitingText } from "./placement.ts";

/** What is there at one moment. Sizes in bytes, times in milliseconds. */
export interface ClusterStatus {
  readonly workers: readonly {
    readonly id: string;
    readonly address: string;
    readonly cores: number;
    readonly freeCores: number;
    readonly memoryBytes: number;
    readonly freeMemoryBytes: number;
    readonly executors: number;
    readonly silentMs: number;
  }[];
  readonly applications: readonly {
    readonly id: string;
    readonly name: string;
    readonly driverAddress: string;
    readonly state: "waiting" | "running";
    readonly executors: number;
    readonly cores: number;
    /** 0 for all that are to be had. */
    readonly wantedCores: number;
    readonly waiting: string;
  }[];
  readonly endedApplications: readonly EndedApplication[];
  readonly drivers: readonly Pick<DriverRecord, "submission" | "program" | "state" | "exitCode">[];
  readonly lostWorkers: number;
  readonly launchedExecutors: number;
}

/** What is there now. */
export function clusterStatus(state: ClusterState, now: number): ClusterStatus {
  const free = freeOnWorkers(state);
  const executors = [...state.executors.values()];
  return {
    workers: [...state.workers.values()].map(({ id, address, cores, memoryBytes, heardAt }) => ({
      id,
      address,
      cores,
      freeCores: free.get(id)!.cores,
      memoryBytes,
      freeMemoryBytes: free.get(id)!.memoryBytes,
      executors: executors.filter(({ worker }) => worker === id).length,
      silentMs: Math.round(now - heardAt),
    })),
    applications: [...state.applications.values()]
      .sort((a, b) => a.order - b.order)
      .map((application) => {
        const { id, name, driverAddress, cores } = application;
        const count = executorsOf(state, id).length;
        return {
          id,
          name,
          driverAddress,
          state: count > 0 ? "running" : "waiting",
          executors: count,
          cores: coresOf(state, id),
          wantedCores: cores,
          waiting: waitingText(state, application, now),
        };
      }),
    endedApplications: [...state.endedApplications],
    drivers: [...state.drivers.values()].map(({ submission, program, state: now, exitCode }) => {
      return { submission, program, state: now, exitCode };
    }),
    lostWorkers: state.lostWorkers,
    launchedExecutors: state.launchedExecutors,
  };
}
