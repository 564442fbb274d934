import type { ColumnSet } from "../../core/column/types.ts";

/** All that the code of a loop over columns depends on: their schema, and the types that they are stored as. */
export function columnsKey({ schema, columns }: ColumnSet): unknown {
  const stored = columns.map((column) =>
    column.kind === "encoded"
      ? column.placed
        ? "placed"
        : "encoded"
      : `${column.data.type}${column.validity ? "?" : ""}`,
  );
  return [schema, stored];
}
