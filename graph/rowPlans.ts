/**
 * The vertices, edges and triplets of a graph as plan nodes of the RDD core: sources that read columns.
 *
 * The columns are borrowed for each job and given back at its end, so an RDD never keeps a graph's memory, nor reads it
 * after it was freed.
 */
import { readerOf } from "../core/column/columnSet.ts";
import type { ColumnRef, ColumnSet } from "../core/column/types.ts";
import { operatorRef } from "../core/host/task.ts";
import type { PartitionReader } from "../core/rdd/computePartition.ts";
import { makePlan } from "../core/rdd/node.ts";
import type { Plan } from "../core/rdd/plan.ts";
import { everything, useParts, type GraphParts } from "./parts.ts";
import { idReader } from "./partition/idColumn.ts";
import type { EdgeRows, IdColumn, TopologyPartition } from "./partition/topology.ts";
import type { Shape } from "./shape.ts";
import type { Edge, EdgeTriplet, VertexId } from "./types.ts";

/** Columns over the vertices of a shape; `present` marks the rows that count, all if absent. */
export interface VertexRows {
  readonly shape: Shape;
  readonly columns: ColumnSet;
  readonly present?: ColumnRef<"uint8">;
}

/** Lends vertex rows for as long as `borrow` runs. */
export type UseVertexRows = <R>(borrow: (rows: VertexRows) => Promise<R>) => Promise<R>;

interface VertexParams {
  readonly ids: IdColumn;
  readonly columns: ColumnSet;
  readonly present?: ColumnRef<"uint8">;
}

/** [id, attr] of each vertex, by ascending index. */
export function vertexPlan<VD>(kind: string, useRows: UseVertexRows, numPartitions: number): Plan<[VertexId, VD]> {
  return makePlan<[VertexId, VD]>({
    kind,
    dependencies: [],
    numPartitions,
    compute: operatorRef(import.meta.url, "computeVertices"),
    params: undefined,
    borrow: (use) =>
      useRows(({ shape, columns, present }) => {
        const { ids, partitions } = shape.topology;
        const params: VertexParams = { ids, columns, ...(present && { present }) };
        return use({ params, slices: partitions });
      }),
  });
}

/** Task half of `vertexPlan`. */
export function* computeVertices(
  { ids, columns, present }: VertexParams,
  _partition: number,
  { slice, task }: PartitionReader,
): Iterable<[VertexId, unknown]> {
  const { from, to } = slice as TopologyPartition;
  const idOf = idReader(ids, task.arena);
  const reader = readerOf<unknown>(columns, task.arena);
  const marks = present && task.arena.view(present);
  for (let index = from; index < to; index++) {
    if (marks === undefined || marks[index] !== 0) yield [idOf(index), reader.get(index)];
  }
}

interface EdgeParams {
  readonly ids: IdColumn;
  readonly edges: ColumnSet;
  /** Present for triplets. */
  readonly vertices?: ColumnSet;
}

/** Edges by destination, source and input order; over a vertex cut, part by part in that order. */
export function edgePlan<ED>(graph: { readonly parts: GraphParts }): Plan<Edge<ED>> {
  return edgeRowsPlan<Edge<ED>>("edges", graph, false);
}

/** Edges with the attributes of their ends, in the order of `edgePlan`. */
export function tripletPlan<VD, ED>(graph: { readonly parts: GraphParts }): Plan<EdgeTriplet<VD, ED>> {
  return edgeRowsPlan<EdgeTriplet<VD, ED>>("triplets", graph, true);
}

function edgeRowsPlan<T>(kind: string, graph: { readonly parts: GraphParts }, withEnds: boolean): Plan<T> {
  const wanted = withEnds ? everything : { vertices: false, edges: true };
  return makePlan<T>({
    kind,
    dependencies: [],
    numPartitions: graph.parts.numEdgePartitions,
    compute: operatorRef(import.meta.url, "computeEdges"),
    params: undefined,
    borrow: (use) =>
      useParts(graph.parts, wanted, ({ shape, vertices, edges }) => {
        const params: EdgeParams = { ids: shape.topology.ids, edges, ...(withEnds && { vertices }) };
        const slices = (shape.cut ?? shape.topology.partitions).map(({ inRows }) => inRows);
        return use({ params, slices });
      }),
  });
}

/** Task half of `edgePlan` and `tripletPlan`. */
export function* computeEdges(
  { ids, edges, vertices }: EdgeParams,
  _partition: number,
  { slice, task }: PartitionReader,
): Iterable<Edge<unknown> | EdgeTriplet<unknown, unknown>> {
  const { arena } = task;
  const rows = slice as EdgeRows;
  const idOf = idReader(ids, arena);
  const edgeReader = readerOf<unknown>(edges, arena);
  const vertexReader = vertices && readerOf<unknown>(vertices, arena);
  const targets = rows.targets && arena.view(rows.targets);
  const positions = rows.positions && arena.view(rows.positions);
  const offsets = arena.view(rows.offsets);
  const neighbours = arena.view(rows.neighbours);
  for (let row = 0; row < rows.numRows; row++) {
    const target = targets === undefined ? rows.firstRow + row : targets[row]!;
    for (let entry = offsets[row]!; entry < offsets[row + 1]!; entry++) {
      const source = neighbours[entry]!;
      const attr = edgeReader.get(positions === undefined ? rows.firstEdge + entry : positions[entry]!);
      const edge = { srcId: idOf(source), dstId: idOf(target), attr };
      yield vertexReader ? { ...edge, srcAttr: vertexReader.get(source), dstAttr: vertexReader.get(target) } : edge;
    }
  }
}
