/**
 * Rows on their way from fields to columns: checked as a whole first, then written, so that a bad row leaves no trace.
 */
import { isUtf8 } from "node:buffer";
import { AttrBuilder } from "./attrBuilder.ts";
import type { Fields } from "./fields.ts";
import { IntegerIds, StringIds } from "./idBuilder.ts";
import { IntegerParser, integerOutcome } from "./parseInteger.ts";
import { NumberParser, numberShape } from "./parseNumber.ts";
import { maxFieldBytes, rowFault, type RowFault } from "./rowFault.ts";
import type { TextColumns } from "./textColumns.ts";
import type { RowChunk, TextPlan } from "./textPlan.ts";

/** Builds chunks of at most `plan.chunkRows` rows. */
export class RowBuilder {
  readonly #plan: TextPlan;
  readonly #text: TextColumns;
  /** Upper bound of the rows still to come, so that a small input takes little memory. */
  #rowsToCome: number;
  readonly #chunks: RowChunk[] = [];
  readonly #kinds: number[];
  readonly #minColumns: number;
  readonly #maxColumns: number;
  readonly #lows: number[];
  readonly #highs: number[];
  readonly #integer: IntegerParser = new IntegerParser();
  readonly #number: NumberParser = new NumberParser();
  /** Some id of the row at hand needs 64 bits. */
  #isWideRow = false;
  #weight = 0;
  #numRows = 0;
  /** Rows that fit the chunk at hand. */
  capacity = 0;
  /** Rows in the chunk at hand. */
  row = 0;
  /** The columns of ids of the chunk at hand, if integers. */
  integers: IntegerIds | undefined;
  /** The same, if strings. */
  strings: StringIds | undefined;
  attrs: readonly AttrBuilder[] = [];
  /** Which field the last fault is about. */
  faultyField = 0;

  /** `text`: for the columns of the plan. */
  constructor(plan: TextPlan, maxRows: number, text: TextColumns) {
    this.#plan = plan;
    this.#text = text;
    this.#rowsToCome = maxRows;
    this.#kinds = plan.attrs.map(() => 0);
    this.#minColumns = Math.max(...plan.idColumns.map(({ column }) => column)) + 1;
    this.#maxColumns = plan.maxColumns ?? Infinity;
    this.#lows = plan.idColumns.map(() => 0);
    this.#highs = plan.idColumns.map(() => 0);
    this.#open();
  }

  /** Rows of the input added so far, not counting mirror images. */
  get numRows(): number {
    return this.#numRows;
  }

  /** Counts rows that were written to the columns directly. */
  wrote(numRows: number): void {
    this.row += numRows;
    this.#numRows += numRows;
  }

