/**
 * What numbering the vertices of a graph gives.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import type { IdValues } from "../load/edgeChunk.ts";
import type { IdColumn } from "./topology.ts";
import type { Words } from "./words.ts";

/** A column of ids as vertex indices: `values`, or rank[values] if there are ranks. */
export interface IndexColumn {
  readonly values: Words;
  readonly rank?: ColumnRef<"uint32"> | undefined;
}

/** The vertices of a graph. Columns of the scratch that was given. */
export interface Numbering {
  readonly numVertices: number;
  readonly ids: IdColumn;
  /** In the order of the columns of ids that were given. */
  readonly columns: readonly IndexColumn[];
  /** What `columns` view of the arena: to be freed when they are read. */
  readonly temporary: readonly ColumnRef[];
}

/** How many ids a column holds. */
export function numIds(ids: IdValues): number {
  return ids.kind === "string" ? ids.codes.length : ids.values.length;
}
