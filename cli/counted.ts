/**
 * Counts for human eyes.
 */

/** Digits in groups of three. */
export function grouped(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count and its noun: `1 edge`, `1,234 edges`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