  /** Begins another chunk if the one at hand is full. Call before writing to its columns directly. */
  makeRoom(): void {
    if (this.row + 2 > this.capacity || this.#text.isLarge) this.#close(true);
  }

  /** Adds a row, or says what is wrong with it and changes nothing. */
  add(fields: Fields): RowFault {
    const fault = this.#check(fields);
    if (fault !== rowFault.none) return fault;
    this.makeRoom();
    this.#write(fields, false);
    const { mirror } = this.#plan;
    if (mirror !== undefined && (this.#lows[0] !== this.#lows[1] || this.#highs[0] !== this.#highs[1])) {
      this.#write(fields, true);
    }
    this.#numRows++;
    return rowFault.none;
  }

  /** All chunks, and the kinds of cells met in each attribute. The builder must not be used after. */
  finish(): { chunks: readonly RowChunk[]; kinds: readonly number[] } {
    this.#close(false);
    return { chunks: this.#chunks, kinds: this.#kinds };
  }

  #check(fields: Fields): RowFault {
    const { idColumns, attrs, idType } = this.#plan;
    this.faultyField = fields.count;
    this.#isWideRow = false;
    if (fields.count < this.#minColumns) return rowFault.fewColumns;
    if (fields.count > this.#maxColumns) {
      this.faultyField = this.#maxColumns;
      return rowFault.manyColumns;
    }
    for (let i = 0; i < idColumns.length; i++) {
      const column = (this.faultyField = idColumns[i]!.column);
      const [from, to] = [fields.from(column), fields.to(column)];
      if (from === to) return rowFault.missingId;
      if (to - from > maxFieldBytes) return rowFault.longField;
      const fault = idType === "integer" ? this.#checkInteger(fields, i, column) : this.#checkText(fields, column);
      if (fault !== rowFault.none) return fault;
    }
    for (let i = 0; i < attrs.length; i++) {
      const { column, isWeight, type } = attrs[i]!;
      if (!isWeight && fields.isMissing(column)) continue;
      this.faultyField = column;
      if (column < fields.count && fields.to(column) - fields.from(column) > maxFieldBytes) return rowFault.longField;
      if (isWeight) {
        if (!this.#readWeight(fields, column)) return rowFault.badWeight;
      } else if (type === "string" || fields.anyByte >= 0x80) {
        const fault = this.#checkText(fields, column);
        if (fault !== rowFault.none) return fault;
      }
    }
    return rowFault.none;
  }

  #checkInteger(fields: Fields, index: number, column: number): RowFault {
    const outcome = this.#integer.parse(fields.source(column), fields.from(column), fields.to(column));
    if (outcome === integerOutcome.notInteger) return rowFault.notInteger;
    if (outcome === integerOutcome.outOfRange) return rowFault.idOutOfRange;
    const { low, high } = this.#integer;
    const { maxIndex } = this.#plan;
    if (maxIndex !== undefined && (outcome !== integerOutcome.uint32 || low < 1 || low > maxIndex)) {
      return rowFault.indexOutOfRange;
    }
    this.#lows[index] = low;
    this.#highs[index] = high;
    if (high !== 0) this.#isWideRow = true;
    return rowFault.none;
  }

  #checkText(fields: Fields, column: number): RowFault {
    if (fields.anyByte < 0x80) return rowFault.none;
    const text = fields.source(column).subarray(fields.from(column), fields.to(column));
    return isUtf8(text) ? rowFault.none : rowFault.badUtf8;
  }

  #readWeight(fields: Fields, column: number): boolean {
    if (column >= fields.count) return false;
    const shape = this.#number.parse(fields.source(column), fields.from(column), fields.to(column));
    this.#weight = this.#number.value;
    return shape !== numberShape.none && Number.isFinite(this.#weight);
  }

  #write(fields: Fields, isMirror: boolean): void {
    const { idColumns, mirror } = this.#plan;
    const row = this.row;
    if (this.#isWideRow && this.integers?.isWide === false) this.integers.widen(row);
    for (let i = 0; i < idColumns.length; i++) {
      const target = isMirror ? 1 - i : i;
      if (this.integers !== undefined) {
        this.integers.set(target, row, this.#lows[i]!, this.#highs[i]!);
      } else {
        const { column } = idColumns[i]!;
        this.strings!.set(target, row, fields.source(column), fields.from(column), fields.to(column));
      }
    }
    for (const attr of this.attrs) {
      const { column, isWeight } = attr.plan;
      if (isWeight) {
        attr.numbers[row] = isMirror && mirror === "negated" ? -this.#weight : this.#weight;
      } else if (fields.isMissing(column)) {
        attr.setMissing(row);
      } else {
        attr.set(row, fields.source(column), fields.from(column), fields.to(column));
      }
    }
    this.row = row + 1;
  }

  #open(): void {
    const { idColumns, attrs, chunkRows, idType } = this.#plan;
    // two more than asked for: a row and its mirror image always fit
    this.capacity = Math.max(0, Math.min(chunkRows, this.#rowsToCome)) + 2;
    this.row = 0;
    this.integers = idType === "integer" ? new IntegerIds(idColumns.length, this.capacity) : undefined;
    const { ids, attrs: dictionaries } = this.#text;
    this.strings = ids && new StringIds(idColumns.length, this.capacity, ids);
    this.attrs = attrs.map((attr, index) => new AttrBuilder(attr, this.capacity, dictionaries[index]));
  }

  #close(isMoreToCome: boolean): void {
    const { row } = this;
    if (row > 0) {
      this.#rowsToCome -= row;
      this.attrs.forEach((attr, index) => (this.#kinds[index]! |= attr.kinds));
      this.#chunks.push({
        numRows: row,
        ids: (this.integers ?? this.strings!).finish(row),
        attrs: this.attrs.map((attr) => attr.finish(row)),
      });
    }
    this.#text.renew();
    if (isMoreToCome) this.#open();
  }
}
