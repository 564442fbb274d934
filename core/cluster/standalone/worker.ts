/**
 * A worker of a standalone cluster: offers cores and memory of its machine to a master, and runs what the master asks for.
 */
import { randomBytes } from "node:crypto";
import { hasCode, SuperstepError } from "../../errors.ts";
import { type Clock, systemClock } from "../../net/clock.ts";
import type { Request, Versions } from "../../net/messages.ts";
import type { Address, Handlers, Server, Transport } from "../../net/transport.ts";
import { checkCount, checkName, maxCores } from "./checkRequest.ts";
import { type MasterCall, MasterLink } from "./masterLink.ts";
import { WorkDirectory } from "./workDirectory.ts";
import type { ProcessEnd, WorkerProcess, WorkerProcesses } from "./workerProcesses.ts";

/** What a worker is made of. */
export interface WorkerOptions {
  /** The way to the master; the worker does not close it. */
  readonly transport: Transport;
  /** Default: that of the process. */
  readonly clock?: Clock;
  /** Of the master. */
  readonly master: Address;
  /** Where it listens, as the master reaches it. Default 127.0.0.1. */
  readonly host?: string;
  /** Threads that its executors can have in all, [1, 1024]. */
  readonly cores: number;
  /** Bytes that its executors can have in all. */
  readonly memoryBytes: number;
  /** The directory under which it makes a private one of its own. */
  readonly workDirectory: string;
  readonly processes: WorkerProcesses;
  readonly versions: Versions;
  /** Gets a line for each thing that happens. */
  readonly note?: (text: string) => void;
}

interface RunningExecutor extends Request<"worker.launchExecutor"> {
  readonly process: WorkerProcess;
  /** It was told to end. */
  isStopping: boolean;
}

/** What the master is to hear of, until it has. */
type Notice =
  | { readonly method: "master.executorEnded"; readonly request: Request<"master.executorEnded"> }
  | { readonly method: "master.driverEnded"; readonly request: Request<"master.driverEnded"> };

/** Names that are remembered, so that what comes late or twice starts nothing again. */
const rememberedNames = 4096;

