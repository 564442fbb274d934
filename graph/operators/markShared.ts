/**
 * Which vertices and edges of one graph another one has too.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { idReader, indexOf } from "../partition/idColumn.ts";
import { noIndex, type Topology, type TopologyPartition } from "../partition/topology.ts";

/** One byte a row, 1 for those that both have. The caller frees them. */
export interface Shared {
  readonly keepVertices: ColumnRef<"boolean">;
  readonly keepEdges: ColumnRef<"boolean">;
}

interface MarkInput extends Shared {
  readonly topology: Topology;
  readonly other: Topology;
  /** The other graph's index of each vertex, or `noIndex`. */
  readonly indices: ColumnRef<"uint32">;
}

const findIndicesRef: OperatorRef = operatorRef(import.meta.url, "findIndices");
const markEdgesRef: OperatorRef = operatorRef(import.meta.url, "markEdges");

/** Marks what `topology` shares with `other`: a vertex by its id, an edge by its two ends. */
export async function markShared(driver: Driver, topology: Topology, other: Topology): Promise<Shared> {
  const { arena } = driver;
  const keepVertices = arena.allocate("boolean", topology.numVertices, "mask");
  const keepEdges = arena.allocate("boolean", topology.numEdges, "mask");
  const indices = arena.allocate("uint32", topology.numVertices, "mask");
  const shared: MarkInput = { topology, other, keepVertices, keepEdges, indices };
  const tasks = topology.partitions;
  try {
    await driver.runTasks({ name: "mask: vertices", operator: findIndicesRef, shared, tasks });
    await driver.runTasks({ name: "mask: edges", operator: markEdgesRef, shared, tasks });
    return { keepVertices, keepEdges };
  } catch (error) {
    arena.free(keepVertices);
    arena.free(keepEdges);
    throw error;
  } finally {
    arena.free(indices);
  }
}

/** Task: where the vertices of a partition are in the other graph. */
export function findIndices(input: MarkInput, { from, to }: TopologyPartition, { arena }: TaskContext): void {
  const idOf = idReader(input.topology.ids, arena);
  const indices = arena.view(input.indices);
  const keep = arena.view(input.keepVertices);
  for (let vertex = from; vertex < to; vertex++) {
    const index = indexOf(input.other.ids, arena, idOf(vertex));
    indices[vertex] = index < 0 ? noIndex : index;
    keep[vertex] = index < 0 ? 0 : 1;
  }
}

/** Task: which edges of a partition the other graph has: rows of both ascend, and are walked side by side. */
export function markEdges(input: MarkInput, { from, to, inRows }: TopologyPartition, { arena }: TaskContext): void {
  const indices = arena.view(input.indices);
  const keep = arena.view(input.keepEdges);
  const offsets = arena.view(inRows.offsets);
  const neighbours = arena.view(inRows.neighbours);
  const otherRows = openedRows(input.other, arena);
  for (let vertex = from; vertex < to; vertex++) {
    if (indices[vertex] === noIndex) continue;
    const { row, offsets: otherOffsets, neighbours: otherNeighbours } = otherRows(indices[vertex]!);
    let at = otherOffsets[row]!;
    const end = otherOffsets[row + 1]!;
    for (let entry = offsets[vertex - from]!; entry < offsets[vertex - from + 1]!; entry++) {
      const source = indices[neighbours[entry]!]!;
      if (source === noIndex) continue;
      while (at < end && otherNeighbours[at]! < source) at++;
      if (at < end && otherNeighbours[at] === source) keep[inRows.firstEdge + entry] = 1;
    }
  }
}

interface OpenRow {
  readonly row: number;
  readonly offsets: Uint32Array;
  readonly neighbours: Uint32Array;
}

function openedRows({ partitions }: Topology, arena: TaskContext["arena"]): (vertex: number) => OpenRow {
  const open = partitions.map(({ from, to, inRows }) => ({
    from,
    to,
    offsets: arena.view(inRows.offsets),
    neighbours: arena.view(inRows.neighbours),
  }));
  return (vertex) => {
    const partition = open.find(({ to }) => vertex < to)!;
    return { row: vertex - partition.from, offsets: partition.offsets, neighbours: partition.neighbours };
  };
}
