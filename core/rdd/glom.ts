/**
 * Each partition as one array.
 */
import { operatorRef } from "../host/task.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

/** Driver half. Narrow. Partitioner: dropped. Memory: a whole partition. */
export function glom<T>(parent: Plan<T>): Plan<T[]> {
  return makePlan<T[]>({
    kind: "glom",
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    compute: operatorRef(import.meta.url, "computeGlom"),
    params: undefined,
  });
}

/** Task half. */
export async function computeGlom<T>(_: undefined, partition: number, reader: PartitionReader): Promise<Iterable<T[]>> {
  return [Array.from(await reader.read<T>(0, partition))];
}
