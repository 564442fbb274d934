/**
 * The executors of a driver: they come from a launcher, register, are watched, and when one is lost, that is told once.
 */
import { randomUUID } from "node:crypto";
import { encodeValues } from "../column/codec.ts";
import type { Config } from "../config.ts";
import { excerpt, SuperstepError } from "../errors.ts";
import type { HostListener } from "../host/host.ts";
import type { BlockId } from "../host/task.ts";
import type { Clock, Timer } from "../net/clock.ts";
import type { Incarnation, PeerMessage, Request, Response } from "../net/messages.ts";
import type { Handlers, Server, Transport } from "../net/transport.ts";
import { encodeError } from "../remoteError.ts";
import type { TaskFailure } from "../schedule/failure.ts";
import type { Serves } from "../schedule/protocol.ts";
import { answerBlocks } from "./blockBatch.ts";
import { CountWaiters } from "./countWaiters.ts";
import type { KillManner, Launcher } from "./launcher.ts";
import { PeerLink } from "./peerLink.ts";
import { RemoteHost } from "./remoteHost.ts";
import { StagePayloads } from "./stagePayloads.ts";

/** What a group needs of the driver's runner of jobs. */
export interface GroupRunner extends HostListener {
  addHost(host: RemoteHost, serves: Serves): void;
  removeHost(host: number, failure: TaskFailure): void;
  locate(ids: readonly BlockId[]): Response<"driver.locate">;
  locateShuffle(shuffle: number): Response<"driver.locateShuffle">;
}

/** What a group is made of. */
export interface ExecutorGroupOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly launcher: Launcher;
  readonly runner: GroupRunner;
  /** The size of the driver's arena memory. */
  readonly arenaBytes: number;
  /** The driver's own blocks. */
  readonly readBlock: (id: BlockId) => Promise<Uint8Array | undefined>;
  readonly moduleHooks: () => readonly string[];
  /** Where it listens. Default 127.0.0.1. */
  readonly listenOn?: string | undefined;
  /** Told before the first executor registers. */
  readonly started: (group: ExecutorGroup) => void;
}

/** An executor that is there. */
export interface ExecutorInfo {
  readonly id: number;
  readonly numThreads: number;
  readonly pid: number;
}

interface Member {
  readonly name: string;
  readonly pid: number;
  readonly peer: PeerMessage;
  readonly host: RemoteHost;
  heardAt: number;
}

export class ExecutorGroup {
  readonly #options: ExecutorGroupOptions;
  readonly #payloads: StagePayloads;
  readonly #members: Map<number, Member> = new Map();
  readonly #byName: Map<string, Member> = new Map();
  /** Names of executors that were lost, or ended before they had registered. */
  readonly #retired: Set<string> = new Set();
  readonly #waiters: CountWaiters;
  #server: Server | undefined;
  #lastId = 0;
  #replacements = 0;
  #checkedAt: number;
  #watch: Timer | undefined;
  /** How the last one ended. */
  #lastLoss = "";
  #stopping: Promise<void> | undefined;

  private constructor(options: ExecutorGroupOptions) {
    this.#options = options;
    this.#payloads = new StagePayloads(options.arenaBytes);
    this.#checkedAt = options.clock.now();
    this.#waiters = new CountWaiters(options.clock);
  }

