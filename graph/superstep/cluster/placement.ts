/**
 * Which executor holds which vertex partitions: ranges of consecutive ones, so that few vertices are read by others.
 */
import type { TopologyPartition } from "../../partition/topology.ts";

/** An executor that takes part. */
export interface HostShare {
  readonly id: number;
  readonly numThreads: number;
}

/** The partitions [firstPartition, endPartition) of one executor, and their vertices [from, to). */
export interface HostRange {
  readonly host: number;
  readonly firstPartition: number;
  readonly endPartition: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts partitions over hosts, in order of their ids, such that vertices + edges are in proportion to threads. Every host
 * gets a partition while there are enough; hosts without one are left out.
 */
export function placePartitions(partitions: readonly TopologyPartition[], hosts: readonly HostShare[]): HostRange[] {
  const order = hosts.toSorted((a, b) => a.id - b.id).slice(0, partitions.length);
  const weights = partitions.map(({ from, to, inRows }) => to - from + inRows.neighbours.length);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const numThreads = order.reduce((sum, host) => sum + host.numThreads, 0);
  const ranges: HostRange[] = [];
  let end = 0;
  let done = 0;
  let threads = 0;
  for (const [at, { id, numThreads: own }] of order.entries()) {
    const firstPartition = end;
    threads += own;
    const wanted = (total * threads) / numThreads;
    const latest = partitions.length - (order.length - at - 1);
    // a partition goes to the host that more than half of it belongs to
    while (end < latest && (end === firstPartition || at === order.length - 1 || done + weights[end]! / 2 <= wanted)) {
      done += weights[end++]!;
    }
    const [first, last] = [partitions[firstPartition]!, partitions[end - 1]!];
    ranges.push({ host: id, firstPartition, endPartition: end, from: first.from, to: last.to });
  }
  return ranges;
}
