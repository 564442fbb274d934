/**
 * A driver's executors on the workers of a standalone cluster: asks its master for them, and hears how they end.
 */
import { randomBytes } from "node:crypto";
import { SuperstepError } from "../../errors.ts";
import type { Clock } from "../../net/clock.ts";
import type { Request, Versions } from "../../net/messages.ts";
import type { Address, Transport } from "../../net/transport.ts";
import type { KillManner, Launcher, LauncherListener } from "../launcher.ts";
import { checkCount, maxCores } from "./checkRequest.ts";
import { MasterLink } from "./masterLink.ts";

/** What an application wants of a cluster. */
export interface ClusterShare {
  /** Threads in all: [0, 1000000]; 0 for all that are to be had. Default 0. */
  readonly cores?: number | undefined;
  /** Threads of one executor at most: [0, 1024]; 0 for all that it can have on its worker. Default 0. */
  readonly coresPerExecutor?: number | undefined;
  /** Bytes of its worker's memory that each executor takes; the master counts them. Default 1 GiB. */
  readonly memoryBytesPerExecutor?: number | undefined;
  /** Milliseconds to wait for a first executor: [0, 2^31 - 1]. Default the setting `noHostGraceMs`. */
  readonly waitMs?: number | undefined;
}

/** What a launcher is made of. */
export interface StandaloneLauncherOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Of the master. */
  readonly master: Address;
  /** The application's name, for people. */
  readonly name: string;
  readonly share?: ClusterShare;
  readonly versions: Versions;
  /** What `waitMs` of the share is if it has none. */
  readonly defaultWaitMs: number;
}

/** Milliseconds between two questions while there is no executor. */
const askMs = 250;

/** Registers one application, for one driver. */
export class StandaloneLauncher implements Launcher {
  /** The application's name among processes: random. */
  readonly application: string = `app-${randomBytes(8).toString("hex")}`;
  readonly replacesLater = true;
  readonly #options: StandaloneLauncherOptions;
  readonly #share: Pick<Request<"master.registerApplication">, "cores" | "coresPerExecutor" | "memoryBytesPerExecutor">;
  readonly #waitMs: number;
  readonly #link: MasterLink;
  readonly #ended: Set<string> = new Set();
  /** Executors that were killed on purpose: as a failure would. */
  readonly #killed: Set<string> = new Set();
  /** Executors whose workers are as silent as they may be. */
  #silent: ReadonlySet<string> = new Set();
  /** Executors that the driver wants others for. */
  readonly #toReplace: Set<string> = new Set();
  /** The master replaces executors that end. */
  #replace = true;
  #driverAddress: Address = "";
  #listener: LauncherListener | undefined;
  /** What the master is to tell from here on. */
  #after = 0;
  #executors = 0;
  #waiting = "";
  #stopping: Promise<void> | undefined;

