/**
 * A random part of the records, the same for the same seed.
 */
import { invalidArgument } from "../errors.ts";
import { operatorRef } from "../host/task.ts";
import { randomFor, type Random } from "../random.ts";
import { checkInteger } from "./checkArgument.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow } from "./node.ts";
import type { Plan } from "./plan.ts";

export interface SampleOptions {
  /** A record can be taken several times. Default false. */
  readonly withReplacement?: boolean | undefined;
  /** An integer. Default 1. */
  readonly seed?: number | undefined;
}

export interface SampleParams {
  readonly seed: number;
  readonly chance:
    /** A record is taken if its draw falls into [from, to), within [0, 1). */
    | { readonly kind: "range"; readonly from: number; readonly to: number }
    /** A record is taken a Poisson distributed number of times. */
    | { readonly kind: "poisson"; readonly mean: number };
}

/**
 * Driver half: describes a sample. Each record is drawn by itself: the size is `fraction` of all only on average.
 *
 * Narrow:       partition i reads partition i of `parent`.
 * Partitioner:  kept.
 * Order:        kept. The sample depends on seed, partition, and place in the partition.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless `fraction` is in [0, 1], or >= 0 with replacement.
 */
export function sample<T>(
  parent: Plan<T>,
  fraction: number,
  { withReplacement = false, seed = 1 }: SampleOptions = {},
): Plan<T> {
  if (typeof fraction !== "number" || !(fraction >= 0 && fraction <= (withReplacement ? Number.MAX_VALUE : 1))) {
    throw invalidArgument("sample", "fraction", withReplacement ? "a number >= 0" : "in [0, 1]", fraction);
  }
  checkInteger("sample", "seed", seed);
  const chance = withReplacement
    ? { kind: "poisson" as const, mean: fraction }
    : { kind: "range" as const, from: 0, to: fraction };
  return sampled(parent, "sample", { seed, chance });
}

/**
 * Driver half: describes a partition of the records at random into one sample a weight, in proportion to the weights.
 * Every record is in exactly one of them.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless weights are finite, >= 0, and not all 0.
 */
export function randomSplit<T>(parent: Plan<T>, weights: readonly number[], seed = 1): Plan<T>[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.some((weight) => typeof weight !== "number" || !(weight >= 0)) || !(total > 0 && total < Infinity)) {
    throw invalidArgument("randomSplit", "weights", "numbers >= 0, finite, not all 0", weights);
  }
  checkInteger("randomSplit", "seed", seed);
  let before = 0;
  return weights.map((weight, index) => {
    const from = before / total;
    before += weight;
    const to = index === weights.length - 1 ? 1 : before / total;
    return sampled(parent, "randomSplit", { seed, chance: { kind: "range", from, to } });
  });
}

/** Task half. */
export async function computeSample<T>(
  { seed, chance }: SampleParams,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<T>> {
  const records = await reader.read<T>(0, partition);
  const random = randomFor(seed, partition);
  return chance.kind === "range"
    ? drawnInRange(records, random, chance.from, chance.to)
    : drawnRepeatedly(records, random, chance.mean);
}

function sampled<T>(parent: Plan<T>, kind: string, params: SampleParams): Plan<T> {
  return makePlan<T>({
    kind,
    dependencies: [narrow(parent)],
    numPartitions: parent.numPartitions,
    partitioner: parent.partitioner,
    compute: operatorRef(import.meta.url, "computeSample"),
    params,
  });
}

function* drawnInRange<T>(records: Iterable<T>, random: Random, from: number, to: number): Iterable<T> {
  for (const record of records) {
    const draw = random.next();
    if (draw >= from && draw < to) yield record;
  }
}

function* drawnRepeatedly<T>(records: Iterable<T>, random: Random, mean: number): Iterable<T> {
  for (const record of records) {
    for (let times = poisson(random, mean); times > 0; times--) yield record;
  }
}

/** A Poisson distributed integer: the number of unit-rate arrivals within `mean`. Cost: about `mean` draws. */
function poisson(random: Random, mean: number): number {
  const wait = (): number => -Math.log1p(-random.next());
  let arrivals = 0;
  for (let time = wait(); time < mean; time += wait()) arrivals++;
  return arrivals;
}
