/**
 * Columns written by several writers, put together.
 */
import type { EncodedChunk, StoredColumn } from "../../core/column/types.ts";

/**
 * The columns with the chunks that writers of disjoint ranges finished with, in the order of their rows. `parts`: for
 * each writer one entry a column, undefined for columns of fixed width.
 */
export function joinChunks(
  columns: readonly StoredColumn[],
  parts: readonly (readonly (EncodedChunk | undefined)[])[],
): StoredColumn[] {
  return columns.map((column, at) => {
    if (column.kind === "fixed") return column;
    const chunks = parts.flatMap((part) => part[at] ?? []).sort((a, b) => a.from - b.from || a.to - b.to);
    return { kind: "encoded", chunks };
  });
}
