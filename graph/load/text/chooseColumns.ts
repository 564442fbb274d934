/**
 * Which columns hold ids, weight and attributes, and whether the first row is a header.
 */
import { escapeControls, excerpt } from "../../../core/errors.ts";
import { inputError, type InputFault } from "../inputError.ts";
import { cellKind, typeOfKinds } from "./cellKind.ts";
import {
  edgeColumnNames,
  findEdgeColumns,
  findVertexColumn,
  isEdgeHeader,
  nearestName,
  normalName,
  vertexColumnNames,
} from "./columnNames.ts";
import type { TextFormat } from "./guessFormat.ts";
import type { SampleRow } from "./sample.ts";
import type { AttrPlan, IdColumnPlan } from "./textPlan.ts";

/** A column by name, or by number from 1; digits that are no name count as a number. */
export type ColumnChoice = string | number;

/** What a user can set. */
export interface ColumnOptions {
  /** Default: by the header's known names; the first column without a header. */
  readonly src?: ColumnChoice | undefined;
  /** Default: by the header's known names; the second column without a header. */
  readonly dst?: ColumnChoice | undefined;
  /** The id column of a vertex table. Default: by the header's known names; the first column without a header. */
  readonly id?: ColumnChoice | undefined;
  /** A column of weights: numbers, in every row. Default: none. */
  readonly weight?: ColumnChoice | undefined;
  /** Which further columns become attributes. Default: all; none in edge lists. */
  readonly attributes?: "all" | "none" | readonly ColumnChoice[] | undefined;
  /** The first row names the columns. Default: found out in CSV; edge lists have no header. */
  readonly header?: boolean | undefined;
}

/** The columns of a load. */
export interface ChosenColumns {
  readonly header?: readonly string[];
  readonly idColumns: readonly IdColumnPlan[];
  readonly attrs: readonly AttrPlan[];
  /** Absent if further columns are ignored. */
  readonly maxColumns?: number;
}

/** Most attributes of a load. */
const maxAttributes = 4096;

/**
 * Chooses columns from the first rows of a load. Of kind "columns", a file without lines, the one row is its names.
 *
 * @throws SuperstepError INVALID_INPUT if a column does not exist, occurs twice, or cannot be told.
 */
export function chooseColumns(
  file: string,
  content: "edges" | "vertices",
  kind: TextFormat["kind"] | "columns",
  rows: readonly SampleRow[],
  options: ColumnOptions,
): ChosenColumns {
  const first = rows[0];
  const isTable = kind === "csv" || kind === "columns";
  const isNamed = first !== undefined && (options.header ?? (isTable && hasHeader(file, content, rows, options)));
  const header = isNamed ? first.cells.map((name) => name.trim()) : undefined;
  const dataRows = isNamed ? rows.slice(1) : rows;
  const numColumns = header?.length ?? dataRows.reduce((most, { cells }) => Math.max(most, cells.length), 0);
  const place = kind === "columns" ? {} : { line: first?.line ?? 1, column: 1 };
  const found: Found = { file, place, header, numColumns, isTable, isEmpty: first === undefined };

  const ids = content === "edges" ? edgeIds(found, options) : vertexIds(found, options);
  const weight = options.weight === undefined ? undefined : resolveColumn(found, "weight", options.weight);
  const attributes = options.attributes ?? (isTable || content === "vertices" ? "all" : "none");
  const columns = attributeColumns(
    found,
    attributes,
    ids.map(({ column }) => column),
    weight,
  );
  if (columns.length > maxAttributes) {
    throw inputError({
      file,
      reason: "too many columns",
      expected: `at most ${maxAttributes} columns as attributes`,
      got: String(columns.length),
      hint: "choose the attributes to read",
    });
  }
  const attrs = columns.map((column): AttrPlan => {
    const isWeight = column === weight;
    const name = header?.[column] || (isWeight ? weightName(options.weight) : `c${column + 1}`);
    const kinds = dataRows.reduce((met, row) => met | (row.kinds[column] ?? 0), 0);
    return { name, column, type: isWeight ? "number" : typeOfKinds(kinds), isWeight };
  });
  refuseDuplicates(found, attrs);
  const isLimited = (isTable && header !== undefined) || attributes === "all";
  return {
    ...(header === undefined ? {} : { header }),
    idColumns: ids,
    attrs,
    ...(isLimited && numColumns > 0 ? { maxColumns: numColumns } : {}),
  };
}

