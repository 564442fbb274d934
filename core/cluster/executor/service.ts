/**
 * What an executor does for its driver while it is registered.
 */
import { Arena } from "../../column/arena.ts";
import { decodeValues } from "../../column/codec.ts";
import type { Config } from "../../config.ts";
import { SuperstepError } from "../../errors.ts";
import { collectGarbage } from "../../host/collectGarbage.ts";
import type { FaultPoints } from "../../host/faultPoint.ts";
import { LocalHost, type LocalHostOptions } from "../../host/localHost.ts";
import type { BlockId } from "../../host/task.ts";
import type { Clock, Timer } from "../../net/clock.ts";
import type { Command, HostEvent, HostStats, Incarnation, PeerMessage, Response } from "../../net/messages.ts";
import { OrderedReceiver, OrderedSender } from "../../net/orderedLink.ts";
import type { Transport } from "../../net/transport.ts";
import { encodeError } from "../../remoteError.ts";
import { lineOf } from "../../schedule/failure.ts";
import type { BlockGroup } from "../../storage/blockId.ts";
import { removeLeftovers } from "../../storage/diskStore.ts";
import { BlockFetcher } from "../blockFetcher.ts";
import { byteLengthOf } from "../payload.ts";
import { payloadBytes, Payloads } from "../payloads.ts";
import { PeerLink } from "../peerLink.ts";
import { untilReached } from "../untilReached.ts";
import { ArenaWrites } from "./arenaWrites.ts";
import { Deliveries } from "./deliveries.ts";
import { Heartbeat } from "./heartbeat.ts";
import { HostEvents } from "./hostEvents.ts";
import { Launches } from "./launches.ts";
import { Mailboxes } from "./mailboxes.ts";

/** The host inside an executor: LocalHost, or what a simulation puts in its place. */
export type ExecutorHost = Pick<LocalHost, keyof LocalHost>;

/** What a service is made of. */
export interface ServiceOptions {
  readonly registered: Response<"driver.register">;
  readonly link: PeerLink;
  readonly numThreads: number;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Where its blocks on disk are kept, whatever the driver's settings say. */
  readonly spillDirectory?: string | undefined;
  /** Bytes of blocks that it keeps in memory at most, also if the driver's settings allow more. */
  readonly maxBlockMemoryBytes?: number | undefined;
  /** Where its threads keep what they send to others; see `Segments`. Default nowhere. */
  readonly segmentDirectory?: string | undefined;
  readonly faultPoints?: FaultPoints;
  readonly makeHost?: (options: LocalHostOptions) => ExecutorHost;
  /** The driver is lost, or has no use for this executor: ends it. */
  readonly stop: (why: string) => void;
}

/** The driver's settings, where this machine has none of its own. */
function configOf({ registered, spillDirectory, maxBlockMemoryBytes = Infinity }: ServiceOptions): Config {
  const [config] = decodeValues(registered.config) as [Config];
  return {
    ...config,
    spillDirectory: spillDirectory ?? config.spillDirectory,
    blockMemoryBytes: Math.min(config.blockMemoryBytes, maxBlockMemoryBytes),
  };
}

/** Bytes of messages of exchanges that were received and not taken, at most. */
const maxMailboxBytes = 2 ** 28;
/** Milliseconds that the start of a task waits to be told with its end. */
const startedMs = 100;

/** Threads, an arena and a block store at the service of a driver in another process, for one incarnation. */
export class Service {
  readonly me: Incarnation;
  readonly arena: Arena;
  readonly host: ExecutorHost;
  readonly arenaWrites: ArenaWrites = new ArenaWrites();
  readonly payloads: Payloads;
  readonly mailboxes: Mailboxes;
  readonly commands: OrderedReceiver<Command>;
  readonly reach: FaultPoints;
  /** Bytes of blocks, payloads, columns and messages that went to others, and came. */
  sentBytes = 0;
  receivedBytes = 0;
  #isStopped = false;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #driver: PeerLink;
  readonly #transport: Transport;
  readonly #events: OrderedSender<HostEvent>;
  /** Events that wait for the next one, in order. */
  readonly #held: HostEvent[] = [];
  #holding: Timer | undefined;
  readonly #heartbeat: Heartbeat;
  readonly #fetcher: BlockFetcher;
  readonly #hostEvents: HostEvents;
  readonly #launches: Launches;
  readonly #peers: Map<number, { readonly incarnation: string; readonly link: PeerLink }> = new Map();

