/**
 * The graph layer: property graphs over the RDD core.
 *
 * A `Graph` is a shape (ids, vertex ranges, rows of edges) and two column sets, each made when it is first needed. Read
 * `graph.ts` for what a program can say, `superstep/` for how messages travel (program, scan, combine, apply),
 * `partition/` for how a shape is built, `load/` for where graphs come from, `algorithms/` for what runs on them.
 */
export {
  GraphLoader,
  type EdgeListOptions,
  type LoadedGraph,
  type LoadOptions,
  type LoadReport,
  type Row,
} from "./load/graphLoader.ts";
export { useArrow } from "./arrow.ts";
export { explainGraph } from "./explain.ts";
export { Graph, type CreateOptions } from "./graph.ts";
export { GraphGenerators } from "./load/graphGenerators.ts";
export { graphTables, vertexTable, type GraphTables, type TableNames } from "./graphTables.ts";
export { VertexRDD } from "./vertexRDD.ts";
export { EdgeRDD } from "./edgeRDD.ts";
export type { Edge, EdgeContext, EdgeDirection, EdgeTriplet, Run, VertexId } from "./types.ts";
export type { PartitionStrategy } from "./partition/strategy.ts";
export type { RunOrder } from "./superstep/ordered/orderedRun.ts";
export type { PregelOptions, PregelProgram } from "./superstep/pregel.ts";
export type { CheckpointOptions } from "./superstep/checkpoint/checkpointOptions.ts";
export type { MessageRound } from "./superstep/aggregateMessages.ts";
export type { Globals, SuperstepsOptions, SuperstepsRun } from "./superstep/superstepsOver.ts";
export type { TripletFields } from "./superstep/program.ts";
export type { Weight } from "./algorithms/weights.ts";
export type { BfsOptions } from "./algorithms/bfs.ts";
export type { ConnectedComponentsOptions } from "./algorithms/connectedComponents.ts";
export type { PageRankOptions, PageRankRun } from "./algorithms/pageRank.ts";
export type { ShortestPathsOptions, ShortestPathsRun } from "./algorithms/shortestPaths.ts";
export type { Path, SsspOptions, SsspRun } from "./algorithms/sssp.ts";
export type { TriangleCountOptions, TriangleRun } from "./algorithms/triangleCount.ts";
export type { TraversalDirection } from "./algorithms/traversal.ts";
export type { Table, TableColumn } from "./load/table/table.ts";
export { fromGraphology, toGraphology, type GraphologySource } from "./load/graphology.ts";
export { readTable, type ReadTableOptions } from "./load/table/readTable.ts";
export { writeTable, type WriteTableOptions } from "./load/table/writeTable.ts";
