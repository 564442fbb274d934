/**
 * Indices for integer ids that are small: a table says which occur, its running count is their index.
 */
import { uncleared } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { kernelsOf } from "../kernels/kernels.ts";
import { blockEdges, forEachBlock, wordReader } from "./edgeRun.ts";
import type { Numbering } from "./numbering.ts";
import type { Scratch } from "./scratch.ts";
import { cutEvenly, cutSections, taskCount, type Section } from "./sections.ts";
import type { TaskRunner } from "./taskRunner.ts";

interface MarkShared {
  readonly columns: readonly Uint32Array[];
  /** A byte for each integer below numEntries: 1 if it occurs. */
  readonly present: ColumnRef<"uint8">;
}

interface MarkTask {
  readonly sections: readonly Section[];
  /** Room for a block of a column. */
  readonly buffer: ColumnRef<"uint32">;
}

interface RankShared {
  readonly present: ColumnRef<"uint8">;
  readonly ids: ColumnRef<"uint32">;
  /** Absent if every integer occurs, and so is its own index. */
  readonly rank: ColumnRef<"uint32"> | undefined;
}

/** Integers [from, to), of which the first that occurs gets index `base`. */
interface RankTask {
  readonly from: number;
  readonly to: number;
  readonly base: number;
}

/** Numbers ids below `numEntries`. */
export async function numberDense(
  runner: TaskRunner,
  columns: readonly Uint32Array[],
  numEntries: number,
  scratch: Scratch,
): Promise<Numbering> {
  const lengths = columns.map(({ length }) => length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const present = scratch.allocate("uint8", numEntries);
  const marking = cutSections(lengths, taskCount(total, runner.numThreads)).map((sections): MarkTask => {
    return { sections, buffer: scratch.allocate("uint32", blockEdges, uncleared) };
  });
  await runner.runTasks({
    name: "mark vertex ids",
    operator: operatorRef(import.meta.url, "markPresent"),
    shared: { columns, present } satisfies MarkShared,
    tasks: marking,
  });
  for (const { buffer } of marking) scratch.free(buffer);
  const ranges = cutEvenly(numEntries, taskCount(numEntries, runner.numThreads));
  const counts = await runner.runTasks<number>({
    name: "count vertices",
    operator: operatorRef(import.meta.url, "countPresent"),
    shared: present,
    tasks: ranges,
  });
  let numVertices = 0;
  const tasks = ranges.map((range, task): RankTask => {
    const base = numVertices;
    numVertices += counts[task]!;
    return { ...range, base };
  });
  const ids = scratch.allocate("uint32", numVertices);
  const rank = numVertices < numEntries ? scratch.allocate("uint32", numEntries) : undefined;
  await runner.runTasks({
    name: "number vertices",
    operator: operatorRef(import.meta.url, "rankPresent"),
    shared: { present, ids, rank } satisfies RankShared,
    tasks,
  });
  scratch.free(present);
  return {
    numVertices,
    ids: { kind: "uint32", ids },
    columns: columns.map((values) => ({ values, rank })),
    temporary: rank ? [rank] : [],
  };
}

/** Operator: marks the integers in its sections. Tasks may mark the same one: all write a 1. */
export function markPresent(shared: MarkShared, { sections, buffer }: MarkTask, task: TaskContext): void {
  const { offset: marks } = shared.present;
  const kernels = kernelsOf(task);
  for (const { item, from, to } of sections) {
    task.throwIfCancelled();
    const words = wordReader(shared.columns[item]!, { arena: task.arena, buffer });
    forEachBlock(from, to, (at, end) => kernels.markWords(words(at, end), end - at, marks));
  }
}

/** Operator: how many integers of [from, to) occur. */
export function countPresent(
  present: ColumnRef<"uint8">,
  { from, to }: { from: number; to: number },
  task: TaskContext,
): number {
  return kernelsOf(task).countMarks(present.offset, from, to);
}

/** Operator: ids and ranks of the integers of [from, to) that occur. */
export function rankPresent({ present, ids, rank }: RankShared, { from, to, base }: RankTask, task: TaskContext): void {
  kernelsOf(task).numberMarks(present.offset, from, to, base, ids.offset, rank?.offset ?? 0);
}
