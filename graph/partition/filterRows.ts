/**
 * Topologies with fewer edges or vertices: those that are flagged, or one of each group of parallel edges. What stays
 * keeps its order, so nothing is sorted: rows are counted, then copied.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { cutRows, openRows, type OpenRows, type RowRange } from "./cutRows.ts";
import { copyIds } from "./idColumn.ts";
import { checkNumPartitions, keepTopology, partitionRows } from "./partitionRows.ts";
import { Scratch } from "./scratch.ts";
import { selectIds } from "./selectIds.ts";
import type { TaskRunner } from "./taskRunner.ts";
import { noIndex, type IdColumn, type Topology } from "./topology.ts";
import type { DerivedTopology } from "./transpose.ts";

/** What stays of a topology. */
export interface Selection {
  /** A byte a vertex: not 0 if it stays. Default: all stay. */
  readonly keepVertices?: ColumnRef<"uint8" | "boolean"> | undefined;
  /** A byte an edge: not 0 if it stays, provided that both its ends do. Default: all stay. */
  readonly keepEdges?: ColumnRef<"uint8" | "boolean"> | undefined;
  /** 1 to 65536. Default: as many as before. */
  readonly numPartitions?: number | undefined;
}

/** A topology made of what stayed. Its columns, and the maps, belong to the caller. */
export interface SelectedTopology extends DerivedTopology {
  /** For each vertex, its index in the other topology. */
  readonly vertexMap: ColumnRef<"uint32">;
}

/** Each group of parallel edges as one edge. Columns belong to the caller. */
export interface GroupedTopology {
  readonly topology: Topology;
  /** numEdges + 1 entries: the edges of group e had positions [runStarts[e], runStarts[e + 1]). */
  readonly runStarts: ColumnRef<"uint32">;
}

/** Which edges stay. */
interface EdgeTest {
  readonly keepEdges: ColumnRef<"uint8" | "boolean"> | undefined;
  /** New index by old one, `noIndex` for vertices that go; absent if all stay. */
  readonly vertexRank: ColumnRef<"uint32"> | undefined;
  /** Keep only the first of parallel edges. */
  readonly isFirstOnly: boolean;
}

interface Shared {
  readonly topology: Topology;
  readonly test: EdgeTest;
}

interface WriteShared extends Shared {
  readonly neighbours: ColumnRef<"uint32">;
  readonly edgeMap: ColumnRef<"uint32">;
  readonly rowStart: ColumnRef<"uint32">;
}

interface WriteTask {
  readonly range: RowRange;
  /** Position of the first edge that stays. */
  readonly firstEdge: number;
}

/**
 * The graph of the vertices and edges that stay. A vertex may be left without edges.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `numPartitions` is out of range; OUT_OF_MEMORY if the arena is full.
 */
export async function selectTopology(
  runner: TaskRunner,
  topology: Topology,
  { keepVertices, keepEdges, numPartitions = topology.partitions.length }: Selection,
): Promise<SelectedTopology> {
  checkNumPartitions("subgraph", numPartitions);
  const scratch = new Scratch(runner.arena, "graph");
  try {
    const vertices = await selectIds(runner, topology.ids, topology.numVertices, keepVertices, scratch);
    const { vertexRank, vertexMap, numVertices, ids } = vertices;
    const test: EdgeTest = { keepEdges, vertexRank, isFirstOnly: false };
    const { numEdges, edgeMap, ...rows } = await filterRows(runner, topology, test, numVertices, 0, scratch);
    const edges = { numVertices, numEdges, ids, ...rows, numPartitions };
    const selected = await partitionRows(runner, edges, scratch);
    return {
      topology: keepTopology(scratch, selected),
      vertexMap: scratch.keep(vertexMap),
      edgeMap: scratch.keep(edgeMap),
    };
  } finally {
    scratch.freeAll();
  }
}

/**
 * The graph with one edge for each group of parallel edges.
 *
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full.
 */
export async function groupParallelEdges(runner: TaskRunner, topology: Topology): Promise<GroupedTopology> {
  const { arena } = runner;
  const { numVertices } = topology;
  const scratch = new Scratch(arena, "graph");
  try {
    const test: EdgeTest = { keepEdges: undefined, vertexRank: undefined, isFirstOnly: true };
    const { numEdges, edgeMap, ...rows } = await filterRows(runner, topology, test, numVertices, 1, scratch);
    arena.view(edgeMap)[numEdges] = topology.numEdges;
    const ids: IdColumn = copyIds(arena, topology.ids, scratch);
    const numPartitions = topology.partitions.length;
    const grouped = await partitionRows(runner, { numVertices, numEdges, ids, ...rows, numPartitions }, scratch);
    return { topology: keepTopology(scratch, grouped), runStarts: scratch.keep(edgeMap) };
  } finally {
    scratch.freeAll();
  }
}

