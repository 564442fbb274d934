/**
 * Keys of any kind as keys of a Map.
 */
import { encodeValues } from "./codec.ts";
import { formOf } from "./shippable.ts";

/** Starts the texts that stand for keys that are no primitives. */
const mark = "\u0000";

/**
 * A primitive that stands for a key in a Map or Set: equal keys, and only they, have the same.
 *
 * Primitives stand for themselves, but for strings that start with U+0000. Equal are: primitives as Map keys compare them
 * (0 and -0 equal, NaN equal to itself, 5 and 5n different); dates of the same time; arrays of equal items; plain objects
 * with equal fields under the same keys, in any order; other values that travel if `encodeValues` writes them alike.
 *
 * @throws SuperstepError NOT_SHIPPABLE if the key is, or holds, a value that cannot travel.
 */
export function keyOf(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith(mark) ? mark + textOf(value) : value;
  const isPrimitive =
    value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
  return isPrimitive ? value : mark + textOf(value);
}

/** A text that says kind and value, and where it ends. */
function textOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `s${value.length}:${value}`;
    case "number":
      return `${value};`; // 0 and -0 alike, and all else told apart
    case "bigint":
      return `${value}n;`;
    case "boolean":
    case "undefined":
      return `${value};`;
    default:
      return value === null ? "null;" : textOfObject(value as object);
  }
}

function textOfObject(value: object): string {
  switch (formOf(value)) {
    case "array":
      return `[${Array.from(value as unknown[], textOf).join("")}]`;
    case "object":
    case "bareObject": {
      const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${fields.map(([key, item]) => textOf(key) + textOf(item)).join("")}}`;
    }
    case "date":
      return `d${(value as Date).getTime()};`;
    default: {
      const bytes = Buffer.from(encodeValues([value])).toString("latin1");
      return `x${bytes.length}:${bytes}`;
    }
  }
}
