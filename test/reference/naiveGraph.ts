/**
 * A property graph as plain lists, and what GraphX's operators make of it, one record at a time.
 */
import type { Edge, EdgeTriplet, VertexId } from "../../graph/types.ts";

/** Vertices by ascending id, edges by destination, source and input order. */
export interface NaiveGraph<VD, ED> {
  readonly vertices: ReadonlyMap<VertexId, VD>;
  readonly edges: readonly Edge<ED>[];
}

/** Integers by value, strings by code points. */
export function idOrder(a: VertexId, b: VertexId): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The graph of these vertices and edges; vertices that only edges know get `fallback`. */
export function naiveGraph<VD, ED>(
  vertices: Iterable<readonly [VertexId, VD]>,
  edges: readonly Edge<ED>[],
  fallback: VD,
  merge: (a: VD, b: VD) => VD = (a) => a,
): NaiveGraph<VD, ED> {
  const attrs = new Map<VertexId, VD>();
  for (const [id, attr] of vertices) attrs.set(id, attrs.has(id) ? merge(attrs.get(id)!, attr) : attr);
  for (const { srcId, dstId } of edges) for (const id of [srcId, dstId]) if (!attrs.has(id)) attrs.set(id, fallback);
  return ordered(attrs, edges);
}

function ordered<VD, ED>(vertices: ReadonlyMap<VertexId, VD>, edges: readonly Edge<ED>[]): NaiveGraph<VD, ED> {
  return {
    vertices: new Map([...vertices].sort(([a], [b]) => idOrder(a, b))),
    edges: [...edges].sort((a, b) => idOrder(a.dstId, b.dstId) || idOrder(a.srcId, b.srcId)), // stable
  };
}

export function tripletsOf<VD, ED>({ vertices, edges }: NaiveGraph<VD, ED>): EdgeTriplet<VD, ED>[] {
  return edges.map((edge) => ({
    ...edge,
    srcAttr: vertices.get(edge.srcId)!,
    dstAttr: vertices.get(edge.dstId)!,
  }));
}

export function reversed<VD, ED>({ vertices, edges }: NaiveGraph<VD, ED>): NaiveGraph<VD, ED> {
  return ordered(
    vertices,
    edges.map(({ srcId, dstId, attr }) => ({ srcId: dstId, dstId: srcId, attr })),
  );
}

export function subgraphOf<VD, ED>(
  graph: NaiveGraph<VD, ED>,
  vertex: (id: VertexId, attr: VD) => boolean,
  edge: (triplet: EdgeTriplet<VD, ED>) => boolean,
): NaiveGraph<VD, ED> {
  const stay = new Map([...graph.vertices].filter(([id, attr]) => vertex(id, attr)));
  const edges = tripletsOf(graph)
    .filter((triplet) => edge(triplet) && stay.has(triplet.srcId) && stay.has(triplet.dstId))
    .map(({ srcId, dstId, attr }) => ({ srcId, dstId, attr }));
  return { vertices: stay, edges };
}

export function maskOf<VD, ED>(graph: NaiveGraph<VD, ED>, other: NaiveGraph<unknown, unknown>): NaiveGraph<VD, ED> {
  const has = (edge: Edge<unknown>): boolean =>
    other.edges.some(({ srcId, dstId }) => srcId === edge.srcId && dstId === edge.dstId);
  return {
    vertices: new Map([...graph.vertices].filter(([id]) => other.vertices.has(id))),
    edges: graph.edges.filter(has),
  };
}

/** Parallel edges made one, merged in input order. */
export function groupedEdges<VD, ED>(graph: NaiveGraph<VD, ED>, merge: (a: ED, b: ED) => ED): NaiveGraph<VD, ED> {
  const groups: Edge<ED>[] = [];
  for (const edge of graph.edges) {
    const last = groups.at(-1);
    const isParallel = last !== undefined && last.srcId === edge.srcId && last.dstId === edge.dstId;
    if (isParallel) groups[groups.length - 1] = { ...last, attr: merge(last.attr, edge.attr) };
    else groups.push(edge);
  }
  return { vertices: graph.vertices, edges: groups };
}

/** Edges in, out, or at each vertex that has any; a self-loop is both. */
export function degreesOf(
  graph: NaiveGraph<unknown, unknown>,
  direction: "in" | "out" | "either",
): Map<VertexId, number> {
  const degrees = new Map<VertexId, number>();
  for (const [id, ids] of neighboursOf(graph, direction)) if (ids.length > 0) degrees.set(id, ids.length);
  return degrees;
}

/** The ids at the other end of each vertex's edges: of those that end there, then of those that start there. */
export function neighboursOf(
  { vertices, edges }: NaiveGraph<unknown, unknown>,
  direction: "in" | "out" | "either",
): Map<VertexId, VertexId[]> {
  return new Map(
    Array.from(vertices.keys(), (id) => {
      const sources = edges.filter(({ dstId }) => dstId === id).map(({ srcId }) => srcId);
      const targets = edges.filter(({ srcId }) => srcId === id).map(({ dstId }) => dstId);
      return [id, [...(direction === "out" ? [] : sources), ...(direction === "in" ? [] : targets)]];
    }),
  );
}

/** The first value of each id of `table`. */
export function firstValues<U>(table: Iterable<readonly [VertexId, U]>): Map<VertexId, U> {
  const values = new Map<VertexId, U>();
  for (const [id, value] of table) if (!values.has(id)) values.set(id, value);
  return values;
}
