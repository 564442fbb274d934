/**
 * What the compiler knows of a value: its type, and the expressions that hold it. Records have none of their own: each
 * field is a value by itself, so that no object is ever made.
 */
import type { Expr } from "./tree.ts";
import type { FunctionSource } from "./functionSource.ts";

/** A value that columns hold. `number`: an f64, or an i32 that is read as a signed or unsigned integer. */
export type Scalar =
  | { readonly kind: "number"; readonly form: "f64" | "s32" | "u32"; readonly expr: Expr }
  | { readonly kind: "boolean"; readonly expr: Expr }
  /** 64 bits. */
  | { readonly kind: "bigint"; readonly expr: Expr };

/** Null and undefined are one kind, since a missing value can be either, and tells which. */
export type Missing = { readonly kind: "missing"; readonly as: "null" | "undefined" };

/** A scalar where `present` is not 0, else what is missing. */
export interface Optional {
  readonly kind: "optional";
  readonly present: Expr;
  readonly value: Scalar;
  readonly as: Missing["as"];
}

export interface RecordValue {
  readonly kind: "record";
  readonly fields: ReadonlyMap<string, Value>;
}

/** What is read when it is first used, and no sooner. One object an input: it is known by its identity. */
export interface Input {
  readonly kind: "input";
  readonly name: string;
  readonly value: Scalar | Optional;
}

/** What no column holds, but expressions lead through. */
export type Other =
  /** A constant: to name a field, or to be compared. */
  | { readonly kind: "string"; readonly text: string }
  /** Something with members that is no record: an edge, `Math`. */
  | { readonly kind: "namespace"; readonly what: string; readonly members: ReadonlyMap<string, Value> }
  /** A function of the language's own. */
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "function"; readonly fn: FunctionSource }
  | { readonly kind: "send"; readonly to: "src" | "dst" }
  /** What cannot be compiled, if it is used. */
  | { readonly kind: "refused"; readonly why: string };

export type Value = Scalar | Missing | Optional | RecordValue | Input | Other;

/** Values that messages and results can be. */
export type Data = Scalar | Missing | Optional | DataRecord;

export interface DataRecord extends RecordValue {
  readonly fields: ReadonlyMap<string, Data>;
}

/** The expressions that hold a value, in a fixed order. */
export function leavesOf(value: Data): readonly Expr[] {
  switch (value.kind) {
    case "number":
    case "boolean":
    case "bigint":
      return [value.expr];
    case "missing":
      return [];
    case "optional":
      return [value.present, value.value.expr];
    case "record":
      return Array.from(value.fields.values()).flatMap(leavesOf);
  }
}

/** The same value held by other expressions, `leaves` in the order of `leavesOf`. */
export function withLeaves<V extends Data>(value: V, leaves: readonly Expr[]): V {
  let next = 0;
  const rebuild = (each: Data): Data => {
    switch (each.kind) {
      case "number":
      case "boolean":
      case "bigint":
        return { ...each, expr: leaves[next++]! };
      case "missing":
        return each;
      case "optional": {
        const present = leaves[next++]!;
        return { ...each, present, value: rebuild(each.value) as Scalar };
      }
      case "record":
        return { kind: "record", fields: new Map(Array.from(each.fields, ([name, field]) => [name, rebuild(field)])) };
    }
  };
  return rebuild(value) as V;
}

/** What kind of value, in words: "a number", "a record of rank, isSink". */
export function describeValue(value: Value): string {
  switch (value.kind) {
    case "number":
    case "boolean":
    case "bigint":
    case "record":
    case "string":
      return `a ${value.kind}`;
    case "missing":
      return value.as;
    case "optional":
      return `a ${value.value.kind} or ${value.as}`;
    case "input":
      return describeValue(value.value);
    case "namespace":
      return value.what;
    case "builtin":
    case "function":
    case "send":
      return "a function";
    case "refused":
      return value.why;
  }
}
