/**
 * Pairs where their keys belong.
 */
import { operatorRef } from "../host/task.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, shuffled } from "./node.ts";
import { samePartitioner } from "./partitioner.ts";
import type { Partitioner, Plan } from "./plan.ts";

/**
 * Driver half: describes the pairs of `parent`, each in the partition of its key.
 *
 * Wide:         one shuffle of all pairs; none at all if `parent` is partitioned so already.
 * Partitioner:  `partitioner`.
 * Order:        within a partition, that of the partitions of `parent`.
 */
export function partitionBy<K, V>(parent: Plan<[K, V]>, partitioner: Partitioner): Plan<[K, V]> {
  if (samePartitioner(parent.partitioner, partitioner)) return parent;
  return makePlan<[K, V]>({
    kind: "partitionBy",
    dependencies: [shuffled(parent, { partitioner })],
    numPartitions: partitioner.numPartitions,
    partitioner,
    compute: operatorRef(import.meta.url, "computePartitionBy"),
    params: undefined,
  });
}

/** Task half. */
export function computePartitionBy<K, V>(
  _: undefined,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[K, V]>> {
  return reader.read<[K, V]>(0, partition);
}
