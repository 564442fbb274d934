/**
 * A graph with its results, as the viewer takes it: plain columns, whoever made them (a `Graph`, or files).
 */
import { invalidArgument } from "../core/errors.ts";
import type { VertexId } from "../graph/types.ts";

/** One value of a column. `null` and `undefined` mean missing; `NaN` and the infinities are values. */
export type ResultValue = number | bigint | string | boolean | null | undefined;

/** Values by position: a typed array or an array. */
export type ResultColumn = ArrayLike<ResultValue>;

/** Vertices are the indices [0, numVertices), edges the positions [0, numEdges). Nothing rests on their order. */
export interface ResultGraph {
  readonly numVertices: number;
  readonly numEdges: number;
  /** False if an edge means the same both ways: no arrows. Default: true. */
  readonly directed?: boolean;
  vertexId(index: number): VertexId;
  /** Attributes by name, numVertices values each. */
  readonly vertexColumns: ReadonlyMap<string, ResultColumn>;
  /** Index of each edge's source: numEdges entries. */
  readonly src: Uint32Array;
  /** Index of each edge's destination: numEdges entries. */
  readonly dst: Uint32Array;
  /** Attributes by name, numEdges values each. */
  readonly edgeColumns: ReadonlyMap<string, ResultColumn>;
}

/**
 * Checks that the columns of `graph` fit together. O(numEdges).
 *
 * @throws SuperstepError INVALID_ARGUMENT if a column has another length than its graph says, or an edge ends nowhere.
 */
export function checkResultGraph(graph: ResultGraph, where: string): void {
  const { numVertices, numEdges, src, dst } = graph;
  const vertexRule = `numVertices = ${numVertices} values`;
  for (const [name, column] of graph.vertexColumns) {
    if (column.length !== numVertices) {
      throw invalidArgument(where, `vertex column ${JSON.stringify(name)}`, vertexRule, column.length);
    }
  }
  const edgeRule = `numEdges = ${numEdges} values`;
  for (const [name, column] of [["src", src] as const, ["dst", dst] as const, ...graph.edgeColumns]) {
    if (column.length !== numEdges) {
      throw invalidArgument(where, `edge column ${JSON.stringify(name)}`, edgeRule, column.length);
    }
  }
  for (let edge = 0; edge < numEdges; edge++) {
    const end = Math.max(src[edge]!, dst[edge]!);
    if (end >= numVertices) {
      throw invalidArgument(where, `ends of edge ${edge}`, `indices below numVertices = ${numVertices}`, end);
    }
  }
}

/** The index of the vertex called `id`, or -1. An id matches by its text: "12" finds 12. O(numVertices). */
export function findVertex(graph: ResultGraph, id: VertexId): number {
  const text = String(id);
  for (let index = 0; index < graph.numVertices; index++) {
    const candidate = graph.vertexId(index);
    if (candidate === id || String(candidate) === text) return index;
  }
  return -1;
}
