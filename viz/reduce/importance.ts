/**
 * The order in which vertices matter: the one rule by which reductions choose.
 */
import { invalidArgument } from "../../core/errors.ts";
import type { ResultColumn, ResultGraph, ResultValue } from "../resultGraph.ts";

/** Negative if vertex `a` matters more than vertex `b`. Total: never 0 for two vertices of different ids. */
export type Importance = (a: number, b: number) => number;

/** The name of the values used when no column is named: edges in plus edges out, a self-loop counted twice. */
export const degreeName = "degree";

/**
 * Higher value first, ties by ascending id; NaN and missing values come last. Without a column of that name, "degree"
 * counts edges. O(numEdges) for degrees, else O(1) but for arrays of mixed values, which are checked.
 *
 * @throws SuperstepError INVALID_ARGUMENT if there is no such column, or it holds strings.
 */
export function importanceBy(graph: ResultGraph, by: string, where: string): Importance {
  const column = graph.vertexColumns.get(by) ?? (by === degreeName ? degrees(graph) : undefined);
  if (column === undefined) {
    const names = [...graph.vertexColumns.keys(), degreeName].join(", ");
    throw invalidArgument(where, "by", `one of the vertex columns ${names}`, by);
  }
  if (Array.isArray(column)) {
    const text = (column as readonly ResultValue[]).find((value) => typeof value === "string");
    if (text !== undefined) throw invalidArgument(where, `vertex column ${JSON.stringify(by)}`, "numbers", text);
  }
  return (a, b) => compareDescending(column[a], column[b]) || compareIds(graph.vertexId(a), graph.vertexId(b));
}

/** Ascending: integers by value, strings by UTF-16 code units. */
export function compareIds(a: number | bigint | string, b: number | bigint | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Descending by value; NaN, then missing values, last. */
export function compareDescending(a: ResultValue, b: ResultValue): number {
  const presence = absence(a) - absence(b);
  if (presence !== 0 || absence(a) > 0) return presence;
  return a! > b! ? -1 : a! < b! ? 1 : 0;
}

function absence(value: ResultValue): 0 | 1 | 2 {
  if (value === null || value === undefined) return 2;
  return typeof value === "number" && Number.isNaN(value) ? 1 : 0;
}

function degrees(graph: ResultGraph): ResultColumn {
  const counts = new Uint32Array(graph.numVertices);
  for (let edge = 0; edge < graph.numEdges; edge++) {
    counts[graph.src[edge]!]!++;
    counts[graph.dst[edge]!]!++;
  }
  return counts;
}
