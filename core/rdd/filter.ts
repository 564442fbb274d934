/**
 * The records that a predicate accepts.
 */
import { ship, type ShippedFunction } from "../function/ship.ts";
import { operatorRef } from "../host/task.ts";
import { everySoOften } from "./cancellable.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

export interface FilterParams<T> {
  readonly fn: ShippedFunction<(record: T) => unknown>;
}

/**
 * Driver half: describes the records for which `fn` returns something true.
 *
 * Narrow:       partition i reads partition i of `parent`.
 * Partitioner:  kept.
 *
 * @throws SuperstepError NOT_SHIPPABLE if `fn` captures something that cannot travel.
 */
export function filter<T>(parent: Plan<T>, fn: (record: T) => unknown): Plan<T> {
  return makePlan<T>({
    kind: "filter",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    partitioner: parent.partitioner,
    compute: operatorRef(import.meta.url, "computeFilter"),
    params: { fn: ship(fn, "filter", "fn") } satisfies FilterParams<T>,
  });
}

/** Task half. */
export async function computeFilter<T>(
  params: FilterParams<T>,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<T>> {
  const fn = await reader.task.revive(params.fn);
  return accepted(await reader.read<T>(0, partition), fn, everySoOften(reader.task));
}

function* accepted<T>(records: Iterable<T>, fn: (record: T) => unknown, tick: () => void): Iterable<T> {
  for (const record of records) {
    tick();
    if (fn(record)) yield record;
  }
}
