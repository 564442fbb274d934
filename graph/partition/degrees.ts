/**
 * Degrees of vertices: incoming ones are lengths of rows, outgoing ones are counted.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { kernelsOf } from "../kernels/kernels.ts";
import { cutRows, openRows, type RowRange } from "./cutRows.ts";
import { Scratch } from "./scratch.ts";
import { cutEvenly, taskCount } from "./sections.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { Topology } from "./topology.ts";

interface InShared {
  readonly topology: Topology;
  readonly degrees: ColumnRef<"uint32">;
}

interface CountShared {
  readonly topology: Topology;
}

interface CountTask {
  readonly ranges: readonly RowRange[];
  /** numVertices counters of this task alone. */
  readonly counts: ColumnRef<"uint32">;
}

interface SumShared {
  readonly counts: readonly ColumnRef<"uint32">[];
  readonly degrees: ColumnRef<"uint32">;
}

interface VertexRange {
  readonly from: number;
  readonly to: number;
}

/** How many edges end at each vertex. The column belongs to the caller. */
export async function inDegrees(runner: TaskRunner, topology: Topology): Promise<ColumnRef<"uint32">> {
  const scratch = new Scratch(runner.arena, "degrees");
  try {
    const degrees = scratch.allocate("uint32", topology.numVertices);
    await runner.runTasks({
      name: "incoming degrees",
      operator: operatorRef(import.meta.url, "measureRows"),
      shared: { topology, degrees } satisfies InShared,
      tasks: cutRows(topology, runner.arena, runner.numThreads),
    });
    return scratch.keep(degrees);
  } finally {
    scratch.freeAll();
  }
}

/**
 * How many edges start at each vertex. The column belongs to the caller.
 *
 * Memory: counters of each task while it runs, together no more than 4 bytes an edge or a vertex.
 */
export async function outDegrees(runner: TaskRunner, topology: Topology): Promise<ColumnRef<"uint32">> {
  const { arena, numThreads } = runner;
  const { numVertices, numEdges } = topology;
  const scratch = new Scratch(arena, "degrees");
  try {
    const ranges = cutRows(topology, arena, numThreads);
    const numTasks = Math.max(1, Math.min(numThreads, Math.floor(numEdges / Math.max(1, numVertices))));
    const counts = Array.from({ length: numTasks }, () => scratch.allocate("uint32", numVertices));
    await runner.runTasks({
      name: "count outgoing edges",
      operator: operatorRef(import.meta.url, "countSources"),
      shared: { topology } satisfies CountShared,
      tasks: cutEvenly(ranges.length, numTasks).map(({ from, to }, task): CountTask => ({
        ranges: ranges.slice(from, to),
        counts: counts[task]!,
      })),
    });
    const degrees = scratch.allocate("uint32", numVertices);
    await runner.runTasks({
      name: "outgoing degrees",
      operator: operatorRef(import.meta.url, "sumCounts"),
      shared: { counts, degrees } satisfies SumShared,
      tasks: cutEvenly(numVertices, taskCount(numVertices, numThreads)),
    });
    return scratch.keep(degrees);
  } finally {
    scratch.freeAll();
  }
}

/** Operator: the lengths of a range of rows. */
export function measureRows(shared: InShared, { partition, from, to }: RowRange, task: TaskContext): void {
  const { offsets, firstRow } = openRows(shared.topology.partitions[partition]!.inRows, task.arena);
  const degrees = task.arena.view(shared.degrees);
  for (let row = from; row < to; row++) degrees[firstRow + row] = offsets[row + 1]! - offsets[row]!;
}

/** Operator: counts, for every vertex, the edges in its ranges that start there. */
export function countSources({ topology }: CountShared, { ranges, counts }: CountTask, task: TaskContext): void {
  const kernels = kernelsOf(task);
  task.arena.view(counts).fill(0);
  for (const { partition, from, to } of ranges) {
    task.throwIfCancelled();
    const { offsets, neighbours } = topology.partitions[partition]!.inRows;
    const [start, end] = [task.arena.view(offsets)[from]!, task.arena.view(offsets)[to]!];
    kernels.countKeys(neighbours.offset + 4 * start, end - start, 0, counts.offset);
  }
}

/** Operator: sums the counters of all tasks for the vertices [from, to). */
export function sumCounts(shared: SumShared, { from, to }: VertexRange, task: TaskContext): void {
  const degrees = task.arena.view(shared.degrees).subarray(from, to).fill(0);
  for (const column of shared.counts) {
    const counts = task.arena.view(column);
    for (let vertex = from; vertex < to; vertex++) degrees[vertex - from]! += counts[vertex]!;
  }
}
