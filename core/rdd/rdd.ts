/**
 * A resilient distributed dataset: a lazy, immutable, partitioned collection that knows how to compute each partition.
 *
 * Transformations stand here and, for pairs, in `pairRDD.ts`; actions in `rddActions.ts`; persistence and lineage in
 * `rddBase.ts`. Each kind of RDD is a file of its own beside this one, with the half that the driver describes and the
 * half that a task computes.
 */
import { cartesian } from "./cartesian.ts";
import { choosePartitioner, type Partitioning } from "./choosePartitioner.ts";
import { coalesce, repartition } from "./coalesce.ts";
import { distinct, intersection, subtract } from "./distinct.ts";
import { filter } from "./filter.ts";
import { flatMap } from "./flatMap.ts";
import { glom } from "./glom.ts";
import { groupByKey } from "./groupByKey.ts";
import { keyBy, sideOf } from "./keyBy.ts";
import { map } from "./map.ts";
import { mapPartitions, type MapPartitionsOptions, type PartitionFunction } from "./mapPartitions.ts";
import { PairRDD } from "./pairRDD.ts";
import type { Plan } from "./plan.ts";
import { randomSplit, sample, type SampleOptions } from "./sample.ts";
import { sortByKey, type SortOptions } from "./sortBy.ts";
import { union } from "./union.ts";
import { zip, zipPartitions, type ZipFunction } from "./zipPartitions.ts";
import { zipWithIndex } from "./zipWithIndex.ts";

/**
 * All transformations are lazy: they return at once, and throw at once what is wrong with their arguments
 * (INVALID_ARGUMENT) or functions (NOT_SHIPPABLE). Functions run in tasks: they must be pure.
 */
export class RDD<T> extends PairRDD<T> {
  protected override derive<U>(plan: Plan<U>): RDD<U> {
    return new RDD(this.context, plan);
  }

  /** `fn` of each record. Narrow; partitioner dropped. */
  map<K, V>(fn: (record: T) => [K, V]): RDD<[K, V]>;
  map<U>(fn: (record: T) => U): RDD<U>;
  map<U>(fn: (record: T) => U): RDD<U> {
    return this.derive(map(this.plan, fn));
  }

  /** The records of every iterable that `fn` returns. Narrow; partitioner dropped. */
  flatMap<K, V>(fn: (record: T) => Iterable<[K, V]>): RDD<[K, V]>;
  flatMap<U>(fn: (record: T) => Iterable<U>): RDD<U>;
  flatMap<U>(fn: (record: T) => Iterable<U>): RDD<U> {
    return this.derive(flatMap(this.plan, fn));
  }

  /** The records for which `fn` returns something true. Narrow; partitioner kept. */
  filter<U extends T>(fn: (record: T) => record is U): RDD<U>;
  filter(fn: (record: T) => unknown): RDD<T>;
  filter(fn: (record: T) => unknown): RDD<T> {
    return this.derive(filter(this.plan, fn));
  }

  /** What `fn` makes of each partition, walked once. Narrow; partitioner dropped unless `keepsPartitioner`. */
  mapPartitions<U>(
    fn: (records: Iterable<T>) => Iterable<U> | Promise<Iterable<U>>,
    options?: MapPartitionsOptions,
  ): RDD<U> {
    return this.derive(mapPartitions(this.plan, fn, options));
  }

  /** As `mapPartitions`, with the index of the partition. */
  mapPartitionsWithIndex<U>(fn: PartitionFunction<T, U>, options?: MapPartitionsOptions): RDD<U> {
    return this.derive(mapPartitions(this.plan, fn, options, "mapPartitionsWithIndex"));
  }

  /** Each partition as one array. Narrow; partitioner dropped. */
  glom(): RDD<T[]> {
    return this.derive(glom(this.plan));
  }

  /** Pairs [fn(record), record]. Narrow; partitioner dropped. */
  keyBy<K>(fn: (record: T) => K): RDD<[K, T]> {
    return this.derive(keyBy(this.plan, fn));
  }

  /** A random part: each record with probability `fraction`, or so many times on average. Narrow; partitioner kept. */
  sample(fraction: number, options?: SampleOptions): RDD<T> {
    return this.derive(sample(this.plan, fraction, options));
  }

