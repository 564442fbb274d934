/**
 * The operators of the language over typed values, with its own semantics: conversions, arithmetic, comparison, truth.
 * Constants are computed here, by the language itself.
 */
import type { Builder } from "./builder.ts";
import { powerOf, remainderOf } from "./callees.ts";
import { Refused } from "./refused.ts";
import { binary, choose, f64, i32, not, unary, type BinaryCode, type Expr } from "./tree.ts";
import { describeValue, type Optional, type Scalar, type Value } from "./value.ts";

/** A value that is no longer an input. */
export type Known = Exclude<Value, { readonly kind: "input" }>;

export function numberOf(expr: Expr): Scalar {
  return { kind: "number", form: "f64", expr };
}

export function booleanOf(expr: Expr): Scalar {
  return { kind: "boolean", expr };
}

/** The f64 that the language converts a value to, where it does so unasked. */
export function toNumber(value: Known): Expr {
  switch (value.kind) {
    case "number":
      if (value.form === "f64") return value.expr;
      if (value.expr.op === "const")
        return f64(value.form === "s32" ? constant(value.expr) | 0 : constant(value.expr) >>> 0);
      return unary(value.form === "s32" ? "f64.convert_i32_s" : "f64.convert_i32_u", value.expr);
    case "boolean":
      return value.expr.op === "const" ? f64(constant(value.expr)) : unary("f64.convert_i32_u", value.expr);
    case "missing":
      return f64(value.as === "null" ? 0 : NaN);
    case "optional":
      return choose(value.present, toNumber(value.value), f64(value.as === "null" ? 0 : NaN));
    case "bigint":
      throw new Refused("a bigint and a number do not mix; convert it with Number(...)");
    default:
      throw new Refused(`${describeValue(value)} is used as a number`);
  }
}

/** The i32 that `value | 0` is. */
export function toInt32(value: Known, builder: Builder): Expr {
  if (value.kind === "number" && value.form !== "f64") return value.expr;
  if (value.kind === "boolean") return value.expr;
  const number = toNumber(value);
  if (number.op === "const") return i32(Number(number.value) | 0);
  // x modulo 2^32, exactly; below 2^32 it fits 64 bits, of which the low 32 remain. Infinities become NaN, and that 0.
  const x = builder.pin(number);
  const whole = binary("f64.mul", unary("f64.trunc", binary("f64.mul", x, f64(2 ** -32))), f64(2 ** 32));
  return unary("i32.wrap_i64", unary("i64.trunc_sat_f64_s", binary("f64.sub", x, whole)));
}

/** 1 where a condition holds for the value, else 0. */
export function truthOf(value: Known): Expr {
  switch (value.kind) {
    case "boolean":
      return value.expr;
    case "number":
      if (value.expr.op === "const") return i32(constant(value.expr) ? 1 : 0);
      if (value.form !== "f64") return binary("i32.ne", value.expr, i32(0));
      return binary("f64.gt", unary("f64.abs", value.expr), f64(0));
    case "bigint":
      return binary("i64.ne", value.expr, { op: "const", type: "i64", value: 0n });
    case "missing":
      return i32(0);
    case "optional":
      return and(value.present, truthOf(value.value));
    case "string":
      return i32(value.text === "" ? 0 : 1);
    case "refused":
      throw new Refused(value.why);
    default:
      return i32(1);
  }
}

/** Both, without a jump: for tests that cost little. */
export function and(a: Expr, b: Expr): Expr {
  if (a.op === "const") return a.value === 0 ? a : b;
  if (b.op === "const") return b.value === 0 ? b : a;
  return binary("i32.and", a, b);
}

export function or(a: Expr, b: Expr): Expr {
  if (a.op === "const") return a.value === 0 ? b : a;
  if (b.op === "const") return b.value === 0 ? a : b;
  return binary("i32.or", a, b);
}

/** What `a <operator> b` is, both evaluated already. */
export function operate(operator: string, a: Known, b: Known, builder: Builder): Scalar {
  switch (operator) {
    case "+":
      if (a.kind === "string" || b.kind === "string") throw new Refused("strings do not compile");
      return arithmetic("f64.add", (x, y) => x + y, a, b);
    case "-":
      return arithmetic("f64.sub", (x, y) => x - y, a, b);
    case "*":
      return arithmetic("f64.mul", (x, y) => x * y, a, b);
    case "/":
      return arithmetic("f64.div", (x, y) => x / y, a, b);
    case "%":
      return called(toNumber(a), toNumber(b), (x, y) => x % y, remainderOf);
    case "**":
      return called(toNumber(a), toNumber(b), (x, y) => x ** y, powerOf);
    case "&":
      return integer("i32.and", "s32", (x, y) => x & y, a, b, builder);
    case "|":
      return integer("i32.or", "s32", (x, y) => x | y, a, b, builder);
    case "^":
      return integer("i32.xor", "s32", (x, y) => x ^ y, a, b, builder);
    case "<<":
      return integer("i32.shl", "s32", (x, y) => x << y, a, b, builder);
    case ">>":
      return integer("i32.shr_s", "s32", (x, y) => x >> y, a, b, builder);
    case ">>>":
      return integer("i32.shr_u", "u32", (x, y) => x >>> y, a, b, builder);
    case "<":
      return compare("lt", (x, y) => x < y, a, b);
    case ">":
      return compare("gt", (x, y) => x > y, a, b);
    case "<=":
      return compare("le", (x, y) => x <= y, a, b);
    case ">=":
      return compare("ge", (x, y) => x >= y, a, b);
    case "===":
      return booleanOf(areEqual(a, b));
    case "!==":
      return booleanOf(not(areEqual(a, b)));
    case "==":
      return booleanOf(areLooselyEqual(a, b));
    case "!=":
      return booleanOf(not(areLooselyEqual(a, b)));
    default:
      throw new Refused(`the operator ${operator} does not compile`);
  }
}