/** A running worker. */
export class Worker {
  /** A random name, new with each process. */
  readonly id: string = `worker-${randomBytes(8).toString("hex")}`;
  readonly #options: WorkerOptions;
  readonly #note: (text: string) => void;
  readonly #directory: WorkDirectory;
  readonly #link: MasterLink;
  readonly #executors: Map<string, RunningExecutor> = new Map();
  readonly #drivers: Map<string, WorkerProcess> = new Map();
  /** How drivers ended that ran here; executors that ran here, or are not to start any more. */
  readonly #endedDrivers: Map<string, ProcessEnd> = new Map();
  readonly #endedExecutors: Set<string> = new Set();
  readonly #notices: Notice[] = [];
  #sending: Promise<void> | undefined;
  #server: Server | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(options: WorkerOptions) {
    checkCount("worker", "cores", options.cores, 1, maxCores);
    checkCount("worker", "memory", options.memoryBytes, 1, Number.MAX_SAFE_INTEGER);
    this.#options = options;
    this.#note = options.note ?? ((): void => undefined);
    this.#directory = new WorkDirectory(options.workDirectory);
    this.#link = new MasterLink({
      transport: options.transport,
      clock: options.clock ?? systemClock,
      address: options.master,
      register: () => this.#register(),
      beat: async (link) => {
        const { known } = await link.call("master.workerHeartbeat", { worker: this.id });
        if (known) this.#sendNotices();
        return known;
      },
      lost: (error) => {
        const why = error instanceof Error ? error.message : String(error);
        this.#note(`the master is out of reach; what runs here goes on: ${why}`);
      },
      found: () => this.#note("the master is there again"),
    });
  }

  /**
   * Starts a worker; resolves once the master knows it.
   *
   * @throws SuperstepError INVALID_ARGUMENT if an option is out of range; UNREACHABLE, UNAUTHENTICATED or INCOMPATIBLE,
   *   saying what to do.
   */
  static async start(options: WorkerOptions): Promise<Worker> {
    const worker = new Worker(options);
    try {
      const { host = "127.0.0.1" } = options;
      worker.#server = await options.transport.serve(worker.#handlers(), { host });
      await worker.#link.start();
    } catch (error) {
      await worker.stop();
      throw error;
    }
    return worker;
  }

  /** Where the master reaches it: "host:port". */
  get address(): Address {
    return this.#server!.address;
  }

  /** Its own, private directory: one in it for each process that runs. */
  get workDirectory(): string {
    return this.#directory.path;
  }

  /** Ends all that runs here, tells the master, and removes the work directory. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const executor of this.#executors.values()) executor.isStopping = true;
    const running = [...[...this.#executors.values()].map((each) => each.process), ...this.#drivers.values()];
    for (const process of running) process.stop(false);
    await Promise.all(running.map(({ ended }) => ended));
    await this.#sending;
    if (this.#link.isRegistered) {
      await this.#link.call("master.endWorker", { worker: this.id }).catch(() => undefined); // it will miss it by itself
    }
    await this.#link.close();
    await this.#server?.close();
    this.#directory.remove();
  }

  async #register(): Promise<number> {
    const { cores, memoryBytes, versions } = this.#options;
    const { heartbeatMs } = await this.#link.call("master.registerWorker", {
      worker: this.id,
      address: this.address,
      cores,
      memoryBytes,
      versions,
      executors: [...this.#executors.values()].map(({ application, executor, ...share }) => {
        return { application, executor, cores: share.cores, memoryBytes: share.memoryBytes };
      }),
      drivers: [...this.#drivers.keys()],
    });
    this.#sendNotices();
    return heartbeatMs;
  }

  #launchExecutor(request: Request<"worker.launchExecutor">): void {
    const { application, executor, cores } = request;
    if (this.#executors.has(executor)) return;
    if (this.#endedExecutors.has(executor))
      return this.#executorEnded(application, executor, "it was ended before", true);
    const directory = this.#directory.make(executor);
    const process = this.#options.processes.startExecutor(request, directory);
    const running: RunningExecutor = { ...request, process, isStopping: false };
    this.#executors.set(executor, running);
    this.#note(`executor ${executor} of ${application} starts: ${cores} ${cores === 1 ? "core" : "cores"}`);
    void process.ended.then(({ text }) => {
      this.#executors.delete(executor);
      this.#directory.remove(directory);
      this.#note(`executor ${executor} ${text}`);
      this.#executorEnded(application, executor, text, running.isStopping);
    });
  }

  #stopExecutor({ application, executor, force }: Request<"worker.stopExecutor">): void {
    const running = this.#executors.get(executor);
    if (running === undefined) return this.#executorEnded(application, executor, "it does not run", true);
    running.isStopping = true;
    running.process.stop(force);
  }

  #executorEnded(application: string, executor: string, text: string, drained: boolean): void {
    this.#endedExecutors.add(executor);
    if (this.#endedExecutors.size > rememberedNames)
      this.#endedExecutors.delete(this.#endedExecutors.values().next().value!);
    this.#tell({ method: "master.executorEnded", request: { worker: this.id, application, executor, text, drained } });
  }

  #launchDriver(request: Request<"worker.launchDriver">): void {
    const { submission } = request;
    if (this.#drivers.has(submission)) return;
    const ended = this.#endedDrivers.get(submission);
    if (ended !== undefined) return this.#driverEnded(submission, ended);
    const directory = this.#directory.make(submission);
    const process = this.#options.processes.startDriver(request, directory);
    this.#drivers.set(submission, process);
    this.#note(`driver ${submission} starts`);
    void process.ended.then((end) => {
      this.#drivers.delete(submission);
      this.#directory.remove(directory);
      this.#note(`driver ${submission} ${end.text}`);
      this.#driverEnded(submission, end);
    });
  }

  #driverEnded(submission: string, end: ProcessEnd): void {
    this.#endedDrivers.set(submission, end);
    if (this.#endedDrivers.size > rememberedNames) this.#endedDrivers.delete(this.#endedDrivers.keys().next().value!);
    const { exitCode, output } = end;
    this.#tell({
      method: "master.driverEnded",
      request: { worker: this.id, submission, exitCode, text: output },
    });
  }

  #tell(notice: Notice): void {
    this.#notices.push(notice);
    this.#sendNotices();
  }

  /** Sends what the master has not heard of yet, in order. What fails is sent again after the next heartbeat. */
  #sendNotices(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      const notice = this.#notices[0];
      if (notice === undefined) return;
      try {
        await this.#link.call(notice.method as MasterCall, notice.request);
      } catch (error) {
        if (hasCode(error, "UNREACHABLE")) return;
        this.#note(`the master did not take a notice: ${error instanceof Error ? error.message : String(error)}`);
      }
      this.#notices.shift();
    }
  }

  #handlers(): Handlers {
    const checkRunning = (): void => {
      if (this.#stopping !== undefined) throw new SuperstepError("UNREACHABLE", "worker: it stops");
    };
    return {
      uploads: {},
      downloads: {},
      calls: {
        "worker.launchExecutor": async (request) => {
          checkRunning();
          checkName("worker: launchExecutor", "application", request.application);
          checkName("worker: launchExecutor", "executor", request.executor);
          checkCount("worker: launchExecutor", "cores", request.cores, 1, maxCores);
          this.#launchExecutor(request);
          return {};
        },
        "worker.stopExecutor": async (request) => {
          checkName("worker: stopExecutor", "executor", request.executor);
          this.#stopExecutor(request);
          return {};
        },
        "worker.launchDriver": async (request) => {
          checkRunning();
          checkName("worker: launchDriver", "submission", request.submission);
          this.#launchDriver(request);
          return {};
        },
        "worker.stopDriver": async ({ submission }) => {
          this.#drivers.get(submission)?.stop(false);
          return {};
        },
      },
    };
  }
}
