/**
 * The map side of a shuffle: the operator of a stage that files the records of one partition into buckets.
 *
 * Memory:  the records of the partition, then their encoding, bucket by bucket.
 */
import { encodeValues } from "../column/codec.ts";
import type { TaskContext } from "../host/task.ts";
import { computePartition } from "../rdd/computePartition.ts";
import { revivePartitioner } from "../rdd/partitioner.ts";
import type { MapStage, StageTask } from "../schedule/stages.ts";
import { reviveAggregator } from "./aggregator.ts";

type Pair = readonly [unknown, unknown];

/** Stores one block a bucket, empty ones too, so that a missing block is always a lost one. */
export async function writeShuffle(
  { plan, shuffleId, map }: MapStage,
  params: StageTask,
  task: TaskContext,
): Promise<void> {
  let records = (await computePartition(plan, params, task)) as Iterable<Pair>;
  if (map.aggregator !== undefined) records = (await reviveAggregator(map.aggregator, task)).combineValues(records);

  const partitionOf = await revivePartitioner(map.partitioner, task);
  const buckets = Array.from({ length: map.partitioner.numPartitions }, (): Pair[] => []);
  let count = 0;
  for (const record of records) {
    if ((++count & 0xfff) === 0) task.throwIfCancelled();
    buckets[partitionOf(record[0])]!.push(record);
  }
  await Promise.all(
    buckets.map((bucket, reduce) =>
      task.storeBlock(
        { kind: "shuffle", shuffle: shuffleId, map: params.partition, reduce },
        encodeValues(bucket),
        "memoryAndDisk",
      ),
    ),
  );
}
