/**
 * What can be made of RDDs of pairs [key, value]. All lazy: each returns at once, and throws at once what is wrong with
 * its arguments (INVALID_ARGUMENT) or functions (NOT_SHIPPABLE).
 *
 * Keys are told apart by what they hold: numbers, strings and bigints by value, arrays and records by their items.
 * `partitioning`: a number of partitions, to hash keys into, or a partitioner; by default the partitioner of a parent,
 * the one with most partitions, else by hash into as many partitions as the largest parent has.
 */
import { ship } from "../function/ship.ts";
import type { Aggregator } from "../shuffle/aggregator.ts";
import { choosePartitioner, type Partitioning } from "./choosePartitioner.ts";
import { cogroup, type Cogrouped, type JoinKind } from "./cogroup.ts";
import { combineByKey } from "./combineByKey.ts";
import { groupByKey } from "./groupByKey.ts";
import { sideOf, withoutValues } from "./keyBy.ts";
import { flatMapValues, mapValues } from "./mapValues.ts";
import { partitionBy } from "./partitionBy.ts";
import type { Plan } from "./plan.ts";
import type { RDD } from "./rdd.ts";
import { RDDActions } from "./rddActions.ts";
import { sortByKey, type SortOptions } from "./sortBy.ts";
import { zeroOf } from "./zero.ts";

export abstract class PairRDD<T> extends RDDActions<T> {
  /** An RDD of `plan` in the same context. */
  protected abstract derive<U>(plan: Plan<U>): RDD<U>;

  /** New values under the same keys. Narrow; partitioner kept. */
  mapValues<K, V, W>(this: PairRDD<[K, V]>, fn: (value: V) => W): RDD<[K, W]> {
    return this.derive(mapValues(this.plan, fn));
  }

  /** Any number of values for each, under the same keys. Narrow; partitioner kept. */
  flatMapValues<K, V, W>(this: PairRDD<[K, V]>, fn: (value: V) => Iterable<W>): RDD<[K, W]> {
    return this.derive(flatMapValues(this.plan, fn));
  }

  /** The keys. Narrow; partitioner dropped. */
  keys<K>(this: PairRDD<[K, unknown]>): RDD<K> {
    return this.derive<K>(sideOf(this.plan, 0));
  }

  /** The values. Narrow; partitioner dropped. */
  values<V>(this: PairRDD<[unknown, V]>): RDD<V> {
    return this.derive<V>(sideOf(this.plan, 1));
  }

  /** Each pair in the partition of its key. Wide: all pairs, unless it is partitioned so already. */
  partitionBy<K, V>(this: PairRDD<[K, V]>, partitioning: Partitioning): RDD<[K, V]> {
    return this.derive(partitionBy(this.plan, choosePartitioner("partitionBy", [this.plan], partitioning)));
  }

  /**
   * Combines the values of each key: `create` makes a combiner of the first one, `mergeValue` adds another, and
   * `mergeCombiners` joins those of different partitions, in their order.
   *
   * Wide: one pair a key and partition, unless it is partitioned so already.
   */
  combineByKey<K, V, C>(
    this: PairRDD<[K, V]>,
    create: (value: V) => C,
    mergeValue: (combiner: C, value: V) => C,
    mergeCombiners: (a: C, b: C) => C,
    partitioning?: Partitioning,
  ): RDD<[K, C]> {
    const aggregator: Aggregator = {
      create: { from: "function", fn: ship(create, "combineByKey", "create") },
      mergeValue: ship(mergeValue, "combineByKey", "mergeValue"),
      mergeCombiners: ship(mergeCombiners, "combineByKey", "mergeCombiners"),
    };
    return this.combine<K, V, C>("combineByKey", aggregator, partitioning);
  }

  /** Merges the values of each key with `fn`, associative. Wide: one pair a key and partition. */
  reduceByKey<K, V>(this: PairRDD<[K, V]>, fn: (a: V, b: V) => V, partitioning?: Partitioning): RDD<[K, V]> {
    const merge = ship(fn, "reduceByKey", "fn");
    const aggregator: Aggregator = { create: { from: "value" }, mergeValue: merge, mergeCombiners: merge };
    return this.combine<K, V, V>("reduceByKey", aggregator, partitioning);
  }

  /** As `reduceByKey`, starting with `zero` for each key of each partition. Wide: one pair a key and partition. */
  foldByKey<K, V>(this: PairRDD<[K, V]>, zero: V, fn: (a: V, b: V) => V, partitioning?: Partitioning): RDD<[K, V]> {
    const merge = ship(fn, "foldByKey", "fn");
    const create = { from: "zero", zero: zeroOf("foldByKey", zero) } as const;
    return this.combine<K, V, V>("foldByKey", { create, mergeValue: merge, mergeCombiners: merge }, partitioning);
  }

