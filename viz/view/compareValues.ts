/**
 * The order of a sorted table column.
 */
import type { ViewColumn } from "./pageData.ts";

/**
 * Compares two rows: numbers and bigints by value, text by its characters with numbers inside by value. `sign`: 1
 * ascending, -1 descending. NaN, then missing values, come last either way.
 */
export function compareValues({ type, values }: ViewColumn, a: number, b: number, sign: 1 | -1): number {
  const left = values[a]!;
  const right = values[b]!;
  const presence = absence(left) - absence(right);
  if (presence !== 0 || absence(left) > 0) return presence;
  if (typeof left === "number" && typeof right === "number") return sign * Math.sign(left - right || 0);
  if (type === "bigint") {
    const [x, y] = [BigInt(left), BigInt(right)];
    return x < y ? -sign : x > y ? sign : 0;
  }
  return sign * collator.compare(String(left), String(right));
}

const collator = new Intl.Collator("en", { numeric: true });

function absence(value: number | string | null): 0 | 1 | 2 {
  return value === null ? 2 : Number.isNaN(value) ? 1 : 0;
}
