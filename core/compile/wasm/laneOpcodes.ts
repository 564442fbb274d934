/**
 * Instructions on 128 bits by the bytes of WebAssembly's binary format.
 */
import type { FixedType } from "../../column/types.ts";
import type { Extract, LaneCode, Lanes } from "../lanes/lanes.ts";

/** The prefix, and the number in LEB128. */
function simd(number: number, ...immediates: number[]): readonly number[] {
  return number < 0x80 ? [0xfd, number, ...immediates] : [0xfd, (number & 0x7f) | 0x80, number >> 7, ...immediates];
}

/** `i8x16.shuffle` of two operands: which of their 32 bytes each byte is. */
function shuffle(byteAt: (at: number) => number): readonly number[] {
  return simd(0x0d, ...Array.from({ length: 16 }, (_, at) => byteAt(at)));
}

type WithOp<Op> = Lanes extends infer Each ? (Each extends { readonly op: Op } ? Each : never) : never;
type OtherCode = `${WithOp<"splat">["form"]}.splat` | WithOp<"shift">["code"] | "f64x2.replace_lane 1";

export const laneBytes: Readonly<Record<LaneCode | OtherCode, readonly number[]>> = {
  "i8x16.splat": simd(0x0f),
  "i32x4.splat": simd(0x11),
  "i64x2.splat": simd(0x12),
  "f64x2.splat": simd(0x14),
  "f64x2.replace_lane 1": simd(0x22, 1),
  "i8x16.ne": simd(0x24),
  "i32x4.eq": simd(0x37),
  "i32x4.ne": simd(0x38),
  "i32x4.lt_u": simd(0x3a),
  "i32x4.ge_u": simd(0x40),
  "f64x2.eq": simd(0x47),
  "f64x2.ne": simd(0x48),
  "f64x2.lt": simd(0x49),
  "f64x2.gt": simd(0x4a),
  "f64x2.le": simd(0x4b),
  "f64x2.ge": simd(0x4c),
  "v128.not": simd(0x4d),
  "v128.and": simd(0x4e),
  "v128.or": simd(0x50),
  "v128.xor": simd(0x51),
  "v128.bitselect": simd(0x52),
  "f32x4.demote_f64x2_zero": simd(0x5e),
  "f64x2.promote_low_f32x4": simd(0x5f),
  "f64x2.ceil": simd(0x74),
  "f64x2.floor": simd(0x75),
  "f64x2.trunc": simd(0x7a),
  "i32x4.shl": simd(0xab),
  "i32x4.shr_s": simd(0xac),
  "i32x4.shr_u": simd(0xad),
  "i32x4.add": simd(0xae),
  "i32x4.sub": simd(0xb1),
  "i32x4.mul": simd(0xb5),
  "i64x2.extend_low_i32x4_s": simd(0xc7),
  "i64x2.extend_low_i32x4_u": simd(0xc9),
  "i64x2.add": simd(0xce),
  "i64x2.eq": simd(0xd6),
  "i64x2.ne": simd(0xd7),
  "i64x2.lt_s": simd(0xd8),
  "i64x2.gt_s": simd(0xd9),
  "i64x2.le_s": simd(0xda),
  "i64x2.ge_s": simd(0xdb),
  "f64x2.abs": simd(0xec),
  "f64x2.neg": simd(0xed),
  "f64x2.sqrt": simd(0xef),
  "f64x2.add": simd(0xf0),
  "f64x2.sub": simd(0xf1),
  "f64x2.mul": simd(0xf2),
  "f64x2.div": simd(0xf3),
  "f64x2.min": simd(0xf4),
  "f64x2.max": simd(0xf5),
  "f64x2.convert_low_i32x4_s": simd(0xfe),
  "f64x2.convert_low_i32x4_u": simd(0xff),
  "rows.narrow": shuffle((at) => (at % 4) + 8 * ((at >> 2) % 2)),
  "rows.spread": shuffle((at) => at >> 3),
  "rows.pack": shuffle((at) => 8 * (at % 2)),
};

export const extractBytes: Readonly<Record<Extract["code"], readonly number[]>> = {
  "i32x4.extract_lane": simd(0x1b),
  "i64x2.extract_lane": simd(0x1d),
  "f64x2.extract_lane": simd(0x21),
  "v128.any_true": simd(0x53),
  "i64x2.bitmask": simd(0xc4),
};

/** How two elements of a column that lie one after the other are read and written, as a whole. */
export interface PairAccess {
  readonly shift: number;
  readonly load: readonly number[];
  readonly store: readonly number[];
}

const pairs8: PairAccess = { shift: 3, load: simd(0x00, 0, 0), store: simd(0x0b, 0, 0) };
const pairs4: PairAccess = { shift: 2, load: simd(0x5d, 0, 0), store: simd(0x5b, 0, 0, 0) };
const pairs1: PairAccess = { shift: 0, load: simd(0x08, 0, 0), store: simd(0x59, 0, 0, 0) };

export const pairAccess: Readonly<Record<FixedType, PairAccess>> = {
  float64: pairs8,
  int64: pairs8,
  float32: pairs4,
  int32: pairs4,
  uint32: pairs4,
  uint8: pairs1,
  boolean: pairs1,
};
