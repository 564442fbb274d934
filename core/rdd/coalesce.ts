/**
 * Fewer, larger partitions without moving records; or as many as wanted, evenly filled, by moving them.
 */
import { operatorRef } from "../host/task.ts";
import { checkCount } from "./checkArgument.ts";
import type { PartitionReader } from "./computePartition.ts";
import { sideOf } from "./keyBy.ts";
import { makePlan, narrow, shuffled } from "./node.ts";
import type { Plan } from "./plan.ts";

export interface CoalesceParams {
  /** First partition of the parent in each partition, and their number at the end. */
  readonly cuts: readonly number[];
}

/**
 * Driver half: describes the records in min(numPartitions, as many as there are) partitions, each some neighbouring
 * ones of `parent`, one after the other.
 *
 * Narrow:       all that goes into one partition is computed by one task, in turn.
 * Partitioner:  dropped.
 * Order:        kept.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `numPartitions` is not an integer >= 1.
 */
export function coalesce<T>(parent: Plan<T>, numPartitions: number): Plan<T> {
  const count = Math.min(checkCount("coalesce", "numPartitions", numPartitions, 1), parent.numPartitions);
  const cuts = Array.from({ length: count + 1 }, (_, part) => Math.floor((part * parent.numPartitions) / count));
  return makePlan<T>({
    kind: "coalesce",
    dependencies: [narrow(parent, (partition) => between(cuts, partition))],
    numPartitions: count,
    compute: operatorRef(import.meta.url, "computeCoalesce"),
    params: { cuts } satisfies CoalesceParams,
  });
}

/** Task half. */
export async function computeCoalesce<T>(
  { cuts }: CoalesceParams,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<T>> {
  const parts: Iterable<T>[] = [];
  for (const part of between(cuts, partition)) parts.push(await reader.read<T>(0, part));
  return chained(parts);
}

/**
 * Driver half: describes the records dealt out evenly: those of each partition of `parent` go to the new ones in turn.
 *
 * Wide:         one shuffle of all records.
 * Partitioner:  dropped.
 * Order:        kept among the records of one partition that meet again; not as a whole.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `numPartitions` is not an integer >= 1.
 */
export function repartition<T>(parent: Plan<T>, numPartitions: number): Plan<T> {
  checkCount("repartition", "numPartitions", numPartitions, 1);
  const dealt = makePlan<[number, T]>({
    kind: "deal",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    compute: operatorRef(import.meta.url, "computeDeal"),
    params: numPartitions,
  });
  return sideOf(
    makePlan<[number, T]>({
      kind: "repartition",
      dependencies: [shuffled(dealt, { partitioner: { kind: "index", numPartitions } })],
      numPartitions,
      compute: operatorRef(import.meta.url, "computeRepartition"),
      params: undefined,
    }),
    1,
  );
}

/** Task half, map side: each record with the partition it goes to. */
export async function computeDeal<T>(
  numPartitions: number,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[number, T]>> {
  return dealt(await reader.read<T>(0, partition), numPartitions, partition % numPartitions);
}

/** Task half, reduce side. */
export function computeRepartition<T>(
  _: undefined,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[number, T]>> {
  return reader.read<[number, T]>(0, partition);
}

function between(cuts: readonly number[], partition: number): number[] {
  const first = cuts[partition]!;
  return Array.from({ length: cuts[partition + 1]! - first }, (_, index) => first + index);
}

function* chained<T>(parts: readonly Iterable<T>[]): Iterable<T> {
  for (const part of parts) yield* part;
}

/** Starts at `next`, another place for each partition, so that short partitions do not all fill the first ones. */
function* dealt<T>(records: Iterable<T>, numPartitions: number, next: number): Iterable<[number, T]> {
  for (const record of records) {
    yield [next, record];
    next = next + 1 === numPartitions ? 0 : next + 1;
  }
}
