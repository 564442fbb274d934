/**
 * Which columns of typed files are ids, weight and attributes.
 */
import { excerpt, invalidArgument } from "../../../core/errors.ts";
import { inputError } from "../inputError.ts";
import type { TypedColumn, TypedContents, TypedFormat } from "../table/typedFile.ts";
import { chooseColumns } from "../text/chooseColumns.ts";
import type { RowOptions } from "../loadRows.ts";
import { checkOptions } from "../text/prepareText.ts";
import type { AttrColumn, ColumnarPlan, IdColumn } from "./columnarPlan.ts";

/** A file's name and what it holds. */
export interface NamedContents {
  readonly name: string;
  readonly contents: TypedContents;
}

/** A plan, and what the input is taken for, for users. */
export interface PlannedColumns {
  readonly plan: ColumnarPlan;
  readonly format: string;
  readonly maxErrors: number;
}

const formatNames = { parquet: "Parquet", arrow: "Arrow" } as const;
const partNames = { parquet: "row group", arrow: "part" } as const;

/**
 * Chooses columns by the schema of the first file; the others must have the same ones.
 *
 * @throws SuperstepError INVALID_INPUT if a column is not there, or of a type that does not do; INVALID_ARGUMENT for
 *   options that go with text alone.
 */
export function planColumns(
  files: readonly NamedContents[],
  format: TypedFormat,
  content: "edges" | "vertices",
  options: RowOptions,
): PlannedColumns {
  const textOnly = (["delimiter", "comments", "header", "splitBytes"] as const).find(
    (key) => options[key] !== undefined,
  );
  if (textOnly !== undefined) {
    throw invalidArgument("read", textOnly, `left out for ${formatNames[format]}`, options[textOnly]);
  }
  const maxErrors = checkOptions(options);
  const [first] = files as [NamedContents];
  const { columns } = first.contents;
  const cells = columns.map(({ name }) => name);
  const chosen = chooseColumns(first.name, content, "columns", [{ line: 1, cells, kinds: [] }], {
    ...options,
    header: true,
  });
  const ids = chosen.idColumns.map(({ role, column }): IdColumn => ({ role, name: cells[column]! }));
  const attrs = chosen.attrs.map(({ column, isWeight }) => attrColumn(first.name, columns[column]!, isWeight));
  const idType = idTypeOf(first, ids, options.ids ?? "auto");
  for (const file of files.slice(1)) checkSame(first, file, [...ids, ...attrs]);
  const plan: ColumnarPlan = {
    idType,
    ids,
    attrs,
    partName: partNames[format],
    maxBadRows: maxErrors + 1,
    keepsText: options.badRowsFile !== undefined,
  };
  const roles = ids.map(({ role, name }) => `${role} = column ${JSON.stringify(name)}`);
  const weight = attrs.find(({ isWeight }) => isWeight);
  if (weight !== undefined) roles.push(`weight = column ${JSON.stringify(weight.name)}`);
  const why = options.ids === undefined || options.ids === "auto" ? "by the types of the columns" : "as asked";
  const guess = options.format === undefined ? "by its first bytes" : "as asked";
  return { plan, format: `${formatNames[format]} ${guess}; ${roles.join(", ")}; ${idType} ids ${why}`, maxErrors };
}

function attrColumn(file: string, { name, type, written }: TypedColumn, isWeight: boolean): AttrColumn {
  const isNumber = type === "integer" || type === "number";
  if (type === undefined || (isWeight && !isNumber)) {
    throw inputError({
      file,
      reason: `a column of type ${written}`,
      expected: isWeight
        ? `numbers as weights in column ${excerpt(name, 60)}`
        : `numbers, strings or truth values in column ${excerpt(name, 60)}`,
      got: `type ${excerpt(written, 60)}`,
      hint: isWeight ? "" : "choose the attributes to read, or leave the column out of the file",
    });
  }
  return { name, type: type === "integer" ? "number" : type, isInteger: type === "integer", isWeight };
}

function idTypeOf(
  { name: file, contents }: NamedContents,
  ids: readonly IdColumn[],
  asked: "auto" | "int" | "string",
): "integer" | "string" {
  const found = ids.map(({ name }) => contents.columns.find((column) => column.name === name)!);
  for (const [index, { name, type, written }] of found.entries()) {
    if (type === "integer" || type === "string") continue;
    throw inputError({
      file,
      reason: `ids of type ${written}`,
      expected: `integers or strings as ${ids[index]!.role} in column ${excerpt(name, 60)}`,
      got: `type ${excerpt(written, 60)}`,
      hint: "write the ids as 64-bit integers or as strings",
    });
  }
  if (asked !== "auto") return asked === "int" ? "integer" : "string";
  const [one, other = one] = found;
  if (one!.type === other!.type) return one!.type as "integer" | "string";
  throw inputError({
    file,
    reason: "ids of two types",
    expected: "src and dst to be of one type",
    got: `${excerpt(one!.written, 60)} and ${excerpt(other!.written, 60)}`,
    hint: "--ids string reads both as text, --ids int both as integers",
  });
}

/** @throws SuperstepError INVALID_INPUT if `file` has not the same columns as `first`, by name and kind of type. */
function checkSame(first: NamedContents, file: NamedContents, wanted: readonly { readonly name: string }[]): void {
  for (const { name } of wanted) {
    const model = first.contents.columns.find((column) => column.name === name)!;
    const found = file.contents.columns.find((column) => column.name === name);
    if (found?.type === model.type) continue;
    const names = file.contents.columns.map((column) => column.name).join(", ");
    throw inputError({
      file: file.name,
      reason: "other columns than the first file",
      expected: `a column ${excerpt(name, 60)} of type ${excerpt(model.written, 60)}, as in ${first.name}`,
      got: found === undefined ? `columns ${excerpt(names)}` : `type ${excerpt(found.written, 60)}`,
      hint: "load files of one kind together",
    });
  }
}
