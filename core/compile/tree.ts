/**
 * The typed tree that functions are compiled to: expressions over machine numbers, and statements around them. It says
 * nothing of WebAssembly but the names of its instructions, so that another engine could be given the same tree.
 */
import type { FixedType } from "../column/types.ts";
import type { Extract, LaneLocal, Lanes } from "./lanes/lanes.ts";

/** What a machine holds. */
export type MachineType = "i32" | "i64" | "f64";

/** A variable of the compiled function. `isFixed`: set once, before all its reads, so that reads can be moved. */
export interface Local {
  readonly type: MachineType;
  readonly name: string;
  readonly isFixed: boolean;
}

/** A function that trees can call: given at instantiation, or another one of the same module. */
export interface Callee {
  readonly name: string;
  readonly params: readonly MachineType[];
  readonly result?: MachineType;
  /** Present for functions of the module itself. */
  readonly body?: FunctionTree;
}

/** Instructions on one operand, by the names of WebAssembly's text format. */
export type UnaryCode =
  | "f64.neg"
  | "f64.abs"
  | "f64.ceil"
  | "f64.floor"
  | "f64.trunc"
  | "f64.sqrt"
  | "f64.toSingle"
  | "f64.convert_i32_s"
  | "f64.convert_i32_u"
  | "f64.convert_i64_s"
  | "i32.eqz"
  | "i32.clz"
  | "i32.wrap_i64"
  | "i64.extend_i32_u"
  | "i64.trunc_sat_f64_s";

/** Instructions on two operands. */
export type BinaryCode =
  | `f64.${"add" | "sub" | "mul" | "div" | "min" | "max" | "copysign" | "eq" | "ne" | "lt" | "gt" | "le" | "ge"}`
  | `i32.${"add" | "sub" | "mul" | "and" | "or" | "xor" | "shl" | "shr_s" | "shr_u" | "eq" | "ne" | "lt_u" | "ge_u"}`
  | `i64.${"add" | "rem_s" | "eq" | "ne" | "lt_s" | "gt_s" | "le_s" | "ge_s"}`;

/** An expression without effects: evaluating it twice, or not at all, changes nothing. */
export type Expr =
  | { readonly op: "const"; readonly type: "f64" | "i32"; readonly value: number }
  | { readonly op: "const"; readonly type: "i64"; readonly value: bigint }
  | { readonly op: "get"; readonly type: MachineType; readonly local: Local }
  | { readonly op: "unary"; readonly type: MachineType; readonly code: UnaryCode; readonly a: Expr }
  | { readonly op: "binary"; readonly type: MachineType; readonly code: BinaryCode; readonly a: Expr; readonly b: Expr }
  /** `a` if the i32 `test` is not 0, else `b`. */
  | { readonly op: "choose"; readonly type: MachineType; readonly test: Expr; readonly a: Expr; readonly b: Expr }
  | { readonly op: "call"; readonly type: MachineType; readonly callee: Callee; readonly args: readonly Expr[] }
  /** Row `index` of the column that begins at byte `base` of the memory. float32 and integers widen exactly. */
  | {
      readonly op: "load";
      readonly type: MachineType;
      readonly column: FixedType;
      readonly base: Expr;
      readonly index: Expr;
    }
  | Extract;

/** Where an exit leads: out of a block, or to the next round of a loop. */
export interface Label {
  readonly name: string;
}

/** What a tree does. */
export type Statement =
  | { readonly do: "set"; readonly local: Local; readonly value: Expr }
  | {
      readonly do: "if";
      readonly test: Expr;
      readonly whenTrue: readonly Statement[];
      readonly whenFalse: readonly Statement[];
    }
  /** Leaving a block goes to its end, leaving a loop to its start. */
  | { readonly do: "block" | "loop"; readonly label: Label; readonly body: readonly Statement[] }
  | { readonly do: "leave"; readonly label: Label; readonly test?: Expr }
  | { readonly do: "call"; readonly callee: Callee; readonly args: readonly Expr[] }
  | {
      readonly do: "store";
      readonly column: FixedType;
      readonly base: Expr;
      readonly index: Expr;
      readonly value: Expr;
    }
  | { readonly do: "setLanes"; readonly local: LaneLocal; readonly value: Lanes }
  /** Rows `index` and `index` + 1 of a column, of which `value` has the bytes where its first lanes begin. */
  | {
      readonly do: "storePair";
      readonly column: FixedType;
      readonly base: Expr;
      readonly index: Expr;
      readonly value: Lanes;
    };

/** A whole function. Locals other than `params` start as 0. */
export interface FunctionTree {
  readonly params: readonly Local[];
  readonly body: readonly Statement[];
  readonly results: readonly Expr[];
}

/** The machine type that the elements of a column become. */
export const machineTypeOf: Readonly<Record<FixedType, MachineType>> = {
  float64: "f64",
  float32: "f64",
  int32: "i32",
  uint32: "i32",
  int64: "i64",
  uint8: "i32",
  boolean: "i32",
};

export function f64(value: number): Expr {
  return { op: "const", type: "f64", value };
}

export function i32(value: number): Expr {
  return { op: "const", type: "i32", value };
}

export function get(local: Local): Expr {
  return { op: "get", type: local.type, local };
}

export function set(local: Local, value: Expr): Statement {
  return { do: "set", local, value };
}

export function unary(code: UnaryCode, a: Expr): Expr {
  return { op: "unary", type: code.slice(0, 3) as MachineType, code, a };
}

export function binary(code: BinaryCode, a: Expr, b: Expr): Expr {
  const isComparison = /\.(?:eq|ne|[lg][te](?:_[su])?)$/.test(code);
  return { op: "binary", type: isComparison ? "i32" : (code.slice(0, 3) as MachineType), code, a, b };
}

export function load(column: FixedType, base: Expr, index: Expr): Expr {
  return { op: "load", type: machineTypeOf[column], column, base, index };
}

/** 1 if `a` is 0, else 0. */
export function not(a: Expr): Expr {
  if (a.op === "const") return i32(a.value === 0 ? 1 : 0);
  return unary("i32.eqz", a);
}

/** `test ? a : b`, for two values of one type. */
export function choose(test: Expr, a: Expr, b: Expr): Expr {
  if (test.op === "const") return test.value === 0 ? b : a;
  return { op: "choose", type: a.type, test, a, b };
}

/** True if the expression has the same value wherever it stands: it reads no local that can be set again. */
export function isStable(expr: Expr): boolean {
  switch (expr.op) {
    case "const":
      return true;
    case "get":
      return expr.local.isFixed;
    case "unary":
      return isStable(expr.a);
    case "binary":
      return isStable(expr.a) && isStable(expr.b);
    case "choose":
      return isStable(expr.test) && isStable(expr.a) && isStable(expr.b);
    case "call":
      return expr.args.every(isStable);
    case "load":
      return isStable(expr.base) && isStable(expr.index);
    case "extract":
      return false;
  }
}
