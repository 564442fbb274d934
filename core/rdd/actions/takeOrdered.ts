/**
 * Actions that look for the smallest and largest records.
 */
import { ship, type ShippedFunction } from "../../function/ship.ts";
import { operatorRef, type TaskContext } from "../../host/task.ts";
import { everySoOften } from "../cancellable.ts";
import { checkCount } from "../checkArgument.ts";
import { sortByFirst } from "../order.ts";
import { runAction, type ActionOptions, type ActionSource } from "../runAction.ts";
import { noRecords } from "./collect.ts";
import { Smallest } from "./smallest.ts";

/** By what records are compared: anything that sorts. */
export type By<T> = (record: T) => unknown;

/**
 * The `count` smallest records by `by`, or by themselves, in order; the largest if not `ascending`. `name` is the
 * action's, for users.
 *
 * Order:   of equal ones the first come first; NaN comes last either way.
 * Memory:  2 * count + 1,024 records a partition.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless `count` is an integer >= 0; NOT_SHIPPABLE for `by`.
 */
export async function takeOrdered<T>(
  source: ActionSource<T>,
  count: number,
  by: By<T> | undefined,
  ascending: boolean,
  name: string,
  options?: ActionOptions,
): Promise<T[]> {
  checkCount(name, "n", count, 0);
  const shipped = by === undefined ? undefined : ship(by, name, "by");
  if (count === 0) return [];
  const params: TakeOrderedParams<T> = { count, by: shipped, ascending };
  const operator = operatorRef(import.meta.url, "smallestOfPartition");
  const parts = await runAction<[unknown, T]>(source, { name, operator, params }, options);
  return sortByFirst(parts.flat(), ascending)
    .slice(0, count)
    .map(([, record]) => record);
}

/**
 * The smallest record by `by`, or by itself; the largest if not `ascending`. Of equal ones the first.
 *
 * @throws SuperstepError INVALID_ARGUMENT if there is no record; NOT_SHIPPABLE for `by`.
 */
export async function extreme<T>(
  source: ActionSource<T>,
  by: By<T> | undefined,
  ascending: boolean,
  options?: ActionOptions,
): Promise<T> {
  const name = ascending ? "min" : "max";
  const taken = await takeOrdered(source, 1, by, ascending, name, options);
  if (taken.length === 0) throw noRecords(name, ascending ? "takeOrdered(1)" : "top(1)");
  return taken[0]!;
}

export interface TakeOrderedParams<T> {
  readonly count: number;
  readonly by: ShippedFunction<By<T>> | undefined;
  readonly ascending: boolean;
}

/** Task half: the smallest records with their keys, in order. */
export async function smallestOfPartition<T>(
  params: TakeOrderedParams<T>,
  records: Iterable<T>,
  _partition: number,
  task: TaskContext,
): Promise<[unknown, T][]> {
  const { count, ascending } = params;
  const by: By<T> = params.by === undefined ? (record) => record : await task.revive(params.by);
  const smallest = new Smallest<T>(count, ascending);
  const tick = everySoOften(task);
  for (const record of records) {
    tick();
    smallest.add(by(record), record);
  }
  return smallest.inOrder();
}
