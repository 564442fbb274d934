/**
 * A random sample of an exact size.
 */
import { operatorRef, type TaskContext } from "../../host/task.ts";
import { randomFor } from "../../random.ts";
import { everySoOften } from "../cancellable.ts";
import { checkCount, checkInteger } from "../checkArgument.ts";
import { sortByFirst } from "../order.ts";
import { runAction, type ActionOptions, type ActionSource } from "../runAction.ts";
import { Smallest } from "./smallest.ts";

export interface TakeSampleOptions extends ActionOptions {
  /** An integer. Default 1. */
  readonly seed?: number | undefined;
}

/**
 * `count` records, or all if there are fewer, every set of them equally likely, in random order; the same for the same
 * seed and partitions.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless `count` is an integer >= 0 and `seed` an integer.
 */
export async function takeSample<T>(
  source: ActionSource<T>,
  count: number,
  { seed = 1, ...options }: TakeSampleOptions = {},
): Promise<T[]> {
  checkCount("takeSample", "n", count, 0);
  checkInteger("takeSample", "seed", seed);
  if (count === 0) return [];
  const params: TakeSampleParams = { count, seed };
  const operator = operatorRef(import.meta.url, "drawOfPartition");
  const parts = await runAction<[number, T]>(source, { name: "takeSample", operator, params }, options);
  return sortByFirst(parts.flat(), true)
    .slice(0, count)
    .map(([, record]) => record);
}

export interface TakeSampleParams {
  readonly count: number;
  readonly seed: number;
}

/** Task half: every record draws a number; those of the smallest numbers are the sample. */
export function drawOfPartition<T>(
  { count, seed }: TakeSampleParams,
  records: Iterable<T>,
  partition: number,
  task: TaskContext,
): [unknown, T][] {
  const random = randomFor(seed, partition);
  const smallest = new Smallest<T>(count, true);
  const tick = everySoOften(task);
  for (const record of records) {
    tick();
    smallest.add(random.next(), record);
  }
  return smallest.inOrder();
}
