/**
 * The executors of a driver as the rest of it sees them: begun, asked, told, ended. They keep its process alive while it waits
 * for them, and not between jobs; they end with it.
 */
import type { Arena } from "../column/arena.ts";
import type { ColumnRef } from "../column/types.ts";
import type { Config } from "../config.ts";
import type { BlockId, StorageLevel } from "../host/task.ts";
import { systemClock } from "../net/clock.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import { BlockFetcher } from "./blockFetcher.ts";
import { copyColumnsFrom, copyColumnsTo } from "./copyColumns.ts";
import { ExecutorGroup, type ExecutorInfo, type GroupRunner } from "./executorGroup.ts";
import type { ExecutorSource } from "./executorSource.ts";
import { KeepAlive } from "./keepAlive.ts";
import type { KillManner } from "./launcher.ts";
import type { RemoteHost } from "./remoteHost.ts";

/** What executors need of their driver. */
export interface DriverExecutorsOptions {
  readonly config: Config;
  readonly arena: Arena;
  readonly runner: GroupRunner;
  /** The blocks of the driver's own process. */
  readonly ownBlocks: {
    get(id: BlockId): Promise<Uint8Array | undefined>;
    put(id: BlockId, bytes: Uint8Array, level: StorageLevel): Promise<void>;
  };
  readonly moduleHooks: () => readonly string[];
  /** The process has nothing left to do: ends the driver, and so its executors. */
  readonly processEnds: () => void;
}

export class DriverExecutors {
  readonly #options: DriverExecutorsOptions;
  readonly #source: ExecutorSource;
  readonly #fetcher: BlockFetcher;
  readonly #keepAlive: KeepAlive = new KeepAlive();
  #group: ExecutorGroup | undefined;

  constructor(source: ExecutorSource, options: DriverExecutorsOptions) {
    const { config, runner, ownBlocks } = options;
    this.#options = options;
    this.#source = source;
    this.#fetcher = new BlockFetcher({
      self: 0,
      config,
      clock: source.clock ?? systemClock,
      locateShuffle: async (shuffle) => runner.locateShuffle(shuffle),
      locate: async (id) => runner.locate([id]).hosts[0] ?? [],
      ask: (host, ids) => this.#started.host(host).askForBlocks(ids),
      keep: (id, bytes) => ownBlocks.put(id, bytes, "memoryAndDisk"),
    });
  }

  /** Starts them; once. Resolves, and fails, as `ExecutorGroup.start` does. */
  async start(): Promise<void> {
    const { config, runner, arena, ownBlocks, moduleHooks, processEnds } = this.#options;
    process.on("beforeExit", processEnds);
    this.#group = await this.#keepAlive.during(
      ExecutorGroup.start({
        ...this.#source,
        config,
        clock: this.#source.clock ?? systemClock,
        runner,
        arenaBytes: arena.memory.buffer.byteLength,
        readBlock: (id) => ownBlocks.get(id),
        moduleHooks,
        started: (group) => (this.#group = group),
      }),
    );
  }

  /** Those that are there now, by ascending id. */
  get infos(): readonly ExecutorInfo[] {
    return this.#group?.executors ?? [];
  }

  get hosts(): readonly RemoteHost[] {
    return this.#group?.hosts ?? [];
  }

  /** Resolves when `count` are there. @throws SuperstepError HOST_LOST if they are not in time, or no more will come. */
  whenThere(count: number, timeoutMs: number): Promise<void> {
    return this.#keepAlive.during(this.#started.whenExecutors(count, timeoutMs));
  }

  /** Copies columns of the driver's arena to the same places in an executor's. @throws SuperstepError HOST_LOST */
  copyTo(host: number, columns: readonly ColumnRef[]): Promise<void> {
    return this.#keepAlive.during(copyColumnsTo(this.#started.host(host), this.#options.arena, columns));
  }

  /** Copies columns of an executor's arena to the same places in the driver's. @throws SuperstepError HOST_LOST */
  copyFrom(host: number, columns: readonly ColumnRef[]): Promise<void> {
    return this.#keepAlive.during(copyColumnsFrom(this.#started.host(host), this.#options.arena, columns));
  }

  /** A block that some executor has; undefined if none does. */
  fetch(id: BlockId): Promise<Uint8Array | undefined> {
    return this.#keepAlive.during(this.#fetcher.fetch(id));
  }

  /** Forgets where the blocks of a group are. */
  forget(group: BlockGroup): void {
    this.#fetcher.forget(group);
  }

  /** Ends one as a failure would; see `Launcher.kill`. */
  kill(host: number, manner: KillManner): boolean {
    return this.#started.kill(host, manner);
  }

  /** Ends all of them. Idempotent. */
  async stop(): Promise<void> {
    process.off("beforeExit", this.#options.processEnds);
    if (this.#group !== undefined) await this.#keepAlive.during(this.#group.stop());
  }

  get #started(): ExecutorGroup {
    if (this.#group === undefined) throw new Error("executors: they were not started");
    return this.#group;
  }
}
