/**
 * Functions that compiled code calls: what machines have no instruction for, or one that rounds otherwise. They are the
 * language's own, so that results agree to the bit.
 */
import { binary, choose, f64, get, unary, type Callee, type Expr, type FunctionTree, type Local } from "./tree.ts";

const anyFunctions: Readonly<Record<string, (...numbers: number[]) => number>> = {
  "**": (x, y) => x! ** y!,
  "%": (x, y) => x! % y!,
};

/** Functions of `Math` that are called, by the number of their arguments; any number of them for `hypot`. */
const calledOfMath: Readonly<Record<string, number>> = {
  acos: 1,
  acosh: 1,
  asin: 1,
  asinh: 1,
  atan: 1,
  atan2: 2,
  atanh: 1,
  cbrt: 1,
  cos: 1,
  cosh: 1,
  exp: 1,
  expm1: 1,
  log: 1,
  log10: 1,
  log1p: 1,
  log2: 1,
  pow: 2,
  sin: 1,
  sinh: 1,
  tan: 1,
  tanh: 1,
};

/** The function that `name` stands for among the imports of a compiled module. */
export function importedFunction(name: string): ((...numbers: number[]) => number) | undefined {
  const math = name.startsWith("Math.") ? name.slice("Math.".length).replace(/\/\d+$/, "") : "";
  if (math !== "") return (Math as unknown as Record<string, (...numbers: number[]) => number>)[math];
  return anyFunctions[name];
}

/** The callee of a function of `Math` that is no instruction, and how many numbers it takes; undefined if it is none. */
export function mathCallee(name: string, numArguments: number): Callee | undefined {
  if (name === "hypot") return numeric(`Math.hypot/${numArguments}`, numArguments);
  const numParameters = Object.hasOwn(calledOfMath, name) ? calledOfMath[name] : undefined;
  return numParameters === undefined ? undefined : numeric(`Math.${name}`, numParameters);
}

/** `x ** y`. */
export const powerOf: Callee = numeric("**", 2);

const remainderOfDoubles: Callee = numeric("%", 2);

/** `x % y`: of whole numbers that 64-bit integers hold exactly by their remainder, else by the language's. */
export const remainderOf: Callee = { ...numeric("remainder", 2), body: remainderBody() };

function remainderBody(): FunctionTree {
  const [x, y] = [fixed("x"), fixed("y")];
  const [a, b] = [get(x), get(y)];
  const isWhole = (e: Expr): Expr =>
    binary(
      "i32.and",
      binary("f64.eq", unary("f64.trunc", e), e),
      binary("f64.le", unary("f64.abs", e), f64(Number.MAX_SAFE_INTEGER)),
    );
  const isEasy = binary("i32.and", binary("i32.and", isWhole(a), isWhole(b)), binary("f64.ne", b, f64(0)));
  const integer = (e: Expr): Expr => unary("i64.trunc_sat_f64_s", e);
  const rest = unary("f64.convert_i64_s", binary("i64.rem_s", integer(a), integer(b)));
  // The result has the sign of the dividend, also where it is 0.
  const easy = binary("f64.copysign", rest, a);
  const result = choose(isEasy, easy, { op: "call", type: "f64", callee: remainderOfDoubles, args: [a, b] });
  return { params: [x, y], body: [], results: [result] };
}

function fixed(name: string): Local {
  return { type: "f64", name, isFixed: true };
}

function numeric(name: string, numParameters: number): Callee {
  return { name, params: Array.from({ length: numParameters }, () => "f64" as const), result: "f64" };
}
