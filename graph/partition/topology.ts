/**
 * The shape of a graph without its attributes: ids, vertex ranges, and rows of edges, as columns in the arena.
 *
 * Inside, a vertex is its index in [0, numVertices), a function of the graph alone; here the index follows ascending
 * ids, but nothing a user can see may rest on that: where ids are compared, compare ids. An edge is its position in
 * [0, numEdges): edges are ordered by destination index, then source index, then input order.
 */
import type { ColumnRef } from "../../core/column/types.ts";

/** Vertex ids by index. Integers: 32-bit where all fit, else 64-bit. Strings: UTF-8, offsets numVertices + 1. */
export type IdColumn =
  | { readonly kind: "uint32"; readonly ids: ColumnRef<"uint32"> }
  | { readonly kind: "int64"; readonly ids: ColumnRef<"int64"> }
  | { readonly kind: "string"; readonly offsets: ColumnRef<"uint32">; readonly bytes: ColumnRef<"uint8"> };

/**
 * Edges in rows, one row a vertex. Row r belongs to vertex `firstRow + r`, or to vertex `targets[r]` if there is such a
 * column, and holds entries [offsets[r], offsets[r + 1]): the vertex at the other end, ascending, parallel edges in
 * input order.
 */
export interface EdgeRows {
  readonly numRows: number;
  /** The vertex of row 0, when rows are consecutive vertices. */
  readonly firstRow: number;
  /** numRows vertex indices, ascending, when rows are not consecutive vertices (vertex cuts). */
  readonly targets?: ColumnRef<"uint32">;
  /** numRows + 1 entries, ascending, from 0. */
  readonly offsets: ColumnRef<"uint32">;
  /** Index of the vertex at the other end, one an edge. */
  readonly neighbours: ColumnRef<"uint32">;
  /** Position of each edge; absent when entry e is simply edge `firstEdge + e`. */
  readonly positions?: ColumnRef<"uint32">;
  readonly firstEdge: number;
}

/** A range of consecutive vertices [from, to) and the edges that end there. */
export interface TopologyPartition {
  readonly from: number;
  readonly to: number;
  /** Edges by destination; positions are implied. */
  readonly inRows: EdgeRows;
}

/** The shape of a graph. */
export interface Topology {
  readonly numVertices: number;
  readonly numEdges: number;
  readonly ids: IdColumn;
  /** Ranges that cover [0, numVertices) in order, cut so that vertices + edges balance. At least one. */
  readonly partitions: readonly TopologyPartition[];
  /** The columns that this topology owns, whole: others are slices of them. Freed by `freeTopology`. */
  readonly columns: readonly ColumnRef[];
}

/** A part of an explicit vertex cut: its edges in rows by destination, and in rows by source. */
export interface CutPart {
  readonly inRows: EdgeRows;
  readonly outRows: EdgeRows;
}

/** In a column of vertex indices, edge positions or input rows: there is none. */
export const noIndex = 0xffffffff;
