/**
 * A split while it is read: what was counted, built and set aside so far.
 */
import { Fields } from "./fields.ts";
import { allowsPlainRows, PlainRows } from "./plainRows.ts";
import { RowBuilder } from "./rowBuilder.ts";
import { describeFault, rowFault, textOfRow, type RowFault } from "./rowFault.ts";
import type { TextColumns } from "./textColumns.ts";
import type { BadRow, SplitResult, TextPlan } from "./textPlan.ts";

/** Counts, rows and bad rows of one split. */
export class SplitState {
  readonly plan: TextPlan;
  readonly builder: RowBuilder;
  readonly fields: Fields;
  /** What reads rows the fast way, if one can. */
  readonly #plainRows: PlainRows | undefined;
  /** True while no row of the file has been met. */
  isAtFirstRow: boolean;
  /** False if a quote must stop the split, because the file was cut. */
  readonly allowsQuotes: boolean;
  /** Position in the text of byte 0 of the block at hand. */
  base = 0;
  numLines = 0;
  numComments = 0;
  numBlankLines = 0;
  metQuote = false;
  failure: SplitResult["failure"];
  readonly badRows: BadRow[] = [];

  constructor(
    plan: TextPlan,
    text: TextColumns,
    options: { maxRows: number; isFileStart: boolean; allowsQuotes: boolean },
  ) {
    this.plan = plan;
    this.builder = new RowBuilder(plan, options.maxRows, text);
    this.isAtFirstRow = options.isFileStart;
    this.allowsQuotes = options.allowsQuotes;
    if (allowsPlainRows(plan)) this.#plainRows = new PlainRows(plan, text, this.builder, options.allowsQuotes);
    this.fields = new Fields(numKeptFields(plan));
  }

  /** True if the rest of the split is not to be read. */
  get isStopped(): boolean {
    return this.metQuote || this.failure !== undefined || this.badRows.length >= this.plan.maxBadRows;
  }

  /** Adds the row in `fields`, which is bytes [from, to) of the block; call before its lines are counted. */
  addRow(bytes: Uint8Array, from: number, to: number): void {
    const { isAtFirstRow } = this;
    this.isAtFirstRow = false;
    if (isAtFirstRow && this.plan.header !== undefined && this.#isHeader(bytes, from, to)) return;
    const fault = this.builder.add(this.fields);
    if (fault !== rowFault.none) this.setAside(fault, this.builder.faultyField, bytes, from, to, isAtFirstRow);
  }

  /** Keeps the row in bytes [from, to) as a bad one. `where`: the field at fault, or the byte for faults of quotes. */
  setAside(fault: RowFault, where: number, bytes: Uint8Array, from: number, to: number, isFirst: boolean): void {
    const { plan, fields } = this;
    this.badRows.push({
      fault: this.#placed(describeFault({ plan, fields, fault, where, bytes, from, to, isFirst })),
      ...(plan.keepsText ? { text: textOfRow(bytes, from, to) } : {}),
    });
  }

  /** Gives the whole file up for a fault in the row in bytes [from, to). */
  fail(fault: RowFault, where: number, bytes: Uint8Array, from: number, to: number, words: FailureWords): void {
    const { plan, fields } = this;
    const place = describeFault({ plan, fields, fault, where, bytes, from, to, isFirst: false });
    this.failure = { ...this.#placed(place), ...words };
  }

  /** Takes over bytes [0, to) of a block, which end with LF, for calls of `readPlainRows`. */
  open(bytes: Uint8Array, to: number): void {
    this.#plainRows?.open(bytes, to);
  }

  /** Reads rows of the block the fast way, from `at` on. Returns where it stopped: in front of another row, or at `to`. */
  readPlainRows(bytes: Uint8Array, at: number, to: number): number {
    if (this.isAtFirstRow) return at;
    const rowsBefore = this.builder.numRows;
    const stop = this.#plainRows?.read(bytes, at, to) ?? at;
    this.numLines += this.builder.numRows - rowsBefore;
    return stop;
  }

  finish(): SplitResult {
    const { numLines, numComments, numBlankLines, badRows, metQuote, failure } = this;
    const { numRows } = this.builder;
    const counts = { numLines, numComments, numBlankLines, numRows, badRows, metQuote };
    return { ...counts, ...this.builder.finish(), ...(failure === undefined ? {} : { failure }) };
  }

  #placed<Fault extends { line: number; byteOffset: number }>(fault: Fault): Fault {
    return { ...fault, line: this.numLines + fault.line, byteOffset: this.base + fault.byteOffset };
  }

  /** True if the row repeats the header. A header with the same names in another order fails the file. */
  #isHeader(bytes: Uint8Array, from: number, to: number): boolean {
    const header = this.plan.header!;
    const { fields } = this;
    if (fields.count !== header.length) return false;
    const names = header.map((_, index) => fields.text(index).trim());
    if (names.every((name, index) => name === header[index])) return true;
    if ([...names].sort().join("\0") === [...header].sort().join("\0")) {
      this.fail(rowFault.header, 0, bytes, from, to, {
        reason: "another order of columns",
        expected: `the columns of the first file, ${header.slice(0, 20).join(",").slice(0, 200)}`,
        got: "the same names in another order",
        hint: "load the files one by one, or give them one order",
      });
      return true;
    }
    return false;
  }
}

/** How a failure of a whole file is put. */
type FailureWords = { reason: string; expected: string; got: string; hint: string };

/** All columns that are read, and one more to point at if a row has too many. */
function numKeptFields({ idColumns, attrs, maxColumns }: TextPlan): number {
  return Math.max(2, ...[...idColumns, ...attrs].map(({ column }) => column + 1), (maxColumns ?? 0) + 1);
}
