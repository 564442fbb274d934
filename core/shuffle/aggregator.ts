/**
 * Combines the values of each key: on the map side values into combiners, on the reduce side combiners into one.
 *
 * Order:  keys come out as first seen, values are merged in the order they come in.
 */
import { keyOf } from "../column/keyOf.ts";
import type { ShippedFunction } from "../function/ship.ts";
import type { TaskContext } from "../host/task.ts";
import { freshZero, type Zero } from "../rdd/zero.ts";

/** How combiners come about, as data. */
export interface Aggregator {
  readonly create:
    /** The first value is the combiner. */
    | { readonly from: "value" }
    /** `fn(first value)`. */
    | { readonly from: "function"; readonly fn: ShippedFunction }
    /** `mergeValue(zero, first value)`, each key with a zero of its own. */
    | { readonly from: "zero"; readonly zero: Zero };
  readonly mergeValue: Merging;
  readonly mergeCombiners: Merging;
}

/** A function (merged so far, next), or "first" where what came first stays. */
export type Merging = ShippedFunction | "first";

/** An aggregator put together in a thread. */
export interface Combiner<K, V, C> {
  /** One pair a key: the combined values of `records`. */
  combineValues(records: Iterable<readonly [K, V]>): [K, C][];
  /** One pair a key: the merged combiners of `records`. */
  mergeCombiners(records: Iterable<readonly [K, C]>): [K, C][];
}

export async function reviveAggregator<K, V, C>(aggregator: Aggregator, task: TaskContext): Promise<Combiner<K, V, C>> {
  const mergeValue = await reviveMerging<C, V>(aggregator.mergeValue, task);
  const mergeCombiners = await reviveMerging<C, C>(aggregator.mergeCombiners, task);
  const create = await reviveCreate<V, C>(aggregator, mergeValue, task);
  return {
    combineValues: (records) => combine(records, create, mergeValue, task),
    mergeCombiners: (records) => combine<K, C, C>(records, (combiner) => combiner, mergeCombiners, task),
  };
}

async function reviveMerging<A, B>(merging: Merging, task: TaskContext): Promise<(merged: A, next: B) => A> {
  if (merging === "first") return (merged) => merged;
  return task.revive(merging as ShippedFunction<(merged: A, next: B) => A>);
}

async function reviveCreate<V, C>(
  { create }: Aggregator,
  mergeValue: (combiner: C, value: V) => C,
  task: TaskContext,
): Promise<(value: V) => C> {
  if (create.from === "value") return (value) => value as unknown as C;
  if (create.from === "function") return task.revive(create.fn as ShippedFunction<(value: V) => C>);
  const zero = freshZero<C>(create.zero);
  return (value) => mergeValue(zero(), value);
}

function combine<K, V, C>(
  records: Iterable<readonly [K, V]>,
  create: (value: V) => C,
  merge: (combiner: C, value: V) => C,
  task: TaskContext,
): [K, C][] {
  const byKey = new Map<unknown, [K, C]>();
  let count = 0;
  for (const [key, value] of records) {
    if ((++count & 0xfff) === 0) task.throwIfCancelled();
    const id = keyOf(key);
    const pair = byKey.get(id);
    if (pair === undefined) byKey.set(id, [key, create(value)]);
    else pair[1] = merge(pair[1], value);
  }
  return [...byKey.values()];
}