  /** @throws SuperstepError INVALID_ARGUMENT if the share is out of range. */
  constructor(options: StandaloneLauncherOptions) {
    const { cores = 0, coresPerExecutor = 0, memoryBytesPerExecutor = 2 ** 30 } = options.share ?? {};
    this.#waitMs = options.share?.waitMs ?? options.defaultWaitMs;
    checkCount("cluster", "waitMs", this.#waitMs, 0, 2 ** 31 - 1);
    checkCount("cluster", "cores", cores, 0, 1_000_000);
    checkCount("cluster", "coresPerExecutor", coresPerExecutor, 0, maxCores);
    checkCount("cluster", "memoryBytesPerExecutor", memoryBytesPerExecutor, 0, Number.MAX_SAFE_INTEGER);
    this.#options = options;
    this.#share = { cores, coresPerExecutor, memoryBytesPerExecutor };
    this.#link = new MasterLink({
      transport: options.transport,
      clock: options.clock,
      address: options.master,
      register: (link) => this.#register(link),
      beat: (link) => this.#beat(link),
      lost: (error) => {
        const why = error instanceof Error ? error.message : String(error);
        this.#warn("MASTER_UNREACHABLE", `${this.#url} is out of reach; the run goes on with what it has: ${why}`);
      },
      found: () => this.#warn("MASTER_BACK", `${this.#url} is there again`),
    });
  }

  async start(driverAddress: Address, listener: LauncherListener): Promise<number> {
    this.#driverAddress = driverAddress;
    this.#listener = listener;
    await this.#link.start();
    const { clock } = this.#options;
    const deadline = clock.now() + this.#waitMs;
    let told = "";
    while (this.#executors === 0) {
      if (this.#stopping !== undefined) throw new SuperstepError("CONTEXT_STOPPED", `${this.#url}: it was stopped`);
      if (clock.now() >= deadline) throw await this.#noCapacity();
      if (this.#waiting !== told) this.#warn("NO_CAPACITY", `${this.#url}: waiting: ${this.#waiting}`);
      told = this.#waiting;
      await new Promise<void>((resolve) => void clock.after(askMs, resolve));
      this.#link.beatNow();
    }
    return this.#executors;
  }

  /** The master replaces by itself, until an executor ends for which the driver wants no other one. */
  replace(executor: string): void {
    this.#toReplace.add(executor);
    this.#replace = true;
  }

  kill(executor: string, manner: KillManner): boolean {
    if (manner === "freeze" || this.#ended.has(executor) || this.#stopping !== undefined) return false;
    this.#killed.add(executor);
    this.#link.call("master.killExecutor", { application: this.application, executor }).catch((error: unknown) => {
      this.#warn("NOT_KILLED", `executor ${executor}: ${error instanceof Error ? error.message : String(error)}`);
    });
    return true;
  }

  isMachineSilent(executor: string): boolean {
    return this.#silent.has(executor);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (this.#link.isRegistered) {
      // without an answer the master misses the application's heartbeats, and ends its executors then
      await this.#link.call("master.endApplication", { application: this.application }).catch(() => undefined);
    }
    await this.#link.close();
  }

  get #url(): string {
    return `superstep://${this.#options.master}`;
  }

  async #register(link: MasterLink): Promise<number> {
    const { name, versions } = this.#options;
    const answer = await link.call("master.registerApplication", {
      application: this.application,
      name,
      driverAddress: this.#driverAddress,
      ...this.#share,
      versions,
    });
    this.#after = 0;
    this.#executors = answer.executors;
    this.#waiting = answer.waiting;
    return answer.heartbeatMs;
  }

  async #beat(link: MasterLink): Promise<boolean> {
    const { application } = this;
    const replace = this.#replace;
    const answer = await link.call("master.applicationHeartbeat", { application, after: this.#after, replace });
    if (!answer.known) return false;
    this.#after = answer.next;
    this.#executors = answer.executors;
    this.#waiting = answer.waiting;
    this.#silent = new Set(answer.silent);
    for (const { executor, text, drained } of answer.ended) {
      this.#ended.add(executor);
      const wasKilled = this.#killed.delete(executor);
      this.#listener?.ended(executor, text, drained && !wasKilled);
      if (!this.#toReplace.delete(executor)) this.#replace = false;
    }
    return true;
  }

  async #noCapacity(): Promise<SuperstepError> {
    await this.stop();
    const what = `no executor within ${this.#waitMs / 1000} s: ${this.#waiting}`;
    const next =
      "Start more workers, wait longer until others end (--wait, or waitMs), or ask for less memory an executor";
    const details = { master: this.#options.master, waiting: this.#waiting, waitMs: this.#waitMs };
    return new SuperstepError("NO_CAPACITY", `${this.#url}: ${what}. ${next}.`, { details });
  }

  #warn(code: string, text: string): void {
    if (this.#stopping === undefined) this.#listener?.warning(code, text);
  }
}
