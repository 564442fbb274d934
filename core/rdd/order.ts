/**
 * The order of keys in sorts and ranges.
 */
import { compareValues } from "../column/compare.ts";

/** Compares two keys: negative, 0 or positive. */
export type Order = (a: unknown, b: unknown) => number;

/** The order of `compareValues`, or its reverse; NaN comes last either way. */
export function orderOf(ascending: boolean): Order {
  return ascending ? compareValues : descending;
}

/** Sorts `pairs` by their keys. Order: pairs of equal keys stay as they are. */
export function sortByFirst<P extends readonly [unknown, unknown]>(pairs: P[], ascending: boolean): P[] {
  if (pairs.every(([key]) => typeof key === "number" && !Number.isNaN(key))) {
    const numbers = pairs as unknown as [number, unknown][];
    numbers.sort(ascending ? ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) : ([a], [b]) => (a > b ? -1 : a < b ? 1 : 0));
    return pairs;
  }
  const order = orderOf(ascending);
  return pairs.sort(([a], [b]) => order(a, b));
}

function descending(a: unknown, b: unknown): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  return Number.isNaN(b) ? -1 : compareValues(b, a);
}
