/**
 * Which hosts hold which blocks: partitions of persisted RDDs as hosts report them, map outputs as tasks wrote them.
 */
import type { BlockId } from "../host/task.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import type { SchedulerState } from "./state.ts";

/** An answer about places of blocks. What was answered in an earlier epoch may be wrong. */
export interface Located<Places> {
  readonly epoch: number;
  readonly hosts: Places;
}

const none: readonly number[] = [];

export function noteStored(state: SchedulerState, host: number, id: BlockId): void {
  if (id.kind !== "rdd" || !state.hosts.has(host)) return;
  let partitions = state.rddBlocks.get(id.rdd);
  if (partitions === undefined) state.rddBlocks.set(id.rdd, (partitions = new Map()));
  const holders = partitions.get(id.partition);
  if (holders === undefined) partitions.set(id.partition, [host]);
  else if (!holders.includes(host)) holders.push(host);
}

export function noteDropped(state: SchedulerState, host: number, id: BlockId): void {
  if (id.kind !== "rdd") return;
  const partitions = state.rddBlocks.get(id.rdd);
  if (partitions !== undefined) dropHolder(partitions, id.partition, host);
  if (partitions?.size === 0) state.rddBlocks.delete(id.rdd);
}

/** Forgets an RDD or a shuffle whose blocks all hosts remove. */
export function noteRemoved(state: SchedulerState, group: BlockGroup): void {
  if (group.kind === "rdd") state.rddBlocks.delete(group.rdd);
  if (group.kind === "shuffle") state.shuffles.delete(group.shuffle);
}

/** Forgets the partitions that a host held. */
export function dropBlocksOf(state: SchedulerState, host: number): void {
  for (const [rdd, partitions] of state.rddBlocks) {
    for (const partition of partitions.keys()) dropHolder(partitions, partition, host);
    if (partitions.size === 0) state.rddBlocks.delete(rdd);
  }
}

/** Hosts that hold a partition of an RDD, first stored first. */
export function holdersOf(state: SchedulerState, rdd: number, partition: number): readonly number[] {
  return state.rddBlocks.get(rdd)?.get(partition) ?? none;
}

/** The hosts that hold each block: none for broadcasts, which are the driver's own. */
export function locate(state: SchedulerState, ids: readonly BlockId[]): Located<readonly (readonly number[])[]> {
  const hosts = ids.map((id): readonly number[] => {
    if (id.kind === "rdd") return [...holdersOf(state, id.rdd, id.partition)];
    if (id.kind !== "shuffle") return none;
    const shuffle = state.shuffles.get(id.shuffle);
    const host = shuffle?.locations[id.map];
    return host === undefined || shuffle!.missing.has(id.map) ? none : [host];
  });
  return { epoch: state.epoch, hosts };
}

/** The host of each map output of a shuffle, -1 where it is missing; empty if nothing of it is known. */
export function locateShuffle(state: SchedulerState, shuffleId: number): Located<readonly number[]> {
  const { epoch } = state;
  const shuffle = state.shuffles.get(shuffleId);
  if (shuffle === undefined) return { epoch, hosts: [] };
  const numMaps = Math.max(shuffle.locations.length, ...[...shuffle.missing].map((map) => map + 1));
  return {
    epoch,
    hosts: Array.from({ length: numMaps }, (_, map) =>
      shuffle.missing.has(map) ? -1 : (shuffle.locations[map] ?? -1),
    ),
  };
}

function dropHolder(partitions: Map<number, number[]>, partition: number, host: number): void {
  const left = partitions.get(partition)?.filter((holder) => holder !== host);
  if (left === undefined) return;
  if (left.length === 0) partitions.delete(partition);
  else partitions.set(partition, left);
}
