/**
 * How large each node is drawn.
 */

/** A value by which a node is sized: what is no finite number has no size of its own. */
export type SizeValue = number | bigint | string | boolean | null | undefined;

/** Mean of radius squared that leaves room between nodes, in px squared. */
const roomyArea = 64;

/** How values become radii. `NaN` if none is a finite number. */
export interface SizeScale {
  readonly low: number;
  readonly high: number;
  readonly minRadius: number;
  readonly maxRadius: number;
}

/**
 * The scale of `values`: area grows with the value from `low` (0, or the least if negative) to `high`. The largest
 * radius shrinks with the number of nodes, and with how many of them are large.
 */
export function sizeScale(values: ArrayLike<SizeValue>): SizeScale {
  const count = values.length;
  let low = 0;
  let high = -Infinity;
  for (let node = 0; node < count; node++) {
    const value = sizeNumber(values[node]);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  let maxRadius = 24 * Math.min(1, (50 / Math.max(1, count)) ** 0.16);
  if (high === -Infinity) return { low: NaN, high: NaN, minRadius: 4, maxRadius: 4 };
  let total = 0;
  for (let node = 0; node < count; node++) total += share(sizeNumber(values[node]), low, high);
  if (total > 0) maxRadius = Math.min(maxRadius, Math.sqrt((roomyArea * count) / total));
  return { low, high, minRadius: Math.min(maxRadius, Math.max(2.5, maxRadius / 6)), maxRadius };
}

/** The radius of a value, in px at zoom 1; the least one if it is no finite number. */
export function radiusOf(scale: SizeScale, value: SizeValue): number {
  const radius = scale.maxRadius * Math.sqrt(share(sizeNumber(value), scale.low, scale.high));
  return radius > scale.minRadius ? radius : scale.minRadius;
}

/** The radius of each node. */
export function nodeRadii(values: ArrayLike<SizeValue>): Float32Array {
  const scale = sizeScale(values);
  return Float32Array.from(values, (value) => radiusOf(scale, value));
}

/** The number by which a value is sized; NaN if it is none, or not finite. */
export function sizeNumber(value: SizeValue): number {
  const number = typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : NaN;
  return Number.isFinite(number) ? number : NaN;
}

function share(value: number, low: number, high: number): number {
  if (Number.isNaN(value)) return 0;
  return high > low ? (value - low) / (high - low) : 1;
}
