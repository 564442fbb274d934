/**
 * Types that hold two values: what a conditional, a variable or a message is, when it is made in more than one place.
 */
import type { Builder } from "./builder.ts";
import { toNumber, type Known } from "./operations.ts";
import { Refused } from "./refused.ts";
import { choose, i32, type Expr, type MachineType } from "./tree.ts";
import { describeValue, leavesOf, withLeaves, type Data, type Optional, type Scalar, type Value } from "./value.ts";

/** A value without inputs that were not read yet. */
export function known(value: Value, builder: Builder): Known {
  return value.kind === "input" ? builder.read(value) : value;
}

/** The value as one that can be stored, sent or returned; all of it is read. */
export function dataOf(value: Value, builder: Builder): Data {
  switch (value.kind) {
    case "number":
    case "boolean":
    case "bigint":
    case "missing":
    case "optional":
      return value;
    case "input":
      return builder.read(value);
    case "record":
      return {
        kind: "record",
        fields: new Map(Array.from(value.fields, ([name, field]) => [name, dataOf(field, builder)] as const)),
      };
    case "string":
      throw new Refused("strings do not compile");
    case "refused":
      throw new Refused(value.why);
    default:
      throw new Refused(`${describeValue(value)} is used as a value`);
  }
}

/**
 * The type of both values: the expressions in it mean nothing.
 *
 * @throws Refused if no type holds both.
 */
export function commonShape(a: Data, b: Data): Data {
  if (a.kind === "record" || b.kind === "record") {
    const isAlike =
      a.kind === "record" &&
      b.kind === "record" &&
      a.fields.size === b.fields.size &&
      haveSameNames(a.fields, b.fields);
    if (!isAlike) throw unlike(a, b);
    return {
      kind: "record",
      fields: new Map(
        Array.from(a.fields, ([name, field]) => [name, commonShape(field, b.fields.get(name)!)] as const),
      ),
    };
  }
  if (a.kind === "missing" && b.kind === "missing") {
    if (a.as !== b.as) throw unlike(a, b);
    return a;
  }
  const [x, y] = [scalarOf(a), scalarOf(b)];
  const value = x === undefined ? y! : y === undefined ? x : commonScalar(x, y);
  const missing = [missingOf(a), missingOf(b)].filter((as) => as !== undefined);
  if (missing.length === 0) return value;
  if (missing.some((as) => as !== missing[0])) throw unlike(a, b);
  return { kind: "optional", present: i32(1), value, as: missing[0]! };
}

/**
 * The value as one of a type that holds it.
 *
 * @throws Refused if it does not.
 */
export function convertTo(shape: Data, value: Data): Data {
  switch (shape.kind) {
    case "number":
      if (value.kind !== "number") throw unlike(shape, value);
      if (value.form === shape.form) return value;
      if (shape.form !== "f64") throw unlike(shape, value);
      return { kind: "number", form: "f64", expr: toNumber(value) };
    case "boolean":
    case "bigint":
      if (value.kind !== shape.kind) throw unlike(shape, value);
      return value;
    case "missing":
      if (value.kind !== "missing" || value.as !== shape.as) throw unlike(shape, value);
      return value;
    case "optional":
      return toOptional(shape, value);
    case "record":
      if (value.kind !== "record" || value.fields.size !== shape.fields.size) throw unlike(shape, value);
      if (!haveSameNames(shape.fields, value.fields)) throw unlike(shape, value);
      return {
        kind: "record",
        fields: new Map(
          Array.from(shape.fields, ([name, field]) => [name, convertTo(field, value.fields.get(name)!)] as const),
        ),
      };
  }
}

/** `test ? a : b`, both evaluated already, in a type that holds both. */
export function chooseData(test: Expr, a: Data, b: Data): Data {
  const shape = commonShape(a, b);
  const [first, second] = [leavesOf(convertTo(shape, a)), leavesOf(convertTo(shape, b))];
  return withLeaves(
    shape,
    first.map((leaf, at) => choose(test, leaf, second[at]!)),
  );
}

/** True if two types are one. */
export function isSameShape(a: Data, b: Data): boolean {
  if (a.kind === "record") {
    if (b.kind !== "record" || a.fields.size !== b.fields.size) return false;
    return Array.from(a.fields).every(([name, field]) => {
      const other = b.fields.get(name);
      return other !== undefined && isSameShape(field, other);
    });
  }
  if (a.kind === "optional") return b.kind === "optional" && a.as === b.as && isSameShape(a.value, b.value);
  if (a.kind === "missing") return b.kind === "missing" && a.as === b.as;
  return a.kind === b.kind && (a.kind !== "number" || a.form === (b as typeof a).form);
}

/** The same type for assignment: a number that was a small integer may become any number. */
export function widened(shape: Data): Data {
  switch (shape.kind) {
    case "number":
      return { kind: "number", form: "f64", expr: toNumber(shape) };
    case "optional":
      return { ...shape, value: widened(shape.value) as Scalar };
    case "record":
      return {
        kind: "record",
        fields: new Map(Array.from(shape.fields, ([name, field]) => [name, widened(field)] as const)),
      };
    default:
      return shape;
  }
}

/** A value of this type, of zeros. */
export function zeroOf(shape: Data): Data {
  return withLeaves(
    shape,
    leavesOf(shape).map(({ type }) => zero(type)),
  );
}

function toOptional(shape: Optional, value: Data): Optional {
  if (value.kind === "missing" && value.as === shape.as) {
    return { ...shape, present: i32(0), value: zeroOf(shape.value) as Scalar };
  }
  if (value.kind === "optional" && value.as === shape.as) {
    return { ...shape, present: value.present, value: convertTo(shape.value, value.value) as Scalar };
  }
  if (value.kind === "missing" || value.kind === "optional" || value.kind === "record") throw unlike(shape, value);
  return { ...shape, present: i32(1), value: convertTo(shape.value, value) as Scalar };
}

function commonScalar(a: Scalar, b: Scalar): Scalar {
  if (a.kind !== b.kind) throw unlike(a, b);
  if (a.kind !== "number" || b.kind !== "number" || a.form === b.form) return a;
  return { kind: "number", form: "f64", expr: toNumber(a) };
}

function scalarOf(value: Exclude<Data, { kind: "record" }>): Scalar | undefined {
  return value.kind === "missing" ? undefined : value.kind === "optional" ? value.value : value;
}

function missingOf(value: Data): "null" | "undefined" | undefined {
  return value.kind === "missing" || value.kind === "optional" ? value.as : undefined;
}

function haveSameNames(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return Array.from(a.keys()).every((name) => b.has(name));
}

function unlike(a: Data, b: Data): Refused {
  return new Refused(`it can be ${describeValue(a)} or ${describeValue(b)}, which is more than one type`);
}

function zero(type: MachineType): Expr {
  if (type === "i64") return { op: "const", type, value: 0n };
  return { op: "const", type, value: 0 };
}
