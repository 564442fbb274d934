/**
 * A whole partition at a time, by a function.
 */
import { ship, type ShippedFunction } from "../function/ship.ts";
import { operatorRef } from "../host/task.ts";
import { checkIterable } from "./checkIterable.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

/** `records` can be walked once. May await: once a partition, not once a record. */
export type PartitionFunction<In, Out> = (
  records: Iterable<In>,
  partition: number,
) => Iterable<Out> | Promise<Iterable<Out>>;

export interface MapPartitionsOptions {
  /** The function leaves records under their keys, so the partitioner still holds. Default false. */
  readonly keepsPartitioner?: boolean | undefined;
}

export interface MapPartitionsParams<In, Out> {
  readonly kind: string;
  readonly fn: ShippedFunction<PartitionFunction<In, Out>>;
}

/**
 * Driver half: describes `fn` applied to each partition of `parent`. `kind` is the operator's name for users.
 *
 * Narrow:       partition i reads partition i of `parent` and nothing else.
 * Lazy:         `fn` runs when a partition is computed, and again if that partition is lost.
 * Partitioner:  dropped, unless `keepsPartitioner`.
 *
 * @throws SuperstepError NOT_SHIPPABLE if `fn` captures something that cannot travel.
 */
export function mapPartitions<In, Out>(
  parent: Plan<In>,
  fn: PartitionFunction<In, Out>,
  { keepsPartitioner = false }: MapPartitionsOptions = {},
  kind = "mapPartitions",
): Plan<Out> {
  return makePlan<Out>({
    kind,
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    partitioner: keepsPartitioner ? parent.partitioner : undefined,
    compute: operatorRef(import.meta.url, "computeMapPartitions"),
    params: { kind, fn: ship(fn, kind, "fn") } satisfies MapPartitionsParams<In, Out>,
  });
}

/** Task half: awaits the parent's partition as a whole, never a record. */
export async function computeMapPartitions<In, Out>(
  params: MapPartitionsParams<In, Out>,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<Out>> {
  const fn = await reader.task.revive(params.fn);
  return checkIterable(params.kind, await fn(await reader.read<In>(0, partition), partition));
}
