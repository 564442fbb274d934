/**
 * Actions that make one value of all records.
 */
import { ship, type ShippedFunction } from "../../function/ship.ts";
import { operatorRef, type TaskContext } from "../../host/task.ts";
import { everySoOften } from "../cancellable.ts";
import { runAction, type ActionOptions, type ActionSource } from "../runAction.ts";
import { freshZero, zeroOf, type Zero } from "../zero.ts";
import { noRecords } from "./collect.ts";

/**
 * Merges records left to right within each partition, then the results of partitions, in their order.
 *
 * @throws SuperstepError INVALID_ARGUMENT if there is no record; NOT_SHIPPABLE for `merge`.
 */
export async function reduce<T>(
  source: ActionSource<T>,
  merge: (a: T, b: T) => T,
  options?: ActionOptions,
): Promise<T> {
  const params: ReduceParams<T> = { merge: ship(merge, "reduce", "fn") };
  const operator = operatorRef(import.meta.url, "reducePartition");
  const parts = (await runAction<T>(source, { name: "reduce", operator, params }, options)).flat();
  if (parts.length === 0) throw noRecords("reduce", "fold(zero, fn)");
  return parts.reduce((a, b) => merge(a, b));
}

export interface ReduceParams<T> {
  readonly merge: ShippedFunction<(a: T, b: T) => T>;
}

/** Task half: one value, or none of an empty partition. */
export async function reducePartition<T>(
  params: ReduceParams<T>,
  records: Iterable<T>,
  _partition: number,
  task: TaskContext,
): Promise<T[]> {
  const merge = await task.revive(params.merge);
  const tick = everySoOften(task);
  let merged: T | undefined;
  let isFirst = true;
  for (const record of records) {
    tick();
    merged = isFirst ? record : merge(merged as T, record);
    isFirst = false;
  }
  return isFirst ? [] : [merged as T];
}

/**
 * Adds each partition's records to a zero of its own, left to right, then the results of partitions to another zero, in
 * their order. `name` is the action's, for users.
 *
 * @throws SuperstepError NOT_SHIPPABLE for `zero` or `add`.
 */
export async function aggregate<T, A>(
  source: ActionSource<T>,
  zero: A,
  add: (total: A, record: T) => A,
  merge: (a: A, b: A) => A,
  options?: ActionOptions,
  name = "aggregate",
): Promise<A> {
  const start = zeroOf(name, zero);
  const params: AggregateParams<T, A> = { zero: start, add: ship(add, name, name === "fold" ? "fn" : "add") };
  const operator = operatorRef(import.meta.url, "aggregatePartition");
  const parts = (await runAction<A>(source, { name, operator, params }, options)).flat();
  return parts.reduce((a, b) => merge(a, b), freshZero<A>(start)());
}

export interface AggregateParams<T, A> {
  readonly zero: Zero;
  readonly add: ShippedFunction<(total: A, record: T) => A>;
}

/** Task half. */
export async function aggregatePartition<T, A>(
  params: AggregateParams<T, A>,
  records: Iterable<T>,
  _partition: number,
  task: TaskContext,
): Promise<[A]> {
  return [await foldRecords(params, records, task)];
}

/** The zero with all `records` added to it. */
export async function foldRecords<T, A>(
  params: AggregateParams<T, A>,
  records: Iterable<T>,
  task: TaskContext,
): Promise<A> {
  const add = await task.revive(params.add);
  const tick = everySoOften(task);
  let total = freshZero<A>(params.zero)();
  for (const record of records) {
    tick();
    total = add(total, record);
  }
  return total;
}
