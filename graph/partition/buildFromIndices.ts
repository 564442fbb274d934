/**
 * Builds a topology from edges whose ends are vertex indices already.
 */
import type { EdgeRun } from "./edgeRun.ts";
import { copyIds } from "./idColumn.ts";
import { checkEdgeCount, orderEdges } from "./orderEdges.ts";
import { checkNumPartitions, keepTopology, partitionRows } from "./partitionRows.ts";
import { Scratch } from "./scratch.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { IdColumn } from "./topology.ts";
import type { DerivedTopology } from "./transpose.ts";

/** What `buildFromIndices` builds from. */
export interface IndexedEdges {
  readonly numVertices: number;
  /** The ids of those vertices; copied. */
  readonly ids: IdColumn;
  /** Edges in input order. Indices are below numVertices. */
  readonly runs: readonly EdgeRun[];
  /** 1 to 65536. Default: by the numbers of vertices and edges alone, at most 64. */
  readonly numPartitions?: number | undefined;
}

/**
 * Builds a topology: edges by destination, source and input order. `edgeMap` says where each edge stood in the input.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `numPartitions` is out of range, or there are 2^32 edges or more.
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full.
 */
export async function buildFromIndices(runner: TaskRunner, input: IndexedEdges): Promise<DerivedTopology> {
  const { numVertices, runs, numPartitions } = input;
  checkNumPartitions("graph", numPartitions);
  const numEdges = runs.reduce((sum, run) => sum + run.numEdges, 0);
  checkEdgeCount(numEdges);
  const scratch = new Scratch(runner.arena, "graph");
  try {
    const { order, ...rows } = await orderEdges(runner, { runs, numVertices, withOrder: true }, scratch);
    const ids = copyIds(runner.arena, input.ids, scratch);
    const topology = await partitionRows(runner, { numVertices, numEdges, ids, ...rows, numPartitions }, scratch);
    return { topology: keepTopology(scratch, topology), edgeMap: scratch.keep(order!) };
  } finally {
    scratch.freeAll();
  }
}
