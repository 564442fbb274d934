/**
 * Calls of the language's own functions: `Math.*`, and conversions and tests of numbers.
 */
import type { Builder } from "./builder.ts";
import { importedFunction, mathCallee } from "./callees.ts";
import { and, booleanOf, converted, numberOf, toInt32, toNumber, truthOf, type Known } from "./operations.ts";
import { Refused } from "./refused.ts";
import { binary, choose, f64, i32, unary, type Expr, type UnaryCode } from "./tree.ts";
import type { Scalar, Value } from "./value.ts";

const oneInstruction: Readonly<Record<string, UnaryCode>> = {
  abs: "f64.abs",
  ceil: "f64.ceil",
  floor: "f64.floor",
  fround: "f64.toSingle",
  sqrt: "f64.sqrt",
  trunc: "f64.trunc",
};

const ofMath: readonly string[] = Object.getOwnPropertyNames(Math);
const ofNumber: readonly string[] = ["isFinite", "isInteger", "isNaN", "isSafeInteger"];

/** The value of a global name, undefined if it is not one that compiles. */
export function globalValue(name: string): Value | undefined {
  switch (name) {
    case "undefined":
      return { kind: "missing", as: "undefined" };
    case "NaN":
    case "Infinity":
      return numberOf(f64(name === "NaN" ? NaN : Infinity));
    case "Math":
      return { kind: "namespace", what: "Math", members: membersOf(Math, "Math", ofMath) };
    case "Number": {
      const members = membersOf(Number, "Number", [...ofNumber, ...numberConstants]);
      return { kind: "namespace", what: "Number", members };
    }
    case "Boolean":
    case "isNaN":
    case "isFinite":
      return { kind: "builtin", name };
    default:
      return undefined;
  }
}

const numberConstants: readonly string[] = [
  "EPSILON",
  "MAX_SAFE_INTEGER",
  "MAX_VALUE",
  "MIN_SAFE_INTEGER",
  "MIN_VALUE",
  "NEGATIVE_INFINITY",
  "NaN",
  "POSITIVE_INFINITY",
];

function membersOf(of: object, prefix: string, names: readonly string[]): ReadonlyMap<string, Value> {
  return new Map(
    names.map((name): [string, Value] => {
      const member: unknown = (of as Record<string, unknown>)[name];
      return [
        name,
        typeof member === "number" ? numberOf(f64(member)) : { kind: "builtin", name: `${prefix}.${name}` },
      ];
    }),
  );
}

/** What a function of the language's own gives for arguments that are evaluated already. */
export function callBuiltin(name: string, args: readonly Known[], builder: Builder): Value {
  const [first = { kind: "missing", as: "undefined" } satisfies Known] = args;
  switch (name) {
    case "Number":
      return args.length === 0 ? numberOf(f64(0)) : converted(first);
    case "Boolean":
      return booleanOf(truthOf(first));
    case "isNaN":
      return test(toNumber(first), (x) => binary("f64.ne", x, x), builder);
    case "isFinite":
      return test(toNumber(first), isFinite, builder);
    case "Number.isNaN":
      return ofNumbers(first, (x) => binary("f64.ne", x, x), builder);
    case "Number.isFinite":
      return ofNumbers(first, isFinite, builder);
    case "Number.isInteger":
      return ofNumbers(first, isInteger, builder);
    case "Number.isSafeInteger":
      return ofNumbers(first, isSafeInteger, builder);
    default:
      return callMath(name.slice("Math.".length), args, builder);
  }
}

function callMath(name: string, args: readonly Known[], builder: Builder): Value {
  const code = Object.hasOwn(oneInstruction, name) ? oneInstruction[name] : undefined;
  const number = (at: number): Expr => (at < args.length ? toNumber(args[at]!) : f64(NaN));
  switch (name) {
    case "min":
    case "max": {
      const numbers = args.map(toNumber);
      const [head = f64(name === "min" ? Infinity : -Infinity), ...rest] = numbers;
      return numberOf(rest.reduce((best, next) => folded(Math[name], `f64.${name}`, best, next), head));
    }
    case "round": {
      const x = builder.pin(number(0));
      if (x.op === "const") return numberOf(f64(Math.round(Number(x.value))));
      const up = builder.pin(unary("f64.ceil", x));
      const isFar = binary("f64.gt", binary("f64.sub", up, f64(0.5)), x);
      return numberOf(choose(isFar, binary("f64.sub", up, f64(1)), up));
    }
    case "sign": {
      const x = builder.pin(number(0));
      if (x.op === "const") return numberOf(f64(Math.sign(Number(x.value))));
      const orNegative = choose(binary("f64.lt", x, f64(0)), f64(-1), x);
      return numberOf(choose(binary("f64.gt", x, f64(0)), f64(1), orNegative));
    }
    case "imul": {
      const [a, b] = [0, 1].map((at) => toInt32(args[at] ?? (numberOf(f64(NaN)) as Known), builder));
      return { kind: "number", form: "s32", expr: binary("i32.mul", a!, b!) };
    }
    case "clz32":
      return {
        kind: "number",
        form: "s32",
        expr: unary("i32.clz", toInt32(args[0] ?? (numberOf(f64(0)) as Known), builder)),
      };
    case "random":
      throw new Refused("Math.random gives other numbers each time it is called");
  }
  if (code !== undefined) {
    const x = number(0);
    if (x.op !== "const") return numberOf(unary(code, x));
    return numberOf(f64((Math as unknown as Record<string, (x: number) => number>)[name]!(Number(x.value))));
  }
  const callee = mathCallee(name, args.length);
  if (callee === undefined) throw new Refused(`Math.${name} does not compile`);
  const numbers = callee.params.map((_type, at) => number(at));
  if (numbers.every((each) => each.op === "const")) {
    return numberOf(f64(importedFunction(callee.name)!(...numbers.map((each) => Number(each.value)))));
  }
  return numberOf({ op: "call", type: "f64", callee, args: numbers });
}

function folded(fold: (x: number, y: number) => number, code: "f64.min" | "f64.max", x: Expr, y: Expr): Expr {
  if (x.op === "const" && y.op === "const") return f64(fold(Number(x.value), Number(y.value)));
  return binary(code, x, y);
}

/** A test of numbers alone: false for what is none. */
function ofNumbers(value: Known, of: (x: Expr) => Expr, builder: Builder): Scalar {
  if (value.kind === "number") return test(toNumber(value), of, builder);
  if (value.kind === "refused") throw new Refused(value.why);
  if (value.kind !== "optional" || value.value.kind !== "number") return booleanOf(i32(0));
  return booleanOf(and(value.present, test(toNumber(value.value), of, builder).expr));
}

function test(number: Expr, of: (x: Expr) => Expr, builder: Builder): Scalar {
  return booleanOf(of(builder.pin(number)));
}

function isFinite(x: Expr): Expr {
  return binary("f64.lt", unary("f64.abs", x), f64(Infinity));
}

function isInteger(x: Expr): Expr {
  return and(isFinite(x), binary("f64.eq", unary("f64.trunc", x), x));
}

function isSafeInteger(x: Expr): Expr {
  return and(binary("f64.le", unary("f64.abs", x), f64(Number.MAX_SAFE_INTEGER)), isInteger(x));
}
