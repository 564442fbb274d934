/**
 * Which executor holds which vertex partitions: ranges of consecutive ones, so that few vertices are read by others.
 */
import type { CutPart, TopologyPartition } from "../../partition/topology.ts";

/** An executor that takes part. */
export interface HostShare {
  readonly id: number;
  readonly numThreads: number;
}

/** The partitions [firstPartition, endPartition) of one executor, and their vertices [from, to). */
export interface HostRange {
  readonly host: number;
  readonly numThreads: number;
  readonly firstPartition: number;
  readonly endPartition: number;
  readonly from: number;
  readonly to: number;
  /** Of an explicit vertex cut, the parts [from, to) that it scans; absent: the edges of its partitions. */
  readonly parts?: { readonly from: number; readonly to: number };
}

/**
 * Cuts partitions over hosts, in order of their ids, such that the time for vertices and edges is in proportion to threads. Every host
 * gets a partition while there are enough; hosts without one are left out.
 */
export function placePartitions(partitions: readonly TopologyPartition[], hosts: readonly HostShare[]): HostRange[] {
  const order = hosts.toSorted((a, b) => a.id - b.id).slice(0, partitions.length);
  const shares = order.map(({ numThreads }) => numThreads);
  return cutByWeight(partitions.map(weightOf), shares).map(({ from, to }, at) => ({
    host: order[at]!.id,
    numThreads: order[at]!.numThreads,
    firstPartition: from,
    endPartition: to,
    from: partitions[from]!.from,
    to: partitions[to - 1]!.to,
  }));
}

/** The hosts with the parts of a vertex cut that they scan: ranges of them, by edges; none where there are more hosts. */
export function placeParts(ranges: readonly HostRange[], parts: readonly CutPart[]): HostRange[] {
  const taking = ranges.slice(0, parts.length);
  const shares = taking.map(({ numThreads }) => numThreads);
  const cuts = cutByWeight(
    parts.map(({ inRows }) => inRows.neighbours.length),
    shares,
  );
  return ranges.map((range, at) => ({ ...range, parts: cuts[at] ?? { from: parts.length, to: parts.length } }));
}

/** Tasks a thread where there are several, so that one that ends early finds more work. */
const tasksPerThread = 3;

/**
 * Cuts the partitions of a host into tasks: of several partitions each, since a thread waits for the driver between two
 * tasks.
 */
export function cutTasks(
  partitions: readonly TopologyPartition[],
  { numThreads, firstPartition, endPartition }: HostRange,
): { readonly from: number; readonly to: number }[] {
  const wanted = numThreads === 1 ? 1 : numThreads * tasksPerThread;
  const shares = Array.from({ length: Math.min(wanted, endPartition - firstPartition) }, () => 1);
  const own = partitions.slice(firstPartition, endPartition).map(weightOf);
  return cutByWeight(own, shares).map(({ from, to }) => ({ from: firstPartition + from, to: firstPartition + to }));
}

/**
 * Edges that take about as long as a vertex: where both are compiled, a vertex program and what is written and sent for it take
 * 9 to 12 ns, an edge 2 to 4 in tiles and 2 to 5 in rows.
 */
const vertexWeight = 4;

function weightOf({ from, to, inRows }: TopologyPartition): number {
  return vertexWeight * (to - from) + inRows.neighbours.length;
}

/** Cuts items into ranges in proportion to `shares`, none of them empty: there are at least as many items as shares. */
function cutByWeight(weights: readonly number[], shares: readonly number[]): { from: number; to: number }[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const allShares = shares.reduce((sum, share) => sum + share, 0);
  let to = 0;
  let done = 0;
  let given = 0;
  return shares.map((share, at) => {
    const from = to;
    given += share;
    const wanted = (total * given) / allShares;
    const isLast = at === shares.length - 1;
    const latest = weights.length - (shares.length - at - 1);
    // an item goes to the range that more than half of it belongs to
    while (to < latest && (to === from || isLast || done + weights[to]! / 2 <= wanted)) done += weights[to++]!;
    return { from, to };
  });
}
