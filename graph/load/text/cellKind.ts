/**
 * What the cells of a column look like, and the type that follows for the column as a whole.
 *
 * The kinds met are a set of bits, so the type depends on which cells there are, not on their order or on how the input
 * was cut into splits.
 */
import { IntegerParser, integerOutcome } from "./parseInteger.ts";
import { numberShape, type NumberParser, type NumberShape } from "./parseNumber.ts";

/** Types of attribute columns that text can give. */
export type AttrType = "number" | "bigint" | "boolean" | "string";

/** Kinds of cells, as bits. A missing cell has none. */
export const cellKind = {
  /** true, false, True, False, TRUE, FALSE. */
  boolean: 1,
  /** An integer within 2^53 - 1. */
  integer: 2,
  /** An integer beyond that, within signed 64 bits. */
  bigint: 4,
  /** An integer beyond 64 bits. */
  huge: 8,
  /** A number with point or exponent; NaN, Infinity, -Infinity. */
  decimal: 16,
  /** Anything else; also digits that a number would not give back: 007, +49. */
  text: 32,
  /** Quoted and empty: the empty string among strings, missing among others. */
  emptyText: 64,
} as const;

/**
 * The type of a column with these kinds of cells. Strings hold what no other type holds exactly; a column with decimals
 * is numbers, each the nearest float64; a column without any value is strings.
 */
export function typeOfKinds(kinds: number): AttrType {
  const met = kinds & ~cellKind.emptyText;
  if (met === 0 || met & cellKind.text) return "string";
  if (met & cellKind.boolean) return met === cellKind.boolean ? "boolean" : "string";
  if (met & cellKind.decimal) return "number";
  if (met & cellKind.huge) return "string";
  return met & cellKind.bigint ? "bigint" : "number";
}

/** The kind of a cell that is not missing: bytes [from, to). Leaves its value in `numbers` if it is a number. */
export function kindOfCell(bytes: Uint8Array, from: number, to: number, numbers: NumberParser): number {
  if (from === to) return cellKind.emptyText;
  const first = bytes[from]!;
  if (first < 58 && first >= 43) {
    const shape: NumberShape = numbers.parse(bytes, from, to);
    if (shape === numberShape.integer) {
      if (Math.abs(numbers.value) <= Number.MAX_SAFE_INTEGER) return cellKind.integer;
      return integers.parse(bytes, from, to) === integerOutcome.outOfRange ? cellKind.huge : cellKind.bigint;
    }
    if (shape === numberShape.decimal) return numbers.isPadded ? cellKind.text : cellKind.decimal;
  }
  const special = specialNumber(bytes, from, to);
  if (special !== undefined) {
    numbers.value = special;
    return cellKind.decimal;
  }
  return booleanOfCell(bytes, from, to) === undefined ? cellKind.text : cellKind.boolean;
}

/** 1 or 0 if bytes [from, to) spell true or false, else undefined. */
export function booleanOfCell(bytes: Uint8Array, from: number, to: number): 0 | 1 | undefined {
  if (to - from === 4 && spells(bytes, from, "true", "True", "TRUE")) return 1;
  if (to - from === 5 && spells(bytes, from, "false", "False", "FALSE")) return 0;
  return undefined;
}

/** NaN, Infinity or -Infinity, spelled so; else undefined. */
export function specialNumber(bytes: Uint8Array, from: number, to: number): number | undefined {
  const length = to - from;
  if (length === 3 && spells(bytes, from, "NaN")) return NaN;
  if (length === 8 && spells(bytes, from, "Infinity")) return Infinity;
  if (length === 9 && spells(bytes, from, "-Infinity")) return -Infinity;
  return undefined;
}

const integers: IntegerParser = new IntegerParser();

/** True if the bytes from `from` on, as many as the words have letters, are one of the words. */
function spells(bytes: Uint8Array, from: number, ...words: readonly string[]): boolean {
  return words.some((word) => {
    for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word.charCodeAt(i)) return false;
    return true;
  });
}
