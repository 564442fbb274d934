/**
 * Records with their place in the whole RDD.
 */
import { operatorRef } from "../host/task.ts";
import { countRecords } from "./actions/count.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";
import type { ActionSource } from "./runAction.ts";

/** Index of the first record of each partition. */
type FirstIndices = readonly number[];

/**
 * Driver half: describes pairs [record, index], indices from 0 in order of partitions.
 *
 * Narrow:       partition i reads partition i of `parent`.
 * Lazy:         the first job that reads it runs another one before, which counts all partitions but the last; none if
 *               there is only one.
 * Partitioner:  dropped.
 */
export function zipWithIndex<T>(source: ActionSource<T>): Plan<[T, number]> {
  const parent = source.plan;
  const plan: Plan<[T, number]> = makePlan<[T, number]>({
    kind: "zipWithIndex",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    compute: operatorRef(import.meta.url, "computeZipWithIndex"),
    params: [0],
    prepare:
      parent.numPartitions === 1
        ? undefined
        : async (options) => {
            const counted = Array.from({ length: parent.numPartitions - 1 }, (_, index) => index);
            let next = 0;
            const counts = await countRecords(source, "zipWithIndex", options, counted);
            plan.params = [0, ...counts.map((count) => (next += count))] satisfies FirstIndices;
          },
  });
  return plan;
}

/** Task half. */
export async function computeZipWithIndex<T>(
  first: FirstIndices,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[T, number]>> {
  return numbered(await reader.read<T>(0, partition), first[partition]!);
}

function* numbered<T>(records: Iterable<T>, first: number): Iterable<[T, number]> {
  let index = first;
  for (const record of records) yield [record, index++];
}
