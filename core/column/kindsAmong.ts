/**
 * What kinds of values a sequence holds, found in one pass.
 */

/** The kinds, as bits. `object`: plain objects. */
export const sees = {
  undefined: 1,
  null: 2,
  boolean: 4,
  number: 8,
  bigint: 16,
  string: 32,
  array: 64,
  object: 128,
  other: 256,
} as const;

/** The kinds of values that are none. */
export const missing: number = sees.undefined | sees.null;

/** The kinds among the values, as bits; just `other` once a value is met that has no kind of its own. */
export function kindsAmong(values: readonly unknown[]): number {
  let seen = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    switch (typeof value) {
      case "number":
        seen |= sees.number;
        break;
      case "string":
        seen |= sees.string;
        break;
      case "object":
        if (value === null) seen |= sees.null;
        else if (Array.isArray(value)) seen |= sees.array;
        else seen |= Object.getPrototypeOf(value) === Object.prototype ? sees.object : sees.other;
        break;
      case "undefined":
        seen |= sees.undefined;
        break;
      case "boolean":
        seen |= sees.boolean;
        break;
      case "bigint":
        seen |= sees.bigint;
        break;
      default:
        return sees.other;
    }
  }
  return seen;
}
