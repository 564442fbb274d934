/**
 * An executor as its driver sees it: a host whose threads are in another process.
 */
import type { Config } from "../config.ts";
import { excerpt, hasCode, SuperstepError } from "../errors.ts";
import type { Assignment, Host, HostListener } from "../host/host.ts";
import type { Forget } from "../host/messages.ts";
import type { BlockId } from "../host/task.ts";
import type { Clock, Timer } from "../net/clock.ts";
import type {
  ArenaRange,
  Command,
  HostEvent,
  HostStats,
  Incarnation,
  PeerMessage,
  StageMessage,
} from "../net/messages.ts";
import { OrderedSender } from "../net/orderedLink.ts";
import { encodeError } from "../remoteError.ts";
import type { TaskFailure } from "../schedule/failure.ts";
import type { Launch } from "../schedule/protocol.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import type { BlockUsage } from "../storage/blockStore.ts";
import { HostReports } from "./hostReports.ts";
import type { PeerLink } from "./peerLink.ts";
import type { StagePayloads } from "./stagePayloads.ts";
import { untilReached } from "./untilReached.ts";

/** What a remote host is made of. */
export interface RemoteHostOptions {
  readonly me: Incarnation;
  readonly numThreads: number;
  readonly link: PeerLink;
  readonly config: Config;
  readonly clock: Clock;
  readonly listener: HostListener;
  readonly payloads: StagePayloads;
  /** The executor cannot be told what to do any more, or has to be ended: with why. */
  readonly broken: (why: string) => void;
}

/** Milliseconds that what threads can forget waits for the next task to go along with. */
const forgetMs = 20;
const stopMs = 1000;

const stopped: TaskFailure = {
  kind: "cancelled",
  error: { name: "HostStopped", message: "the executor was stopped" },
};

export class RemoteHost implements Host {
  readonly id: number;
  readonly numThreads: number;
  readonly me: Incarnation;
  readonly #link: PeerLink;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #listener: HostListener;
  readonly #payloads: StagePayloads;
  readonly #broken: (why: string) => void;
  readonly #commands: OrderedSender<Command>;
  readonly #reports: HostReports;
  /** Stages whose shared values the executor was told. */
  readonly #knownStages: Set<number> = new Set();
  /** The number of the last attempt to write to its arena. */
  #lastWrite = 0;
  /** Ends with the last write. */
  #writes: Promise<void> = Promise.resolve();
  #forget: { stages: number[]; broadcasts: number[] } = { stages: [], broadcasts: [] };
  #forgetTimer: Timer | undefined;
  #stats: HostStats | undefined;
  #isClosed = false;

