/**
 * The blocks of a host: in memory up to a budget, on disk beyond it. Lives on the host's main thread.
 */
import type { BlockId, StorageLevel } from "../host/task.ts";
import { type BlockGroup, blockKey, groupKey } from "./blockId.ts";
import { DiskStore, type StoredBlock } from "./diskStore.ts";
import { sharedCopy } from "./sharedCopy.ts";

/** What a block store is made of. */
export interface BlockStoreOptions {
  /** Bytes of blocks in memory beyond which the least recently used ones leave it. */
  readonly memoryBytes: number;
  /** An existing directory, under which a private one is made. */
  readonly spillDirectory: string;
  /** Called when a block is gone without having been removed: it made room for others, or was damaged on disk. */
  readonly onDropped?: (id: BlockId) => void;
}

/** What a block store holds. */
export interface BlockUsage {
  readonly blocks: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Blocks that left memory so far: written to disk, and dropped. */
  readonly spilled: number;
  readonly dropped: number;
}

interface Entry {
  readonly id: BlockId;
  readonly key: string;
  readonly group: string;
  /** Dropped, not spilled, when room is needed. */
  readonly isDroppable: boolean;
  bytes: Uint8Array | undefined;
  stored: StoredBlock | undefined;
  /** Ends when the write to disk that is under way has ended. */
  spill: Promise<void> | undefined;
}

/**
 * Stores bytes under block ids. What `get` returns is shared by all who ask and must not be written to.
 *
 * Level "memory": an RDD's block is dropped when room is needed, since it can be computed again; blocks of shuffles and
 * broadcasts are never dropped. "memoryAndDisk": spilled when room is needed. "disk": written at once.
 */
export class BlockStore {
  readonly #memoryLimit: number;
  readonly #disk: DiskStore;
  readonly #onDropped: (id: BlockId) => void;
  /** In order of last use, oldest first. */
  readonly #entries: Map<string, Entry> = new Map();
  readonly #groups: Map<string, Set<string>> = new Map();
  #memoryBytes = 0;
  #diskBytes = 0;
  #spilled = 0;
  #dropped = 0;

  constructor({ memoryBytes, spillDirectory, onDropped = () => undefined }: BlockStoreOptions) {
    this.#memoryLimit = memoryBytes;
    this.#onDropped = onDropped;
    this.#disk = new DiskStore(spillDirectory);
  }

  /**
   * Takes a block; one of that id is replaced. In memory it is there when the call returns; the promise resolves when
   * room was made for it, or when it is on disk.
   *
   * @throws the system's own error if a block must go to disk and cannot; then this block is not stored.
   */
  async put(id: BlockId, bytes: Uint8Array, level: StorageLevel): Promise<void> {
    const key = blockKey(id);
    const group = groupKey(id);
    this.#delete(key);
    const shared = bytes.buffer instanceof SharedArrayBuffer ? bytes : sharedCopy(bytes);
    const isDroppable = level === "memory" && id.kind === "rdd";
    const entry: Entry = { id, key, group, isDroppable, bytes: shared, stored: undefined, spill: undefined };
    this.#entries.set(key, entry);
    this.#groupOf(group).add(key);
    this.#memoryBytes += shared.byteLength;
    try {
      const isTooLarge = shared.byteLength > this.#memoryLimit; // then no other block gives way to it
      if (isTooLarge && isDroppable) this.#drop(entry);
      else if (isTooLarge || level === "disk") await this.#spill(entry);
      await this.#makeRoom();
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#delete(key);
      throw error;
    }
  }

  /**
   * The bytes of a block, or undefined if it is not there.
   *
   * @throws SuperstepError BLOCK_CORRUPT if it was on disk and was damaged there; then it is forgotten.
   */
  async get(id: BlockId): Promise<Uint8Array | undefined> {
    const key = blockKey(id);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (entry.bytes !== undefined) return entry.bytes;
    const { stored } = entry;
    if (stored === undefined) return undefined;
    try {
      return await this.#disk.read(stored);
    } catch (error) {
      if (this.#entries.get(key) !== entry) return undefined; // removed meanwhile
      this.#delete(key);
      this.#onDropped(id);
      throw error;
    }
  }

  /** True if the block is there. */
  has(id: BlockId): boolean {
    return this.#entries.has(blockKey(id));
  }

  /** Removes all blocks of a group. Returns how many there were. */
  remove(group: BlockGroup): number {
    const keys = this.#groups.get(groupKey(group));
    if (keys === undefined) return 0;
    const count = keys.size;
    for (const key of keys) this.#delete(key);
    return count;
  }

  get usage(): BlockUsage {
    return {
      blocks: this.#entries.size,
      memoryBytes: this.#memoryBytes,
      diskBytes: this.#diskBytes,
      spilled: this.#spilled,
      dropped: this.#dropped,
    };
  }

  /** Removes all blocks and the directory on disk. Idempotent. */
  async close(): Promise<void> {
    const spills = [...this.#entries.values()].flatMap(({ spill }) => (spill === undefined ? [] : [spill]));
    for (const key of this.#entries.keys()) this.#delete(key);
    await Promise.allSettled(spills);
    this.#disk.close();
  }

  /** Lets blocks leave memory, the least recently used first, until the rest fits. */
  async #makeRoom(): Promise<void> {
    while (this.#memoryBytes > this.#memoryLimit) {
      const victim = this.#oldestInMemory();
      if (victim === undefined) return;
      if (victim.isDroppable) this.#drop(victim);
      else await this.#spill(victim);
    }
  }

  #drop(entry: Entry): void {
    this.#delete(entry.key);
    this.#dropped++;
    this.#onDropped(entry.id);
  }

  #oldestInMemory(): Entry | undefined {
    for (const entry of this.#entries.values()) if (entry.bytes !== undefined) return entry;
    return undefined;
  }

  /** Writes a block to disk and lets go of its bytes. Blocks whose write is under way are waited for. */
  async #spill(entry: Entry): Promise<void> {
    entry.spill ??= this.#write(entry).finally(() => (entry.spill = undefined));
    await entry.spill;
  }

  async #write(entry: Entry): Promise<void> {
    const { key, bytes } = entry;
    if (bytes === undefined) return;
    const stored = await this.#disk.write(key, bytes);
    if (this.#entries.get(key) !== entry) {
      await this.#disk.remove(stored); // the block was removed or replaced while it was written
      return;
    }
    entry.stored = stored;
    entry.bytes = undefined;
    this.#memoryBytes -= bytes.byteLength;
    this.#diskBytes += stored.bytes;
    this.#spilled++;
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const group = this.#groups.get(entry.group);
    group?.delete(key);
    if (group?.size === 0) this.#groups.delete(entry.group);
    if (entry.bytes !== undefined) this.#memoryBytes -= entry.bytes.byteLength;
    if (entry.stored !== undefined) {
      this.#diskBytes -= entry.stored.bytes;
      void this.#disk.remove(entry.stored);
    }
  }

  #groupOf(group: string): Set<string> {
    let keys = this.#groups.get(group);
    if (keys === undefined) this.#groups.set(group, (keys = new Set()));
    return keys;
  }
}
