/**
 * The master of a standalone cluster: the shell of sockets, timers and a file around `manageCluster`.
 */
import { randomBytes } from "node:crypto";
import { hasCode, invalidArgument, SuperstepError } from "../../errors.ts";
import { type Clock, systemClock, type Timer } from "../../net/clock.ts";
import type { Handlers, Server, Transport } from "../../net/transport.ts";
import { heartbeatAnswer, registrationAnswer } from "./applications.ts";
import { checkCount, checkName, maxCores } from "./checkRequest.ts";
import type { ClusterCommand, ClusterEvent } from "./clusterProtocol.ts";
import { type ClusterState, createCluster } from "./clusterState.ts";
import { clusterStatus, type ClusterStatus } from "./clusterStatus.ts";
import { driverStatus } from "./drivers.ts";
import { manageCluster } from "./manageCluster.ts";
import { beginMasterFile, readMasterFile, restoreCluster, savedCluster, writeMasterFile } from "./masterFile.ts";
import { WorkerLink } from "./workerLink.ts";

/** What a master is made of. */
export interface MasterOptions {
  /** The way to workers and drivers; the master does not close it. */
  readonly transport: Transport;
  /** Default: that of the process. */
  readonly clock?: Clock;
  /** Where it listens. Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** Keeps what is to outlive it. Default: none; then the order of applications and waiting submissions are lost with it. */
  readonly stateFile?: string | undefined;
  /** Milliseconds between two heartbeats of workers and applications. Default 2000. */
  readonly heartbeatMs?: number;
  /** Milliseconds of silence after which they are lost: at least 3 heartbeats. Default 15,000. */
  readonly timeoutMs?: number;
  /** Gets a line for each thing that happens. */
  readonly note?: (text: string) => void;
}

/** A running master. */
export class Master {
  readonly #state: ClusterState;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #stateFile: string | undefined;
  readonly #note: (text: string) => void;
  readonly #links: Map<string, WorkerLink> = new Map();
  #server: Server | undefined;
  #timer: Timer | undefined;
  #isStopped = false;

