/**
 * From the first bytes of the files and the user's options to a plan that every task can follow.
 */
import { invalidArgument } from "../../../core/errors.ts";
import { inputError } from "../inputError.ts";
import { areIntegers, chooseColumns, type ChosenColumns, type ColumnOptions } from "./chooseColumns.ts";
import type { CutFile } from "./cutFiles.ts";
import { guessFormat, type FormatOptions, type TextFormat } from "./guessFormat.ts";
import { matrixColumns, readMatrixHeader, type MatrixHeader } from "./matrixMarket.ts";
import { takeSample, type Sample, type SampleLayout, type SampleRow } from "./sample.ts";
import type { TextHead } from "./textHead.ts";
import type { TextPlan } from "./textPlan.ts";

/** Options of reading text. */
export interface TextOptions extends FormatOptions, ColumnOptions {
  /** Kind of ids. Default "auto": integers, unless fewer than one in ten of the first 1,000 rows has integers. */
  readonly ids?: "auto" | "int" | "string" | undefined;
  /** Bad rows that are set aside before one is an error. Default 0; with `badRowsFile`, 100,000, also the most. */
  readonly maxErrors?: number | undefined;
  /** A CSV file for the rows set aside: file, line, column, reason, text. Written also if there are none. */
  readonly badRowsFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told the bytes of input read so far, and of the whole input; again from 0 if it is read twice. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  /** Bytes of a plain file that one task reads. Default: a quarter of a thread's share, from 1 to 64 MiB. */
  readonly splitBytes?: number | undefined;
}

/** How to read a load. */
export interface PreparedText {
  readonly plan: TextPlan;
  readonly files: readonly CutFile[];
  /** What the input was taken for, and why. */
  readonly format: string;
  readonly matrix?: MatrixHeader;
  readonly maxErrors: number;
}

/** Most rows that can be set aside: they are kept in memory. */
const mostErrors = 100_000;
const chunkRows = 1 << 20;

/**
 * Decides format, columns, types and kind of ids by the first file that has text.
 *
 * @throws SuperstepError INVALID_INPUT or INVALID_ARGUMENT if that cannot be.
 */
export function prepareText(
  heads: readonly TextHead[],
  content: "edges" | "vertices",
  options: TextOptions,
): PreparedText {
  const maxErrors = checkOptions(options);
  const head = heads.find(({ bytes }) => bytes.length > 0) ?? heads[0]!;
  const format = guessFormat(head, options);
  const layout = format.kind === "csv" ? ("delimited" as const) : ("blanks" as const);
  const { delimiter, comments } = format;
  const common = {
    layout,
    delimiter,
    comments,
    maxBadRows: maxErrors + 1,
    keepsText: options.badRowsFile !== undefined,
    chunkRows,
  };
  if (format.kind === "mtx") return prepareMatrix(heads, content, options, maxErrors, format, common);

  const { rows, hasQuote } = firstRows(heads, { layout, delimiter, comments });
  requireWholeHeader(head, format, rows.length);
  const columns = chooseColumns(head.source.name, content, format.kind, rows, options);
  const ids = options.ids ?? "auto";
  const isInteger = ids === "auto" ? areIntegers(rows, columns.idColumns, columns.header !== undefined) : ids === "int";
  const plan: TextPlan = { ...common, ...columns, idType: isInteger ? "integer" : "string" };
  const files = heads.map(({ source, compression, markBytes }): CutFile => ({
    source,
    compression,
    dataFrom: markBytes,
    numHeadLines: 0,
    numHeadComments: 0,
    isCuttable: layout === "blanks" || !hasQuote,
  }));
  const why = ids === "auto" ? (rows.length > 0 ? "by the first rows" : "without a row to tell") : "as asked";
  return { plan, files, format: `${describe(format, columns)}; ${plan.idType} ids ${why}`, maxErrors };
}

/** The first rows of the first files, until there is more than what may be a header. */
function firstRows(heads: readonly TextHead[], layout: SampleLayout): Sample {
  const rows: SampleRow[] = [];
  let hasQuote = false;
  for (const head of heads) {
    const sample = takeSample(head, layout);
    const isHeader = ({ cells }: SampleRow) => cells.join("\0") === rows[0]?.cells.join("\0");
    rows.push(...(rows.length === 0 ? sample.rows : sample.rows.filter((row) => !isHeader(row))));
    hasQuote ||= sample.hasQuote;
    if (rows.length > 1) break;
  }
  return { rows, hasQuote };
}