  /** Adds the values of each key to `zero`, then merges partitions, in order. Wide: one pair a key and partition. */
  aggregateByKey<K, V, A>(
    this: PairRDD<[K, V]>,
    zero: A,
    add: (total: A, value: V) => A,
    merge: (a: A, b: A) => A,
    partitioning?: Partitioning,
  ): RDD<[K, A]> {
    const aggregator: Aggregator = {
      create: { from: "zero", zero: zeroOf("aggregateByKey", zero) },
      mergeValue: ship(add, "aggregateByKey", "add"),
      mergeCombiners: ship(merge, "aggregateByKey", "merge"),
    };
    return this.combine<K, V, A>("aggregateByKey", aggregator, partitioning);
  }

  /** All values of each key, in order. Wide: all pairs, unless it is partitioned so already; to merge, reduceByKey. */
  groupByKey<K, V>(this: PairRDD<[K, V]>, partitioning?: Partitioning): RDD<[K, V[]]> {
    return this.derive(groupByKey(this.plan, choosePartitioner("groupByKey", [this.plan], partitioning)));
  }

  /** The values of each key on both sides. Wide: all pairs of each side that is not partitioned so already. */
  cogroup<K, V, W>(
    this: PairRDD<[K, V]>,
    other: PairRDD<[K, W]>,
    partitioning?: Partitioning,
  ): RDD<[K, Cogrouped<V, W>]> {
    return this.joinWith<K, V, W, Cogrouped<V, W>>(other.plan, "cogroup", partitioning);
  }

  /** [key, [v, w]] for each two values of a key that both sides have. Wide: as `cogroup`. */
  join<K, V, W>(this: PairRDD<[K, V]>, other: PairRDD<[K, W]>, partitioning?: Partitioning): RDD<[K, [V, W]]> {
    return this.joinWith<K, V, W, [V, W]>(other.plan, "join", partitioning);
  }

  /** As `join`, with [v, undefined] where the other side lacks the key. Wide: as `cogroup`. */
  leftOuterJoin<K, V, W>(
    this: PairRDD<[K, V]>,
    other: PairRDD<[K, W]>,
    partitioning?: Partitioning,
  ): RDD<[K, [V, W | undefined]]> {
    return this.joinWith<K, V, W, [V, W | undefined]>(other.plan, "leftOuterJoin", partitioning);
  }

  /** As `join`, with [undefined, w] where this side lacks the key. Wide: as `cogroup`. */
  rightOuterJoin<K, V, W>(
    this: PairRDD<[K, V]>,
    other: PairRDD<[K, W]>,
    partitioning?: Partitioning,
  ): RDD<[K, [V | undefined, W]]> {
    return this.joinWith<K, V, W, [V | undefined, W]>(other.plan, "rightOuterJoin", partitioning);
  }

  /** As `join`, with undefined for the side that lacks the key. Wide: as `cogroup`. */
  fullOuterJoin<K, V, W>(
    this: PairRDD<[K, V]>,
    other: PairRDD<[K, W]>,
    partitioning?: Partitioning,
  ): RDD<[K, [V | undefined, W | undefined]]> {
    return this.joinWith<K, V, W, [V | undefined, W | undefined]>(other.plan, "fullOuterJoin", partitioning);
  }

  /** The pairs whose key `other` has not, by key. Wide: all pairs of this side, the keys of the other. */
  subtractByKey<K, V>(this: PairRDD<[K, V]>, other: PairRDD<[K, unknown]>, partitioning?: Partitioning): RDD<[K, V]> {
    return this.joinWith<K, V, null, V>(withoutValues(other.plan), "subtractByKey", partitioning);
  }

  /**
   * Pairs in the order of their keys, over all partitions; those of equal keys stay in order.
   *
   * Wide: all pairs. The first job that reads it runs another one before, to sample keys, unless there is one partition.
   */
  sortByKey<K, V>(this: PairRDD<[K, V]>, options?: SortOptions): RDD<[K, V]> {
    return this.derive(sortByKey(this, "sortByKey", options));
  }

  protected combine<K, V, C>(kind: string, aggregator: Aggregator, partitioning?: Partitioning): RDD<[K, C]> {
    const plan = this.plan as Plan<unknown> as Plan<[K, V]>;
    return this.derive(combineByKey<K, V, C>(plan, aggregator, choosePartitioner(kind, [plan], partitioning), kind));
  }

  protected joinWith<K, V, W, Out>(other: Plan<[K, W]>, kind: JoinKind, partitioning?: Partitioning): RDD<[K, Out]> {
    const plan = this.plan as Plan<unknown> as Plan<[K, V]>;
    const partitioner = choosePartitioner(kind, [plan, other], partitioning);
    return this.derive(cogroup<K, V, W, Out>(plan, other, partitioner, kind));
  }
}
