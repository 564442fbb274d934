/**
 * Every record with every other.
 */
import { operatorRef } from "../host/task.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

/**
 * Driver half: describes all pairs of a record of `left` and one of `right`.
 *
 * Narrow:       partition i * n + j reads partition i of `left` and j of `right`, of n: each is computed many times,
 *               so persist what is not cheap.
 * Partitioner:  dropped.
 * Memory:       one partition of `right` in each task.
 */
export function cartesian<T, U>(left: Plan<T>, right: Plan<U>): Plan<[T, U]> {
  const n = right.numPartitions;
  return makePlan<[T, U]>({
    kind: "cartesian",
    dependencies: [
      narrow(left, (partition) => [Math.floor(partition / n)]),
      narrow(right, (partition) => [partition % n]),
    ],
    numPartitions: left.numPartitions * n,
    compute: operatorRef(import.meta.url, "computeCartesian"),
    params: n,
  });
}

/** Task half. */
export async function computeCartesian<T, U>(
  n: number,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[T, U]>> {
  const left = await reader.read<T>(0, Math.floor(partition / n));
  return product(left, Array.from(await reader.read<U>(1, partition % n)));
}

function* product<T, U>(left: Iterable<T>, right: readonly U[]): Iterable<[T, U]> {
  for (const a of left) for (const b of right) yield [a, b];
}