  /** Splits at random, in proportion to `weights`; every record is in exactly one part. Narrow; partitioner kept. */
  randomSplit(weights: readonly number[], seed?: number): RDD<T>[] {
    return randomSplit(this.plan, weights, seed).map((plan) => this.derive(plan));
  }

  /** The records of this one, then those of the others; duplicates stay. Narrow; partitioner dropped. */
  union(...others: readonly RDD<T>[]): RDD<T> {
    return this.derive(union([this.plan, ...others.map(({ plan }) => plan)]));
  }

  /** Pairs of records at equal places; both sides alike in partitions and their counts. Narrow; partitioner dropped. */
  zip<U>(other: RDD<U>): RDD<[T, U]> {
    return this.derive(zip(this.plan, other.plan));
  }

  /** `fn` of partitions of equal index. Narrow; partitioner dropped unless `keepsPartitioner`. */
  zipPartitions<U, Out>(other: RDD<U>, fn: ZipFunction<T, U, Out>, options?: MapPartitionsOptions): RDD<Out> {
    return this.derive(zipPartitions(this.plan, other.plan, fn, options));
  }

  /**
   * Pairs [record, index], from 0, in order. Narrow; partitioner dropped. The first job that reads it runs another one
   * before, to count, unless there is one partition.
   */
  zipWithIndex(): RDD<[T, number]> {
    return this.derive(zipWithIndex(this));
  }

  /** All pairs of a record of each. Narrow; partitions are those of both multiplied, each computed many times. */
  cartesian<U>(other: RDD<U>): RDD<[T, U]> {
    return this.derive(cartesian(this.plan, other.plan));
  }

  /**
   * Fewer partitions, of neighbouring ones. Narrow, order kept; with `shuffle` as `repartition`, also to more.
   * Partitioner dropped.
   */
  coalesce(numPartitions: number, { shuffle = false }: { readonly shuffle?: boolean | undefined } = {}): RDD<T> {
    return this.derive(shuffle ? repartition(this.plan, numPartitions) : coalesce(this.plan, numPartitions));
  }

  /** The records dealt out evenly to `numPartitions`. Wide: all records. Partitioner dropped. */
  repartition(numPartitions: number): RDD<T> {
    return this.derive(repartition(this.plan, numPartitions));
  }

  /** Each distinct record once, told apart by what it holds. Wide: one a record and partition. Partitioner dropped. */
  distinct(numPartitions: number = this.numPartitions): RDD<T> {
    return this.derive(distinct(this.plan, choosePartitioner("distinct", [], numPartitions)));
  }

  /** The distinct records that both have. Wide: all records of both. Partitioner dropped. */
  intersection(other: RDD<T>, numPartitions: number = larger(this, other)): RDD<T> {
    return this.derive(intersection(this.plan, other.plan, choosePartitioner("intersection", [], numPartitions)));
  }

  /** The records that `other` has not; duplicates stay. Wide: all records of both. Partitioner dropped. */
  subtract(other: RDD<T>, numPartitions: number = larger(this, other)): RDD<T> {
    return this.derive(subtract(this.plan, other.plan, choosePartitioner("subtract", [], numPartitions)));
  }

  /** Pairs [key, records of that key], keys by `fn`. Wide: all records. */
  groupBy<K>(fn: (record: T) => K, partitioning?: Partitioning): RDD<[K, T[]]> {
    const keyed = keyBy(this.plan, fn, "groupBy");
    return this.derive(groupByKey(keyed, choosePartitioner("groupBy", [keyed], partitioning), "groupBy"));
  }

  /**
   * Records in the order of `by`, over all partitions; equal ones stay in order, NaN comes last. Partitioner dropped.
   *
   * Wide: all records. The first job that reads it runs another one before, to sample keys, unless there is one
   * partition.
   */
  sortBy(by: (record: T) => unknown, options?: SortOptions): RDD<T> {
    const keyed = keyBy(this.plan, by, "sortBy");
    return this.derive(sideOf(sortByKey({ plan: keyed, context: this.context }, "sortBy", options), 1));
  }
}

function larger(a: RDD<unknown>, b: RDD<unknown>): number {
  return Math.max(a.numPartitions, b.numPartitions);
}
