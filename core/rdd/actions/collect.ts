/**
 * Actions that bring records to the driver, in order.
 */
import { SuperstepError } from "../../errors.ts";
import { operatorRef } from "../../host/task.ts";
import { checkCount } from "../checkArgument.ts";
import { runAction, type ActionOptions, type ActionSource } from "../runAction.ts";

/** All records, partition by partition. Memory: all of them, on the driver. */
export async function collect<T>(source: ActionSource<T>, options?: ActionOptions): Promise<T[]> {
  return (await runAction<T>(source, everything("collect"), options)).flat();
}

/** The records of one partition. `name` is the job's, for users. */
export async function collectPartition<T>(
  source: ActionSource<T>,
  partition: number,
  name: string,
  options?: ActionOptions,
): Promise<T[]> {
  return (await runAction<T>(source, everything(name), options, [partition]))[0]!;
}

/** Task half. */
export function takeAll<T>(_: undefined, records: Iterable<T>): T[] {
  return Array.isArray(records) ? records : Array.from(records);
}

/**
 * The first `count` records.
 *
 * Cost:  looks at the first partition, then at four times as many at a time until there are enough; stops early in each.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless `count` is an integer >= 0.
 */
export async function take<T>(
  source: ActionSource<T>,
  count: number,
  options?: ActionOptions,
  name = "take",
): Promise<T[]> {
  checkCount(name, "n", count, 0);
  let taken: T[] = [];
  const { numPartitions } = source.plan;
  let width = 1;
  for (let from = 0; from < numPartitions && taken.length < count; from += width, width *= 4) {
    const partitions = Array.from({ length: Math.min(width, numPartitions - from) }, (_, index) => from + index);
    const params: TakeParams = { count: count - taken.length };
    const operator = operatorRef(import.meta.url, "takeFirst");
    const parts = await runAction<T>(source, { name, operator, params }, options, partitions);
    taken = taken.concat(...parts);
  }
  return taken.slice(0, count);
}

export interface TakeParams {
  readonly count: number;
}

/** Task half. */
export function takeFirst<T>({ count }: TakeParams, records: Iterable<T>): T[] {
  const taken: T[] = [];
  if (count === 0) return taken;
  for (const record of records) {
    taken.push(record);
    if (taken.length === count) break;
  }
  return taken;
}

/**
 * The first record.
 *
 * @throws SuperstepError INVALID_ARGUMENT if there is none.
 */
export async function first<T>(source: ActionSource<T>, options?: ActionOptions): Promise<T> {
  const taken = await take(source, 1, options, "first");
  if (taken.length === 0) throw noRecords("first", "take(1)");
  return taken[0]!;
}

/** Records one by one, a job a partition. Memory: one partition at a time. */
export async function* toLocalIterator<T>(
  source: ActionSource<T>,
  options?: ActionOptions,
): AsyncGenerator<T, void, undefined> {
  for (let partition = 0; partition < source.plan.numPartitions; partition++) {
    yield* await collectPartition(source, partition, "toLocalIterator", options);
  }
}

/** The error of an action that needs a record, and what to call where there may be none. */
export function noRecords(where: string, instead: string): SuperstepError {
  return new SuperstepError(
    "INVALID_ARGUMENT",
    `${where}: the RDD must have a record, got none; use ${instead} instead`,
  );
}

function everything(name: string): { name: string; operator: ReturnType<typeof operatorRef> } {
  return { name, operator: operatorRef(import.meta.url, "takeAll") };
}
