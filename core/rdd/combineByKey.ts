/**
 * One pair a key, its values combined: what reduceByKey, foldByKey, aggregateByKey and distinct are made of.
 */
import { operatorRef } from "../host/task.ts";
import { reviveAggregator, type Aggregator } from "../shuffle/aggregator.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow, shuffled } from "./node.ts";
import { samePartitioner } from "./partitioner.ts";
import type { Partitioner, Plan } from "./plan.ts";

export interface CombineByKeyParams {
  readonly aggregator: Aggregator;
  /** The pairs come from a map side that has combined them already. */
  readonly combined: boolean;
}

/**
 * Driver half: describes the combined values of each key. `kind` is the operator's name for users.
 *
 * Wide:         one shuffle of one pair a key and map partition; none at all if `parent` is partitioned so already.
 * Partitioner:  `partitioner`.
 * Order:        keys as first seen; values merged in the order of `parent`, partition by partition.
 * Memory:       the combiners of a partition, on both sides.
 */
export function combineByKey<K, V, C>(
  parent: Plan<[K, V]>,
  aggregator: Aggregator,
  partitioner: Partitioner,
  kind: string,
): Plan<[K, C]> {
  const inPlace = samePartitioner(parent.partitioner, partitioner);
  return makePlan<[K, C]>({
    kind,
    dependencies: [inPlace ? narrow(parent) : shuffled(parent, { partitioner, aggregator })],
    numPartitions: partitioner.numPartitions,
    partitioner: inPlace ? parent.partitioner : partitioner,
    compute: operatorRef(import.meta.url, "computeCombineByKey"),
    params: { aggregator, combined: !inPlace } satisfies CombineByKeyParams,
  });
}

/** Task half. */
export async function computeCombineByKey<K, V, C>(
  { aggregator, combined }: CombineByKeyParams,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[K, C]>> {
  const combiner = await reviveAggregator<K, V, C>(aggregator, reader.task);
  return combined
    ? combiner.mergeCombiners(await reader.read<[K, C]>(0, partition))
    : combiner.combineValues(await reader.read<[K, V]>(0, partition));
}
