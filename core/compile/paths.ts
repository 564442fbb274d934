/**
 * The ways through a list of statements: for each, the tests that lead there, and what is called on it, with locals
 * replaced by what they hold. For whoever asks what a function does, and not only what it computes.
 */
import { Refused } from "./refused.ts";
import { isSameExpr, operandsOf } from "./sameExpr.ts";
import { binary, choose, not, unary, type Callee, type Expr, type Label, type Local, type Statement } from "./tree.ts";

/** A test that came out this way. */
export interface Literal {
  readonly test: Expr;
  readonly holds: boolean;
}

/** A call of a function, as a statement. */
export interface PathCall {
  readonly callee: Callee;
  readonly args: readonly Expr[];
}

/** One way: it is taken where all of its literals hold, and then no other one is. */
export interface Path {
  readonly literals: readonly Literal[];
  /** In order. */
  readonly calls: readonly PathCall[];
  /** What locals hold at the end. */
  readonly locals: ReadonlyMap<Local, Expr>;
}

/** Ways at most, and parts of one expression. */
const maxPaths = 64;
const maxSize = 2000;

/**
 * All ways through `statements`. Locals that no statement sets stand for themselves.
 *
 * @throws Refused if there is a loop or a write to memory, or too many ways.
 */
export function pathsOf(statements: readonly Statement[]): readonly Path[] {
  return new Walk().all(statements, [{ literals: [], calls: [], locals: new Map() }]);
}

/** The ways in which a value comes about on a path: where it is one of two by a test, a way for each. */
export function choices(path: Path, value: Expr): readonly (Path & { readonly value: Expr })[] {
  const full = written(value, path.locals);
  if (full.op !== "choose") return [{ ...path, value: full }];
  return [true, false].flatMap((holds) =>
    assumed(path, full.test, holds).flatMap((way) => choices({ ...way, locals: new Map() }, holds ? full.a : full.b)),
  );
}

class Walk {
  readonly #left: Map<Label, Path[]> = new Map();

  all(statements: readonly Statement[], paths: readonly Path[]): readonly Path[] {
    let open = paths;
    for (const statement of statements) {
      open = open.flatMap((path) => this.#one(statement, path));
      if (open.length > maxPaths) throw new Refused("there are too many ways through it");
    }
    return open;
  }

  #one(statement: Statement, path: Path): readonly Path[] {
    switch (statement.do) {
      case "set":
        return [{ ...path, locals: new Map(path.locals).set(statement.local, written(statement.value, path.locals)) }];
      case "call": {
        const args = statement.args.map((arg) => written(arg, path.locals));
        return [{ ...path, calls: [...path.calls, { callee: statement.callee, args }] }];
      }
      case "if": {
        const test = written(statement.test, path.locals);
        if (setsOnly(statement)) return [this.#chosen(test, statement, path)];
        return [
          ...this.all(statement.whenTrue, assumed(path, test, true)),
          ...this.all(statement.whenFalse, assumed(path, test, false)),
        ];
      }
      case "block": {
        const ended = this.all(statement.body, [path]);
        const left = this.#left.get(statement.label) ?? [];
        this.#left.delete(statement.label);
        return [...ended, ...left];
      }
      case "leave": {
        const test = statement.test && written(statement.test, path.locals);
        const leaving = test === undefined ? [path] : assumed(path, test, true);
        this.#left.set(statement.label, [...(this.#left.get(statement.label) ?? []), ...leaving]);
        return test === undefined ? [] : assumed(path, test, false);
      }
      case "loop":
        throw new Refused("it has a loop");
      case "store":
      case "storePair":
      case "setLanes":
        throw new Refused("it writes to memory");
    }
  }

  /** The path after an `if` that only sets locals: each is one of two values by the test. */
  #chosen(test: Expr, { whenTrue, whenFalse }: If, path: Path): Path {
    const [yes, no] = [whenTrue, whenFalse].map((arm) => this.all(arm, [path])[0]!.locals);
    const locals = new Map(path.locals);
    for (const local of new Set([...yes!.keys(), ...no!.keys()])) {
      const [a, b] = [yes!.get(local) ?? zeroOf(local), no!.get(local) ?? zeroOf(local)];
      locals.set(local, isSameExpr(a, b) ? a : choose(test, a, b));
    }
    return { ...path, locals };
  }
}

