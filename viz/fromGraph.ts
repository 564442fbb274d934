/**
 * From a `Graph` to what the viewer takes.
 */
import type { Graph } from "../graph/graph.ts";
import { graphTables, type TableNames } from "../graph/graphTables.ts";
import { valueReader, type Table } from "../graph/load/table/table.ts";
import type { VertexId } from "../graph/types.ts";
import type { ResultColumn, ResultGraph } from "./resultGraph.ts";

/** How a graph is shown. */
export interface FromGraphOptions extends TableNames {
  /** False if an edge means the same both ways. Default: true. */
  readonly directed?: boolean;
}

/** The vertices and edges of a graph, with their attributes as columns. Eager. Memory: a copy of the columns. */
export async function fromGraph<VD, ED>(graph: Graph<VD, ED>, options: FromGraphOptions = {}): Promise<ResultGraph> {
  const { directed = true, id = "id" } = options;
  const { vertices, edges, src, dst } = await graphTables(graph, options);
  const idOf = valueReader(vertices.columns[0]!);
  return {
    numVertices: vertices.numRows,
    numEdges: edges.numRows,
    directed,
    vertexId: (index) => idOf(index) as VertexId,
    vertexColumns: columnsByName(vertices, id),
    src,
    dst,
    edgeColumns: columnsByName(edges),
  };
}

function columnsByName({ numRows, columns }: Table, without?: string): ReadonlyMap<string, ResultColumn> {
  return new Map(
    columns.flatMap((column): [string, ResultColumn][] => {
      if (column.name === without) return [];
      const isPlain = column.type === "number" && column.validity === undefined;
      if (isPlain) return [[column.name, column.values]];
      const read = valueReader(column);
      return [[column.name, Array.from({ length: numRows }, (_, row) => read(row))]];
    }),
  );
}
