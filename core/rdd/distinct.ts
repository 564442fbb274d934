/**
 * Records as a set.
 */
import { cogroup } from "./cogroup.ts";
import { combineByKey } from "./combineByKey.ts";
import { asKeys, sideOf } from "./keyBy.ts";
import type { Partitioner, Plan } from "./plan.ts";

/**
 * Describes each distinct record once.
 *
 * Wide:         one shuffle of the distinct records of each partition.
 * Partitioner:  dropped.
 * Order:        as first seen, in the partition that a record belongs to.
 * Memory:       the distinct records of a partition, on both sides.
 */
export function distinct<T>(parent: Plan<T>, partitioner: Partitioner): Plan<T> {
  const keepFirst = { create: { from: "value" }, mergeValue: "first", mergeCombiners: "first" } as const;
  return sideOf(combineByKey<T, null, null>(asKeys(parent), keepFirst, partitioner, "distinct"), 0);
}

/** Describes the distinct records that both sides have. Wide: all records of both. Partitioner: dropped. */
export function intersection<T>(left: Plan<T>, right: Plan<T>, partitioner: Partitioner): Plan<T> {
  return sideOf(cogroup<T, null, null, null>(asKeys(left), asKeys(right), partitioner, "intersection"), 0);
}

/** Describes the records of `left` that `right` has not. Wide: all records of both. Partitioner: dropped. */
export function subtract<T>(left: Plan<T>, right: Plan<T>, partitioner: Partitioner): Plan<T> {
  return sideOf(cogroup<T, null, null, null>(asKeys(left), asKeys(right), partitioner, "subtractByKey"), 0);
}
