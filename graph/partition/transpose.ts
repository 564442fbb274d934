/**
 * The edges of a topology by source: outgoing rows, and the topology of the reversed graph.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import type { EdgeRun } from "./edgeRun.ts";
import { copyIds } from "./idColumn.ts";
import { orderEdges, type OrderedEdges } from "./orderEdges.ts";
import { checkNumPartitions, cutOffsets, keepTopology, partitionRows } from "./partitionRows.ts";
import { Scratch } from "./scratch.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { EdgeRows, Topology } from "./topology.ts";

/** A topology made of another one. Its columns, and the map, belong to the caller. */
export interface DerivedTopology {
  readonly topology: Topology;
  /** For each edge, its position in the other topology. */
  readonly edgeMap: ColumnRef<"uint32">;
}

/**
 * Rows by source for each vertex partition, over the whole graph: neighbours are destinations, ascending, parallel
 * edges in input order; positions say which edge an entry is. Freed by `freeOutRows`.
 *
 * Memory: 8 bytes an edge, 4 a vertex; 2 bytes an edge more while it runs.
 *
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full.
 */
export async function outRows(runner: TaskRunner, topology: Topology): Promise<EdgeRows[]> {
  const scratch = new Scratch(runner.arena, "outgoing edges");
  try {
    const { arena } = runner;
    const { neighbours, order, rowStart } = await orderBySource(runner, topology, scratch);
    const bounds = [...topology.partitions.map(({ from }) => from), topology.numVertices];
    const { offsets, slices } = await cutOffsets(runner, rowStart, bounds, scratch);
    const starts = arena.view(rowStart);
    const rows = topology.partitions.map(({ from, to }, partition): EdgeRows => {
      const firstEdge = starts[from]!;
      const end = starts[to]!;
      return {
        numRows: to - from,
        firstRow: from,
        offsets: slices[partition]!,
        neighbours: arena.slice(neighbours, firstEdge, end),
        positions: arena.slice(order, firstEdge, end),
        firstEdge,
      };
    });
    for (const column of [neighbours, order, offsets]) scratch.keep(column);
    return rows;
  } finally {
    scratch.freeAll();
  }
}

/** Frees what `outRows` returned: its rows are slices of three columns. */
export function freeOutRows(arena: Arena, rows: readonly EdgeRows[]): void {
  const first = rows[0]!;
  const numEdges = rows.reduce((sum, { neighbours }) => sum + neighbours.length, 0);
  const numOffsets = rows.reduce((sum, { offsets }) => sum + offsets.length, 0);
  arena.free({ ...first.neighbours, length: numEdges });
  arena.free({ ...first.positions!, length: numEdges });
  arena.free({ ...first.offsets, length: numOffsets });
}

/**
 * The graph with every edge turned round. Of parallel edges, the order stays.
 *
 * `numPartitions`: 1 to 65536; default: as many as before.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `numPartitions` is out of range; OUT_OF_MEMORY if the arena is full.
 */
export async function reverseTopology(
  runner: TaskRunner,
  topology: Topology,
  numPartitions: number = topology.partitions.length,
): Promise<DerivedTopology> {
  checkNumPartitions("reverse", numPartitions);
  const { numVertices, numEdges } = topology;
  const scratch = new Scratch(runner.arena, "graph");
  try {
    const { order, ...rows } = await orderBySource(runner, topology, scratch);
    const ids = copyIds(runner.arena, topology.ids, scratch);
    const reversed = await partitionRows(runner, { numVertices, numEdges, ids, ...rows, numPartitions }, scratch);
    return { topology: keepTopology(scratch, reversed), edgeMap: scratch.keep(order) };
  } finally {
    scratch.freeAll();
  }
}

async function orderBySource(
  runner: TaskRunner,
  { numVertices, partitions }: Topology,
  scratch: Scratch,
): Promise<Required<OrderedEdges>> {
  const runs = partitions.map(({ inRows }): EdgeRun => {
    return { kind: "rows", numEdges: inRows.neighbours.length, rows: inRows, swap: true };
  });
  const { neighbours, rowStart, order } = await orderEdges(runner, { runs, numVertices, withOrder: true }, scratch);
  return { neighbours, rowStart, order: order! };
}
