/**
 * Actions on pairs that end in a Map or in the values of one key.
 */
import { decodeValues } from "../../column/codec.ts";
import { keyOf } from "../../column/keyOf.ts";
import { operatorRef, type TaskContext } from "../../host/task.ts";
import { everySoOften } from "../cancellable.ts";
import { encodeArgument } from "../encodeArgument.ts";
import { localPartitionOf } from "../partitioner.ts";
import { preparePlan } from "../prepare.ts";
import { runAction, type ActionOptions, type ActionSource } from "../runAction.ts";
import { collect } from "./collect.ts";

/**
 * How often each key comes, or each whole record, keys as first seen. Keys are told apart by what they hold: of equal
 * arrays or records the first stands for all. Memory: all distinct keys, on the driver.
 */
export async function countDistinct<K>(
  source: ActionSource<unknown>,
  what: "key" | "record",
  options?: ActionOptions,
): Promise<Map<K, number>> {
  const name = what === "key" ? "countByKey" : "countByValue";
  const operator = operatorRef(import.meta.url, "countDistinctOfPartition");
  const parts = await runAction<[K, number]>(source, { name, operator, params: what }, options);
  const counts = new Map<unknown, [K, number]>();
  for (const [key, count] of parts.flat()) addTo(counts, key, count);
  return new Map(counts.values());
}

/** Task half. */
export function countDistinctOfPartition<K>(
  what: "key" | "record",
  records: Iterable<K | [K, unknown]>,
  _partition: number,
  task: TaskContext,
): [K, number][] {
  const counts = new Map<unknown, [K, number]>();
  const tick = everySoOften(task);
  for (const record of records) {
    tick();
    addTo(counts, what === "key" ? (record as [K, unknown])[0] : (record as K), 1);
  }
  return [...counts.values()];
}

/** The last value of each key, keys as first seen. Keys are told apart by what they hold. Memory: all pairs. */
export async function collectAsMap<K, V>(source: ActionSource<[K, V]>, options?: ActionOptions): Promise<Map<K, V>> {
  const last = new Map<unknown, [K, V]>();
  for (const [key, value] of await collect(source, options)) {
    const id = keyOf(key);
    const entry = last.get(id);
    if (entry === undefined) last.set(id, [key, value]);
    else entry[1] = value;
  }
  return new Map(last.values());
}

/**
 * The values of `key`, in order.
 *
 * Cost:  one partition if the RDD has a partitioner, else all of them.
 */
export async function lookup<K, V>(source: ActionSource<[K, V]>, key: K, options?: ActionOptions): Promise<V[]> {
  const { partitioner } = source.plan;
  const operator = operatorRef(import.meta.url, "valuesOfKey");
  let only: number[] | undefined;
  if (partitioner !== undefined) {
    await preparePlan(source.plan, options?.signal === undefined ? {} : { signal: options.signal }); // a range's bounds come from a sample
    only = [localPartitionOf(partitioner)(key)];
  }
  return (
    await runAction<V>(
      source,
      { name: "lookup", operator, params: encodeArgument("lookup", () => "key", [key]) },
      options,
      only,
    )
  ).flat();
}

/** Task half. */
export function valuesOfKey<K, V>(
  key: Uint8Array,
  records: Iterable<[K, V]>,
  _partition: number,
  task: TaskContext,
): V[] {
  const wanted = new Set(decodeValues(key).map(keyOf)); // a Set finds NaN, and 0 for -0
  const tick = everySoOften(task);
  const values: V[] = [];
  for (const [other, value] of records) {
    tick();
    if (wanted.has(keyOf(other))) values.push(value);
  }
  return values;
}

function addTo<K>(counts: Map<unknown, [K, number]>, key: K, count: number): void {
  const id = keyOf(key);
  const entry = counts.get(id);
  if (entry === undefined) counts.set(id, [key, count]);
  else entry[1] += count;
}
