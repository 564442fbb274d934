/**
 * A total order of all values that travel.
 */
import { encodeValues } from "./codec.ts";
import { type Form, formOf } from "./shippable.ts";

/**
 * Negative if `a` comes before `b`, positive if after, 0 exactly if they are equal as for `keyOf`.
 *
 * By kind: booleans (false first), then numbers and bigints by value (-0 equal to 0, NaN last of them, a number before the
 * bigint of its value), strings by code point, dates by time, arrays item by item and a shorter one before those it
 * begins, plain objects as lists of [key, value] in the order of keys, other values by their bytes, null, undefined.
 *
 * @throws SuperstepError NOT_SHIPPABLE if a value is, or holds, one that cannot travel.
 */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  const rank = rankOf(a);
  return rank - rankOf(b) || compareAlike(a, b, rank);
}

/** -1, 0 or 1 by code points, which is the order of the UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return placeOfUnit(left) < placeOfUnit(right) ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

const ranks = {
  boolean: 0,
  number: 1,
  bigint: 1,
  string: 2,
  date: 3,
  array: 4,
  object: 5,
  other: 6,
  null: 7,
  undefined: 8,
};
const rankOfForm: Partial<Record<Form, number>> = {
  date: ranks.date,
  array: ranks.array,
  object: ranks.object,
  bareObject: ranks.object,
};

function rankOf(value: unknown): number {
  const type = typeof value;
  if (value === null) return ranks.null;
  if (type === "object" || type === "function" || type === "symbol") return rankOfForm[formOf(value)] ?? ranks.other;
  return ranks[type];
}

function compareAlike(a: unknown, b: unknown, rank: number): number {
  switch (rank) {
    case ranks.boolean:
      return Number(a) - Number(b);
    case ranks.number:
      return compareNumbers(a as number | bigint, b as number | bigint);
    case ranks.date:
      return compareNumbers((a as Date).getTime(), (b as Date).getTime());
    case ranks.array:
      return compareArrays(a as unknown[], b as unknown[]);
    case ranks.object:
      return compareArrays(sortedEntries(a as object), sortedEntries(b as object));
    case ranks.other:
      return a === b ? 0 : Buffer.compare(encodeValues([a]), encodeValues([b]));
    default:
      return 0;
  }
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (typeof a === typeof b && a === b) return 0;
  const isNaNa = Number.isNaN(a);
  const isNaNb = Number.isNaN(b);
  if (isNaNa || isNaNb) return Number(isNaNa) - Number(isNaNb);
  return typeof a === "number" ? -1 : 1;
}

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function sortedEntries(record: object): [string, unknown][] {
  return Object.entries(record).sort(([a], [b]) => compareText(a, b));
}

/** UTF-16 units in the order of the code points they belong to: surrogates stand for those beyond U+FFFF. */
function placeOfUnit(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x2800 : unit;
}