/** The name of a weight column that has none in a header. */
function weightName(choice: ColumnChoice | undefined): string {
  return typeof choice === "string" && !/^\d+$/.test(choice) ? choice : "weight";
}

/** What is known of the file. */
interface Found {
  readonly file: string;
  /** Of its first row, where there are lines. */
  readonly place: Pick<InputFault, "line" | "column">;
  readonly header: readonly string[] | undefined;
  readonly numColumns: number;
  /** CSV: without known names in its header the columns cannot be told. */
  readonly isTable: boolean;
  /** There is no row at all: any column number will do. */
  readonly isEmpty: boolean;
}

/**
 * True if the first row names the columns: names were asked for, or it has known names, or it stands above numbers
 * without being one. False if it holds a number.
 */
function hasHeader(
  file: string,
  content: "edges" | "vertices",
  rows: readonly SampleRow[],
  options: ColumnOptions,
): boolean {
  const [first, ...others] = rows as [SampleRow, ...SampleRow[]];
  const { cells } = first;
  const asked = [options.src, options.dst, options.id, options.weight];
  if (asked.some((choice) => typeof choice === "string" && !/^\d+$/.test(choice))) return true;
  if (content === "edges" ? findEdgeColumns(cells) : findVertexColumn(cells) !== undefined) return true;
  const numeric = cellKind.integer | cellKind.bigint | cellKind.huge | cellKind.decimal;
  if (first.kinds.some((kind) => kind & numeric)) return false;
  const standsAboveNumbers = cells.some((_, column) => {
    const below = others.filter((row) => row.kinds[column]);
    return below.length > 0 && below.filter((row) => row.kinds[column]! & numeric).length * 2 >= below.length;
  });
  if (standsAboveNumbers) return true;
  throw inputError({
    file,
    line: first.line,
    column: 1,
    reason: "a first row that may be a header",
    expected: "a first row that is plainly a header or plainly data",
    got: excerpt(cells.slice(0, 20).join(","), 60),
    hint: "--header or --no-header says which",
  });
}

function edgeIds(found: Found, options: ColumnOptions): IdColumnPlan[] {
  if (found.isEmpty) options = {};
  const byPosition = found.header === undefined || !found.isTable ? ([0, 1] as const) : undefined;
  const known = (found.header && findEdgeColumns(found.header)) ?? byPosition;
  const src =
    options.src === undefined ? onlyColumn(found, "src", known?.[0]) : resolveColumn(found, "src", options.src);
  const dst =
    options.dst === undefined ? onlyColumn(found, "dst", known?.[1]) : resolveColumn(found, "dst", options.dst);
  if (src === undefined || dst === undefined) {
    const pairs = edgeColumnNames.slice(0, 4).map(([from, to]) => `${from},${to}`);
    throw unknownColumns(found, `columns for src and dst (${pairs.join("; ")})`, "--src and --dst name the columns");
  }
  if (src === dst) {
    throw headerError(
      found,
      "src and dst are one column",
      "two columns for src and dst",
      `column ${src + 1} twice`,
      "",
    );
  }
  return [
    { role: "src", column: src },
    { role: "dst", column: dst },
  ];
}

function vertexIds(found: Found, { id }: ColumnOptions): IdColumnPlan[] {
  if (found.isEmpty) id = undefined;
  const byPosition = found.header === undefined || !found.isTable ? 0 : undefined;
  const known = (found.header && findVertexColumn(found.header)) ?? byPosition;
  const column = id === undefined ? onlyColumn(found, "id", known) : resolveColumn(found, "id", id);
  if (column === undefined) {
    throw unknownColumns(
      found,
      `a column of ids (${vertexColumnNames.slice(0, 3).join(", ")})`,
      "name the column of ids",
    );
  }
  return [{ role: "id", column }];
}