  constructor(options: ServiceOptions) {
    const { registered, transport, clock, link: driver, numThreads, faultPoints, makeHost, stop } = options;
    const { host: id, incarnation, moduleHooks, peers } = registered;
    const config = configOf(options);
    removeLeftovers(config.spillDirectory);
    this.me = { host: id, incarnation };
    this.arena = Arena.create({ capacityBytes: config.arenaBytes });
    this.payloads = new Payloads(this.arena.memory.buffer.byteLength);
    this.reach = faultPoints ?? (() => undefined);
    this.#driver = driver.heed(config);
    this.#config = config;
    this.#clock = clock;
    this.#transport = transport;
    const { me } = this;
    this.#events = new OrderedSender({
      clock,
      send: async (first, events, signal) =>
        (await driver.call("driver.report", { ...me, first, events }, { signal })).next,
      sizeOf: eventBytes,
      failed: (error) => stop(`the driver refused its reports: ${lineOf(encodeError(error))}`),
    });
    this.#fetcher = new BlockFetcher({
      self: id,
      config,
      clock,
      locateShuffle: (shuffle) => driver.call("driver.locateShuffle", { ...me, shuffle }),
      locate: async (block) => (await driver.call("driver.locate", { ...me, ids: [block] })).hosts[0] ?? [],
      ask: (from, ids) => this.#askForBlocks(from, ids),
      keep: (block, bytes) => this.host.blocks.put(block, bytes, "memoryAndDisk"),
    });
    // a part that waits is answered before its sender gives up waiting: see PeerLink
    const patienceMs = Math.ceil(config.hostTimeoutMs / 4);
    this.mailboxes = new Mailboxes({ host: id, clock, patienceMs, arena: this.arena, maxBytes: maxMailboxBytes });
    const deliveries = new Deliveries({
      host: id,
      clock,
      patienceMs: config.hostTimeoutMs,
      send: async (to, { mailbox, part, pieces, entry }, signal) => {
        this.reach("ship");
        const header = { ...this.#incarnationOf(to), from: me, mailbox, part };
        await this.#peer(to).link.upload("executor.deliver", header, pieces, { signal, stored: entry?.stored });
        this.sentBytes += byteLengthOf(pieces);
      },
      exchanged: (report) => this.#report({ type: "exchanged", ...report }),
    });
    const events = new HostEvents({ payloads: this.payloads, deliveries, push: (event) => this.#report(event) });
    this.#hostEvents = events;
    const hostOptions: LocalHostOptions = {
      id,
      numThreads,
      arena: this.arena,
      config,
      listener: events,
      deliver: (stageId, to, messages, entry) => deliveries.deliver(stageId, to, messages, entry),
      segmentDirectory: options.segmentDirectory,
      fetchElsewhere: (block) => this.#fetcher.fetch(block),
      faultPoints: this.reach,
    };
    this.host = makeHost === undefined ? new LocalHost(hostOptions) : makeHost(hostOptions);
    this.#launches = new Launches({
      host: this.host,
      events,
      deliveries,
      mailboxes: this.mailboxes,
      download: async (number) => {
        const bytes = await this.#untilReached(() => driver.download("driver.payload", { ...me, number }));
        this.receivedBytes += bytes?.byteLength ?? 0;
        return bytes;
      },
    });
    this.commands = new OrderedReceiver((command) => this.#carryOut(command));
    this.#meet(peers);
    this.host.setModuleHooks(moduleHooks);
    this.host.start();
    this.#heartbeat = new Heartbeat({
      clock,
      config,
      link: new PeerLink(transport, driver.address, "driver"),
      message: () => ({ ...me, stats: this.#stats() }),
      lost: stop,
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#heartbeat.close();
    this.#holding?.clear();
    this.#events.close();
    for (const { link } of this.#peers.values()) link.close();
    await this.host.stop();
  }

  /** @throws SuperstepError HOST_LOST if a message is for another one, or for one before. */
  check({ host, incarnation }: Incarnation): void {
    if (host === this.me.host && incarnation === this.me.incarnation) return;
    const message = `executor ${this.me.host}: the message is for executor ${host} in another life`;
    throw new SuperstepError("HOST_LOST", message, { details: { host } });
  }

  #carryOut(command: Command): void {
    switch (command.type) {
      case "launch":
        this.#fetcher.seeEpoch(command.epoch);
        return this.#launches.take(command);
      case "cancel":
        return this.#launches.cancel(command.launch, command.slot);
      case "forget":
        this.#launches.forget(command.stages);
        for (const broadcast of command.broadcasts) this.#remove({ kind: "broadcast", broadcast });
        return this.host.forget(command);
      case "moduleHooks":
        return this.host.setModuleHooks(command.urls);
      case "collectGarbage":
        this.host.collectGarbage();
        return collectGarbage();
      case "startThreads":
        return this.host.startThreads();
      case "endThread":
        return this.host.endThread(command.slot);
      case "removeBlocks":
        return this.#remove(command.group);
      case "releasePayloads":
        for (const number of command.numbers) this.payloads.release(number);
        return;
      case "peers":
        return this.#meet(command.peers);
    }
  }

  async #askForBlocks(from: number, ids: readonly BlockId[]): Promise<Uint8Array> {
    const answer =
      from === 0
        ? await this.#untilReached(() => this.#driver.download("driver.readBlocks", { ...this.me, ids }))
        : await this.#peer(from).link.download("executor.readBlocks", { ...this.#incarnationOf(from), ids });
    if (answer === undefined) throw new SuperstepError("UNREACHABLE", `host ${from} did not answer with blocks`);
    this.receivedBytes += answer.byteLength;
    return answer;
  }

  /**
   * Tells the driver of an event: of a task's start with what comes next, for the task may end at once; and that an
   * exchange has ended with the end of the task that comes right after.
   */
  #report(event: HostEvent): void {
    this.#held.push(event);
    if (event.type === "taskStarted" || event.type === "exchanged")
      this.#holding ??= this.#clock.after(startedMs, () => this.#flush());
    else this.#flush();
  }

  #flush(): void {
    this.#holding?.clear();
    this.#holding = undefined;
    for (const event of this.#held.splice(0)) this.#events.push(event);
  }

  #untilReached<R>(work: () => Promise<R>): Promise<R> {
    const patienceMs = this.#config.hostTimeoutMs;
    return untilReached(work, { clock: this.#clock, patienceMs, isOver: () => this.#isStopped });
  }

  #remove(group: BlockGroup): void {
    this.#fetcher.forget(group);
    this.host.removeBlocks(group);
  }

  /** Takes over who is there; connections to others, and to those that came again, are closed. */
  #meet(peers: readonly PeerMessage[]): void {
    const there = new Map(peers.map((peer) => [peer.host, peer]));
    for (const [host, { incarnation, link }] of this.#peers) {
      if (there.get(host)?.incarnation === incarnation) continue;
      link.close();
      this.#peers.delete(host);
    }
    for (const { host, incarnation, address } of peers) {
      if (host === this.me.host || this.#peers.has(host)) continue;
      this.#peers.set(host, {
        incarnation,
        link: new PeerLink(this.#transport, address, "executor").heed(this.#config),
      });
    }
  }

  #peer(host: number): { readonly incarnation: string; readonly link: PeerLink } {
    const peer = this.#peers.get(host);
    if (peer !== undefined) return peer;
    throw new SuperstepError("UNREACHABLE", `executor ${this.me.host}: there is no host ${host}`, {
      details: { host },
    });
  }

  #incarnationOf(host: number): Incarnation {
    return { host, incarnation: this.#peer(host).incarnation };
  }

  #stats(): HostStats {
    const { blocks, memoryBytes, diskBytes, spilled, dropped } = this.host.blocks.usage;
    return {
      residentBytes: process.memoryUsage.rss(),
      arenaBytes: this.arena.memory.buffer.byteLength,
      blocks,
      blockMemoryBytes: memoryBytes,
      blockDiskBytes: diskBytes,
      spilledBlocks: spilled,
      droppedBlocks: dropped,
      busyThreads: this.#hostEvents.numRunning,
      sentBytes: this.sentBytes,
      receivedBytes: this.receivedBytes,
    };
  }
}

function eventBytes(event: HostEvent): number {
  switch (event.type) {
    case "taskFinished":
      return payloadBytes(event.result) + payloadBytes(event.contributions);
    case "taskFailed":
    case "slotRemoved":
      return event.failure.error.byteLength;
    default:
      return 64;
  }
}
