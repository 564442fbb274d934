/**
 * Numbers in arithmetic progression, never stored.
 */
import { invalidArgument } from "../errors.ts";
import { operatorRef } from "../host/task.ts";
import { checkCount } from "./checkArgument.ts";
import { defaultNumPartitions } from "./defaultNumPartitions.ts";
import { makePlan } from "./node.ts";
import type { Plan } from "./plan.ts";

export interface RangeParams {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  readonly numPartitions: number;
}

/**
 * Driver half: describes start, start + step, … up to but without `end`; none if `step` leads away from `end`.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless all are and `end - start` are integers within 2^53, `step` not 0, `numPartitions` >= 1.
 */
export function range(start: number, end: number, step: number, numPartitions?: number): Plan<number> {
  for (const [what, value] of Object.entries({ start, end, step, "end - start": end - start })) {
    if (!Number.isSafeInteger(value)) throw invalidArgument("range", what, "an integer within 2^53", value);
  }
  if (step === 0) throw invalidArgument("range", "step", "an integer other than 0", step);
  const count = Math.max(0, Math.ceil((end - start) / step));
  const parts = checkCount("range", "numPartitions", numPartitions ?? defaultNumPartitions(count), 1);
  return makePlan<number>({
    kind: "range",
    dependencies: [],
    numPartitions: parts,
    compute: operatorRef(import.meta.url, "computeRange"),
    params: { start, step, count, numPartitions: parts } satisfies RangeParams,
  });
}

/** Task half. */
export function computeRange(params: RangeParams, partition: number): Iterable<number> {
  const cut = (part: number): number => Number((BigInt(part) * BigInt(params.count)) / BigInt(params.numPartitions));
  return progression(params, cut(partition), cut(partition + 1));
}

function* progression({ start, step }: RangeParams, from: number, to: number): Iterable<number> {
  for (let index = from; index < to; index++) yield start + index * step;
}
