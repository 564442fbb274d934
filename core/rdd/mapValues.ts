/**
 * New values under the same keys.
 */
import { ship, type ShippedFunction } from "../function/ship.ts";
import { operatorRef } from "../host/task.ts";
import { everySoOften } from "./cancellable.ts";
import { checkIterable } from "./checkIterable.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

export interface MapValuesParams<V, W> {
  readonly fn: ShippedFunction<(value: V) => W>;
}

/**
 * Driver half: describes `fn` applied to each value.
 *
 * Narrow:       partition i reads partition i of `parent`.
 * Partitioner:  kept.
 *
 * @throws SuperstepError NOT_SHIPPABLE if `fn` captures something that cannot travel.
 */
export function mapValues<K, V, W>(parent: Plan<[K, V]>, fn: (value: V) => W): Plan<[K, W]> {
  return makePlan<[K, W]>({
    kind: "mapValues",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    partitioner: parent.partitioner,
    compute: operatorRef(import.meta.url, "computeMapValues"),
    params: { fn: ship(fn, "mapValues", "fn") } satisfies MapValuesParams<V, W>,
  });
}

/** Task half. */
export async function computeMapValues<K, V, W>(
  params: MapValuesParams<V, W>,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[K, W]>> {
  const fn = await reader.task.revive(params.fn);
  return mapped(await reader.read<[K, V]>(0, partition), fn, everySoOften(reader.task));
}

/**
 * Driver half: describes a pair for each record of the iterable that `fn` makes of a value.
 *
 * Narrow:       partition i reads partition i of `parent`.
 * Partitioner:  kept.
 *
 * @throws SuperstepError NOT_SHIPPABLE if `fn` captures something that cannot travel.
 */
export function flatMapValues<K, V, W>(parent: Plan<[K, V]>, fn: (value: V) => Iterable<W>): Plan<[K, W]> {
  return makePlan<[K, W]>({
    kind: "flatMapValues",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    partitioner: parent.partitioner,
    compute: operatorRef(import.meta.url, "computeFlatMapValues"),
    params: { fn: ship(fn, "flatMapValues", "fn") } satisfies MapValuesParams<V, Iterable<W>>,
  });
}

/** Task half. */
export async function computeFlatMapValues<K, V, W>(
  params: MapValuesParams<V, Iterable<W>>,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[K, W]>> {
  const fn = await reader.task.revive(params.fn);
  return flattened(await reader.read<[K, V]>(0, partition), fn, everySoOften(reader.task));
}

function* mapped<K, V, W>(pairs: Iterable<[K, V]>, fn: (value: V) => W, tick: () => void): Iterable<[K, W]> {
  for (const [key, value] of pairs) {
    tick();
    yield [key, fn(value)];
  }
}

function* flattened<K, V, W>(
  pairs: Iterable<[K, V]>,
  fn: (value: V) => Iterable<W>,
  tick: () => void,
): Iterable<[K, W]> {
  for (const [key, value] of pairs) {
    for (const part of checkIterable("flatMapValues", fn(value))) {
      tick();
      yield [key, part];
    }
    tick();
  }
}
