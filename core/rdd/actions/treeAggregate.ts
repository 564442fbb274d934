/**
 * Aggregates over several levels, so that the driver merges few results where there are many partitions.
 */
import { invalidArgument } from "../../errors.ts";
import { ship, type ShippedFunction } from "../../function/ship.ts";
import { operatorRef } from "../../host/task.ts";
import type { PartitionReader } from "../computePartition.ts";
import { makePlan, narrow, shuffled } from "../node.ts";
import type { Plan } from "../plan.ts";
import type { ActionOptions, ActionSource } from "../runAction.ts";
import { freshZero, zeroOf } from "../zero.ts";
import { collect } from "./collect.ts";
import { foldRecords, type AggregateParams } from "./fold.ts";

export interface TreeOptions extends ActionOptions {
  /** Levels of merging, the driver's included: an integer >= 1. Default 2. */
  readonly depth?: number | undefined;
}

/**
 * As `aggregate`, and with the same result if `merge` is associative: neighbouring partitions are merged in tasks, level
 * by level, in order.
 *
 * Cost:  depth - 1 shuffles of one value a partition; none where there are too few partitions to gain by it.
 *
 * @throws SuperstepError INVALID_ARGUMENT for `depth`; NOT_SHIPPABLE for `zero`, `add` or `merge`.
 */
export async function treeAggregate<T, A>(
  source: ActionSource<T>,
  zero: A,
  add: (total: A, record: T) => A,
  merge: (a: A, b: A) => A,
  { depth = 2, ...options }: TreeOptions = {},
): Promise<A> {
  if (!Number.isSafeInteger(depth) || depth < 1) {
    throw invalidArgument("treeAggregate", "depth", "an integer >= 1", depth);
  }
  const start = zeroOf("treeAggregate", zero);
  const params: AggregateParams<T, A> = { zero: start, add: ship(add, "treeAggregate", "add") };
  const merging: MergeParams<A> = { merge: ship(merge, "treeAggregate", "merge") };
  const width = Math.max(2, Math.ceil(source.plan.numPartitions ** (1 / depth)));

  let level = partialsOf<T, A>(source.plan, params, width);
  while (level.numPartitions > width + Math.ceil(level.numPartitions / width)) level = mergedBy(level, merging, width);
  const partials = await collect({ context: source.context, plan: level }, options);
  return partials.map(([, partial]) => partial).reduce((a, b) => merge(a, b), freshZero<A>(start)());
}

/** Partial results with the number of the partition that merges them on the next level. */
type PartialResult<A> = [number, A];

interface PartialsParams<T, A> {
  readonly fold: AggregateParams<T, A>;
  readonly width: number;
}

interface MergeParams<A> {
  readonly merge: ShippedFunction<(a: A, b: A) => A>;
}

function partialsOf<T, A>(parent: Plan<T>, fold: AggregateParams<T, A>, width: number): Plan<PartialResult<A>> {
  return makePlan<PartialResult<A>>({
    kind: "treeAggregate",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    compute: operatorRef(import.meta.url, "computePartials"),
    params: { fold, width } satisfies PartialsParams<T, A>,
  });
}

/** Task half of the lowest level. */
export async function computePartials<T, A>(
  { fold, width }: PartialsParams<T, A>,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<PartialResult<A>>> {
  const total = await foldRecords(fold, await reader.read<T>(0, partition), reader.task);
  return [[Math.floor(partition / width), total]];
}

function mergedBy<A>(parent: Plan<PartialResult<A>>, { merge }: MergeParams<A>, width: number): Plan<PartialResult<A>> {
  const numPartitions = Math.ceil(parent.numPartitions / width);
  return makePlan<PartialResult<A>>({
    kind: "treeMerge",
    dependencies: [shuffled(parent, { partitioner: { kind: "index", numPartitions } })],
    numPartitions,
    compute: operatorRef(import.meta.url, "computeMerged"),
    params: { merge, width },
  });
}

/** Task half of the levels above: never without a partial. */
export async function computeMerged<A>(
  { merge, width }: MergeParams<A> & { readonly width: number },
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<PartialResult<A>>> {
  const revived = await reader.task.revive(merge);
  const partials = Array.from(await reader.read<PartialResult<A>>(0, partition), ([, partial]) => partial);
  return [[Math.floor(partition / width), partials.reduce((a, b) => revived(a, b))]];
}
