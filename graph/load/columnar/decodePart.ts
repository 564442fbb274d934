/**
 * A part of a typed file as rows of a graph.
 */
import { takeColumn, takeIds } from "../takeRows.ts";
import type { TypedFile } from "../table/typedFile.ts";
import type { SplitResult } from "../text/textPlan.ts";
import { attrOfColumn } from "./attrOfColumn.ts";
import type { ColumnarPlan } from "./columnarPlan.ts";
import { integerIds, stringIds } from "./idsOfColumns.ts";
import { PartFaults } from "./partFaults.ts";

/**
 * Reads the columns of the plan. Rows at fault are left out and told, at most `plan.maxBadRows`; rows behind the last one
 * told do not count.
 *
 * @throws SuperstepError as `TypedFile.read`.
 */
export async function decodePart(
  file: TypedFile,
  plan: ColumnarPlan,
  part: number,
  onProgress: () => void,
): Promise<SplitResult> {
  const names = [...new Set([...plan.ids, ...plan.attrs].map(({ name }) => name))];
  const table = await file.read(names, part, part + 1, onProgress);
  const { numRows } = table;
  const columnOf = ({ name }: { readonly name: string }) => table.columns[names.indexOf(name)]!;
  const faults = new PartFaults(plan, table);
  let ids = (plan.idType === "integer" ? integerIds : stringIds)(plan.ids.map(columnOf), numRows, faults);
  onProgress();
  let attrs = plan.attrs.map((attr, index) =>
    attrOfColumn(columnOf(attr), attr, plan.ids.length + index, numRows, faults),
  );
  const firstRow = 1 + file.contents.parts.slice(0, part).reduce((sum, count) => sum + count, 0);
  const { rows, badRows } = faults.settle({ firstRow, part });
  if (badRows.length > 0) {
    ids = ids.map((values) => takeIds(values, rows));
    attrs = attrs.map((values) => takeColumn(values, rows));
  }
  return {
    numLines: numRows,
    numComments: 0,
    numBlankLines: 0,
    numRows: rows.length,
    chunks: rows.length === 0 ? [] : [{ numRows: rows.length, ids, attrs }],
    kinds: [],
    badRows,
    metQuote: false,
  };
}