/** Operator: how many edges of a range stay. */
export function countEdges({ topology, test }: Shared, range: RowRange, task: TaskContext): number {
  const isKept = edgeTest(test, topology, range, task.arena);
  const { offsets, firstRow } = openRows(topology.partitions[range.partition]!.inRows, task.arena);
  let count = 0;
  for (let row = range.from; row < range.to; row++) {
    const end = offsets[row + 1]!;
    for (let entry = offsets[row]!; entry < end; entry++) if (isKept(firstRow + row, entry, offsets[row]!)) count++;
  }
  return count;
}

/** Operator: writes the edges of a range that stay, and where the rows of its vertices start. */
export function writeEdges(shared: WriteShared, { range, firstEdge }: WriteTask, task: TaskContext): void {
  const { arena } = task;
  const { topology, test } = shared;
  const isKept = edgeTest(test, topology, range, arena);
  const rows: OpenRows = openRows(topology.partitions[range.partition]!.inRows, arena);
  const { offsets, neighbours, firstRow } = rows;
  const rank = test.vertexRank && arena.view(test.vertexRank);
  const output = arena.view(shared.neighbours);
  const edgeMap = arena.view(shared.edgeMap);
  const rowStart = arena.view(shared.rowStart);
  let at = firstEdge;
  for (let row = range.from; row < range.to; row++) {
    const vertex = firstRow + row;
    const index = rank ? rank[vertex]! : vertex;
    if (index === noIndex) continue;
    rowStart[index] = at;
    const end = offsets[row + 1]!;
    for (let entry = offsets[row]!; entry < end; entry++) {
      if (!isKept(vertex, entry, offsets[row]!)) continue;
      const neighbour = neighbours[entry]!;
      output[at] = rank ? rank[neighbour]! : neighbour;
      edgeMap[at] = rows.firstEdge + entry;
      at++;
    }
  }
}

/** Counts, then copies; `extra` more entries of `edgeMap` are left 0. Columns of the scratch. */
async function filterRows(
  runner: TaskRunner,
  topology: Topology,
  test: EdgeTest,
  numVertices: number,
  extra: number,
  scratch: Scratch,
): Promise<Pick<WriteShared, "neighbours" | "edgeMap" | "rowStart"> & { numEdges: number }> {
  const ranges = cutRows(topology, runner.arena, runner.numThreads);
  const counts = await runner.runTasks<number>({
    name: "count edges that stay",
    operator: operatorRef(import.meta.url, "countEdges"),
    shared: { topology, test } satisfies Shared,
    tasks: ranges,
  });
  let numEdges = 0;
  const tasks = ranges.map((range, task): WriteTask => {
    const firstEdge = numEdges;
    numEdges += counts[task]!;
    return { range, firstEdge };
  });
  const neighbours = scratch.allocate("uint32", numEdges);
  const edgeMap = scratch.allocate("uint32", numEdges + extra);
  const rowStart = scratch.allocate("uint32", numVertices + 1);
  await runner.runTasks({
    name: "copy edges that stay",
    operator: operatorRef(import.meta.url, "writeEdges"),
    shared: { topology, test, neighbours, edgeMap, rowStart } satisfies WriteShared,
    tasks,
  });
  runner.arena.view(rowStart)[numVertices] = numEdges;
  return { numEdges, neighbours, edgeMap, rowStart };
}

/** Whether an entry of a row of one partition stays, given its vertex and the first entry of its row. */
function edgeTest(
  { keepEdges, vertexRank, isFirstOnly }: EdgeTest,
  topology: Topology,
  { partition }: RowRange,
  arena: Arena,
): (vertex: number, entry: number, rowFirst: number) => boolean {
  const { neighbours, firstEdge } = openRows(topology.partitions[partition]!.inRows, arena);
  if (isFirstOnly) {
    return (_vertex, entry, rowFirst) => entry === rowFirst || neighbours[entry] !== neighbours[entry - 1];
  }
  const flags = keepEdges && arena.view(keepEdges);
  const rank = vertexRank && arena.view(vertexRank);
  return (vertex, entry) =>
    (!flags || flags[firstEdge + entry] !== 0) &&
    (!rank || (rank[vertex] !== noIndex && rank[neighbours[entry]!] !== noIndex));
}
