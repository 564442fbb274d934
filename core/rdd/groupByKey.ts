/**
 * One pair a key, with all its values.
 */
import { keyOf } from "../column/keyOf.ts";
import { operatorRef } from "../host/task.ts";
import { everySoOften } from "./cancellable.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow, shuffled } from "./node.ts";
import { samePartitioner } from "./partitioner.ts";
import type { Partitioner, Plan } from "./plan.ts";

/**
 * Driver half: describes the values of each key. `kind` is the operator's name for users.
 *
 * Wide:         one shuffle of all pairs; none at all if `parent` is partitioned so already. To merge values, reduceByKey
 *               sends less.
 * Partitioner:  `partitioner`.
 * Order:        keys as first seen; values in the order of `parent`, partition by partition.
 * Memory:       all pairs of a partition.
 */
export function groupByKey<K, V>(parent: Plan<[K, V]>, partitioner: Partitioner, kind = "groupByKey"): Plan<[K, V[]]> {
  const inPlace = samePartitioner(parent.partitioner, partitioner);
  return makePlan<[K, V[]]>({
    kind,
    dependencies: [inPlace ? narrow(parent) : shuffled(parent, { partitioner })],
    numPartitions: partitioner.numPartitions,
    partitioner: inPlace ? parent.partitioner : partitioner,
    compute: operatorRef(import.meta.url, "computeGroupByKey"),
    params: undefined,
  });
}

/** Task half. */
export async function computeGroupByKey<K, V>(
  _: undefined,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[K, V[]]>> {
  const groups = new Map<unknown, [K, V[]]>();
  const tick = everySoOften(reader.task);
  for (const [key, value] of await reader.read<[K, V]>(0, partition)) {
    tick();
    const id = keyOf(key);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [key, [value]]);
    else group[1].push(value);
  }
  return groups.values();
}
