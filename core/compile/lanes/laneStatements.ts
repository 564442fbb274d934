/**
 * Statements of one row as statements of two rows: both branches of a test run, and each changes the rows alone for which it
 * was taken.
 */
import { binary, get, i32, set, type Expr, type Label, type Local, type Statement } from "../tree.ts";
import { anyRow, getLanes, laneOf, laneOp, rowBits, type LaneLocal, type Lanes } from "./lanes.ts";
import { LaneExpressions } from "./laneExpressions.ts";
import { NotInLanes, type RowKinds } from "./rowKinds.ts";

/** For which rows statements run: all if undefined. */
type Rows = Lanes | undefined;

/** Branches of fewer statements run without asking whether a row takes them. */
const minAsked = 6;

/** Writes the statements of a loop's body for two rows. Methods throw `NotInLanes` for what cannot run so. */
export class LaneStatements {
  readonly #kinds: RowKinds;
  readonly #expressions: LaneExpressions;
  /** Counters, and what the two rows' lanes add to them. */
  readonly #counters: Map<Local, LaneLocal> = new Map();

  constructor(kinds: RowKinds) {
    this.#kinds = kinds;
    this.#expressions = new LaneExpressions(kinds);
  }

  /** The loop's body; what goes before the loop, and after it. */
  write(body: readonly Statement[]): Readonly<Record<"before" | "body" | "after", readonly Statement[]>> {
    this.#all(body, undefined);
    const { before, out } = this.#expressions;
    const after: Statement[] = [];
    for (const [local, held] of this.#counters) {
      const form = local.type === "i32" ? "i32" : "i64";
      const zero: Expr = form === "i32" ? i32(0) : { op: "const", type: "i64", value: 0n };
      before.push({
        do: "setLanes",
        local: held,
        value: { op: "splat", form: form === "i32" ? "i32x4" : "i64x2", value: zero },
      });
      for (const lane of [0, 1]) {
        after.push(set(local, binary(`${form}.add`, get(local), laneOf(form, getLanes(held), lane))));
      }
    }
    return { before, body: out, after };
  }

  /** Runs a list for some rows; returns which of them leave it, and for where. */
  #all(statements: readonly Statement[], rows: Rows): Map<Label, Rows> {
    const left = new Map<Label, Rows>();
    let staying = rows;
    for (const statement of statements) {
      const now = this.#one(statement, staying);
      for (const [label, gone] of now) {
        left.set(label, left.has(label) ? this.#either(left.get(label), gone) : gone);
        if (gone === undefined || gone === staying) return left;
        staying = this.#and(staying, laneOp("v128.not", gone));
      }
    }
    return left;
  }

