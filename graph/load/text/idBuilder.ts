/**
 * Columns of ids while they grow: 32-bit until an id does not fit, then 64-bit; or codes into a dictionary.
 */
import type { IdValues } from "../edgeChunk.ts";
import { fitted } from "./fitted.ts";
import type { Utf8Dictionary } from "./utf8Dictionary.ts";

/** `numColumns` columns of integer ids of one kind, with room for `capacity` rows. */
export class IntegerIds {
  readonly #capacity: number;
  /** The columns while all ids are in [0, 2^32); none once they are not. */
  narrow: Uint32Array[];
  /** The columns as pairs of 32-bit halves, low first; only once some id needs 64 bits. */
  halves: Uint32Array[] | undefined = undefined;
  /** No id is larger, while the columns are narrow. Whoever writes to these directly raises it. */
  most = 0;

  constructor(numColumns: number, capacity: number) {
    this.#capacity = capacity;
    this.narrow = columns(numColumns, capacity);
  }

  get isWide(): boolean {
    return this.halves !== undefined;
  }

  /** Sets row `row` of a column; `high` 0 and `low` alone while the columns are narrow. */
  set(column: number, row: number, low: number, high: number): void {
    if (this.halves === undefined) {
      this.narrow[column]![row] = low;
      if (low > this.most) this.most = low;
    } else {
      this.halves[column]![row * 2] = low;
      this.halves[column]![row * 2 + 1] = high;
    }
  }

  /** Makes all columns 64-bit, keeping the first `numRows` rows. */
  widen(numRows: number): void {
    this.halves = this.narrow.map((values) => {
      const halves = new Uint32Array(new SharedArrayBuffer(this.#capacity * 8));
      for (let row = 0; row < numRows; row++) halves[row * 2] = values[row]!;
      return halves;
    });
    this.narrow = [];
  }

  finish(numRows: number): IdValues[] {
    if (this.halves === undefined) {
      return this.narrow.map((values) => ({ kind: "uint32", values: fitted(values, numRows), most: this.most }));
    }
    return this.halves.map((halves) => ({ kind: "int64", values: fitted(new BigInt64Array(halves.buffer), numRows) }));
  }
}

/** `numColumns` columns of string ids over one dictionary, with room for `capacity` rows. */
export class StringIds {
  readonly codes: readonly Uint32Array[];
  readonly dictionary: Utf8Dictionary;

  constructor(numColumns: number, capacity: number, dictionary: Utf8Dictionary) {
    this.codes = columns(numColumns, capacity);
    this.dictionary = dictionary;
  }

  set(column: number, row: number, bytes: Uint8Array, from: number, to: number): void {
    this.codes[column]![row] = this.dictionary.intern(bytes, from, to);
  }

  finish(numRows: number): IdValues[] {
    const dictionary = this.dictionary.takePart();
    return this.codes.map((codes) => ({ kind: "string", codes: fitted(codes, numRows), dictionary }));
  }
}

/** The same ids, 64-bit. */
export function widenIds(ids: IdValues): IdValues {
  if (ids.kind !== "uint32") return ids;
  const halves = new Uint32Array(new SharedArrayBuffer(ids.values.length * 8));
  for (let row = 0; row < ids.values.length; row++) halves[row * 2] = ids.values[row]!;
  return { kind: "int64", values: new BigInt64Array(halves.buffer) };
}

function columns(numColumns: number, capacity: number): Uint32Array[] {
  return Array.from({ length: numColumns }, () => new Uint32Array(new SharedArrayBuffer(capacity * 4)));
}
