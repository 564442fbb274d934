/**
 * Instructions of WebAssembly by the bytes of its binary format.
 */
import type { FixedType } from "../../column/types.ts";
import type { BinaryCode, MachineType, UnaryCode } from "../tree.ts";

/** Types of values; `none` stands for a block without a result. */
export const typeBytes: Readonly<Record<MachineType | "v128" | "none", number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f64: 0x7c,
  v128: 0x7b,
  none: 0x40,
};

/** Instructions that are neither arithmetic nor memory. */
export const control = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  call: 0x10,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  i32Const: 0x41,
  i64Const: 0x42,
  f64Const: 0x44,
} as const;

export const unaryBytes: Readonly<Record<UnaryCode, readonly number[]>> = {
  "f64.abs": [0x99],
  "f64.neg": [0x9a],
  "f64.ceil": [0x9b],
  "f64.floor": [0x9c],
  "f64.trunc": [0x9d],
  "f64.sqrt": [0x9f],
  "f64.toSingle": [0xb6, 0xbb], // f32.demote_f64, f64.promote_f32
  "f64.convert_i32_s": [0xb7],
  "f64.convert_i32_u": [0xb8],
  "f64.convert_i64_s": [0xb9],
  "i32.eqz": [0x45],
  "i32.clz": [0x67],
  "i32.wrap_i64": [0xa7],
  "i64.extend_i32_u": [0xad],
  "i64.trunc_sat_f64_s": [0xfc, 0x06],
};

export const binaryBytes: Readonly<Record<BinaryCode, number>> = {
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_u": 0x49,
  "i32.ge_u": 0x4f,
  "i64.eq": 0x51,
  "i64.ne": 0x52,
  "i64.lt_s": 0x53,
  "i64.gt_s": 0x55,
  "i64.le_s": 0x57,
  "i64.ge_s": 0x59,
  "f64.eq": 0x61,
  "f64.ne": 0x62,
  "f64.lt": 0x63,
  "f64.gt": 0x64,
  "f64.le": 0x65,
  "f64.ge": 0x66,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.and": 0x71,
  "i32.or": 0x72,
  "i32.xor": 0x73,
  "i32.shl": 0x74,
  "i32.shr_s": 0x75,
  "i32.shr_u": 0x76,
  "i64.add": 0x7c,
  "i64.rem_s": 0x81,
  "f64.add": 0xa0,
  "f64.sub": 0xa1,
  "f64.mul": 0xa2,
  "f64.div": 0xa3,
  "f64.min": 0xa4,
  "f64.max": 0xa5,
  "f64.copysign": 0xa6,
};

/** How a column's elements are read and written: opcodes with what converts them, and the power of two of their size. */
export interface MemoryAccess {
  readonly shift: number;
  readonly load: number;
  readonly afterLoad?: number;
  readonly beforeStore?: number;
  readonly store: number;
}

export const memoryAccess: Readonly<Record<FixedType, MemoryAccess>> = {
  float64: { shift: 3, load: 0x2b, store: 0x39 },
  float32: { shift: 2, load: 0x2a, afterLoad: 0xbb, beforeStore: 0xb6, store: 0x38 },
  int32: { shift: 2, load: 0x28, store: 0x36 },
  uint32: { shift: 2, load: 0x28, store: 0x36 },
  int64: { shift: 3, load: 0x29, store: 0x37 },
  uint8: { shift: 0, load: 0x2d, store: 0x3a },
  boolean: { shift: 0, load: 0x2d, store: 0x3a },
};