/** `column`, found by its name; another one of that name would make it a guess. */
function onlyColumn(found: Found, option: string, column: number | undefined): number | undefined {
  const name = column === undefined ? undefined : found.header?.[column];
  return name ? resolveColumn(found, option, name) : column;
}

function attributeColumns(
  found: Found,
  attributes: "all" | "none" | readonly ColumnChoice[],
  ids: readonly number[],
  weight: number | undefined,
): number[] {
  const columns = new Set<number>();
  if (attributes === "all") for (let column = 0; column < found.numColumns; column++) columns.add(column);
  else if (attributes !== "none")
    for (const choice of attributes) columns.add(resolveColumn(found, "attributes", choice));
  if (attributes === "all") for (const column of ids) columns.delete(column);
  if (weight !== undefined) columns.add(weight);
  return [...columns].sort((a, b) => a - b);
}

/** The column that a user means, from 0. */
function resolveColumn(found: Found, option: string, choice: ColumnChoice): number {
  const { header, numColumns, isEmpty } = found;
  if (typeof choice === "string" && header !== undefined) {
    const exact = header.flatMap((name, column) => (name === choice ? [column] : []));
    const same =
      exact.length > 0
        ? exact
        : header.flatMap((name, column) => (normalName(name) === normalName(choice) ? [column] : []));
    if (same.length === 1) return same[0]!;
    if (same.length > 1) {
      const columns = same.map((column) => column + 1).join(" and ");
      throw headerError(
        found,
        "a column name occurs twice",
        `one column ${excerpt(choice, 60)} (${option})`,
        `columns ${columns}`,
        "name the column by its number",
      );
    }
  }
  const number = typeof choice === "number" ? choice : /^\d+$/.test(choice) ? Number(choice) : NaN;
  if (Number.isInteger(number) && number >= 1 && (number <= numColumns || isEmpty || numColumns === 0))
    return number - 1;
  if (Number.isNaN(number) && header === undefined) {
    if (isEmpty) return 2;
    throw headerError(
      found,
      "columns have no names",
      `a column number for ${option}`,
      excerpt(choice, 60),
      "columns have names only where there is a header; count them from 1",
    );
  }
  if (!Number.isNaN(number)) {
    throw headerError(found, "no such column", `${option} to be a column from 1 to ${numColumns}`, String(choice), "");
  }
  const nearest = nearestName(String(choice), header!);
  const hint = nearest === undefined ? `--${option} names a column` : `did you mean ${excerpt(nearest, 60)}?`;
  throw unknownColumns(found, `a column ${excerpt(choice, 60)} for ${option}`, hint);
}

function refuseDuplicates(found: Found, attrs: readonly AttrPlan[]): void {
  const taken = new Map<string, number>();
  for (const { name, column } of attrs) {
    const other = taken.get(name);
    if (other !== undefined) {
      throw headerError(
        found,
        "a column name occurs twice",
        "column names that differ",
        `${excerpt(name, 60)} for columns ${other + 1} and ${column + 1}`,
        "rename one, or leave it out of the attributes",
      );
    }
    taken.set(name, column);
  }
}

function unknownColumns(found: Found, expected: string, hint: string): Error {
  const names = found.header!.slice(0, 20).map((name) => escapeControls(name.slice(0, 40)));
  if (found.header!.length > 20) names.push("…");
  return headerError(found, "no such column", expected, `columns ${names.join(", ")}`, hint);
}

function headerError({ file, place }: Found, reason: string, expected: string, got: string, hint: string): Error {
  return inputError({ file, ...place, reason, expected, got, hint });
}

/** True if the ids of these rows are integers: one row in ten is enough, so that damaged rows do not decide. */
export function areIntegers(rows: readonly SampleRow[], idColumns: readonly IdColumnPlan[], isNamed: boolean): boolean {
  const dataRows = isNamed ? rows.slice(1) : rows.filter(({ cells }) => !isEdgeHeader(cells[0] ?? "", cells[1] ?? ""));
  if (dataRows.length === 0) return true;
  const whole = dataRows.filter(({ cells }) => idColumns.every(({ column }) => /^-?\d+$/.test(cells[column] ?? "")));
  return whole.length * 10 >= dataRows.length;
}
