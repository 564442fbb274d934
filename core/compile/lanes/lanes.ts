/**
 * Two rows of a loop side by side, in the 128 bits of one register: f64 and i64 as two lanes of 64 bits, i32 in the first two
 * of four lanes of 32, and what is only true or false as a mask, 64 bits a row, all set or none.
 */
import type { FixedType } from "../../column/types.ts";
import type { Expr, MachineType } from "../tree.ts";

/** What the lanes are. */
export type LaneForm = "f64" | "i64" | "i32" | "mask";

/** A variable of 128 bits. */
export interface LaneLocal {
  readonly type: "v128";
  readonly name: string;
}

/** Instructions on lanes alone, by the names of WebAssembly's text format; `rows.` are shuffles. */
export type LaneCode =
  | `f64x2.${"neg" | "abs" | "ceil" | "floor" | "trunc" | "sqrt" | "add" | "sub" | "mul" | "div" | "min" | "max"}`
  | `f64x2.${"eq" | "ne" | "lt" | "gt" | "le" | "ge" | "convert_low_i32x4_s" | "convert_low_i32x4_u"}`
  | `f64x2.promote_low_f32x4`
  | "f32x4.demote_f64x2_zero"
  | `i32x4.${"add" | "sub" | "mul" | "eq" | "ne" | "lt_u" | "ge_u"}`
  | `i64x2.${"add" | "eq" | "ne" | "lt_s" | "gt_s" | "le_s" | "ge_s" | "extend_low_i32x4_s" | "extend_low_i32x4_u"}`
  | "i8x16.ne"
  | `v128.${"not" | "and" | "or" | "xor" | "bitselect"}`
  /** The two lanes of 64 bits cut to the first two of 32. */
  | "rows.narrow"
  /** Byte 0 all over the first lane of 64 bits, byte 1 all over the second. */
  | "rows.spread"
  /** The first byte of each lane of 64 bits, as bytes 0 and 1. */
  | "rows.pack";

/** An expression of 128 bits without effects. */
export type Lanes =
  | { readonly op: "getLanes"; readonly local: LaneLocal }
  /** One number in all lanes of its size. */
  | { readonly op: "splat"; readonly form: "f64x2" | "i64x2" | "i32x4" | "i8x16"; readonly value: Expr }
  | { readonly op: "lanes"; readonly code: LaneCode; readonly args: readonly Lanes[] }
  | { readonly op: "shift"; readonly code: `i32x4.${"shl" | "shr_s" | "shr_u"}`; readonly a: Lanes; readonly by: Expr }
  /** `a` with this f64 in the second lane. */
  | { readonly op: "replace"; readonly a: Lanes; readonly value: Expr }
  /**
   * Rows `index` and `index` + 1 of a column, as they lie in memory: of 8 bytes side by side, of 4 in the first half; of one byte
   * in each 16 bits.
   */
  | { readonly op: "loadPair"; readonly column: FixedType; readonly base: Expr; readonly index: Expr };

/** A number of what lanes hold: one of them, or 1 if any bit is set, or a bit for each lane of 64 bits whose highest bit is. */
export interface Extract {
  readonly op: "extract";
  readonly type: MachineType;
  readonly code: `${"f64x2" | "i64x2" | "i32x4"}.extract_lane` | "v128.any_true" | "i64x2.bitmask";
  /** 0 or 1, for those that name one. */
  readonly lane?: number;
  readonly a: Lanes;
}

export function laneOp(code: LaneCode, ...args: Lanes[]): Lanes {
  return { op: "lanes", code, args };
}

export function getLanes(local: LaneLocal): Lanes {
  return { op: "getLanes", local };
}

const extracts = {
  f64: { type: "f64", code: "f64x2.extract_lane" },
  i64: { type: "i64", code: "i64x2.extract_lane" },
  i32: { type: "i32", code: "i32x4.extract_lane" },
} as const;

/** What row 0 or 1 has. */
export function laneOf(form: "f64" | "i64" | "i32", a: Lanes, lane: number): Expr {
  return { op: "extract", ...extracts[form], lane, a };
}

/** 1 if the mask holds for a row at least. */
export function anyRow(mask: Lanes): Expr {
  return { op: "extract", type: "i32", code: "v128.any_true", a: mask };
}

/** Bit k is set if the mask holds for row k. */
export function rowBits(mask: Lanes): Expr {
  return { op: "extract", type: "i32", code: "i64x2.bitmask", a: mask };
}
