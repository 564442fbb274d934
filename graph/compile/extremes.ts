/**
 * Comparisons and extremes as programs write them, read off typed trees. They are told apart from look-alikes only where no
 * operand is NaN, and no 0 is negative: whoever asks makes sure of that.
 */
import type { Literal, Path } from "../../core/compile/paths.ts";
import { isSameExpr } from "../../core/compile/sameExpr.ts";
import type { Expr } from "../../core/compile/tree.ts";

/** Which of two numbers counts as better. */
export type Extreme = "min" | "max";

/** Two numbers, the first of which is better than the second, or, unless it is strict, as good. */
export interface Order {
  readonly better: Expr;
  readonly worse: Expr;
  readonly isStrict: boolean;
}

/** What a literal says of the order of two numbers; undefined if it is no comparison. */
export function orderOf({ test, holds }: Literal, best: Extreme): Order | undefined {
  if (test.op !== "binary") return undefined;
  const isGreater = test.code === "f64.gt" || test.code === "f64.ge";
  const isStrict = test.code === "f64.lt" || test.code === "f64.gt";
  if (!isGreater && !isStrict && test.code !== "f64.le") return undefined;
  const [low, high] = isGreater === holds ? [test.b, test.a] : [test.a, test.b];
  const [better, worse] = best === "min" ? [low, high] : [high, low];
  return { better, worse, isStrict: isStrict === holds };
}

/** The two numbers of which an expression is the lesser or the greater; undefined if it is neither. */
export function extremeOf(expr: Expr): { readonly which: Extreme; readonly of: readonly [Expr, Expr] } | undefined {
  if (expr.op === "binary" && (expr.code === "f64.min" || expr.code === "f64.max")) {
    return { which: expr.code === "f64.min" ? "min" : "max", of: [expr.a, expr.b] };
  }
  if (expr.op !== "choose") return undefined;
  const order = orderOf({ test: expr.test, holds: true }, "min");
  if (order === undefined) return undefined;
  const { better: low, worse: high } = order;
  if (isSameExpr(expr.a, low) && isSameExpr(expr.b, high)) return { which: "min", of: [low, high] };
  if (isSameExpr(expr.a, high) && isSameExpr(expr.b, low)) return { which: "max", of: [low, high] };
  return undefined;
}

/** True if a function of two numbers gives the better of them in each of these ways. */
export function givesBest(
  ways: readonly (Path & { readonly value: Expr })[],
  a: Expr,
  b: Expr,
  best: Extreme,
): boolean {
  return ways.every(({ literals, value }) => {
    const extreme = extremeOf(value);
    if (extreme !== undefined) {
      const [x, y] = extreme.of;
      const areBoth = (isSameExpr(x, a) && isSameExpr(y, b)) || (isSameExpr(x, b) && isSameExpr(y, a));
      return extreme.which === best && areBoth;
    }
    const [given, other] = isSameExpr(value, a) ? [a, b] : [b, a];
    if (!isSameExpr(value, given)) return false;
    return literals.some((literal) => {
      const order = orderOf(literal, best);
      return order !== undefined && isSameExpr(order.better, given) && isSameExpr(order.worse, other);
    });
  });
}
