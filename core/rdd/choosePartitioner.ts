/**
 * Which partitioner a wide operator uses.
 */
import { invalidArgument } from "../errors.ts";
import { checkCount } from "./checkArgument.ts";
import { hashPartitioner } from "./partitioner.ts";
import type { Partitioner, Plan } from "./plan.ts";

/** A number of partitions, to hash keys into, or a partitioner. */
export type Partitioning = number | Partitioner;

/**
 * What the caller wants; else, of the partitioners that `parents` have, the one with most partitions, so that the
 * largest side need not move; else by hash, into as many partitions as the largest parent has.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `wanted` is neither an integer >= 1 nor a partitioner.
 */
export function choosePartitioner(where: string, parents: readonly Plan[], wanted?: Partitioning): Partitioner {
  if (typeof wanted === "number") return hashPartitioner(checkCount(where, "numPartitions", wanted, 1));
  if (wanted !== undefined) {
    if (isPartitioner(wanted)) return wanted;
    throw invalidArgument(where, "partitioning", "a number of partitions or a partitioner", wanted);
  }
  const largest = (sizes: readonly { numPartitions: number }[]): number =>
    sizes.reduce((most, { numPartitions }) => Math.max(most, numPartitions), 0);
  const existing = parents.flatMap(({ partitioner }) => partitioner ?? []);
  const most = largest(existing);
  return existing.find(({ numPartitions }) => numPartitions === most) ?? hashPartitioner(largest(parents));
}

function isPartitioner(value: unknown): value is Partitioner {
  const kind = (value as { kind?: unknown } | null)?.kind;
  return kind === "hash" || kind === "range" || kind === "custom";
}