  private constructor(options: MasterOptions) {
    const { heartbeatMs = 2000, timeoutMs = 15_000, stateFile } = options;
    checkCount("master", "heartbeatMs", heartbeatMs, 20, 60_000);
    checkCount("master", "timeoutMs", timeoutMs, 3 * heartbeatMs, 3_600_000);
    this.#transport = options.transport;
    this.#clock = options.clock ?? systemClock;
    this.#stateFile = stateFile;
    this.#note = options.note ?? ((): void => undefined);
    const life = randomBytes(6).toString("hex");
    const settings = { heartbeatMs, timeoutMs };
    const saved = stateFile === undefined ? undefined : readMasterFile(stateFile);
    this.#state =
      saved === undefined ? createCluster(settings, life) : restoreCluster(settings, life, saved, this.#clock.now());
  }

  /**
   * Starts a master; resolves once it listens.
   *
   * @throws SuperstepError INVALID_ARGUMENT if a setting is out of range, or the port is taken; INVALID_INPUT if the state
   *   file is damaged.
   */
  static async start(options: MasterOptions): Promise<Master> {
    const master = new Master(options);
    if (options.stateFile !== undefined) beginMasterFile(options.stateFile, savedCluster(master.#state));
    const { host = "127.0.0.1", port = 0 } = options;
    master.#server = await options.transport.serve(master.#handlers(), { host, port });
    master.#tell({ type: "timer" });
    return master;
  }

  /** As workers and drivers reach it: "host:port". */
  get address(): string {
    return this.#server!.address;
  }

  /** What is there now. */
  get status(): ClusterStatus {
    return clusterStatus(this.#state, this.#clock.now());
  }

  /**
   * Stops listening. What runs on workers goes on, and registers with a master that is started anew at the same address.
   * Idempotent.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.clear();
    await this.#server?.close();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #tell(event: ClusterEvent): void {
    if (this.#isStopped) throw new SuperstepError("UNREACHABLE", "master: it stops");
    const commands = manageCluster(this.#state, event, this.#clock.now());
    // what is to outlive this life is on the disk before anybody hears of it
    for (const command of commands) if (command.type === "save") this.#save();
    for (const command of commands) this.#perform(command);
    for (const [worker, link] of this.#links) {
      if (this.#state.workers.has(worker)) continue;
      link.close();
      this.#links.delete(worker);
    }
  }

  #perform(command: ClusterCommand): void {
    switch (command.type) {
      case "save":
        return;
      case "note":
        return this.#note(command.text);
      case "wakeAt": {
        this.#timer?.clear();
        if (command.time === Infinity) return;
        const tick = (): void => {
          if (!this.#isStopped) this.#tell({ type: "timer" });
        };
        this.#timer = this.#clock.after(command.time - this.#clock.now(), tick);
        return;
      }
      case "launchExecutor": {
        const { type: _, worker, ...request } = command;
        const { executor } = request;
        return this.#send(
          worker,
          (link) => link.send("worker.launchExecutor", request),
          () => this.#tell({ type: "executorLaunched", executor }),
          (text) => this.#tell({ type: "executorEnded", worker, executor, text, drained: false }),
        );
      }
      case "stopExecutor": {
        const { type: _, worker, ...request } = command;
        return this.#send(worker, (link) => link.send("worker.stopExecutor", request));
      }
      case "launchDriver": {
        const { type: _, worker, ...request } = command;
        const { submission } = request;
        return this.#send(
          worker,
          (link) => link.send("worker.launchDriver", request),
          undefined,
          (text) => this.#tell({ type: "driverEnded", worker, submission, exitCode: 1, text }),
        );
      }
      case "stopDriver": {
        const { type: _, worker, ...request } = command;
        return this.#send(worker, (link) => link.send("worker.stopDriver", request));
      }
    }
  }

  /** Sends to a worker. One that cannot be reached is gone; `refused` gets why another one did not do it. */
  #send(
    worker: string,
    send: (link: WorkerLink) => Promise<void>,
    done?: () => void,
    refused?: (text: string) => void,
  ): void {
    const record = this.#state.workers.get(worker);
    if (record === undefined) return;
    let link = this.#links.get(worker);
    if (link === undefined) {
      link = new WorkerLink(this.#transport, record.address);
      this.#links.set(worker, link);
    }
    const used = link;
    const failed = (error: unknown): void => {
      if (this.#isStopped || this.#links.get(worker) !== used) return;
      const text = error instanceof Error ? error.message : String(error);
      if (hasCode(error, "INVALID_ARGUMENT") && refused !== undefined) refused(text);
      else this.#tell({ type: "workerGone", worker, text, isLoss: true });
    };
    void send(link).then(() => {
      if (!this.#isStopped) done?.();
    }, failed);
  }

  #save(): void {
    if (this.#stateFile === undefined) return;
    try {
      writeMasterFile(this.#stateFile, savedCluster(this.#state));
    } catch (error) {
      this.#note(`the state file could not be written, the one before is kept: ${(error as Error).message}`);
    }
  }

  #handlers(): Handlers {
    const now = (): number => this.#clock.now();
    const state = this.#state;
    return {
      uploads: {},
      downloads: {},
      calls: {
        "master.registerWorker": async (request) => {
          const where = "master: registerWorker";
          checkName(where, "worker", request.worker);
          checkCount(where, "cores", request.cores, 1, maxCores);
          checkCount(where, "memoryBytes", request.memoryBytes, 1, Number.MAX_SAFE_INTEGER);
          for (const { application, executor, cores } of request.executors) {
            checkName(where, "application", application);
            checkName(where, "executor", executor);
            checkCount(where, "cores", cores, 1, maxCores);
          }
          const known = state.workers.get(request.worker);
          if (known !== undefined && known.address !== request.address)
            throw invalidArgument(where, "the address", `that of this worker, ${known.address}`, request.address);
          this.#tell({ type: "workerRegistered", request });
          return state.settings;
        },
        "master.workerHeartbeat": async ({ worker }) => {
          this.#tell({ type: "workerHeard", worker });
          return { known: state.workers.has(worker) };
        },
        "master.endWorker": async ({ worker }) => {
          this.#tell({ type: "workerGone", worker, text: "it was stopped", isLoss: false });
          return {};
        },
        "master.registerApplication": async (request) => {
          const where = "master: registerApplication";
          checkName(where, "application", request.application);
          checkCount(where, "cores", request.cores, 0, 1_000_000);
          checkCount(where, "coresPerExecutor", request.coresPerExecutor, 0, maxCores);
          checkCount(where, "memoryBytesPerExecutor", request.memoryBytesPerExecutor, 0, Number.MAX_SAFE_INTEGER);
          const known = state.applications.get(request.application);
          if (known?.isPresent === true && known.driverAddress !== request.driverAddress)
            throw invalidArgument(where, "application", "new: another driver has registered it", request.application);
          this.#tell({ type: "applicationRegistered", request });
          return registrationAnswer(state, request.application, now());
        },
        "master.applicationHeartbeat": async (request) => {
          this.#tell({ type: "applicationHeard", request });
          return heartbeatAnswer(state, request.application, now());
        },
        "master.endApplication": async ({ application }) => {
          this.#tell({ type: "applicationEnded", application });
          return {};
        },
        "master.killExecutor": async ({ application, executor }) => {
          this.#tell({ type: "executorKilled", application, executor });
          return {};
        },
        "master.executorEnded": async ({ worker, executor, text, drained }) => {
          this.#tell({ type: "executorEnded", worker, executor, text, drained });
          return {};
        },
        "master.submitDriver": async (request) => {
          checkName("master: submitDriver", "submission", request.submission);
          checkCount("master: submitDriver", "cores", request.cores, 0, 1_000_000);
          this.#tell({ type: "driverSubmitted", request });
          return { state: driverStatus(state, request.submission).state === "waiting" ? "waiting" : "running" };
        },
        "master.driverStatus": async ({ submission }) => driverStatus(state, submission),
        "master.killDriver": async ({ submission }) => {
          this.#tell({ type: "driverKilled", submission });
          return {};
        },
        "master.driverEnded": async (request) => {
          this.#tell({ type: "driverEnded", ...request });
          return {};
        },
      },
    };
  }
}