  /**
   * Starts executors; resolves when those that the launcher promised have registered, or have ended and may be replaced
   * later.
   *
   * @throws SuperstepError as `Launcher.start` does; HOST_LOST if they did not register within `hostStartMs`, or ended.
   */
  static async start(options: ExecutorGroupOptions): Promise<ExecutorGroup> {
    const { transport, launcher, runner, config, listenOn } = options;
    const group = new ExecutorGroup(options);
    options.started(group);
    try {
      const where = listenOn === undefined ? {} : { host: listenOn };
      group.#server = await transport.serve(group.#handlers(), { ...where, keepsAlive: false });
      const count = await launcher.start(group.#server.address, {
        ended: (executor, text, isDrained = false) => group.#ended(executor, text, isDrained),
        warning: (code, text) => runner.warning(code, text),
      });
      await group.#when(count, config.hostStartMs, launcher.replacesLater === true);
      return group;
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  /** Executors that are there now, by ascending id. */
  get executors(): readonly ExecutorInfo[] {
    return [...this.#members.values()].map(({ host, pid }) => ({ id: host.id, numThreads: host.numThreads, pid }));
  }

  /** The host of an executor that is there. @throws SuperstepError HOST_LOST */
  host(id: number): RemoteHost {
    const member = this.#members.get(id);
    if (member !== undefined) return member.host;
    throw new SuperstepError("HOST_LOST", `executor ${id}: is not there`, { details: { host: id } });
  }

  get hosts(): readonly RemoteHost[] {
    return [...this.#members.values()].map(({ host }) => host);
  }

  /**
   * Resolves when `count` executors are there.
   *
   * @throws SuperstepError HOST_LOST if that is not so within `timeoutMs`, or no more will come.
   */
  whenExecutors(count: number, timeoutMs: number): Promise<void> {
    return this.#when(count, timeoutMs, false);
  }

  #when(count: number, timeoutMs: number, canShrink: boolean): Promise<void> {
    if (this.#members.size >= count) return Promise.resolve();
    return this.#waiters.wait(count, timeoutMs, (wanted) => this.#tooFew(wanted, `within ${timeoutMs} ms`), canShrink);
  }

  /** Ends an executor as a failure would; see `Launcher.kill`. */
  kill(id: number, manner: KillManner): boolean {
    const member = this.#members.get(id);
    return member !== undefined && this.#options.launcher.kill(member.name, manner);
  }

  /** A task ended: what made executors end before does not do so always. */
  noteProgress(): void {
    this.#replacements = 0;
  }

  /** Ends all executors. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#watch?.clear();
    this.#waiters.fail(() => new SuperstepError("CONTEXT_STOPPED", "driver: it was stopped"));
    await Promise.all(this.hosts.map((host) => host.stop()));
    this.#members.clear();
    await this.#options.launcher.stop();
    await this.#server?.close();
    await this.#options.transport.close();
    this.#payloads.clear();
  }

  #handlers(): Handlers {
    const { runner, readBlock } = this.#options;
    return {
      calls: {
        "driver.register": async (request) => this.#register(request),
        "driver.heartbeat": async (request) => {
          const member = this.#heard(request);
          member.host.noteStats(request.stats);
          return {};
        },
        "driver.report": async (request) => {
          const { host } = this.#heard(request);
          return { next: host.report(request.first, request.events) };
        },
        "driver.locate": async (request) => {
          this.#heard(request);
          return runner.locate(request.ids);
        },
        "driver.locateShuffle": async (request) => {
          this.#heard(request);
          return runner.locateShuffle(request.shuffle);
        },
      },
      uploads: {},
      downloads: {
        "driver.readBlocks": async (request) => {
          this.#heard(request);
          return answerBlocks(request.ids, readBlock);
        },
        "driver.payload": async (request) => {
          this.#heard(request);
          return this.#payloads.read(request.number);
        },
      },
    };
  }

  /** The executor that a message is from. @throws SuperstepError HOST_LOST if it was lost, or is another life's. */
  #heard({ host, incarnation }: Incarnation): Member {
    const member = this.#members.get(host);
    if (member === undefined || member.peer.incarnation !== incarnation || this.#stopping !== undefined) {
      throw new SuperstepError("HOST_LOST", `driver: executor ${host} was given up`, { details: { host } });
    }
    member.heardAt = this.#options.clock.now();
    return member;
  }

  #register({ executor, address, numThreads, pid }: Request<"driver.register">): Response<"driver.register"> {
    const { config, clock, transport, runner, moduleHooks } = this.#options;
    if (this.#retired.has(executor) || this.#stopping !== undefined) {
      throw new SuperstepError("HOST_LOST", `driver: executor ${excerpt(executor)} was given up`);
    }
    let member = this.#byName.get(executor);
    if (member === undefined) {
      const me: Incarnation = { host: ++this.#lastId, incarnation: randomUUID() };
      const host = new RemoteHost({
        me,
        numThreads,
        link: new PeerLink(transport, address, "executor").heed(config),
        config,
        clock,
        listener: this.#listener(),
        payloads: this.#payloads,
        broken: (why) => this.#lose(me.host, why),
      });
      member = { name: executor, pid, peer: { ...me, address }, host, heardAt: clock.now() };
      this.#byName.set(executor, member);
      this.#members.set(me.host, member);
      this.#tellPeers(member);
      runner.addHost(host, "blocks");
      this.#watchAgain();
      this.#waiters.reached(this.#members.size);
    }
    return {
      ...pick(member.peer),
      config: encodeValues([config]),
      moduleHooks: moduleHooks(),
      peers: this.#peers(),
    };
  }

  #listener(): HostListener {
    const { runner } = this.#options;
    const finished: HostListener["taskFinished"] = (launch, result, contributions, resultBytes) => {
      this.noteProgress();
      runner.taskFinished(launch, result, contributions, resultBytes);
    };
    return {
      slotAdded: (host, slot) => runner.slotAdded(host, slot),
      slotRemoved: (host, slot, failure) => runner.slotRemoved(host, slot, failure),
      taskStarted: (launch) => runner.taskStarted(launch),
      resultComing: (launch, bytes) => runner.resultComing(launch, bytes),
      taskFinished: finished,
      taskFailed: (launch, failure) => runner.taskFailed(launch, failure),
      blockStored: (host, id, bytes) => runner.blockStored(host, id, bytes),
      blockDropped: (host, id) => runner.blockDropped(host, id),
      exchanged: (report) => runner.exchanged(report),
      warning: (code, text, error) => runner.warning(code, text, error),
    };
  }

  /** An executor's process has ended, registered or not. */
  #ended(executor: string, text: string, isDrained: boolean): void {
    if (this.#retired.has(executor) || this.#stopping !== undefined) return;
    const member = this.#byName.get(executor);
    if (member !== undefined) {
      if (!isDrained) member.host.blameLaunches();
      return this.#lose(member.host.id, `its process ${text}`, isDrained);
    }
    this.#retired.add(executor);
    this.#lastLoss = `an executor's process ${text} before it had registered`;
    this.#options.runner.warning("EXECUTOR_NOT_STARTED", this.#lastLoss);
    this.#replace(executor);
  }

  /** The one way to lose an executor. `isDrained`: no task can be to blame, as when its whole machine is silent. */
  #lose(id: number, why: string, isDrained = false): void {
    const member = this.#members.get(id);
    if (member === undefined || this.#stopping !== undefined) return;
    const { runner, launcher } = this.#options;
    const kind = isDrained || launcher.isMachineSilent?.(member.name) === true ? "hostDrained" : "hostLost";
    this.#members.delete(id);
    this.#byName.delete(member.name);
    this.#retired.add(member.name);
    member.host.close();
    if (this.#members.size === 0) this.#payloads.clear();
    this.#lastLoss = `executor ${id} (process ${member.pid}) was lost: ${why}`;
    const error = new SuperstepError("HOST_LOST", this.#lastLoss, { details: { host: id, reason: why } });
    this.#tellPeers();
    runner.removeHost(id, { kind, error: encodeError(error) });
    launcher.kill(member.name, "kill");
    this.#replace(member.name);
  }

  #replace(executor: string): void {
    const { config, launcher, runner } = this.#options;
    this.#waiters.shrink();
    this.#waiters.reached(this.#members.size);
    if (this.#replacements < config.maxHostReplacements) {
      this.#replacements++;
      return launcher.replace(executor);
    }
    if (config.maxHostReplacements > 0) {
      const text = `${this.#replacements} executors were started in place of lost ones, and no task ended: no more are`;
      runner.warning("EXECUTORS_NOT_REPLACED", text);
    }
    if (this.#members.size > 0) return;
    this.#waiters.fail((count) => this.#tooFew(count, "and no more will come"));
  }

  #tooFew(count: number, within: string): SuperstepError {
    const loss = this.#lastLoss === "" ? "" : `. Last, ${this.#lastLoss}`;
    const message = `driver: ${this.#members.size} of ${count} executors were there ${within}${loss}`;
    return new SuperstepError("HOST_LOST", message, { details: { executors: this.#members.size, wanted: count } });
  }

  #peers(): PeerMessage[] {
    return [...this.#members.values()].map(({ peer }) => peer);
  }

  #tellPeers(newcomer?: Member): void {
    const peers = this.#peers();
    for (const member of this.#members.values()) if (member !== newcomer) member.host.tellPeers(peers);
  }

  /** Looks for silent executors. After a pause of this very process nobody is silent: they get another period. */
  #watchAgain(): void {
    const { clock, config } = this.#options;
    const { heartbeatMs, hostTimeoutMs } = config;
    this.#watch?.clear();
    if (this.#members.size === 0 || this.#stopping !== undefined) return;
    this.#checkedAt = clock.now();
    this.#watch = clock.after(heartbeatMs, () => {
      const now = clock.now();
      const wasAway = now - this.#checkedAt > heartbeatMs + hostTimeoutMs / 2;
      for (const { host, heardAt } of this.#members.values()) {
        const silentMs = now - heardAt;
        if (!wasAway && silentMs > hostTimeoutMs) this.#lose(host.id, `it was silent for ${Math.round(silentMs)} ms`);
      }
      this.#watchAgain();
    });
  }
}

function pick({ host, incarnation }: Incarnation): Incarnation {
  return { host, incarnation };
}
