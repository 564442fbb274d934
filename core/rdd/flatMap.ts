/**
 * Any number of records for each record, by a function.
 */
import { ship, type ShippedFunction } from "../function/ship.ts";
import { operatorRef } from "../host/task.ts";
import { everySoOften } from "./cancellable.ts";
import { checkIterable } from "./checkIterable.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

export interface FlatMapParams<In, Out> {
  readonly fn: ShippedFunction<(record: In) => Iterable<Out>>;
}

/**
 * Driver half: describes the records of all iterables that `fn` returns, in order.
 *
 * Narrow:       partition i reads partition i of `parent`.
 * Partitioner:  dropped.
 * Memory:       what `fn` returns is walked record by record; a generator is never held as a whole.
 *
 * @throws SuperstepError NOT_SHIPPABLE if `fn` captures something that cannot travel.
 */
export function flatMap<In, Out>(parent: Plan<In>, fn: (record: In) => Iterable<Out>): Plan<Out> {
  return makePlan<Out>({
    kind: "flatMap",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    compute: operatorRef(import.meta.url, "computeFlatMap"),
    params: { fn: ship(fn, "flatMap", "fn") } satisfies FlatMapParams<In, Out>,
  });
}

/** Task half. */
export async function computeFlatMap<In, Out>(
  params: FlatMapParams<In, Out>,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<Out>> {
  const fn = await reader.task.revive(params.fn);
  return flattened(await reader.read<In>(0, partition), fn, everySoOften(reader.task));
}

function* flattened<In, Out>(
  records: Iterable<In>,
  fn: (record: In) => Iterable<Out>,
  tick: () => void,
): Iterable<Out> {
  for (const record of records) {
    for (const part of checkIterable("flatMap", fn(record))) {
      tick();
      yield part;
    }
    tick();
  }
}
