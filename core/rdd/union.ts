/**
 * The records of several RDDs, one after the other.
 */
import { operatorRef } from "../host/task.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

export interface UnionParams {
  /** First partition of each parent, ascending. */
  readonly starts: readonly number[];
}

/**
 * Driver half: describes all records of `parents`, at least one. Duplicates stay.
 *
 * Narrow:       its partitions are those of the parents, in order; nothing moves.
 * Partitioner:  dropped.
 */
export function union<T>(parents: readonly Plan<T>[]): Plan<T> {
  let numPartitions = 0;
  const starts = parents.map((parent) => {
    const start = numPartitions;
    numPartitions += parent.numPartitions;
    return start;
  });
  return makePlan<T>({
    kind: "union",
    dependencies: parents.map((parent, index) =>
      narrow(parent, (partition) => {
        const own = partition - starts[index]!;
        return own >= 0 && own < parent.numPartitions ? [own] : [];
      }),
    ),
    numPartitions,
    compute: operatorRef(import.meta.url, "computeUnion"),
    params: { starts } satisfies UnionParams,
  });
}

/** Task half. */
export function computeUnion<T>(
  { starts }: UnionParams,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<T>> {
  const parent = starts.findLastIndex((start) => start <= partition);
  return reader.read<T>(parent, partition - starts[parent]!);
}
