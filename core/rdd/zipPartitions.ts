/**
 * Two RDDs side by side, partition by partition.
 */
import { SuperstepError } from "../errors.ts";
import { ship, type ShippedFunction } from "../function/ship.ts";
import { operatorRef } from "../host/task.ts";
import { checkIterable } from "./checkIterable.ts";
import type { PartitionReader } from "./computePartition.ts";
import type { MapPartitionsOptions } from "./mapPartitions.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

/** Both iterables can be walked once. May await: once a partition. */
export type ZipFunction<T, U, Out> = (
  left: Iterable<T>,
  right: Iterable<U>,
  partition: number,
) => Iterable<Out> | Promise<Iterable<Out>>;

export interface ZipPartitionsParams<T, U, Out> {
  readonly fn: ShippedFunction<ZipFunction<T, U, Out>>;
}

/**
 * Driver half: describes `fn` applied to the partitions of equal index.
 *
 * Narrow:       partition i reads partition i of both.
 * Partitioner:  that of `left` if `keepsPartitioner`, else dropped.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless both have as many partitions; NOT_SHIPPABLE for `fn`.
 */
export function zipPartitions<T, U, Out>(
  left: Plan<T>,
  right: Plan<U>,
  fn: ZipFunction<T, U, Out>,
  { keepsPartitioner = false }: MapPartitionsOptions = {},
): Plan<Out> {
  checkSameCount("zipPartitions", left, right);
  return makePlan<Out>({
    kind: "zipPartitions",
    dependencies: [narrow(left), narrow(right)],
    numPartitions: left.numPartitions,
    partitioner: keepsPartitioner ? left.partitioner : undefined,
    compute: operatorRef(import.meta.url, "computeZipPartitions"),
    params: { fn: ship(fn, "zipPartitions", "fn") } satisfies ZipPartitionsParams<T, U, Out>,
  });
}

/** Task half. */
export async function computeZipPartitions<T, U, Out>(
  params: ZipPartitionsParams<T, U, Out>,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<Out>> {
  const fn = await reader.task.revive(params.fn);
  const left = await reader.read<T>(0, partition);
  return checkIterable("zipPartitions", await fn(left, await reader.read<U>(1, partition), partition));
}

/**
 * Driver half: describes pairs of the records at equal places.
 *
 * Narrow:       partition i reads partition i of both.
 * Partitioner:  dropped.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless both have as many partitions; the job fails with INVALID_INPUT if two
 *   partitions differ in their number of records.
 */
export function zip<T, U>(left: Plan<T>, right: Plan<U>): Plan<[T, U]> {
  checkSameCount("zip", left, right);
  return makePlan<[T, U]>({
    kind: "zip",
    dependencies: [narrow(left), narrow(right)],
    numPartitions: left.numPartitions,
    compute: operatorRef(import.meta.url, "computeZip"),
    params: undefined,
  });
}

/** Task half. */
export async function computeZip<T, U>(
  _: undefined,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[T, U]>> {
  return sideBySide(await reader.read<T>(0, partition), await reader.read<U>(1, partition), partition);
}

function* sideBySide<T, U>(left: Iterable<T>, right: Iterable<U>, partition: number): Iterable<[T, U]> {
  const others = right[Symbol.iterator]();
  let count = 0;
  for (const record of left) {
    const other = others.next();
    if (other.done) throw uneven(partition, "right", count);
    count++;
    yield [record, other.value];
  }
  if (!others.next().done) throw uneven(partition, "left", count);
}

function uneven(partition: number, shorter: "left" | "right", count: number): SuperstepError {
  return new SuperstepError(
    "INVALID_INPUT",
    `zip: both sides must have as many records in each partition, but partition ${partition} of the ${shorter} one ends ` +
      `after ${count} records and the other goes on; join on zipWithIndex() instead`,
    { details: { partition, shorter, count } },
  );
}

function checkSameCount(where: string, left: Plan, right: Plan): void {
  if (left.numPartitions === right.numPartitions) return;
  throw new SuperstepError(
    "INVALID_ARGUMENT",
    `${where}: both sides must have as many partitions, got ${left.numPartitions} and ${right.numPartitions}`,
  );
}
