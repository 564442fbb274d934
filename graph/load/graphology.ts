/**
 * Graphs of graphology, both ways: its keys are strings, so integer ids go out as decimal digits and come back by the
 * rule of ids.
 */
import type { MultiDirectedGraph } from "graphology";
import type { Context } from "../../core/context.ts";
import { SuperstepError, invalidArgument } from "../../core/errors.ts";
import { Graph } from "../graph.ts";
import { graphTables } from "../graphTables.ts";
import type { Edge, VertexId } from "../types.ts";
import { valueReader, type Table } from "./table/table.ts";

/** Attributes as graphology has them. */
export type Attributes = Record<string, unknown>;

/** What is read of a graph of graphology. */
export interface GraphologySource {
  forEachNode(visit: (key: string, attributes: Attributes) => void): void;
  forEachEdge(
    visit: (
      key: string,
      attributes: Attributes,
      source: string,
      target: string,
      sourceAttributes: Attributes,
      targetAttributes: Attributes,
      undirected: boolean,
    ) => void,
  ): void;
}

/** Above this, graphology takes gigabytes and minutes. */
const maxEdges = 200_000;

/**
 * A directed multigraph of graphology with the vertices and edges of `graph`, keys of edges "0", "1", … in their order;
 * attributes that are one value are under "value". Eager. Memory: about 375 bytes an edge.
 *
 * @throws SuperstepError INVALID_ARGUMENT above 200,000 edges, unless `force`.
 */
export async function toGraphology<VD, ED>(
  graph: Graph<VD, ED>,
  { force = false }: { readonly force?: boolean } = {},
): Promise<MultiDirectedGraph> {
  const numEdges = await graph.numEdges();
  if (numEdges > maxEdges && !force) {
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `toGraphology: the graph must have at most ${maxEdges} edges, got ${numEdges}. Take a part of it with subgraph, ` +
        "or reduce it for a picture; { force: true } goes on all the same.",
      { details: { numEdges, maxEdges } },
    );
  }
  const { default: graphology } = await import("graphology");
  const target = new graphology.MultiDirectedGraph();
  const { vertices, edges, src, dst } = await graphTables(graph, { edge: "value" });
  const idOf = valueReader(vertices.columns[0]!);
  const keys = Array.from({ length: vertices.numRows }, (_, row) => String(idOf(row)));
  const vertexAttributes = attributesReader({ ...vertices, columns: vertices.columns.slice(1) });
  const edgeAttributes = attributesReader(edges);
  keys.forEach((key, row) => target.addNode(key, vertexAttributes(row)));
  for (let edge = 0; edge < numEdges; edge++) {
    target.addDirectedEdgeWithKey(String(edge), keys[src[edge]!]!, keys[dst[edge]!]!, edgeAttributes(edge));
  }
  return target;
}

/**
 * A graph of a graph of graphology, of any kind: attributes as records, undirected edges in both directions. Ids are
 * integers if all keys are decimal integers within 2^53, else strings. The source is read now, and not kept.
 */
export function fromGraphology(ctx: Context, source: GraphologySource): Graph<Attributes, Attributes> {
  if (typeof source?.forEachNode !== "function") {
    throw invalidArgument("fromGraphology", "source", "a graph of graphology", source);
  }
  const keys: string[] = [];
  source.forEachNode((key) => void keys.push(key));
  const areIntegers = keys.every((key) => /^(0|-?[1-9]\d*)$/.test(key) && Number.isSafeInteger(Number(key)));
  const idOf = (key: string): VertexId => (areIntegers ? Number(key) : key);
  const vertices: [VertexId, Attributes][] = [];
  source.forEachNode((key, attributes) => void vertices.push([idOf(key), { ...attributes }]));
  const edges: Edge<Attributes>[] = [];
  source.forEachEdge((_key, attributes, from, to, _fromAttributes, _toAttributes, undirected) => {
    edges.push({ srcId: idOf(from), dstId: idOf(to), attr: { ...attributes } });
    if (undirected && from !== to) edges.push({ srcId: idOf(to), dstId: idOf(from), attr: { ...attributes } });
  });
  return Graph.create<Attributes, Attributes>(
    ctx.parallelize<[VertexId, Attributes]>(vertices),
    ctx.parallelize(edges),
  );
}

function attributesReader({ columns }: Table): (row: number) => Attributes {
  const readers = columns.map((column) => ({ name: column.name, read: valueReader(column) }));
  return (row) => Object.fromEntries(readers.map(({ name, read }) => [name, read(row)]));
}
