/** Events of a master in short, and what its commands come to. */
import type { ClusterCommand, ClusterEvent } from "../../../../core/cluster/standalone/clusterProtocol.ts";
import { type ClusterState, createCluster } from "../../../../core/cluster/standalone/clusterState.ts";
import { manageCluster } from "../../../../core/cluster/standalone/manageCluster.ts";

export const settings = { heartbeatMs: 1000, timeoutMs: 5000 };
export const GiB = 2 ** 30;
const versions = { protocol: 1, build: "b", node: "v20" };

interface Reported {
  readonly application: string;
  readonly executor: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

export function worker(
  id: string,
  cores: number,
  more: { executors?: Reported[]; drivers?: string[]; memoryBytes?: number; address?: string } = {},
): ClusterEvent {
  const { executors = [], drivers = [], memoryBytes = 64 * GiB, address = `${id}:1` } = more;
  return {
    type: "workerRegistered",
    request: { worker: id, address, cores, memoryBytes, versions, executors, drivers },
  };
}

export function application(
  id: string,
  more: { cores?: number; coresPerExecutor?: number; memoryBytesPerExecutor?: number } = {},
): ClusterEvent {
  const { cores = 0, coresPerExecutor = 0, memoryBytesPerExecutor = GiB } = more;
  return {
    type: "applicationRegistered",
    request: {
      application: id,
      name: `app ${id}`,
      driverAddress: `${id}:2`,
      cores,
      coresPerExecutor,
      memoryBytesPerExecutor,
      versions,
    },
  };
}

export function beat(id: string, after = 0, replace = true): ClusterEvent {
  return { type: "applicationHeard", request: { application: id, after, replace } };
}

export function submission(id: string, cores = 0): ClusterEvent {
  return {
    type: "driverSubmitted",
    request: { submission: id, program: "/p.ts", args: ["x"], cores, versions },
  };
}

/** A master that is told events by hand, at times set by hand. */
export class ScriptedCluster {
  state: ClusterState;
  now = 0;
  constructor(state: ClusterState = createCluster(settings, "life")) {
    this.state = state;
  }

  /** The commands that something is to be done for: notes, saves and timers are left out. */
  tell(...events: ClusterEvent[]): Extract<ClusterCommand, { readonly worker: string }>[] {
    return events.flatMap((event) => this.tellAll(event)).filter((command) => "worker" in command);
  }

  tellAll(event: ClusterEvent): ClusterCommand[] {
    return manageCluster(this.state, event, this.now);
  }

  /** Executors launched by `events`: "application worker cores", sorted. */
  launched(...events: ClusterEvent[]): string[] {
    return this.tell(...events)
      .filter((command) => command.type === "launchExecutor")
      .map((command) => `${command.application} ${command.worker} ${command.cores}`)
      .sort();
  }

  /** Moves time, `timer` at the time that was asked for last, if it has come. */
  after(ms: number): ReturnType<ScriptedCluster["tell"]> {
    this.now += ms;
    return this.tell({ type: "timer" });
  }
}
