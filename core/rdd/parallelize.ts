/**
 * Records that a program holds already.
 */
import { decodeValues } from "../column/codec.ts";
import { operatorRef } from "../host/task.ts";
import { checkCount } from "./checkArgument.ts";
import type { PartitionReader } from "./computePartition.ts";
import { defaultNumPartitions } from "./defaultNumPartitions.ts";
import { encodeArgument } from "./encodeArgument.ts";
import { makePlan } from "./node.ts";
import type { Plan } from "./plan.ts";

/**
 * Driver half: describes the records of `data`, taken and encoded now, once; partition i of n holds those in
 * [i / n, (i + 1) / n) of the count.
 *
 * Lazy:    later changes to `data` or its records are not seen.
 * Memory:  the encoded records, for as long as something can read them.
 *
 * @throws SuperstepError INVALID_ARGUMENT for `numPartitions`, NOT_SHIPPABLE for a record that cannot travel.
 */
export function parallelize<T>(data: Iterable<T>, numPartitions?: number): Plan<T> {
  const records: readonly T[] = Array.isArray(data) ? data : Array.from(data);
  const count = checkCount("parallelize", "numPartitions", numPartitions ?? defaultNumPartitions(records.length), 1);
  const cut = (partition: number): number => Math.floor((partition * records.length) / count);
  return makePlan<T>({
    kind: "parallelize",
    dependencies: [],
    numPartitions: count,
    compute: operatorRef(import.meta.url, "computeParallelize"),
    params: undefined,
    slices: Array.from({ length: count }, (_, partition) => {
      const [from, to] = [cut(partition), cut(partition + 1)];
      return encodeArgument("parallelize", (index) => `data[${from + index}]`, records.slice(from, to));
    }),
  });
}

/** Task half. */
export function computeParallelize<T>(_: undefined, _partition: number, reader: PartitionReader): Iterable<T> {
  return decodeValues(reader.slice as Uint8Array) as T[];
}
