/**
 * Values that are known when a loop is compiled.
 */
import { booleanOf, numberOf } from "./operations.ts";
import { f64, i32 } from "./tree.ts";
import type { Value } from "./value.ts";

/** A primitive, or a plain object of values that compile. Anything else is refused where it is used. */
export function constantValue(value: unknown): Value {
  switch (typeof value) {
    case "number":
      return numberOf(f64(value));
    case "boolean":
      return booleanOf(i32(value ? 1 : 0));
    case "string":
      return { kind: "string", text: value };
    case "bigint":
      return BigInt.asIntN(64, value) === value
        ? { kind: "bigint", expr: { op: "const", type: "i64", value } }
        : { kind: "refused", why: "a bigint beyond 64 bits does not compile" };
    case "undefined":
      return { kind: "missing", as: "undefined" };
    case "object": {
      if (value === null) return { kind: "missing", as: "null" };
      if (Object.getPrototypeOf(value) !== Object.prototype) break;
      return {
        kind: "record",
        fields: new Map(Object.entries(value).map(([key, item]) => [key, constantValue(item)] as const)),
      };
    }
  }
  return { kind: "refused", why: "objects other than plain records do not compile" };
}
