/**
 * The routing table of a placed graph: for each executor, the vertices of others that its rows read.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef } from "../../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../../core/host/task.ts";
import { Scratch } from "../../partition/scratch.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { ScanRows } from "../scan.ts";
import type { HostRange } from "./placement.ts";
import type { PartitionRange } from "./rangePacket.ts";

/** What one executor reads of the others' vertices: it holds mirrors of these. */
export interface Mirrors {
  readonly host: number;
  /** Vertex indices, ascending. */
  readonly vertices: ColumnRef<"uint32">;
  /** Of the vertices of partition p, those at [bounds[p], bounds[p + 1]): one entry a partition, and one more. */
  readonly bounds: ColumnRef<"uint32">;
  /** Partition p has the vertices [starts[p], starts[p + 1]): one entry a partition, and one more. */
  readonly starts: ColumnRef<"uint32">;
}

/** The vertices of one partition that the host of a route mirrors. */
export function listOf(arena: Arena, { vertices, bounds }: Mirrors, partition: number): Uint32Array {
  const starts = arena.view(bounds);
  return arena.view(arena.slice(vertices, starts[partition]!, starts[partition + 1]!));
}

/** The range of a partition of which the host of a route mirrors something; undefined if there is none of this number. */
export function rangeOf(arena: Arena, { bounds, starts }: Mirrors, partition: number): PartitionRange | undefined {
  const [ends, from] = [arena.view(bounds), arena.view(starts)];
  if (partition >= ends.length - 1 || ends[partition] === ends[partition + 1]) return undefined;
  return { partition, from: from[partition]!, to: from[partition + 1]! };
}

/** A range of vertices, as a partition is one. */
interface VertexRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds the mirrors of each host. `rows`: of each partition, or part of a vertex cut, those that are scanned. The columns belong to the caller.
 *
 * Cost: a pass over all rows, two over the vertices for each host. Memory: 4 bytes a mirror; a byte a vertex while it runs.
 */
export async function findMirrors(
  runner: TaskRunner,
  partitions: readonly VertexRange[],
  rows: readonly ScanRows[],
  hosts: readonly HostRange[],
): Promise<Mirrors[]> {
  const scratch = new Scratch(runner.arena, "mirrors");
  try {
    const marks = scratch.allocate("uint8", partitions.at(-1)?.to ?? 0);
    const found: Mirrors[] = [];
    for (const host of hosts) found.push(await mirrorsOf(runner, partitions, rows, host, marks, scratch));
    for (const { vertices, bounds, starts } of found) {
      scratch.keep(vertices);
      scratch.keep(bounds);
      scratch.keep(starts);
    }
    return found;
  } finally {
    scratch.freeAll();
  }
}

/** Gives the columns back. */
export function freeMirrors(arena: Arena, mirrors: readonly Mirrors[]): void {
  for (const { vertices, bounds, starts } of mirrors) {
    arena.free(vertices);
    arena.free(bounds);
    arena.free(starts);
  }
}

/** `marks`: a byte a vertex, all 0, and again after. */
async function mirrorsOf(
  runner: TaskRunner,
  partitions: readonly VertexRange[],
  rows: readonly ScanRows[],
  { host, firstPartition, endPartition, parts }: HostRange,
  marks: ColumnRef<"uint8">,
  scratch: Scratch,
): Promise<Mirrors> {
  const shared: MarksShared = { marks };
  const isOwn = (partition: number): boolean => partition >= firstPartition && partition < endPartition;
  await runner.runTasks({
    name: "mark mirrors",
    operator: operatorRef(import.meta.url, "markNeighbours"),
    shared,
    tasks: rows.slice(parts?.from ?? firstPartition, parts?.to ?? endPartition),
  });
  const counts = await runner.runTasks<number>({
    name: "count mirrors",
    operator: operatorRef(import.meta.url, "countMarks"),
    shared,
    tasks: partitions.map(({ from, to }, at) => (isOwn(at) ? { from, to: from } : { from, to })),
  });
  const bounds = scratch.allocate("uint32", partitions.length + 1);
  const ends = runner.arena.view(bounds);
  for (const [at, count] of counts.entries()) ends[at + 1] = ends[at]! + count;
  const starts = scratch.allocate("uint32", partitions.length + 1);
  runner.arena.view(starts).set([...partitions.map(({ from }) => from), partitions.at(-1)?.to ?? 0]);
  const vertices = scratch.allocate("uint32", ends[partitions.length]!);
  await runner.runTasks({
    name: "list mirrors",
    operator: operatorRef(import.meta.url, "listMarked"),
    shared,
    tasks: partitions.map(({ from, to }, at): ListTask => ({
      from,
      to,
      list: runner.arena.slice(vertices, ends[at]!, ends[at + 1]!),
    })),
  });
  return { host, vertices, bounds, starts };
}

interface MarksShared {
  readonly marks: ColumnRef<"uint8">;
}

interface ListTask extends VertexRange {
  /** As long as there are marks in the range, or empty if they are not wanted. */
  readonly list: ColumnRef<"uint32">;
}

/** Operator: marks the vertices at the other end of a partition's edges; of a part's, those at both ends. */
export function markNeighbours({ marks }: MarksShared, { inRows, outRows }: ScanRows, task: TaskContext): void {
  const marked = task.arena.view(marks);
  for (const rows of [inRows, outRows]) {
    if (rows === undefined) continue;
    const neighbours = task.arena.view(rows.neighbours);
    for (let entry = 0; entry < neighbours.length; entry++) {
      if ((entry & 0xfffff) === 0) task.throwIfCancelled();
      marked[neighbours[entry]!] = 1;
    }
    for (const target of rows.targets === undefined ? [] : task.arena.view(rows.targets)) marked[target] = 1;
  }
}

/** Operator: how many vertices of a range are marked. */
export function countMarks({ marks }: MarksShared, { from, to }: VertexRange, task: TaskContext): number {
  const marked = task.arena.view(marks);
  let count = 0;
  for (let vertex = from; vertex < to; vertex++) count += marked[vertex]!;
  return count;
}

/** Operator: lists the marked vertices of a range, and clears their marks. */
export function listMarked({ marks }: MarksShared, { from, to, list }: ListTask, task: TaskContext): void {
  const marked = task.arena.view(marks);
  const vertices = task.arena.view(list);
  if (vertices.length > 0) {
    for (let vertex = from, at = 0; vertex < to; vertex++) if (marked[vertex] !== 0) vertices[at++] = vertex;
  }
  marked.fill(0, from, to);
}
