/**
 * Expressions of which only a part is evaluated: `a ? b : c`, `a && b`, `a || b`, `a ?? b`.
 */
import type { ConditionalExpression, Expression, LogicalExpression } from "acorn";
import type { Builder } from "./builder.ts";
import { and, or, truthOf, type Known } from "./operations.ts";
import { chooseData, commonShape, convertTo, dataOf } from "./shapes.ts";
import { get, i32, not, type Expr, type Statement } from "./tree.ts";
import type { Data, Value } from "./value.ts";

/** How the parts of an expression are compiled. */
export interface PartCompiler {
  value(node: Expression): Value;
  known(node: Expression): Known;
  test(node: Expression): Expr;
}

/** Compiles the conditional expressions of one call. */
export class Conditions {
  readonly #builder: Builder;
  readonly #inner: PartCompiler;

  constructor(builder: Builder, inner: PartCompiler) {
    this.#builder = builder;
    this.#inner = inner;
  }

  /** The value of `left && right`, `left || right`, `left ?? right`. */
  logical({ operator, left, right }: LogicalExpression): Value {
    const a = this.#builder.pinned(this.#inner.known(left)) as Known;
    switch (operator) {
      case "&&":
        return this.#either(
          truthOf(a),
          () => this.#inner.value(right),
          () => a,
        );
      case "||":
        return this.#either(
          truthOf(a),
          () => a,
          () => this.#inner.value(right),
        );
      case "??":
        if (a.kind === "optional")
          return this.#either(
            a.present,
            () => a.value,
            () => this.#inner.value(right),
          );
        return a.kind === "missing" ? this.#inner.value(right) : a;
    }
  }

  conditional({ test, consequent, alternate }: ConditionalExpression): Value {
    return this.#either(
      this.#inner.test(test),
      () => this.#inner.value(consequent),
      () => this.#inner.value(alternate),
    );
  }

  /** One of two values, of which only one is evaluated. */
  #either(test: Expr, a: () => Value, b: () => Value): Value {
    if (test.op === "const") return test.value === 0 ? b() : a();
    const builder = this.#builder;
    const held = builder.pin(test, "test");
    const first = builder.nest(() => dataOf(a(), builder));
    const second = builder.nest(() => dataOf(b(), builder));
    if (first.statements.length === 0 && second.statements.length === 0) {
      return chooseData(held, first.result, second.result);
    }
    const shape = commonShape(first.result, second.result);
    const variables = builder.hold(shape, "either");
    const assigned = (arm: { statements: Statement[]; result: Data }): Statement[] => [
      ...arm.statements,
      ...builder.nest(() => builder.assignAll(variables, convertTo(shape, arm.result))).statements,
    ];
    builder.add({ do: "if", test: held, whenTrue: assigned(first), whenFalse: assigned(second) });
    return builder.pinned(variables);
  }

  /** 1 where `left && right`, or `left || right`, counts as true. The right is evaluated where it is asked for. */
  test(node: LogicalExpression): Expr {
    const isAnd = node.operator === "&&";
    const a = this.#inner.test(node.left);
    if (a.op === "const") return (a.value !== 0) === isAnd ? this.#inner.test(node.right) : a;
    const builder = this.#builder;
    const held = builder.pin(a, "test");
    const { statements, result: b } = builder.nest(() => this.#inner.test(node.right));
    if (statements.length === 0 && isCheap(b)) return isAnd ? and(held, b) : or(held, b);
    const both = builder.variable("i32", "test");
    builder.assign(both, i32(isAnd ? 0 : 1));
    const arm = [...statements, ...builder.nest(() => builder.assign(both, b)).statements];
    builder.add({ do: "if", test: isAnd ? held : not(held), whenTrue: arm, whenFalse: [] });
    return builder.pin(get(both), "test");
  }
}

/** True if an expression costs less than a jump around it. */
function isCheap(expr: Expr): boolean {
  return size(expr) <= 6;
}

function size(expr: Expr): number {
  switch (expr.op) {
    case "const":
    case "get":
      return 1;
    case "unary":
      return 1 + size(expr.a);
    case "binary":
      return 1 + size(expr.a) + size(expr.b);
    case "choose":
    case "call":
    case "load":
    case "extract":
      return Infinity;
  }
}
