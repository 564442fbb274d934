/**
 * The fast form of reading rows: lines without a fault, straight into columns, by the loops of `kernels/text`. It stops in
 * front of the first line that is anything else, which then goes the general way.
 */
import { batchRows, columnMode, type TextMemory } from "../../kernels/text.ts";
import type { AttrBuilder } from "./attrBuilder.ts";
import { cellKind } from "./cellKind.ts";
import type { RowBuilder } from "./rowBuilder.ts";
import { maxFieldBytes, maxLineBytes } from "./rowFault.ts";
import type { TextColumns } from "./textColumns.ts";
import type { TextPlan } from "./textPlan.ts";

/** True if rows of this plan can go the fast way: not those of a matrix. */
export function allowsPlainRows({ mirror, maxIndex }: TextPlan): boolean {
  return mirror === undefined && maxIndex === undefined;
}

/** Reads plain rows of one split, block by block. */
export class PlainRows {
  readonly #plan: TextPlan;
  readonly #memory: TextMemory;
  readonly #builder: RowBuilder;
  /** Where the block at hand stands in the memory. */
  #text = 0;

  /** `allowsQuotes`: fields in quotes may be read. */
  constructor(plan: TextPlan, { memory }: TextColumns, builder: RowBuilder, allowsQuotes: boolean) {
    this.#plan = plan;
    this.#memory = memory;
    this.#builder = builder;
    const { layout, delimiter, idType, idColumns, attrs, maxColumns, comments } = plan;
    const { kernels } = memory;
    const minColumns = Math.max(...idColumns.map(({ column }) => column)) + 1;
    kernels.layOut(
      layout === "delimited",
      delimiter,
      allowsQuotes,
      idType === "integer",
      Math.max(minColumns, ...attrs.map(({ column }) => column + 1)),
      minColumns,
      maxColumns ?? 0xffffffff,
      maxFieldBytes,
      maxLineBytes,
    );
    const marks = kernels.setColumns(idColumns.length, attrs.length);
    const otherStarts = layout === "blanks" ? [...comments, 32, 9, 13, 10] : comments;
    for (const byte of otherStarts) memory.bytes[marks + byte] = 1;
  }

  /** Takes over bytes [0, to) of a block for calls of `read`. */
  open(bytes: Uint8Array, to: number): void {
    this.#text = this.#memory.kernels.textRoom(to);
    this.#memory.bytes.set(bytes.subarray(0, to), this.#text);
  }

  /**
   * Reads lines of the block from `at` on while they are plain. Returns where it stopped: at the start of a line, or `to`. Each
   * row read is one line.
   *
   * @param bytes the block, which ends each line, also the last one before `to`, with LF
   */
  read(bytes: Uint8Array, at: number, to: number): number {
    const { kernels } = this.#memory;
    const builder = this.#builder;
    const text = this.#text;
    for (let next = at; ;) {
      builder.makeRoom();
      this.#setColumns();
      const room = builder.capacity - builder.row;
      const numRows = kernels.readRows(text + next, text + to, room, builder.integers?.isWide ?? false);
      if (numRows > 0) this.#takeIds(numRows);
      next = kernels.stoppedAt() - text;
      if (numRows > 0) builder.attrs.forEach((attr, index) => this.#takeCells(attr, index, numRows, bytes));
      builder.wrote(numRows);
      if (next >= to || numRows < Math.min(room, batchRows)) return next;
    }
  }

  /** Says how columns are to be read, which may change with the rows before. */
  #setColumns(): void {
    const { kernels } = this.#memory;
    const { idColumns } = this.#plan;
    const { strings, attrs } = this.#builder;
    idColumns.forEach(({ column }, index) => kernels.setColumn(index, column, 0, strings?.dictionary.address ?? 0));
    attrs.forEach((attr, index) => {
      kernels.setColumn(idColumns.length + index, attr.plan.column, modeOf(attr), attr.dictionary?.address ?? 0);
    });
  }

  #takeIds(numRows: number): void {
    const { kernels } = this.#memory;
    const { integers, strings, row } = this.#builder;
    if (integers?.isWide === false) integers.most = Math.max(integers.most, kernels.largestId(numRows) >>> 0);
    this.#plan.idColumns.forEach((_, index) => {
      const values = kernels.valuesOf(index);
      if (strings !== undefined) strings.codes[index]!.set(this.#memory.words(values, numRows), row);
      else if (integers!.halves === undefined) integers!.narrow[index]!.set(this.#memory.words(values, numRows), row);
      else integers!.halves[index]!.set(this.#memory.words(values, 2 * numRows), 2 * row);
    });
  }

  #takeCells(attr: AttrBuilder, index: number, numRows: number, bytes: Uint8Array): void {
    const { kernels } = this.#memory;
    const { row } = this.#builder;
    const column = this.#plan.idColumns.length + index;
    const mode = modeOf(attr);
    const values = kernels.valuesOf(column);
    if (mode === columnMode.weight || mode === columnMode.number) {
      attr.numbers.set(this.#memory.doubles(values, numRows), row);
    } else if (mode === columnMode.string) {
      attr.codes.set(this.#memory.words(values, numRows), row);
    }
    attr.kinds |= kernels.kindsOf(column);
    if (kernels.numLeftOf(column) === 0) return;
    // copies: a string that is added may let the memory grow
    const leftAt = kernels.leftOf(column);
    const left = this.#memory.bytes.slice(leftAt, leftAt + numRows);
    const begins = this.#memory.words(kernels.beginsOf(column), numRows).slice();
    const ends = this.#memory.words(kernels.endsOf(column), numRows).slice();
    for (let at = 0; at < numRows; at++) {
      if (left[at] === 0) continue;
      if (begins[at] === 0) attr.setMissing(row + at);
      else attr.set(row + at, bytes, begins[at]! - this.#text, ends[at]! - this.#text);
    }
  }
}

/** How the kernel reads cells; strings only once one has shown that it is no other type, as `AttrBuilder.set` looks at each. */
function modeOf({ plan, kinds }: AttrBuilder): number {
  if (plan.isWeight) return columnMode.weight;
  if (plan.type === "number") return columnMode.number;
  return plan.type === "string" && (kinds & cellKind.text) !== 0 ? columnMode.string : columnMode.cell;
}
