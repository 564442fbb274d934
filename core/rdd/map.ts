/**
 * One record for each record, by a function.
 */
import { ship, type ShippedFunction } from "../function/ship.ts";
import { operatorRef } from "../host/task.ts";
import { everySoOften } from "./cancellable.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

export interface MapParams<In, Out> {
  readonly fn: ShippedFunction<(record: In) => Out>;
}

/**
 * Driver half: describes `fn` applied to each record.
 *
 * Narrow:       partition i reads partition i of `parent`.
 * Lazy:         `fn` runs when a partition is computed, and again if that partition is lost.
 * Partitioner:  dropped.
 *
 * @throws SuperstepError NOT_SHIPPABLE if `fn` captures something that cannot travel.
 */
export function map<In, Out>(parent: Plan<In>, fn: (record: In) => Out): Plan<Out> {
  return makePlan<Out>({
    kind: "map",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    compute: operatorRef(import.meta.url, "computeMap"),
    params: { fn: ship(fn, "map", "fn") } satisfies MapParams<In, Out>,
  });
}

/** Task half. */
export async function computeMap<In, Out>(
  params: MapParams<In, Out>,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<Out>> {
  const fn = await reader.task.revive(params.fn);
  return mapped(await reader.read<In>(0, partition), fn, everySoOften(reader.task));
}

function* mapped<In, Out>(records: Iterable<In>, fn: (record: In) => Out, tick: () => void): Iterable<Out> {
  for (const record of records) {
    tick();
    yield fn(record);
  }
}
