/**
 * What the tasks that read one load share, what each is given, and what each gives back: plain data.
 */
import type { IdValues, RawColumn } from "../edgeChunk.ts";
import type { InputFault } from "../inputError.ts";
import type { ByteSource } from "./byteSource.ts";
import type { AttrType } from "./cellKind.ts";
import type { Compression } from "./compression.ts";

/** A column that holds ids. */
export interface IdColumnPlan {
  readonly role: "src" | "dst" | "id";
  /** From 0. */
  readonly column: number;
}

/** A column read into an attribute. */
export interface AttrPlan {
  readonly name: string;
  /** From 0. */
  readonly column: number;
  readonly type: AttrType;
  /** A weight must be there, and finite; other attributes may be missing and are never at fault. */
  readonly isWeight: boolean;
}

/** How to read the rows of a load. */
export interface TextPlan {
  /** Columns between runs of spaces and tabs; or between single delimiters, with RFC 4180 quotes. */
  readonly layout: "blanks" | "delimited";
  /** The byte between columns, when delimited. */
  readonly delimiter: number;
  /** A line whose first byte that is no blank is one of these is a comment. */
  readonly comments: readonly number[];
  readonly idType: "integer" | "string";
  readonly idColumns: readonly IdColumnPlan[];
  readonly attrs: readonly AttrPlan[];
  /** A row of more columns is at fault; absent if further columns are ignored. */
  readonly maxColumns?: number;
  /** The names of the columns; the first row of a file that says the same is no data. */
  readonly header?: readonly string[];
  /** Ids must lie in [1, maxIndex]. */
  readonly maxIndex?: number;
  /** Each row off the diagonal stands for its mirror image too, which follows it; "negated" turns its weight's sign. */
  readonly mirror?: "same" | "negated";
  /** A split gives up after this many bad rows. */
  readonly maxBadRows: number;
  /** Bad rows keep their text. */
  readonly keepsText: boolean;
  /** Largest number of rows in a chunk. */
  readonly chunkRows: number;
}

/** The rows of one file that start in bytes [from, to) of its text. */
export interface Split {
  /** Index of the file in the load. */
  readonly file: number;
  readonly source: ByteSource;
  readonly compression: Compression;
  /** Where rows begin in the text of this file: past a byte-order mark and what the driver has read. */
  readonly dataFrom: number;
  /** In bytes; a compressed file is one split, its `to` is Infinity. */
  readonly from: number;
  readonly to: number;
}

/** A row set aside, with its fault; `line` counts from 1 within the split, `file` is left to the driver. */
export interface BadRow {
  readonly fault: Omit<InputFault, "file">;
  /** The row as it stands, at most 64 KiB of it; if kept. */
  readonly text?: string;
}

/** Rows as columns: ids in the order of the plan's `idColumns`. */
export interface RowChunk {
  readonly numRows: number;
  readonly ids: readonly IdValues[];
  readonly attrs: readonly RawColumn[];
}

/** What came of one split. */
export interface SplitResult {
  readonly numLines: number;
  readonly numComments: number;
  readonly numBlankLines: number;
  /** Rows that hold data, without mirror images; bad rows not counted. */
  readonly numRows: number;
  readonly chunks: readonly RowChunk[];
  /** For each attribute, the kinds of cells met, see `cellKind.ts`. */
  readonly kinds: readonly number[];
  /** In order; at most the plan's `maxBadRows`, and the split stopped if so many. */
  readonly badRows: readonly BadRow[];
  /** The split stopped at a quote: a file with quotes cannot be cut. */
  readonly metQuote: boolean;
  /** What is wrong with the file as a whole; then nothing else counts. `line`, if any, counts within the split. */
  readonly failure?: Omit<InputFault, "file">;
}
