/**
 * Cuts the rows of a topology into even tasks, across and within its partitions.
 */
import type { Arena } from "../../core/column/arena.ts";
import { taskCount } from "./sections.ts";
import type { EdgeRows, Topology } from "./topology.ts";

/** Rows [from, to) of the incoming rows of partition `partition`. */
export interface RowRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Ranges of about as many rows plus edges each, in order; every row is in one. */
export function cutRows(topology: Topology, arena: Arena, numThreads: number): RowRange[] {
  const { partitions } = topology;
  const weights = partitions.map(({ inRows }) => inRows.numRows + inRows.neighbours.length);
  const total = topology.numVertices + topology.numEdges;
  const wanted = total / taskCount(total, numThreads);
  return partitions.flatMap(({ inRows }, partition): RowRange[] => {
    const numRanges = Math.max(1, Math.round(weights[partition]! / wanted));
    const offsets = arena.view(inRows.offsets);
    const bounds = Array.from({ length: numRanges + 1 }, (_, range) =>
      range === numRanges ? inRows.numRows : firstRowAt(offsets, (weights[partition]! * range) / numRanges),
    );
    return bounds.slice(1).map((to, range) => ({ partition, from: bounds[range]!, to }));
  });
}

/** The rows of one partition, ready to read. */
export interface OpenRows {
  readonly offsets: Uint32Array;
  readonly neighbours: Uint32Array;
  readonly firstRow: number;
  /** Position of the first edge. */
  readonly firstEdge: number;
}

/** Views rows by destination of a topology. */
export function openRows(rows: EdgeRows, arena: Arena): OpenRows {
  const { firstRow, firstEdge } = rows;
  return { offsets: arena.view(rows.offsets), neighbours: arena.view(rows.neighbours), firstRow, firstEdge };
}

/** The first row before which stand at least `weight` rows plus edges. */
function firstRowAt(offsets: Uint32Array, weight: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (middle + offsets[middle]! < weight) low = middle + 1;
    else high = middle;
  }
  return low;
}
