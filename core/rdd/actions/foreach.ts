/**
 * Actions that run a function for what it does: add to accumulators, write somewhere.
 */
import { ship, type ShippedFunction } from "../../function/ship.ts";
import { operatorRef, type TaskContext } from "../../host/task.ts";
import { everySoOften } from "../cancellable.ts";
import { runAction, type ActionOptions, type ActionSource } from "../runAction.ts";

/** Calls `fn` with each record. */
export async function foreach<T>(
  source: ActionSource<T>,
  fn: (record: T) => void,
  options?: ActionOptions,
): Promise<void> {
  const params: ForeachParams<T> = { fn: ship(fn, "foreach", "fn") };
  const operator = operatorRef(import.meta.url, "foreachOfPartition");
  await runAction(source, { name: "foreach", operator, params }, options);
}

export interface ForeachParams<T> {
  readonly fn: ShippedFunction<(record: T) => void>;
}

/** Task half. */
export async function foreachOfPartition<T>(
  params: ForeachParams<T>,
  records: Iterable<T>,
  _partition: number,
  task: TaskContext,
): Promise<[]> {
  const fn = await task.revive(params.fn);
  const tick = everySoOften(task);
  for (const record of records) {
    tick();
    fn(record);
  }
  return [];
}

/** Calls `fn` with the records of each partition, which can be walked once. */
export async function foreachPartition<T>(
  source: ActionSource<T>,
  fn: (records: Iterable<T>, partition: number) => void | Promise<void>,
  options?: ActionOptions,
): Promise<void> {
  const params: ForeachPartitionParams<T> = { fn: ship(fn, "foreachPartition", "fn") };
  const operator = operatorRef(import.meta.url, "withPartition");
  await runAction(source, { name: "foreachPartition", operator, params }, options);
}

export interface ForeachPartitionParams<T> {
  readonly fn: ShippedFunction<(records: Iterable<T>, partition: number) => void | Promise<void>>;
}

/** Task half. */
export async function withPartition<T>(
  params: ForeachPartitionParams<T>,
  records: Iterable<T>,
  partition: number,
  task: TaskContext,
): Promise<[]> {
  const fn = await task.revive(params.fn);
  await fn(records, partition);
  return [];
}
