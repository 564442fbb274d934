/**
 * Records in order, over all partitions.
 */
import { operatorRef, type TaskContext } from "../host/task.ts";
import { randomFor } from "../random.ts";
import type { RunOptions } from "../schedule/job.ts";
import { everySoOften } from "./cancellable.ts";
import { checkCount } from "./checkArgument.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, shuffled } from "./node.ts";
import { orderOf, sortByFirst } from "./order.ts";
import { rangePartitioner } from "./partitioner.ts";
import type { Plan } from "./plan.ts";
import { runAction, type ActionSource } from "./runAction.ts";

export interface SortOptions {
  /** Default true. NaN comes last either way. */
  readonly ascending?: boolean | undefined;
  /** An integer >= 1. Default: as many as before. */
  readonly numPartitions?: number | undefined;
}

/**
 * Driver half: describes pairs in the order of their keys: numbers by value, strings by code point, arrays by their
 * items; partition i holds smaller keys than partition i + 1. `operation` is the operator's name for users.
 *
 * Wide:         one shuffle of all pairs.
 * Lazy:         the first job that reads it runs another one before, which samples the keys of all pairs to find the
 *               bounds of partitions; none if there is one partition.
 * Partitioner:  by range, equal only to itself.
 * Order:        pairs of equal keys stay in the order of `source`.
 * Memory:       all pairs of a partition; those of one key are never spread.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `numPartitions` is not an integer >= 1.
 */
export function sortByKey<K, V>(
  source: ActionSource<[K, V]>,
  operation: string,
  { ascending = true, numPartitions = source.plan.numPartitions }: SortOptions = {},
): Plan<[K, V]> {
  checkCount(operation, "numPartitions", numPartitions, 1);
  const partitioner = rangePartitioner(numPartitions, ascending, (options) =>
    findBounds(source, numPartitions, ascending, options),
  );
  return makePlan<[K, V]>({
    kind: operation,
    dependencies: [shuffled(source.plan, { partitioner })],
    numPartitions,
    partitioner,
    compute: operatorRef(import.meta.url, "computeSortByKey"),
    params: ascending,
  });
}

/** Task half. */
export async function computeSortByKey<K, V>(
  ascending: boolean,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[K, V]>> {
  return sortByFirst(Array.from(await reader.read<[K, V]>(0, partition)), ascending);
}

/** Keys sampled for each partition to come. */
const sampledPerPartition = 60;

export interface SampleKeysParams {
  readonly size: number;
}

/** Keys that cut the pairs of `source` into about equal parts: at most numPartitions - 1, ascending, none twice. */
async function findBounds<K>(
  source: ActionSource<[K, unknown]>,
  numPartitions: number,
  ascending: boolean,
  options: RunOptions,
): Promise<K[]> {
  const size = Math.max(1, Math.ceil((sampledPerPartition * numPartitions) / source.plan.numPartitions));
  const operator = operatorRef(import.meta.url, "sampleKeys");
  const samples = await runAction<number | K>(
    source,
    { name: "sample keys", operator, params: { size } satisfies SampleKeysParams },
    options,
  );
  const weighted: [K, number][] = samples.flatMap(([count, ...keys]) =>
    (keys as K[]).map((key): [K, number] => [key, (count as number) / keys.length]),
  );
  sortByFirst(weighted, ascending);
  return cutEvenly(weighted, numPartitions, ascending);
}

/** The keys at which the running weight passes 1 / n, 2 / n, … of the whole. */
function cutEvenly<K>(weighted: readonly [K, number][], numPartitions: number, ascending: boolean): K[] {
  const order = orderOf(ascending);
  const step = weighted.reduce((sum, [, weight]) => sum + weight, 0) / numPartitions;
  const bounds: K[] = [];
  let running = 0;
  for (const [key, weight] of weighted) {
    running += weight;
    const isDue = running >= step * (bounds.length + 1);
    if (isDue && bounds.length < numPartitions - 1 && (bounds.length === 0 || order(bounds.at(-1), key) < 0)) {
      bounds.push(key);
    }
  }
  return bounds;
}

/**
 * Task half of the sampling: the number of pairs, then the keys of `size` of them, all equally likely: algorithm R, by
 * Vitter, Random Sampling with a Reservoir (1985).
 */
export function sampleKeys<K>(
  { size }: SampleKeysParams,
  records: Iterable<readonly [K, unknown]>,
  partition: number,
  task: TaskContext,
): (number | K)[] {
  const random = randomFor(1, partition);
  const keys: K[] = [];
  const tick = everySoOften(task);
  let count = 0;
  for (const [key] of records) {
    tick();
    count++;
    if (keys.length < size) {
      keys.push(key);
    } else {
      const place = random.nextInt(count);
      if (place < size) keys[place] = key;
    }
  }
  return [count, ...keys];
}