function arithmetic(code: BinaryCode, fold: (x: number, y: number) => number, a: Known, b: Known): Scalar {
  const [x, y] = [toNumber(a), toNumber(b)];
  if (x.op === "const" && y.op === "const") return numberOf(f64(fold(constant(x), constant(y))));
  return numberOf(binary(code, x, y));
}

function called(x: Expr, y: Expr, fold: (x: number, y: number) => number, callee: typeof powerOf): Scalar {
  if (x.op === "const" && y.op === "const") return numberOf(f64(fold(constant(x), constant(y))));
  return numberOf({ op: "call", type: "f64", callee, args: [x, y] });
}

function integer(
  code: BinaryCode,
  form: "s32" | "u32",
  fold: (x: number, y: number) => number,
  a: Known,
  b: Known,
  builder: Builder,
): Scalar {
  const x = toInt32(a, builder);
  const y = toInt32(b, builder);
  if (x.op === "const" && y.op === "const") return numberOf(f64(fold(constant(x), constant(y))));
  return { kind: "number", form, expr: binary(code, x, y) };
}

function compare(code: "lt" | "gt" | "le" | "ge", fold: (x: number, y: number) => boolean, a: Known, b: Known): Scalar {
  if (a.kind === "bigint" && b.kind === "bigint") return booleanOf(binary(`i64.${code}_s`, a.expr, b.expr));
  if (a.kind === "string" || b.kind === "string") throw new Refused("strings do not compile");
  const [x, y] = [toNumber(a), toNumber(b)];
  if (x.op === "const" && y.op === "const") return booleanOf(i32(fold(constant(x), constant(y)) ? 1 : 0));
  return booleanOf(binary(`f64.${code}`, x, y));
}

/** `===`: of values of different kinds, it never holds. */
export function areEqual(a: Known, b: Known): Expr {
  for (const each of [a, b]) if (each.kind === "refused") throw new Refused(each.why);
  if (a.kind === "optional")
    return b.kind === "optional" ? areOptionalsEqual(a, b, a.as === b.as) : optionalEquals(a, b);
  if (b.kind === "optional") return optionalEquals(b, a);
  if (a.kind !== b.kind) return i32(0);
  switch (a.kind) {
    case "number": {
      const [x, y] = [toNumber(a), toNumber(b)];
      if (x.op === "const" && y.op === "const") return i32(constant(x) === constant(y) ? 1 : 0);
      return binary("f64.eq", x, y);
    }
    case "boolean": {
      const y = (b as Scalar).expr;
      if (a.expr.op === "const" && y.op === "const") return i32(a.expr.value === y.value ? 1 : 0);
      return binary("i32.eq", a.expr, y);
    }
    case "bigint":
      return binary("i64.eq", a.expr, (b as Scalar).expr);
    case "missing":
      return i32(a.as === (b as typeof a).as ? 1 : 0);
    case "string":
      return i32(a.text === (b as typeof a).text ? 1 : 0);
    default:
      throw new Refused("objects and functions are compared by identity, which compiled values have not");
  }
}

function optionalEquals({ present, value, as }: Optional, other: Known): Expr {
  if (other.kind === "missing") return other.as === as ? not(present) : i32(0);
  return other.kind === value.kind ? and(present, areEqual(value, other)) : i32(0);
}

function areOptionalsEqual(a: Optional, b: Optional, isMissingEqual: boolean): Expr {
  const both = and(a.present, b.present);
  const equal = a.value.kind === b.value.kind ? and(both, areEqual(a.value, b.value)) : i32(0);
  return isMissingEqual ? or(equal, not(or(a.present, b.present))) : equal;
}

function areLooselyEqual(a: Known, b: Known): Expr {
  if (a.kind === "missing") return isMissing(b);
  if (b.kind === "missing") return isMissing(a);
  if (a.kind === "optional" && b.kind === "optional" && a.value.kind === b.value.kind) {
    return areOptionalsEqual(a, b, true);
  }
  const kinds = [a, b].map((each) => (each.kind === "optional" ? each.value.kind : each.kind));
  if (kinds[0] !== kinds[1]) throw new Refused("== of values of different types does not compile; use ===");
  return areEqual(a, b);
}

/** 1 where `value == null`. */
export function isMissing(value: Known): Expr {
  if (value.kind === "refused") throw new Refused(value.why);
  if (value.kind === "missing") return i32(1);
  return value.kind === "optional" ? not(value.present) : i32(0);
}

/** `-value`. */
export function negated(value: Known): Scalar {
  if (value.kind === "bigint" && value.expr.op === "const") {
    const negative = -BigInt(value.expr.value);
    if (BigInt.asIntN(64, negative) === negative) {
      return { kind: "bigint", expr: { op: "const", type: "i64", value: negative } };
    }
  }
  if (value.kind === "bigint") throw new Refused("arithmetic on bigints, which has no bound, does not compile");
  const x = toNumber(value);
  return numberOf(x.op === "const" ? f64(-constant(x)) : unary("f64.neg", x));
}

/** `Number(value)`. */
export function converted(value: Known): Scalar {
  if (value.kind !== "bigint") return numberOf(toNumber(value));
  if (value.expr.op === "const") return numberOf(f64(Number(value.expr.value)));
  return numberOf(unary("f64.convert_i64_s", value.expr));
}

function constant(expr: Extract<Expr, { op: "const" }>): number {
  return Number(expr.value);
}
