/**
 * Builds the shape of a graph from the edges that a reader or generator made.
 */
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import type { EdgeChunk, IdValues } from "../load/edgeChunk.ts";
import type { EdgeRun } from "./edgeRun.ts";
import { gatherColumns, keepColumns } from "./gatherColumns.ts";
import { numberVertices } from "./numberVertices.ts";
import { checkEdgeCount, orderEdges } from "./orderEdges.ts";
import { checkNumPartitions, keepTopology, partitionRows } from "./partitionRows.ts";
import { Scratch } from "./scratch.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { Topology } from "./topology.ts";
import { findVertexRows, keepVertexRows, type VertexRows } from "./vertexRows.ts";

/** What `buildTopology` builds from. */
export interface BuildTopologyInput {
  /** Edges in input order. */
  readonly chunks: readonly EdgeChunk[];
  /** Ids that exist besides those in edges: the rows of a vertex table, in order. Repeated ones are harmless. */
  readonly vertexIds?: readonly IdValues[];
  /** 1 to 65536; some may be empty. Default: by the numbers of vertices and edges alone, at most 64. */
  readonly numPartitions?: number | undefined;
  /** Makes this one column the edge attribute itself, not a field of a record. Default: "attr". */
  readonly scalar?: string | undefined;
  /** Whether to return `edgeOrder` instead of reordered attributes. Default: false. */
  readonly orderOnly?: boolean | undefined;
}

/** A built graph. All columns belong to the caller. */
export interface BuiltTopology {
  readonly topology: Topology;
  /** The further columns of the chunks in the order of edges: a record of no fields if there are none, or `orderOnly`. */
  readonly edgeAttrs: ColumnSet;
  /** With `orderOnly`: for each edge, where it stood in the input. */
  readonly edgeOrder: ColumnRef<"uint32"> | undefined;
  /** With `vertexIds`: which row is whose. */
  readonly vertexRows: VertexRows | undefined;
}

/**
 * Builds a topology: indices by ascending id, edges by destination, source and input order, on all threads.
 *
 * The result depends on the sequence of edges and on `numPartitions` alone, not on how chunks cut it, nor on threads.
 *
 * Memory: 4 bytes an edge, and 8 a vertex for integer ids below 2^32 (12 for others, strings 8 and their bytes), besides
 * attributes. While building: 2 bytes an edge more, 6 with attributes; ids that are strings, or integers too large and
 * sparse for a table, up to 20 bytes an edge more.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `numPartitions` is out of range, or there are 2^32 edges or more.
 * @throws SuperstepError INVALID_INPUT if integers and strings are mixed.
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full.
 */
export async function buildTopology(runner: TaskRunner, input: BuildTopologyInput): Promise<BuiltTopology> {
  const { chunks, vertexIds = [], numPartitions, scalar = "attr", orderOnly = false } = input;
  checkNumPartitions("graph", numPartitions);
  const numEdges = chunks.reduce((sum, chunk) => sum + chunk.numEdges, 0);
  checkEdgeCount(numEdges);
  const scratch = new Scratch(runner.arena, "graph");
  try {
    const idColumns = [...chunks.flatMap(({ src, dst }) => [src, dst]), ...vertexIds];
    const { numVertices, ids, columns, temporary } = await numberVertices(runner, idColumns, scratch);
    const runs = chunks.map((chunk, index): EdgeRun => {
      const { values: src, rank: srcRank } = columns[2 * index]!;
      const { values: dst, rank: dstRank } = columns[2 * index + 1]!;
      return { kind: "columns", numEdges: chunk.numEdges, src, dst, srcRank, dstRank };
    });
    const hasAttrs = chunks.some(({ attrs }) => attrs.length > 0);
    const ordered = await orderEdges(runner, { runs, numVertices, withOrder: hasAttrs || orderOnly }, scratch);
    const vertexColumns = columns.slice(2 * chunks.length);
    const vertexRows = input.vertexIds && (await findVertexRows(runner, vertexColumns, numVertices, scratch));
    for (const column of temporary) scratch.free(column);
    const edges = { numVertices, numEdges, ids, ...ordered, numPartitions };
    const topology = await partitionRows(runner, edges, scratch);
    const sources = orderOnly ? [] : chunks.map((chunk) => ({ numRows: chunk.numEdges, attrs: chunk.attrs }));
    const order = ordered.order;
    const edgeAttrs = await gatherColumns(
      runner,
      { sources, order, numRows: numEdges, isTotal: true, scalar },
      scratch,
    );
    return {
      topology: keepTopology(scratch, topology),
      edgeAttrs: keepColumns(scratch, edgeAttrs),
      edgeOrder: orderOnly && order ? scratch.keep(order) : undefined,
      vertexRows: vertexRows && keepVertexRows(scratch, vertexRows),
    };
  } finally {
    scratch.freeAll();
  }
}
