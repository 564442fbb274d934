/**
 * The actions of RDDs: each runs a job and resolves to its result. Every one takes a signal that cancels it.
 *
 * All reject with CANCELLED, CONTEXT_STOPPED, TASK_FAILED (its cause is what a function threw), NOT_SHIPPABLE (a record
 * or function cannot travel), or the code of whatever else went wrong in a task.
 */
import { invalidArgument } from "../errors.ts";
import { collectAsMap, countDistinct, lookup } from "./actions/byKey.ts";
import { collect, first, take, toLocalIterator } from "./actions/collect.ts";
import { countRecords } from "./actions/count.ts";
import { aggregate, reduce } from "./actions/fold.ts";
import { foreach, foreachPartition } from "./actions/foreach.ts";
import { saveAsTextFile, type SaveOptions } from "./actions/saveAsTextFile.ts";
import { stats, sum, type Stats } from "./actions/stats.ts";
import { extreme, takeOrdered } from "./actions/takeOrdered.ts";
import { takeSample, type TakeSampleOptions } from "./actions/takeSample.ts";
import { treeAggregate, type TreeOptions } from "./actions/treeAggregate.ts";
import { RDDBase } from "./rddBase.ts";
import type { ActionOptions } from "./runAction.ts";

/** What a record is compared by. */
export type SortKey = number | string | bigint;

export abstract class RDDActions<T> extends RDDBase<T> {
  /** All records, in order. Memory: all of them, here. */
  collect(options?: ActionOptions): Promise<T[]> {
    return collect(this, options);
  }

  /** The number of records. */
  async count(options?: ActionOptions): Promise<number> {
    const counts = await countRecords(this, "count", options);
    return counts.reduce((total, count) => total + count, 0);
  }

  /** The first record. @throws SuperstepError INVALID_ARGUMENT if there is none. */
  first(options?: ActionOptions): Promise<T> {
    return first(this, options);
  }

  /** The first `n` records. Cost: the first partition, then four times as many at a time, until there are enough. */
  take(n: number, options?: ActionOptions): Promise<T[]> {
    return take(this, n, options);
  }

  /** The `n` smallest records, in order, compared by `by` or by themselves. Of equal ones the first; NaN last. */
  takeOrdered(n: number, by?: (record: T) => SortKey, options?: ActionOptions): Promise<T[]> {
    return takeOrdered(this, n, by, true, "takeOrdered", options);
  }

  /** The `n` largest records, largest first, compared by `by` or by themselves. Of equal ones the first; NaN last. */
  top(n: number, by?: (record: T) => SortKey, options?: ActionOptions): Promise<T[]> {
    return takeOrdered(this, n, by, false, "top", options);
  }

  /** `n` records at random, or all if there are fewer; the same for the same seed and partitions. */
  takeSample(n: number, options?: TakeSampleOptions): Promise<T[]> {
    return takeSample(this, n, options);
  }

  /** True if there is no record. Cost: as `take(1)`. */
  async isEmpty(options?: ActionOptions): Promise<boolean> {
    return (await take(this, 1, options, "isEmpty")).length === 0;
  }

  /** Merges all records, left to right within a partition, then partitions in order; so `fn` must be associative. */
  reduce(fn: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    return reduce(this, fn, options);
  }

  /** As `reduce`, starting each partition, and the merging of partitions, with `zero`, neutral to `fn`. */
  fold(zero: T, fn: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    return aggregate(this, zero, fn, fn, options, "fold");
  }

  /** Adds records to `zero` within each partition, then merges partitions, in order, starting with another `zero`. */
  aggregate<A>(
    zero: A,
    add: (total: A, record: T) => A,
    merge: (a: A, b: A) => A,
    options?: ActionOptions,
  ): Promise<A> {
    checkFunction("aggregate", "merge", merge);
    return aggregate(this, zero, add, merge, options);
  }

  /** As `aggregate`, merging partitions in tasks, over `depth` levels: for many partitions with large results. */
  treeAggregate<A>(
    zero: A,
    add: (total: A, record: T) => A,
    merge: (a: A, b: A) => A,
    options?: TreeOptions,
  ): Promise<A> {
    return treeAggregate(this, zero, add, merge, options);
  }

  /** Calls `fn` with each record, in tasks, for what it does. */
  foreach(fn: (record: T) => void, options?: ActionOptions): Promise<void> {
    return foreach(this, fn, options);
  }

  /** Calls `fn` with the records of each partition, in tasks, for what it does. */
  foreachPartition(
    fn: (records: Iterable<T>, partition: number) => void | Promise<void>,
    options?: ActionOptions,
  ): Promise<void> {
    return foreachPartition(this, fn, options);
  }

  /** The smallest record, compared by `by` or by itself. @throws SuperstepError INVALID_ARGUMENT if there is none. */
  min(by?: (record: T) => SortKey, options?: ActionOptions): Promise<T> {
    return extreme(this, by, true, options);
  }

  /** The largest record, compared by `by` or by itself. @throws SuperstepError INVALID_ARGUMENT if there is none. */
  max(by?: (record: T) => SortKey, options?: ActionOptions): Promise<T> {
    return extreme(this, by, false, options);
  }

  /** The sum of numbers, correctly rounded: the same for any order and any partitions. */
  sum(this: RDDActions<number>, options?: ActionOptions): Promise<number> {
    return sum(this, options);
  }

  /** Count, sum, mean, variance, range of numbers, correctly rounded: the same for any order and any partitions. */
  stats(this: RDDActions<number>, options?: ActionOptions): Promise<Stats> {
    return stats(this, options);
  }

  /** How often each distinct record comes, as first seen. Memory: all distinct records, here. */
  countByValue(options?: ActionOptions): Promise<Map<T, number>> {
    return countDistinct<T>(this, "record", options);
  }

  /** How often each key comes, as first seen. Memory: all distinct keys, here. */
  countByKey<K>(this: RDDActions<[K, unknown]>, options?: ActionOptions): Promise<Map<K, number>> {
    return countDistinct<K>(this, "key", options);
  }

  /** All pairs as a Map: the last value of each key, keys as first seen. Memory: all of them, here. */
  collectAsMap<K, V>(this: RDDActions<[K, V]>, options?: ActionOptions): Promise<Map<K, V>> {
    return collectAsMap(this, options);
  }

  /** The values of `key`. Cost: one partition if there is a partitioner, else all. */
  lookup<K, V>(this: RDDActions<[K, V]>, key: K, options?: ActionOptions): Promise<V[]> {
    return lookup(this, key, options);
  }

  /**
   * Writes a line a record into a new directory: part-00000 and so on, then _SUCCESS. Strings as they are, other
   * primitives as String makes them, all else as JSON.
   *
   * @throws SuperstepError INVALID_ARGUMENT, before anything is computed, if `directory` exists.
   */
  saveAsTextFile(directory: string, options?: SaveOptions): Promise<void> {
    return saveAsTextFile(this, directory, options);
  }

  /** Records one by one. Cost: a job a partition. Memory: one partition at a time. */
  toLocalIterator(options?: ActionOptions): AsyncGenerator<T, void, undefined> {
    return toLocalIterator(this, options);
  }
}

function checkFunction(where: string, what: string, value: unknown): void {
  if (typeof value !== "function") throw invalidArgument(where, what, "a function", value);
}