  constructor({ me, numThreads, link, config, clock, listener, payloads, broken }: RemoteHostOptions) {
    this.id = me.host;
    this.me = me;
    this.numThreads = numThreads;
    this.#link = link;
    this.#config = config;
    this.#clock = clock;
    this.#listener = listener;
    this.#payloads = payloads;
    this.#broken = broken;
    this.#commands = new OrderedSender({
      clock,
      send: async (first, commands, signal) =>
        (await link.call("executor.command", { ...me, first, commands }, { signal })).next,
      sizeOf: commandBytes,
      failed: (error) => broken(`it refused a command: ${excerpt(encodeError(error).message)}`),
    });
    this.#reports = new HostReports({
      host: me.host,
      numThreads,
      listener,
      maxResultBytes: config.maxResultBytes,
      download: (number) => this.#untilReached(() => link.download("executor.payload", { ...me, number })),
      fetched: (numbers) => this.#commands.push({ type: "releasePayloads", numbers }),
      ended: (params) => payloads.release(params),
      broken,
    });
  }

  /** The executor starts by itself, and tells of its threads. */
  start(): void {}

  get blockUsage(): BlockUsage {
    const {
      blocks = 0,
      blockMemoryBytes = 0,
      blockDiskBytes = 0,
      spilledBlocks = 0,
      droppedBlocks = 0,
    } = this.#stats ?? ({} as Partial<HostStats>);
    return {
      blocks,
      memoryBytes: blockMemoryBytes,
      diskBytes: blockDiskBytes,
      spilled: spilledBlocks,
      dropped: droppedBlocks,
    };
  }

  /** Takes what came with a heartbeat. */
  noteStats(stats: HostStats): void {
    this.#stats = stats;
  }

  /** Takes reports numbered from `first`; returns the number of the next one it expects. */
  report(first: number, events: readonly HostEvent[]): number {
    return this.#reports.receive(first, events);
  }

  startThreads(): void {
    this.#commands.push({ type: "startThreads" });
  }

  launch({ launch, operator, shared, params, epoch, exchange, hosts }: Assignment): void {
    if (this.#isClosed) return; // its loss is about to be told
    this.#flushForget();
    try {
      const payload = this.#payloads.put(params);
      this.#reports.launched(launch.id, launch.slot, payload);
      const isFirst = !this.#knownStages.has(launch.stageId);
      const taking = new Set(hosts);
      const stage: StageMessage = {
        operator,
        shared: this.#payloads.ofStage(launch.stageId, shared),
        ...(exchange === undefined ? {} : { exchange, hosts: [...taking] }),
      };
      const tasksOnHost = (hosts ?? []).filter((host) => host === this.id).length;
      this.#commands.push({
        type: "launch",
        launch,
        params: payload,
        epoch,
        ...(isFirst ? { stage } : {}),
        ...(exchange === undefined ? {} : { tasksOnHost }),
      });
      this.#knownStages.add(launch.stageId);
    } catch (cause) {
      this.#reports.end(launch.id);
      const message = "task: its parameters, and what its stage shares, must be plain data that can travel.";
      const error = encodeError(new SuperstepError("NOT_SHIPPABLE", message, { cause }));
      this.#listener.taskFailed(launch.id, { kind: "permanent", error });
    }
  }

  cancel({ id, slot }: Pick<Launch, "id" | "slot">): void {
    this.#commands.push({ type: "cancel", launch: id, slot });
  }

  forget({ stages = [], broadcasts = [] }: Partial<Forget>): void {
    this.#payloads.forgetStages(stages);
    for (const stage of stages) if (this.#knownStages.delete(stage)) this.#forget.stages.push(stage);
    this.#forget.broadcasts.push(...broadcasts);
    if (this.#isClosed || this.#forget.stages.length + this.#forget.broadcasts.length === 0) return;
    this.#forgetTimer ??= this.#clock.after(forgetMs, () => this.#flushForget());
  }

  setModuleHooks(urls: readonly string[]): void {
    this.#commands.push({ type: "moduleHooks", urls });
  }

  collectGarbage(): void {
    this.#flushForget();
    this.#commands.push({ type: "collectGarbage" });
  }

  endThread(slot: number): void {
    this.#commands.push({ type: "endThread", slot });
  }

  removeBlocks(group: BlockGroup): void {
    this.#commands.push({ type: "removeBlocks", group });
  }

  kill(reason: string): void {
    this.#broken(reason);
  }

  /** Tells the executor who else is there. */
  tellPeers(peers: readonly PeerMessage[]): void {
    this.#commands.push({ type: "peers", peers });
  }

  /** Blocks of the executor's, as `answerBlocks` puts them together. Errors as of `Peer.download`. */
  async askForBlocks(ids: readonly BlockId[]): Promise<Uint8Array> {
    const answer = await this.#link.download("executor.readBlocks", { ...this.me, ids });
    if (answer !== undefined) return answer;
    throw new SuperstepError("UNREACHABLE", `executor ${this.id}: did not answer with blocks`);
  }

  /**
   * Writes bytes to ranges of its arena, after it has heard all commands so far, and after all writes before: what is
   * written later is not overwritten by what a caller that gave up left under way. @throws SuperstepError HOST_LOST
   */
  writeArena(ranges: readonly ArenaRange[], bytes: readonly Uint8Array[]): Promise<void> {
    const write = async (): Promise<void> => {
      this.#flushForget();
      await this.#commands.flushed();
      const number = ++this.#lastWrite;
      await this.#link.upload("executor.writeArena", { ...this.me, ranges, number, since: number }, bytes);
    };
    const written = this.#writes.then(() => this.#orLost(write));
    this.#writes = written.catch(() => undefined);
    return written;
  }

  /**
   * Reads the bytes of ranges of its arena, one after the other, into places that have as many. What is there is undefined if
   * it fails. @throws SuperstepError HOST_LOST
   */
  async readArena(ranges: readonly ArenaRange[], into: readonly Uint8Array[]): Promise<void> {
    const read = (): Promise<Uint8Array | undefined> =>
      this.#link.download("executor.readArena", { ...this.me, ranges }, { into });
    if ((await this.#orLost(read)) !== undefined) return;
    throw new SuperstepError("HOST_LOST", `executor ${this.id}: did not give its arena`);
  }

  /**
   * Its process ended by itself: what was launched there counts as started, since a task that ends its process leaves no
   * time to tell of its start.
   */
  blameLaunches(): void {
    for (const launch of this.#reports.launches) this.#listener.taskStarted(launch);
  }

  /** It is lost: nothing is sent to it any more, and nothing of it is heard. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#forgetTimer?.clear();
    this.#commands.close();
    this.#link.close();
    this.#reports.close();
  }

  async stop(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#link.call("executor.stop", this.me, { deadlineMs: stopMs });
    } catch {
      // whoever launched it ends it
    }
    for (const slot of this.#reports.slots) this.#listener.slotRemoved(this.id, slot, stopped);
    this.close();
  }

  #flushForget(): void {
    this.#forgetTimer?.clear();
    this.#forgetTimer = undefined;
    const { stages, broadcasts } = this.#forget;
    if (stages.length + broadcasts.length === 0) return;
    this.#forget = { stages: [], broadcasts: [] };
    this.#commands.push({ type: "forget", stages, broadcasts });
  }

  /** Tries again while the executor cannot be reached; if that lasts, it is lost. */
  async #orLost<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await this.#untilReached(work);
    } catch (cause) {
      if (!hasCode(cause, "UNREACHABLE")) throw cause;
      this.#broken(`it could not be reached for ${this.#config.hostTimeoutMs} ms`);
      const message = `executor ${this.id}: was not reached`;
      throw new SuperstepError("HOST_LOST", message, { cause, details: { host: this.id } });
    }
  }

  #untilReached<R>(work: () => Promise<R>): Promise<R> {
    const patienceMs = this.#config.hostTimeoutMs;
    return untilReached(work, { clock: this.#clock, patienceMs, isOver: () => this.#isClosed });
  }
}

/** Bytes of a command on its way, roughly. */
function commandBytes(command: Command): number {
  if (command.type !== "launch") return 256;
  const { params, stage } = command;
  const inline = [params, stage?.shared].map((payload) =>
    payload && "inline" in payload ? payload.inline.byteLength : 0,
  );
  return 256 + inline.reduce((total, bytes) => total + bytes, 0);
}
