/**
 * Expressions of one row as expressions of two rows, with the same bits in each: what IEEE 754 rounds once, machines round
 * alike in lanes; both sides of a choice are computed, and one is taken.
 */
import type { FixedType } from "../../column/types.ts";
import {
  binary,
  f64,
  get,
  i32,
  load,
  type BinaryCode,
  type Expr,
  type Local,
  type Statement,
  type UnaryCode,
} from "../tree.ts";
import {
  getLanes,
  laneOf,
  laneOp,
  rowBits,
  type LaneCode,
  type LaneForm,
  type LaneLocal,
  type Lanes,
} from "./lanes.ts";
import { NotInLanes, type RowKinds } from "./rowKinds.ts";

/** Both rows' values of one expression. */
export interface RowValues {
  readonly form: LaneForm;
  readonly lanes: Lanes;
}

const unaryCodes: Readonly<Partial<Record<UnaryCode, LaneCode>>> = {
  "f64.neg": "f64x2.neg",
  "f64.abs": "f64x2.abs",
  "f64.ceil": "f64x2.ceil",
  "f64.floor": "f64x2.floor",
  "f64.trunc": "f64x2.trunc",
  "f64.sqrt": "f64x2.sqrt",
};

const arithmetic: Readonly<Partial<Record<BinaryCode, LaneCode>>> = {
  "f64.add": "f64x2.add",
  "f64.sub": "f64x2.sub",
  "f64.mul": "f64x2.mul",
  "f64.div": "f64x2.div",
  "f64.min": "f64x2.min",
  "f64.max": "f64x2.max",
  "i32.add": "i32x4.add",
  "i32.sub": "i32x4.sub",
  "i32.mul": "i32x4.mul",
  "i32.and": "v128.and",
  "i32.or": "v128.or",
  "i32.xor": "v128.xor",
  "i64.add": "i64x2.add",
};

const comparisons: Readonly<Partial<Record<BinaryCode, LaneCode>>> = {
  "f64.eq": "f64x2.eq",
  "f64.ne": "f64x2.ne",
  "f64.lt": "f64x2.lt",
  "f64.gt": "f64x2.gt",
  "f64.le": "f64x2.le",
  "f64.ge": "f64x2.ge",
  "i32.eq": "i32x4.eq",
  "i32.ne": "i32x4.ne",
  "i32.lt_u": "i32x4.lt_u",
  "i32.ge_u": "i32x4.ge_u",
  "i64.eq": "i64x2.eq",
  "i64.ne": "i64x2.ne",
  "i64.lt_s": "i64x2.lt_s",
  "i64.gt_s": "i64x2.gt_s",
  "i64.le_s": "i64x2.le_s",
  "i64.ge_s": "i64x2.ge_s",
};

const splatForms = { f64: "f64x2", i64: "i64x2", i32: "i32x4" } as const;

/** Writes the expressions of a loop's body for two rows. Each method throws `NotInLanes` for what lanes have no instruction for. */
export class LaneExpressions {
  readonly kinds: RowKinds;
  /** Statements before the loop: what is alike in all rows. */
  readonly before: Statement[] = [];
  /** Where values go that are read more than once. */
  out: Statement[] = [];
  readonly #locals: Map<Local, LaneLocal> = new Map();
  readonly #constants: Map<string, Lanes> = new Map();

  constructor(kinds: RowKinds) {
    this.kinds = kinds;
  }

  /** How a local is held that is each row's own. */
  formOf(local: Local): LaneForm {
    if (local.type !== "i32") return local.type;
    return this.kinds.isBoolean(get(local)) ? "mask" : "i32";
  }

  /** The variable for a local that is each row's own. */
  variable(local: Local): LaneLocal {
    let held = this.#locals.get(local);
    if (held === undefined) this.#locals.set(local, (held = { type: "v128", name: local.name }));
    return held;
  }

  /** An expression in this form. */
  as(form: LaneForm, expr: Expr): Lanes {
    switch (form) {
      case "mask":
        return this.mask(expr);
      case "i32":
        return this.#i32(expr);
      default:
        return this.#value(expr).lanes;
    }
  }