type If = Extract<Statement, { readonly do: "if" }>;

/** True if nothing happens in an `if` but that locals are set. */
function setsOnly({ whenTrue, whenFalse }: If): boolean {
  return [...whenTrue, ...whenFalse].every((each) => each.do === "set" || (each.do === "if" && setsOnly(each)));
}

/** What a local holds before it is set. */
function zeroOf({ type }: Local): Expr {
  return type === "i64" ? { op: "const", type, value: 0n } : { op: "const", type, value: 0 };
}

/** The path where a test comes out as said: none if it cannot, several if there are several reasons for it. */
function assumed(path: Path, test: Expr, holds: boolean): readonly Path[] {
  if (test.op === "const") return (Number(test.value) !== 0) === holds ? [path] : [];
  if (test.op === "unary" && test.code === "i32.eqz") return assumed(path, test.a, !holds);
  if (test.op === "choose") {
    return [
      ...assumed(path, test.test, true).flatMap((way) => assumed(way, test.a, holds)),
      ...assumed(path, test.test, false).flatMap((way) => assumed(way, test.b, holds)),
    ];
  }
  if (test.op === "binary" && (test.code === "i32.and" || test.code === "i32.or") && isTest(test.a) && isTest(test.b)) {
    const isAnd = test.code === "i32.and";
    if (isAnd === holds) return assumed(path, test.a, holds).flatMap((way) => assumed(way, test.b, holds));
    return [
      ...assumed(path, test.a, holds),
      ...assumed(path, test.a, !holds).flatMap((way) => assumed(way, test.b, holds)),
    ];
  }
  const known = path.literals.find((literal) => isSameExpr(literal.test, test));
  if (known !== undefined) return known.holds === holds ? [path] : [];
  return [{ ...path, literals: [...path.literals, { test, holds }] }];
}

/** True for what is 0 or 1. */
function isTest(expr: Expr): boolean {
  switch (expr.op) {
    case "const":
      return expr.value === 0 || expr.value === 1;
    case "unary":
      return expr.code === "i32.eqz";
    case "binary":
      if (expr.code === "i32.and" || expr.code === "i32.or") return isTest(expr.a) && isTest(expr.b);
      return /\.(?:eq|ne|[lg][te](?:_[su])?)$/.test(expr.code);
    case "choose":
      return isTest(expr.a) && isTest(expr.b);
    default:
      return false;
  }
}

/** The expression with locals replaced. */
function written(expr: Expr, locals: ReadonlyMap<Local, Expr>): Expr {
  const full = replaced(expr, locals);
  if (sizeOf(full, 0) > maxSize) throw new Refused("it is too long, with what it is made of");
  return full;
}

function replaced(expr: Expr, locals: ReadonlyMap<Local, Expr>): Expr {
  const inside = (each: Expr): Expr => replaced(each, locals);
  switch (expr.op) {
    case "const":
      return expr;
    case "get":
      return locals.get(expr.local) ?? expr;
    case "unary":
      return expr.code === "i32.eqz" ? not(inside(expr.a)) : unary(expr.code, inside(expr.a));
    case "binary":
      return binary(expr.code, inside(expr.a), inside(expr.b));
    case "choose":
      return choose(inside(expr.test), inside(expr.a), inside(expr.b));
    case "call":
      return { ...expr, args: expr.args.map(inside) };
    case "load":
      return { ...expr, base: inside(expr.base), index: inside(expr.index) };
    case "extract":
      throw new Refused("it is made for pairs of rows");
  }
}

/** How many parts an expression has, counted until there are too many. */
function sizeOf(expr: Expr, before: number): number {
  let size = before + 1;
  for (const operand of operandsOf(expr)) {
    if (size > maxSize) break;
    size = sizeOf(operand, size);
  }
  return size;
}
