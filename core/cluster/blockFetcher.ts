/**
 * Finds blocks that this host does not have: broadcasts at the driver, map outputs and persisted partitions with the
 * hosts that wrote them.
 */
import type { Config } from "../config.ts";
import { excerpt, hasCode, type SuperstepError } from "../errors.ts";
import type { BlockId } from "../host/task.ts";
import type { Clock } from "../net/clock.ts";
import { fetchFailed } from "../schedule/fetchFailure.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import { type AskForBlocks, BlockReads } from "./blockReads.ts";

/** Hosts that hold the map outputs of a shuffle, by map; -1 where one is missing. */
export interface ShuffleLocations {
  readonly epoch: number;
  readonly hosts: readonly number[];
}

/** What a fetcher is made of. */
export interface BlockFetcherOptions {
  /** This host. */
  readonly self: number;
  readonly config: Config;
  readonly clock: Clock;
  readonly locateShuffle: (shuffle: number) => Promise<ShuffleLocations>;
  /** The hosts that hold a block. */
  readonly locate: (id: BlockId) => Promise<readonly number[]>;
  /** Asks another host for blocks, 0 being the driver. */
  readonly ask: AskForBlocks;
  /** Stores a broadcast here. */
  readonly keep: (id: BlockId, bytes: Uint8Array) => Promise<void>;
}

type ShuffleBlock = BlockId & { readonly kind: "shuffle" };

export class BlockFetcher {
  readonly #options: BlockFetcherOptions;
  readonly #locations: Map<number, Promise<ShuffleLocations>> = new Map();
  readonly #broadcasts: Map<number, Promise<Uint8Array | undefined>> = new Map();
  readonly #reads: BlockReads;
  #epoch = 0;

  constructor(options: BlockFetcherOptions) {
    this.#options = options;
    this.#reads = new BlockReads(options.ask);
  }

  /** Map outputs may have moved: what was learned before `epoch` is asked for again. */
  seeEpoch(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.#locations.clear();
  }

  /** Forgets where blocks are that are removed. */
  forget(group: BlockGroup): void {
    if (group.kind === "shuffle") this.#locations.delete(group.shuffle);
    if (group.kind === "broadcast") this.#broadcasts.delete(group.broadcast);
  }

  /**
   * The bytes of a block that this host does not have; undefined if nobody has it.
   *
   * @throws SuperstepError FETCH_FAILED, with details of a `FetchFailure`, if a map output is not to be had.
   */
  fetch(id: BlockId): Promise<Uint8Array | undefined> {
    switch (id.kind) {
      case "shuffle":
        return this.#fetchMapOutput(id);
      case "rdd":
        return this.#fetchPartition(id);
      case "broadcast":
        return this.#fetchBroadcast(id);
    }
  }

  async #fetchMapOutput(id: ShuffleBlock): Promise<Uint8Array> {
    const { config, clock } = this.#options;
    let host = -1;
    for (let retry = 0; ; retry++) {
      try {
        const { hosts } = await this.#locate(id.shuffle);
        host = hosts[id.map] ?? -1;
        if (host < 0 || host === this.#options.self) throw lost(id, host, undefined);
        const bytes = await this.#reads.read(host, id);
        if (bytes === undefined) throw lost(id, host, undefined);
        return bytes;
      } catch (error) {
        this.#locations.delete(id.shuffle);
        if (hasCode(error, "FETCH_FAILED")) throw error;
        if (retry >= config.maxFetchRetries) throw lost(id, host, error);
        await new Promise<void>((resolve) => clock.after(config.fetchRetryMs * 2 ** retry, resolve));
      }
    }
  }

  #locate(shuffle: number): Promise<ShuffleLocations> {
    let known = this.#locations.get(shuffle);
    if (known === undefined) {
      known = this.#options.locateShuffle(shuffle).then((found) => {
        if (found.epoch < this.#epoch && this.#locations.get(shuffle) === known) this.#locations.delete(shuffle);
        return found;
      });
      this.#locations.set(shuffle, known);
      known.catch(() => this.#locations.delete(shuffle));
    }
    return known;
  }

  /** A partition that its holder does not give is as good as not there: it can be computed again. */
  async #fetchPartition(id: BlockId): Promise<Uint8Array | undefined> {
    for (const host of await this.#options.locate(id)) {
      if (host === this.#options.self) continue;
      try {
        const bytes = await this.#reads.read(host, id);
        if (bytes !== undefined) return bytes;
      } catch (error) {
        if (!hasCode(error, "UNREACHABLE") && !hasCode(error, "BLOCK_CORRUPT") && !hasCode(error, "HOST_LOST")) {
          throw error;
        }
      }
    }
    return undefined;
  }

  /** Fetched once, whoever asks, and kept here. */
  #fetchBroadcast(id: BlockId & { readonly kind: "broadcast" }): Promise<Uint8Array | undefined> {
    const key = id.broadcast;
    let fetching = this.#broadcasts.get(key);
    if (fetching === undefined) {
      fetching = this.#reads.read(0, id).then(async (bytes) => {
        if (bytes !== undefined && this.#broadcasts.get(key) === fetching) await this.#options.keep(id, bytes);
        return bytes;
      });
      this.#broadcasts.set(key, fetching);
      void fetching
        .catch(() => undefined)
        .then(() => {
          if (this.#broadcasts.get(key) === fetching) this.#broadcasts.delete(key);
        });
    }
    return fetching;
  }
}

function lost(id: ShuffleBlock, holder: number, cause: unknown): SuperstepError {
  const { shuffle, map, reduce } = id;
  const where = holder < 0 ? "on no host" : `not to be had from host ${holder}`;
  const isUnreachable = hasCode(cause, "UNREACHABLE");
  return fetchFailed(
    { shuffle, map, reduce, holder, isUnreachable },
    `shuffle: map output ${excerpt(id)} is ${where}`,
    cause,
  );
}