  /** All bits of a row's lane where the i32 is not 0, else none. */
  mask(expr: Expr): Lanes {
    if (expr.op === "load" && isByte(expr.column) && this.kinds.kindOf(expr.index) === "counting") {
      return laneOp("i8x16.ne", this.spread(this.#pairOf(expr)), this.constant("i32x4", 0));
    }
    const { form, lanes } = this.#value(expr);
    return form === "mask" ? lanes : this.#widened(laneOp("i32x4.ne", lanes, this.constant("i32x4", 0)));
  }

  /** The mask in lanes of 32 bits. */
  narrowed(mask: Lanes): Lanes {
    const held = this.pin(mask);
    return laneOp("rows.narrow", held, held);
  }

  /** A byte of each row, all over its lane. */
  spread(bytes: Lanes): Lanes {
    const held = this.pin(bytes);
    return laneOp("rows.spread", held, held);
  }

  /** What row `lane` has, as a number of its own. */
  inRow(expr: Expr, lane: 0 | 1): Expr {
    switch (this.kinds.kindOf(expr)) {
      case "uniform":
        return expr;
      case "counting":
        return lane === 0 ? expr : binary("i32.add", expr, i32(1));
      case "own": {
        const { form, lanes } = this.#value(expr);
        if (form !== "mask") return laneOf(form, lanes, lane);
        return binary("i32.and", binary("i32.shr_u", rowBits(lanes), i32(lane)), i32(1));
      }
    }
  }

  pin(lanes: Lanes): Lanes {
    if (lanes.op === "getLanes") return lanes;
    const local: LaneLocal = { type: "v128", name: "rows" };
    this.out.push({ do: "setLanes", local, value: lanes });
    return getLanes(local);
  }

  constant(form: "f64x2" | "i32x4" | "i64x2" | "i8x16", value: number | bigint): Lanes {
    const key = `${form} ${Object.is(value, -0) ? "-0" : value}`;
    let known = this.#constants.get(key);
    if (known === undefined) {
      const scalar: Expr =
        typeof value === "bigint" ? { op: "const", type: "i64", value } : form === "f64x2" ? f64(value) : i32(value);
      this.#constants.set(key, (known = this.#pinnedBefore({ op: "splat", form, value: scalar })));
    }
    return known;
  }

  #pinnedBefore(lanes: Lanes): Lanes {
    const local: LaneLocal = { type: "v128", name: "alike" };
    this.before.push({ do: "setLanes", local, value: lanes });
    return getLanes(local);
  }

  #value(expr: Expr): RowValues {
    switch (this.kinds.kindOf(expr)) {
      case "counting":
        throw new NotInLanes("the number of a row");
      case "uniform":
        return this.#alike(expr);
      case "own":
        return this.#own(expr);
    }
  }

