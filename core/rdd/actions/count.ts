/**
 * How many records there are.
 */
import { operatorRef } from "../../host/task.ts";
import { runAction, type ActionOptions, type ActionSource } from "../runAction.ts";

/** The number of records in each of `partitions`, all of them unless given. `name` is the job's, for users. */
export async function countRecords(
  source: ActionSource<unknown>,
  name: string,
  options?: ActionOptions,
  partitions?: readonly number[],
): Promise<number[]> {
  const operator = operatorRef(import.meta.url, "countPartition");
  return (await runAction<number>(source, { name, operator }, options, partitions)).flat();
}

/** Task half. */
export function countPartition(_: undefined, records: Iterable<unknown>): [number] {
  if (Array.isArray(records)) return [records.length];
  let count = 0;
  for (const _record of records) count++;
  return [count];
}