  #one(statement: Statement, rows: Rows): Map<Label, Rows> {
    switch (statement.do) {
      case "set":
        this.#set(statement.local, statement.value, rows);
        return new Map();
      case "store":
        this.#store(statement, rows);
        return new Map();
      case "call":
        this.#call(statement, rows);
        return new Map();
      case "if":
        return this.#if(statement, rows);
      case "block": {
        const left = this.#all(statement.body, rows);
        left.delete(statement.label);
        return left;
      }
      case "leave": {
        const test = statement.test && this.#expressions.mask(statement.test);
        return new Map([[statement.label, test === undefined ? rows : this.#and(rows, test)]]);
      }
      default:
        throw new NotInLanes(statement.do);
    }
  }

  #if(statement: Extract<Statement, { do: "if" }>, rows: Rows): Map<Label, Rows> {
    if (this.#maximum(statement, rows)) return new Map();
    const { test, whenTrue, whenFalse } = statement;
    const held = this.#expressions.pin(this.#expressions.mask(test));
    const left = this.#branch(whenTrue, this.#and(rows, held));
    if (whenFalse.length === 0) return left;
    for (const [label, gone] of this.#branch(whenFalse, this.#and(rows, laneOp("v128.not", held)))) {
      left.set(label, left.has(label) ? this.#either(left.get(label), gone) : gone);
    }
    return left;
  }

  #branch(statements: readonly Statement[], rows: Lanes): Map<Label, Rows> {
    const outer = this.#expressions.out;
    const inner: Statement[] = (this.#expressions.out = []);
    const left = this.#all(statements, rows);
    this.#expressions.out = outer;
    // Masks of who leaves are read after the branch, so that they must be there.
    if (left.size === 0 && inner.length >= minAsked)
      outer.push({ do: "if", test: anyRow(rows), whenTrue: inner, whenFalse: [] });
    else outer.push(...inner);
    return left;
  }

  /** `if (x > most) most = x`, where `most` is carried from row to row: whoever was first among equals stays. */
  #maximum({ test, whenTrue, whenFalse }: Extract<Statement, { do: "if" }>, rows: Rows): boolean {
    if (test.op !== "binary" || test.code !== "f64.gt" || test.b.op !== "get" || whenFalse.length > 0) return false;
    const most = test.b.local;
    const [only, ...others] = whenTrue;
    if (!this.#kinds.isCarried(most) || only?.do !== "set" || only.local !== most || others.length > 0) return false;
    if (only.value.op !== "get" || test.a.op !== "get" || only.value.local !== test.a.local) return false;
    const expressions = this.#expressions;
    if (this.#kinds.kindOf(test.a) !== "own") throw new NotInLanes("a maximum that is alike in all rows");
    const values = expressions.pin(expressions.as("f64", test.a));
    const isMore = laneOp("f64x2.gt", values, { op: "splat", form: "f64x2", value: get(most) });
    const more = expressions.pin(this.#and(rows, isMore));
    const take = (lane: number): Statement => {
      const value = laneOf("f64", values, lane);
      const bit = binary("i32.and", rowBits(more), i32(1 << lane));
      // The first row may have raised it; where it was not more before, it is not now.
      const isTaken = binary("i32.and", binary("i32.ne", bit, i32(0)), binary("f64.gt", value, get(most)));
      return { do: "if", test: isTaken, whenTrue: [set(most, value)], whenFalse: [] };
    };
    expressions.out.push({ do: "if", test: anyRow(more), whenTrue: [take(0), take(1)], whenFalse: [] });
    return true;
  }

  #set(local: Local, value: Expr, rows: Rows): void {
    const expressions = this.#expressions;
    if (this.#kinds.isCarried(local)) {
      this.#count(local, value, rows);
      return;
    }
    if (this.#kinds.kindOfLocal(local) !== "own") {
      expressions.out.push(set(local, value));
      return;
    }
    const form = expressions.formOf(local);
    const held = expressions.variable(local);
    const lanes = expressions.as(form, value);
    const kept = local.isFixed ? lanes : this.#chosen(lanes, getLanes(held), form === "i32", rows);
    expressions.out.push({ do: "setLanes", local: held, value: kept });
  }

  #count(local: Local, value: Expr, rows: Rows): void {
    const expressions = this.#expressions;
    const isCount =
      value.op === "binary" && /^i(?:32|64)\.add$/.test(value.code) && value.a.op === "get" && value.a.local === local;
    if (!isCount) throw new NotInLanes("what the row before left");
    const form = local.type === "i32" ? "i32" : "i64";
    const added = expressions.as(form, value.b);
    const counted =
      rows === undefined ? added : laneOp("v128.and", added, form === "i32" ? expressions.narrowed(rows) : rows);
    let held = this.#counters.get(local);
    if (held === undefined) this.#counters.set(local, (held = { type: "v128", name: local.name }));
    const sum = laneOp(form === "i32" ? "i32x4.add" : "i64x2.add", getLanes(held), counted);
    expressions.out.push({ do: "setLanes", local: held, value: sum });
  }

  #store({ column, base, index, value }: Extract<Statement, { do: "store" }>, rows: Rows): void {
    const expressions = this.#expressions;
    if (this.#kinds.kindOf(base) !== "uniform" || this.#kinds.kindOf(index) !== "counting") {
      throw new NotInLanes("rows that do not lie one after the other");
    }
    const old: Lanes = { op: "loadPair", column, base, index };
    let lanes: Lanes;
    switch (column) {
      case "float64":
      case "int64":
        lanes = this.#chosen(expressions.as(column === "int64" ? "i64" : "f64", value), old, false, rows);
        break;
      case "int32":
      case "uint32":
        lanes = this.#chosen(expressions.as("i32", value), old, true, rows);
        break;
      case "uint8":
      case "boolean": {
        if (!this.#kinds.isBoolean(value)) throw new NotInLanes("bytes that are more than 0 or 1");
        const bytes = laneOp("v128.and", expressions.mask(value), expressions.constant("i8x16", 1));
        const held = expressions.pin(
          rows === undefined ? bytes : laneOp("v128.bitselect", bytes, expressions.spread(old), rows),
        );
        lanes = laneOp("rows.pack", held, held);
        break;
      }
      case "float32":
        throw new NotInLanes(column);
    }
    expressions.out.push({ do: "storePair", column, base, index, value: lanes });
  }

  #call({ callee, args }: Extract<Statement, { do: "call" }>, rows: Rows): void {
    const expressions = this.#expressions;
    const outer = expressions.out;
    const inner: Statement[] = (expressions.out = []);
    for (const lane of [0, 1] as const) {
      const call: Statement = { do: "call", callee, args: args.map((arg) => expressions.inRow(arg, lane)) };
      const bit = rows && binary("i32.and", rowBits(rows), i32(1 << lane));
      inner.push(bit ? { do: "if", test: bit, whenTrue: [call], whenFalse: [] } : call);
    }
    expressions.out = outer;
    if (rows === undefined) outer.push(...inner);
    else outer.push({ do: "if", test: anyRow(rows), whenTrue: inner, whenFalse: [] });
  }

  /** `lanes` for the rows that run, what was there for the others. */
  #chosen(lanes: Lanes, old: Lanes, isNarrow: boolean, rows: Rows): Lanes {
    if (rows === undefined) return lanes;
    return laneOp("v128.bitselect", lanes, old, isNarrow ? this.#expressions.narrowed(rows) : rows);
  }

  #and(rows: Rows, mask: Lanes): Lanes {
    return this.#expressions.pin(rows === undefined ? mask : laneOp("v128.and", rows, mask));
  }

  #either(a: Rows, b: Rows): Rows {
    return a && b && this.#expressions.pin(laneOp("v128.or", a, b));
  }
}