  #alike(expr: Expr): RowValues {
    if (expr.op === "const") {
      if (expr.type === "f64") return { form: "f64", lanes: this.constant("f64x2", expr.value) };
      if (expr.type === "i64") return { form: "i64", lanes: this.constant("i64x2", expr.value) };
      if (this.kinds.isBoolean(expr)) return { form: "mask", lanes: this.constant("i32x4", -Number(expr.value)) };
      return { form: "i32", lanes: this.constant("i32x4", Number(expr.value)) };
    }
    const form = splatForms[expr.type];
    const splat: Lanes = { op: "splat", form, value: expr };
    const lanes = this.kinds.isKnownBefore(expr) ? this.#pinnedBefore(splat) : splat;
    if (!this.kinds.isBoolean(expr)) return { form: expr.type, lanes };
    return { form: "mask", lanes: laneOp("i32x4.ne", lanes, this.constant("i32x4", 0)) };
  }

  #own(expr: Expr): RowValues {
    switch (expr.op) {
      case "get":
        return { form: this.formOf(expr.local), lanes: getLanes(this.variable(expr.local)) };
      case "unary":
        return this.#unary(expr.code, expr.a);
      case "binary":
        return this.#binary(expr.code, expr.a, expr.b);
      case "choose": {
        const test = this.mask(expr.test);
        const form = expr.type !== "i32" ? expr.type : this.kinds.isBoolean(expr) ? "mask" : "i32";
        const [a, b] = [this.as(form, expr.a), this.as(form, expr.b)];
        return { form, lanes: laneOp("v128.bitselect", a, b, form === "i32" ? this.narrowed(test) : test) };
      }
      case "load":
        return this.#load(expr);
      default:
        throw new NotInLanes(expr.op);
    }
  }

  #unary(code: UnaryCode, a: Expr): RowValues {
    switch (code) {
      case "i32.eqz":
        return { form: "mask", lanes: laneOp("v128.not", this.mask(a)) };
      case "i64.extend_i32_u":
        return { form: "i64", lanes: laneOp("i64x2.extend_low_i32x4_u", this.#i32(a)) };
      case "f64.convert_i32_s":
      case "f64.convert_i32_u": {
        if (this.kinds.isBoolean(a)) {
          return { form: "f64", lanes: laneOp("v128.and", this.mask(a), this.constant("f64x2", 1)) };
        }
        const convert = code === "f64.convert_i32_s" ? "f64x2.convert_low_i32x4_s" : "f64x2.convert_low_i32x4_u";
        return { form: "f64", lanes: laneOp(convert, this.#i32(a)) };
      }
      case "f64.toSingle": {
        const single = laneOp("f32x4.demote_f64x2_zero", this.#value(a).lanes);
        return { form: "f64", lanes: laneOp("f64x2.promote_low_f32x4", single) };
      }
      default: {
        const inLanes = unaryCodes[code];
        if (inLanes === undefined) throw new NotInLanes(code);
        return { form: "f64", lanes: laneOp(inLanes, this.#value(a).lanes) };
      }
    }
  }

  #binary(code: BinaryCode, a: Expr, b: Expr): RowValues {
    const compare = comparisons[code];
    const areBooleans = code.startsWith("i32.") && this.kinds.isBoolean(a) && this.kinds.isBoolean(b);
    if (areBooleans && (code === "i32.eq" || code === "i32.ne")) {
      const unlike = laneOp("v128.xor", this.mask(a), this.mask(b));
      return { form: "mask", lanes: code === "i32.ne" ? unlike : laneOp("v128.not", unlike) };
    }
    if (code === "i32.ne" && b.op === "const" && b.value === 0) return { form: "mask", lanes: this.mask(a) };
    if (compare !== undefined) {
      if (!code.startsWith("i32.")) {
        return { form: "mask", lanes: laneOp(compare, this.#value(a).lanes, this.#value(b).lanes) };
      }
      return { form: "mask", lanes: this.#widened(laneOp(compare, this.#i32(a), this.#i32(b))) };
    }
    if (code === "i32.shl" || code === "i32.shr_s" || code === "i32.shr_u") {
      if (this.kinds.kindOf(b) !== "uniform") throw new NotInLanes(code);
      const inLanes = `i32x4.${code.slice(4) as "shl" | "shr_s" | "shr_u"}` as const;
      return { form: "i32", lanes: { op: "shift", code: inLanes, a: this.#i32(a), by: b } };
    }
    if (code === "f64.copysign") {
      const sign = this.constant("f64x2", -0);
      return { form: "f64", lanes: laneOp("v128.bitselect", this.#value(b).lanes, this.#value(a).lanes, sign) };
    }
    const inLanes = arithmetic[code];
    if (inLanes === undefined) throw new NotInLanes(code);
    if (code.startsWith("i32.")) {
      const isLogic = areBooleans && inLanes.startsWith("v128.");
      const form = isLogic ? "mask" : "i32";
      return { form, lanes: laneOp(inLanes, this.as(form, a), this.as(form, b)) };
    }
    return {
      form: code.startsWith("i64.") ? "i64" : "f64",
      lanes: laneOp(inLanes, this.#value(a).lanes, this.#value(b).lanes),
    };
  }

  #load(expr: Extract<Expr, { op: "load" }>): RowValues {
    const { column, base, index } = expr;
    const kind = this.kinds.kindOf(index);
    if (kind === "own" && column === "float64" && this.kinds.kindOf(base) === "uniform") {
      const rows = this.pin(this.#i32(index));
      const [first, second] = [0, 1].map((lane) => load(column, base, laneOf("i32", rows, lane)));
      return {
        form: "f64",
        lanes: { op: "replace", a: { op: "splat", form: "f64x2", value: first! }, value: second! },
      };
    }
    if (kind !== "counting") throw new NotInLanes("rows that do not lie one after the other");
    const pair = this.#pairOf(expr);
    switch (column) {
      case "float64":
        return { form: "f64", lanes: pair };
      case "float32":
        return { form: "f64", lanes: laneOp("f64x2.promote_low_f32x4", pair) };
      case "int64":
        return { form: "i64", lanes: pair };
      case "int32":
      case "uint32":
        return { form: "i32", lanes: pair };
      case "uint8":
      case "boolean":
        return {
          form: "i32",
          lanes: laneOp("v128.and", this.narrowed(this.spread(pair)), this.constant("i32x4", 255)),
        };
    }
  }

  #pairOf({ column, base, index }: Extract<Expr, { op: "load" }>): Lanes {
    if (this.kinds.kindOf(base) !== "uniform") throw new NotInLanes("a column of each row's own");
    return { op: "loadPair", column, base, index };
  }

  #i32(expr: Expr): Lanes {
    if (expr.op === "const") return this.constant("i32x4", Number(expr.value));
    const { form, lanes } = this.#value(expr);
    return form === "mask" ? laneOp("v128.and", this.narrowed(lanes), this.constant("i32x4", 1)) : lanes;
  }

  #widened(mask: Lanes): Lanes {
    return laneOp("i64x2.extend_low_i32x4_s", mask);
  }
}

function isByte(column: FixedType): boolean {
  return column === "uint8" || column === "boolean";
}