function prepareMatrix(
  heads: readonly TextHead[],
  content: "edges" | "vertices",
  options: TextOptions,
  maxErrors: number,
  format: TextFormat,
  common: Pick<TextPlan, "layout" | "delimiter" | "comments" | "maxBadRows" | "keepsText" | "chunkRows">,
): PreparedText {
  const [head, ...others] = heads as [TextHead, ...TextHead[]];
  const { source, compression, markBytes } = head;
  if (content === "vertices" || others.length > 0) {
    const reason = content === "vertices" ? "a matrix holds no vertex attributes" : "several matrices";
    const expected = content === "vertices" ? "a table of vertices" : "one Matrix Market file";
    throw inputError({
      file: source.name,
      reason,
      expected,
      got: content === "vertices" ? "Matrix Market" : `${heads.length} files`,
      hint: "",
    });
  }
  const unusable = (["src", "dst", "header", "attributes"] as const).find(
    // a matrix has its weights, and no attributes to choose from
    (name) => options[name] !== undefined && !(name === "attributes" && typeof options[name] === "string"),
  );
  if (unusable !== undefined) throw invalidArgument("read", unusable, "left out for Matrix Market", options[unusable]);
  if (options.ids === "string") throw invalidArgument("read", "ids", "auto or int for Matrix Market", options.ids);
  const matrix = readMatrixHeader(head);
  const { weight } = options;
  if (weight !== undefined && !(matrix.hasWeights && [3, "3", "weight"].includes(weight))) {
    throw invalidArgument(
      "read",
      "weight",
      matrix.hasWeights ? "3 for Matrix Market" : "left out for a pattern matrix",
      weight,
    );
  }
  const file: CutFile = {
    source,
    compression,
    dataFrom: markBytes + matrix.dataFrom,
    numHeadLines: matrix.numLines,
    numHeadComments: matrix.numComments,
    isCuttable: true,
  };
  return {
    plan: { ...common, ...matrixColumns(matrix) },
    files: [file],
    format: `${format.why}: ${matrix.kind}; ids from 1 to ${matrix.numVertices}`,
    matrix,
    maxErrors,
  };
}

/** Checks what is set, and returns the number of bad rows that are let pass. */
export function checkOptions({ maxErrors, badRowsFile, ids, splitBytes }: Omit<TextOptions, "format">): number {
  const errors = maxErrors ?? (badRowsFile === undefined ? 0 : mostErrors);
  if (!Number.isInteger(errors) || errors < 0 || errors > mostErrors) {
    throw invalidArgument("read", "maxErrors", `an integer from 0 to ${mostErrors}`, maxErrors);
  }
  if (ids !== undefined && !["auto", "int", "string"].includes(ids)) {
    throw invalidArgument("read", "ids", "auto, int or string", ids);
  }
  if (splitBytes !== undefined && !(splitBytes >= 1)) throw invalidArgument("read", "splitBytes", ">= 1", splitBytes);
  return errors;
}

/** A CSV file whose first line does not end within the sample cannot be understood. */
function requireWholeHeader({ source, bytes, isWhole }: TextHead, { kind }: TextFormat, numRows: number): void {
  if (kind !== "csv" || numRows > 0 || isWhole || bytes.length === 0) return;
  throw inputError({
    file: source.name,
    line: 1,
    column: 1,
    byteOffset: 0,
    reason: "no row in the first MiB",
    expected: "a row that ends within the first MiB",
    got: "none",
    hint: "is this CSV, and is the delimiter right?",
  });
}

function describe({ kind, why }: TextFormat, { header, idColumns, attrs }: ChosenColumns): string {
  const label = (column: number): string =>
    header?.[column] === undefined ? String(column + 1) : JSON.stringify(header[column]);
  const ids = idColumns.map(({ role, column }) => `${role} = column ${label(column)}`);
  const weight = attrs.find(({ isWeight }) => isWeight);
  if (weight !== undefined) ids.push(`weight = column ${label(weight.column)}`);
  const names = kind === "edgeList" ? "" : header === undefined ? ", no header" : ", with header";
  return `${why}${names}; ${ids.join(", ")}`;
}
