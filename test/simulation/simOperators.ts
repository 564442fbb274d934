/**
 * What simulated tasks compute, and what that must come to: pure functions of a seed, in place of RDDs and graphs.
 */
import type { BlockId } from "../../core/host/task.ts";
import type { Contribution } from "../../core/schedule/protocol.ts";
import { fetchFailed } from "../../core/schedule/fetchFailure.ts";

/** What a simulated task sees. Once its host or thread is gone, nothing of it goes on. */
export interface SimTask {
  readonly partition: number;
  readonly attempt: number;
  readonly host: number;
  readonly memory: Uint32Array;
  /** Works for some time. */
  work(): Promise<void>;
  sleep(ms: number): Promise<void>;
  fetch(id: BlockId): Promise<Uint8Array | undefined>;
  store(id: BlockId, bytes: Uint8Array): Promise<void>;
  deliver(host: number, bytes: Uint8Array): void;
  contribute(contribution: Contribution): void;
}

export type SimOperator = (shared: never, params: never, task: SimTask) => Promise<unknown>;

/** A shuffle that a stage writes: `seed` says what, where it reads none itself. */
export interface Writes {
  readonly shuffle: number;
  readonly numReduces: number;
}

/** A shuffle that a stage reads. */
export interface Reads {
  readonly shuffle: number;
  readonly numMaps: number;
}

/** What all tasks of a superstep share: places in the arena are in units of 4 bytes. */
export interface SuperstepShared {
  readonly step: number;
  readonly from: number;
  readonly to: number;
  readonly numCells: number;
}

/** The cells of one partition, and the other hosts that read them. */
export interface SuperstepParams {
  readonly first: number;
  readonly end: number;
  readonly others: readonly number[];
}

export const simOperators: Readonly<Record<string, SimOperator>> = {
  /** Writes a shuffle from a seed. */
  async map({ seed, writes }: { seed: number; writes: Writes }, _params: unknown, task) {
    await task.work();
    task.contribute({ accumulator: writes.shuffle, value: task.partition });
    await storeAll(writes, mix(seed, task.partition), task);
  },

  /** Reads a shuffle and writes another one. */
  async remap({ reads, writes }: { reads: Reads; writes: Writes }, _params: unknown, task) {
    const digest = await readAll(reads, task);
    await task.work();
    task.contribute({ accumulator: writes.shuffle, value: task.partition });
    await storeAll(writes, digest, task);
  },

  /** Reads a shuffle. */
  async reduce({ reads, accumulator }: { reads: Reads; accumulator: number }, _params: unknown, task) {
    await task.work();
    const digest = await readAll(reads, task);
    task.contribute({ accumulator, value: digest });
    return digest;
  },

  /** Reads a persisted partition, or computes and stores it. */
  async persist({ seed, rdd }: { seed: number; rdd: number }, _params: unknown, task) {
    const id = { kind: "rdd", rdd, partition: task.partition } as const;
    const found = await task.fetch(id);
    if (found !== undefined) return wordOf(found);
    await task.work();
    const value = mix(seed, task.partition);
    await task.store(id, bytesOf(value));
    return value;
  },

  /** Much is sent along with the task, much is read, and much comes back. */
  async bulky(shared: Uint8Array, params: Uint8Array, task) {
    const block = await task.fetch({ kind: "broadcast", broadcast: 1 });
    if (block === undefined) throw new Error("there is no broadcast");
    await task.work();
    return params.map((byte, at) => byte ^ shared[at]! ^ block[at % block.length]!);
  },

  /** Takes as long as it is told. */
  async sleep(_shared: unknown, ms: number, task) {
    await task.sleep(ms);
    return ms;
  },

  /** Fails in all attempts. */
  async fail(_shared: unknown, _params: unknown, task) {
    await task.work();
    throw new RangeError(`no attempt of partition ${task.partition} can succeed`);
  },

  async superstep({ step, from, to, numCells }: SuperstepShared, { first, end, others }: SuperstepParams, task) {
    await task.work();
    const old = task.memory.slice(from, from + numCells);
    for (let cell = first; cell < end; cell++) task.memory[to + cell] = nextCell(old, cell, step);
    const message = Uint32Array.of(first, ...task.memory.subarray(to + first, to + end));
    for (const host of others) task.deliver(host, new Uint8Array(message.buffer));
    return end - first;
  },
};

/** As `superstep` does, one after the other. */
export function serialSupersteps(initial: readonly number[], numSupersteps: number): number[] {
  let cells = [...initial];
  for (let step = 0; step < numSupersteps; step++) {
    const old = Uint32Array.from(cells);
    cells = cells.map((_, cell) => nextCell(old, cell, step));
  }
  return cells;
}

/** The digest that partition `reduce` of a stage reads, by the digests of the stage that wrote the shuffle. */
export function digestOf(written: readonly number[], reduce: number): number {
  return written.reduce((digest, value) => mix(digest, mix(value, reduce)), 17);
}

export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ (a >>> 15), 0x85ebca6b) ^ Math.imul(b + 0x9e3779b9, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f);
  return (h ^ (h >>> 16)) >>> 0;
}

function nextCell(old: ArrayLike<number>, cell: number, step: number): number {
  return mix(old[cell]!, old[(cell * 7 + step) % old.length]!);
}

async function storeAll({ shuffle, numReduces }: Writes, value: number, task: SimTask): Promise<void> {
  for (let reduce = 0; reduce < numReduces; reduce++) {
    await task.store({ kind: "shuffle", shuffle, map: task.partition, reduce }, bytesOf(mix(value, reduce)));
  }
}

async function readAll({ shuffle, numMaps }: Reads, task: SimTask): Promise<number> {
  let digest = 17;
  for (let map = 0; map < numMaps; map++) {
    const bytes = await task.fetch({ kind: "shuffle", shuffle, map, reduce: task.partition });
    if (bytes === undefined) throw fetchFailed({ shuffle, map, reduce: task.partition }, `map output ${map} is gone`);
    digest = mix(digest, wordOf(bytes));
  }
  return digest;
}

function bytesOf(word: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(word).buffer);
}

function wordOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
