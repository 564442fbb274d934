/**
 * Expressions compared and searched as trees.
 */
import type { Expr, Local } from "./tree.ts";

/** True if two expressions are written the same: then they have the same value wherever both can stand. */
export function isSameExpr(a: Expr, b: Expr): boolean {
  if (a === b) return true;
  switch (a.op) {
    case "const":
      return b.op === "const" && a.type === b.type && Object.is(a.value, b.value);
    case "get":
      return b.op === "get" && a.local === b.local;
    case "unary":
      return b.op === "unary" && a.code === b.code && isSameExpr(a.a, b.a);
    case "binary":
      return b.op === "binary" && a.code === b.code && isSameExpr(a.a, b.a) && isSameExpr(a.b, b.b);
    case "choose":
      return b.op === "choose" && isSameExpr(a.test, b.test) && isSameExpr(a.a, b.a) && isSameExpr(a.b, b.b);
    case "call":
      return (
        b.op === "call" &&
        a.callee.name === b.callee.name &&
        a.args.length === b.args.length &&
        a.args.every((arg, at) => isSameExpr(arg, b.args[at]!))
      );
    case "load":
      return b.op === "load" && a.column === b.column && isSameExpr(a.base, b.base) && isSameExpr(a.index, b.index);
    case "extract":
      return false; // of pairs, which are not compared
  }
}

/** The expressions that an expression is made of, one step down. */
export function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.op) {
    case "const":
    case "get":
    case "extract":
      return [];
    case "unary":
      return [expr.a];
    case "binary":
      return [expr.a, expr.b];
    case "choose":
      return [expr.test, expr.a, expr.b];
    case "call":
      return expr.args;
    case "load":
      return [expr.base, expr.index];
  }
}

/** True if an expression reads a local. */
export function reads(expr: Expr, local: Local): boolean {
  return expr.op === "get" ? expr.local === local : operandsOf(expr).some((each) => reads(each, local));
}
