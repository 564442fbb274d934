/**
 * Partitioners: which partition holds a key.
 */
import { hashValue } from "../column/hash.ts";
import { SuperstepError, excerpt } from "../errors.ts";
import { ship, type ShippedFunction } from "../function/ship.ts";
import type { TaskContext } from "../host/task.ts";
import type { RunOptions } from "../schedule/job.ts";
import type { IndexPartitioner } from "../shuffle/mapSide.ts";
import { checkCount } from "./checkArgument.ts";
import { orderOf } from "./order.ts";
import type { CustomPartitioner, HashPartitioner, Partitioner, RangePartitioner } from "./plan.ts";

/**
 * By a stable hash of the key.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `numPartitions` is not an integer >= 1.
 */
export function hashPartitioner(numPartitions: number): HashPartitioner {
  return { kind: "hash", numPartitions: checkCount("hashPartitioner", "numPartitions", numPartitions, 1) };
}

/**
 * By a function of the key, which returns an integer in [0, numPartitions) and always the same for equal keys. Equal
 * only to itself: keep it, to partition several RDDs alike.
 *
 * @throws SuperstepError INVALID_ARGUMENT, or NOT_SHIPPABLE if `fn` captures something that cannot travel.
 */
export function customPartitioner<K>(numPartitions: number, fn: (key: K) => number): CustomPartitioner {
  checkCount("customPartitioner", "numPartitions", numPartitions, 1);
  const shipped = ship(fn, "customPartitioner", "fn");
  const partitioner: CustomPartitioner = { kind: "custom", numPartitions, fn: shipped, id: ++lastCustomId };
  localFunctions.set(partitioner, fn as (key: unknown) => number);
  return partitioner;
}

/** By order, over bounds that `findBounds` brings about before the first job that needs them. */
export function rangePartitioner(
  numPartitions: number,
  ascending: boolean,
  findBounds: (options: RunOptions) => Promise<readonly unknown[]>,
): RangePartitioner {
  const partitioner = { kind: "range" as const, numPartitions, ascending, bounds: [] as readonly unknown[] };
  if (numPartitions > 1) {
    preparations.set(partitioner, async (options) => {
      partitioner.bounds = await findBounds(options);
    });
  }
  return partitioner;
}

/** What must have run before `partitioner` can place keys. */
export function preparationOf(partitioner: object): ((options: RunOptions) => Promise<void>) | undefined {
  return preparations.get(partitioner);
}

/** True if both put every key into the same partition. A range or custom partitioner equals only itself. */
export function samePartitioner(a: Partitioner | undefined, b: Partitioner | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === b) return true;
  if (a.kind === "custom" && b.kind === "custom") return a.id === b.id;
  return a.kind === "hash" && b.kind === "hash" && a.numPartitions === b.numPartitions;
}

/** The partition of each key, in a task. */
export async function revivePartitioner(
  partitioner: Partitioner | IndexPartitioner,
  task: TaskContext,
): Promise<PartitionOf> {
  if (partitioner.kind !== "custom") return partitionOf(partitioner);
  const fn = await task.revive(partitioner.fn as ShippedFunction<(key: unknown) => number>);
  return checked(fn, partitioner.numPartitions);
}

/** The partition of each key, on the driver. */
export function localPartitionOf(partitioner: Partitioner): PartitionOf {
  if (partitioner.kind !== "custom") return partitionOf(partitioner);
  return checked(localFunctions.get(partitioner)!, partitioner.numPartitions);
}

/** Key -> partition in [0, numPartitions). */
export type PartitionOf = (key: unknown) => number;

const preparations = new WeakMap<object, (options: RunOptions) => Promise<void>>();
const localFunctions = new WeakMap<CustomPartitioner, (key: unknown) => number>();
let lastCustomId = 0;

function partitionOf(partitioner: HashPartitioner | RangePartitioner | IndexPartitioner): PartitionOf {
  const { numPartitions } = partitioner;
  if (numPartitions === 1) return () => 0;
  if (partitioner.kind === "index") return (key) => key as number;
  if (partitioner.kind === "hash") return (key) => hashValue(key) % numPartitions;
  const { bounds } = partitioner;
  const order = orderOf(partitioner.ascending);
  return (key) => {
    let low = 0; // the first bound that is not before the key
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(bounds[middle], key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function checked(fn: (key: unknown) => number, numPartitions: number): PartitionOf {
  return (key) => {
    const partition = fn(key);
    if (Number.isInteger(partition) && partition >= 0 && partition < numPartitions) return partition;
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `customPartitioner: fn must return an integer in [0, ${numPartitions}), got ${excerpt(partition)} for key ${excerpt(key)}`,
    );
  };
}
