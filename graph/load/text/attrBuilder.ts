/**
 * An attribute column while it grows: typed values, and where values are missing.
 */
import type { RawColumn } from "../edgeChunk.ts";
import { booleanOfCell, cellKind, kindOfCell, typeOfKinds } from "./cellKind.ts";
import { fitted } from "./fitted.ts";
import { IntegerParser } from "./parseInteger.ts";
import { NumberParser } from "./parseNumber.ts";
import type { AttrPlan } from "./textPlan.ts";
import type { Utf8Dictionary } from "./utf8Dictionary.ts";

/**
 * One column with room for `capacity` rows. A cell that does not fit the column's type is stored as nothing in
 * particular, and its kind is remembered in `kinds`: the load is read again with the type that fits all.
 */
export class AttrBuilder {
  readonly plan: AttrPlan;
  /** Kinds of the cells set so far, as bits of `cellKind`. */
  kinds = 0;
  /** Values, when numbers; an element a row. */
  readonly numbers: Float64Array;
  readonly #halves: Uint32Array;
  readonly #booleans: Uint8Array;
  /** Values, when strings: codes into the dictionary. */
  readonly codes: Uint32Array;
  readonly dictionary: Utf8Dictionary | undefined;
  readonly #capacity: number;
  #validity: Uint8Array | undefined;

  /** `dictionary`: of a column of strings. */
  constructor(plan: AttrPlan, capacity: number, dictionary: Utf8Dictionary | undefined) {
    this.plan = plan;
    this.#capacity = capacity;
    const room = (type: AttrPlan["type"], bytes: number) =>
      new SharedArrayBuffer(plan.type === type ? capacity * bytes : 0);
    this.numbers = new Float64Array(room("number", 8));
    this.#halves = new Uint32Array(room("bigint", 8));
    this.#booleans = new Uint8Array(room("boolean", 1));
    this.codes = new Uint32Array(room("string", 4));
    this.dictionary = dictionary;
  }

  /** Says that row `row` has no value. */
  setMissing(row: number): void {
    if (this.#validity === undefined) {
      this.#validity = new Uint8Array(new SharedArrayBuffer(this.#capacity));
      this.#validity.fill(1);
    }
    this.#validity[row] = 0;
    if (this.plan.type === "number") this.numbers[row] = NaN;
    else if (this.dictionary !== undefined) this.codes[row] = this.dictionary.intern(nothing, 0, 0);
  }

  /** Sets row `row` from a cell: bytes [from, to). */
  set(row: number, bytes: Uint8Array, from: number, to: number): void {
    const { type } = this.plan;
    if (type === "string") {
      // a string column has a cell of kind text, or will be looked at once: kinds must still be complete
      if ((this.kinds & cellKind.text) === 0) this.kinds |= kindOfCell(bytes, from, to, parser);
      this.codes[row] = this.dictionary!.intern(bytes, from, to);
      return;
    }
    const kind = kindOfCell(bytes, from, to, parser);
    this.kinds |= kind;
    if (kind === cellKind.emptyText) this.setMissing(row);
    else if (type === "number") this.numbers[row] = parser.value;
    else if (type === "boolean") this.#booleans[row] = booleanOfCell(bytes, from, to) ?? 0;
    else {
      integers.parse(bytes, from, to);
      this.#halves[row * 2] = integers.low;
      this.#halves[row * 2 + 1] = integers.high;
    }
  }

  finish(numRows: number): RawColumn {
    const { name, type } = this.plan;
    const validity = this.#validity === undefined ? {} : { validity: fitted(this.#validity, numRows) };
    switch (type) {
      case "number":
        return { name, ...validity, type, values: fitted(this.numbers, numRows) };
      case "bigint":
        return { name, ...validity, type, values: fitted(new BigInt64Array(this.#halves.buffer), numRows) };
      case "boolean":
        return { name, ...validity, type, values: fitted(this.#booleans, numRows) };
      case "string":
        return {
          name,
          ...validity,
          type,
          codes: fitted(this.codes, numRows),
          dictionary: this.dictionary!.takePart(),
        };
    }
  }
}

/** The plan of an attribute once the kinds of all its cells are known. */
export function settleType(plan: AttrPlan, kinds: number): AttrPlan {
  return plan.isWeight ? plan : { ...plan, type: typeOfKinds(kinds) };
}

const parser: NumberParser = new NumberParser();
const integers: IntegerParser = new IntegerParser();
const nothing: Uint8Array = new Uint8Array(0);
