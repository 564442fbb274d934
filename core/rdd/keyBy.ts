/**
 * From records to pairs and back.
 */
import { ship, type ShippedFunction } from "../function/ship.ts";
import { operatorRef } from "../host/task.ts";
import { everySoOften } from "./cancellable.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

export interface KeyByParams<T, K> {
  readonly fn: ShippedFunction<(record: T) => K>;
}

/**
 * Driver half: describes pairs [fn(record), record]. `kind` is the operator's name for users.
 *
 * Narrow:       partition i reads partition i of `parent`.
 * Partitioner:  dropped.
 *
 * @throws SuperstepError NOT_SHIPPABLE if `fn` captures something that cannot travel.
 */
export function keyBy<T, K>(parent: Plan<T>, fn: (record: T) => K, kind = "keyBy"): Plan<[K, T]> {
  return makePlan<[K, T]>({
    kind,
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    compute: operatorRef(import.meta.url, "computeKeyBy"),
    params: { fn: ship(fn, kind, "fn") } satisfies KeyByParams<T, K>,
  });
}

/** Task half. */
export async function computeKeyBy<T, K>(
  params: KeyByParams<T, K>,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[K, T]>> {
  const fn = await reader.task.revive(params.fn);
  return keyed(await reader.read<T>(0, partition), fn, everySoOften(reader.task));
}

/** Driver half: describes pairs [record, null], for operators that only look at keys. Narrow. Partitioner: dropped. */
export function asKeys<T>(parent: Plan<T>): Plan<[T, null]> {
  return makePlan<[T, null]>({
    kind: "asKeys",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    compute: operatorRef(import.meta.url, "computeAsKeys"),
    params: undefined,
  });
}

/** Task half. */
export async function computeAsKeys<T>(
  _: undefined,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[T, null]>> {
  return keyless(await reader.read<T>(0, partition));
}

/** Driver half: describes pairs [key, null], for operators that only look at keys. Narrow. Partitioner: kept. */
export function withoutValues<K>(parent: Plan<[K, unknown]>): Plan<[K, null]> {
  return makePlan<[K, null]>({
    kind: "withoutValues",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    partitioner: parent.partitioner,
    compute: operatorRef(import.meta.url, "computeWithoutValues"),
    params: undefined,
  });
}

/** Task half. */
export async function computeWithoutValues<K>(
  _: undefined,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[K, null]>> {
  return keyless(oneSide<K, unknown>(await reader.read<[K, unknown]>(0, partition), 0) as Iterable<K>);
}

/** Driver half: describes the keys (`side` 0) or values (1) of pairs. Narrow. Partitioner: dropped. */
export function sideOf<K, V, S extends 0 | 1>(parent: Plan<[K, V]>, side: S): Plan<[K, V][S]> {
  return makePlan<[K, V][S]>({
    kind: side === 0 ? "keys" : "values",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    compute: operatorRef(import.meta.url, "computeSide"),
    params: side,
  });
}

/** Task half. */
export async function computeSide<K, V>(
  side: 0 | 1,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<K | V>> {
  return oneSide(await reader.read<[K, V]>(0, partition), side);
}

function* keyed<T, K>(records: Iterable<T>, fn: (record: T) => K, tick: () => void): Iterable<[K, T]> {
  for (const record of records) {
    tick();
    yield [fn(record), record];
  }
}

function* keyless<T>(records: Iterable<T>): Iterable<[T, null]> {
  for (const record of records) yield [record, null];
}

function* oneSide<K, V>(pairs: Iterable<[K, V]>, side: 0 | 1): Iterable<K | V> {
  for (const pair of pairs) yield pair[side];
}
