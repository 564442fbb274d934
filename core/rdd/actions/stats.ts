/**
 * Sums and moments of numbers, exact: the same bits for any order and any partitions.
 */
import { SuperstepError, excerpt } from "../../errors.ts";
import { ExactSum } from "../../exactSum.ts";
import { operatorRef, type TaskContext } from "../../host/task.ts";
import { everySoOften } from "../cancellable.ts";
import { runAction, type ActionOptions, type ActionSource } from "../runAction.ts";
import { ExactMoments, type MomentParts } from "./exactMoments.ts";

/** What `stats` tells of numbers. Of none: `sum` 0, the others NaN. */
export interface Stats {
  readonly count: number;
  /** Correctly rounded. */
  readonly sum: number;
  /** Correctly rounded. */
  readonly mean: number;
  /** Of the population: the mean squared distance from the mean, correctly rounded. */
  readonly variance: number;
  /** The square root of `variance`. */
  readonly stdev: number;
  readonly min: number;
  readonly max: number;
}

/** @throws SuperstepError TYPE_MISMATCH if a record is not a number. */
export async function stats(source: ActionSource<number>, options?: ActionOptions): Promise<Stats> {
  const operator = operatorRef(import.meta.url, "momentsOfPartition");
  const parts = await runAction<MomentParts>(source, { name: "stats", operator }, options);
  const moments = new ExactMoments();
  for (const [part] of parts) moments.merge(part!);
  const { count, sum, mean, variance, min, max } = moments;
  return { count, sum, mean, variance, stdev: Math.sqrt(variance), min, max };
}

/** Task half. */
export function momentsOfPartition(
  _: undefined,
  records: Iterable<number>,
  _partition: number,
  task: TaskContext,
): [MomentParts] {
  const moments = new ExactMoments();
  const tick = everySoOften(task);
  for (const record of records) {
    tick();
    moments.add(checkNumber("stats", record));
  }
  return [moments.parts()];
}

/**
 * The correctly rounded sum; 0 of none.
 *
 * @throws SuperstepError TYPE_MISMATCH if a record is not a number.
 */
export async function sum(source: ActionSource<number>, options?: ActionOptions): Promise<number> {
  const operator = operatorRef(import.meta.url, "sumOfPartition");
  const parts = await runAction<number[]>(source, { name: "sum", operator }, options);
  const total = new ExactSum();
  for (const [partials] of parts) total.merge(partials!);
  return total.value();
}

/** Task half. */
export function sumOfPartition(
  _: undefined,
  records: Iterable<number>,
  _partition: number,
  task: TaskContext,
): [number[]] {
  const total = new ExactSum();
  const tick = everySoOften(task);
  for (const record of records) {
    tick();
    total.add(checkNumber("sum", record));
  }
  return [total.partials()];
}

function checkNumber(where: string, record: unknown): number {
  if (typeof record === "number") return record;
  throw new SuperstepError("TYPE_MISMATCH", `${where}: records must be numbers, got ${excerpt(record)}`, {
    details: { expected: "number", got: typeof record },
  });
}
