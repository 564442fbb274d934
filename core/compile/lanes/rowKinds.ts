/**
 * What is known of the expressions in the body of a loop, before it is written for two rows at a time: whether they are
 * alike in all rows, count along with the rows, or are each row's own; and which integers are only ever true or false.
 */
import type { Expr, Local, Statement } from "../tree.ts";

/** Thrown where a loop cannot run over two rows at a time. */
export class NotInLanes extends Error {}

/** Alike in all rows; one more each row; each row's own. */
export type RowKind = "uniform" | "counting" | "own";

const comparison = /\.(?:eq|ne|[lg][te](?:_[su])?)$/;

/** The body of a loop, and what its locals are. */
export class RowKinds {
  readonly #index: Local;
  readonly #carried: ReadonlySet<Local>;
  readonly #assigned: Map<Local, Expr[]> = new Map();
  readonly #booleans: Set<Local>;
  readonly #kinds: Map<Local, RowKind> = new Map();

  /** `index` counts the rows; `carried` are other locals that a row leaves for the next. */
  constructor(body: readonly Statement[], index: Local, carried: ReadonlySet<Local>) {
    this.#index = index;
    this.#carried = carried;
    this.#collect(body);
    this.#booleans = new Set(Array.from(this.#assigned.keys()).filter(({ type }) => type === "i32"));
    for (let before = -1; before !== this.#booleans.size;) {
      before = this.#booleans.size;
      for (const local of this.#booleans) {
        if (!this.#assigned.get(local)!.every((value) => this.isBoolean(value))) this.#booleans.delete(local);
      }
    }
  }

  isCarried(local: Local): boolean {
    return this.#carried.has(local);
  }

  /** True if the local is set in the body. */
  isSet(local: Local): boolean {
    return this.#assigned.has(local);
  }

  /** True if the i32 is 0 or 1, whatever happens. */
  isBoolean(expr: Expr): boolean {
    switch (expr.op) {
      case "const":
        return expr.value === 0 || expr.value === 1;
      case "get":
        return this.#booleans.has(expr.local);
      case "unary":
        return expr.code === "i32.eqz";
      case "binary":
        if (comparison.test(expr.code)) return true;
        return /^i32\.(?:and|or|xor)$/.test(expr.code) && this.isBoolean(expr.a) && this.isBoolean(expr.b);
      case "choose":
        return this.isBoolean(expr.a) && this.isBoolean(expr.b);
      default:
        return false;
    }
  }

  /** @throws NotInLanes if it reads what is carried, or calls something. */
  kindOf(expr: Expr): RowKind {
    switch (expr.op) {
      case "const":
        return "uniform";
      case "get":
        return this.kindOfLocal(expr.local);
      case "unary":
        return this.kindOf(expr.a) === "uniform" ? "uniform" : "own";
      case "binary": {
        const [a, b] = [this.kindOf(expr.a), this.kindOf(expr.b)];
        if (a === "uniform" && b === "uniform") return "uniform";
        const isSum = expr.code === "i32.add" && a !== "own" && b !== "own" && a !== b;
        return isSum || (expr.code === "i32.sub" && a === "counting" && b === "uniform") ? "counting" : "own";
      }
      case "choose":
        return [expr.test, expr.a, expr.b].every((each) => this.kindOf(each) === "uniform") ? "uniform" : "own";
      case "load":
        this.kindOf(expr.index);
        return "own";
      case "call":
      case "extract":
        throw new NotInLanes("a call");
    }
  }

  /** What all values of the local are. @throws NotInLanes if it is carried. */
  kindOfLocal(local: Local): RowKind {
    if (local === this.#index) return "counting";
    if (this.#carried.has(local)) throw new NotInLanes("what the row before left");
    const values = this.#assigned.get(local);
    if (values === undefined) return "uniform";
    if (!local.isFixed || values.length > 1) return "own";
    let kind = this.#kinds.get(local);
    if (kind === undefined) this.#kinds.set(local, (kind = this.kindOf(values[0]!)));
    return kind;
  }

  /** True if the value, which is alike in all rows, stands before the loop. */
  isKnownBefore(expr: Expr): boolean {
    switch (expr.op) {
      case "const":
        return true;
      case "get":
        return !this.#assigned.has(expr.local) && !this.#carried.has(expr.local);
      case "unary":
        return this.isKnownBefore(expr.a);
      case "binary":
        return this.isKnownBefore(expr.a) && this.isKnownBefore(expr.b);
      case "choose":
        return [expr.test, expr.a, expr.b].every((each) => this.isKnownBefore(each));
      default:
        return false;
    }
  }

  #collect(statements: readonly Statement[]): void {
    for (const statement of statements) {
      if (statement.do === "set") {
        const values = this.#assigned.get(statement.local);
        if (values) values.push(statement.value);
        else this.#assigned.set(statement.local, [statement.value]);
      } else if (statement.do === "if") {
        this.#collect(statement.whenTrue);
        this.#collect(statement.whenFalse);
      } else if (statement.do === "block" || statement.do === "loop") this.#collect(statement.body);
    }
  }
}
