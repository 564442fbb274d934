/**
 * Gives each distinct vertex id its index: ids ascending, integers by value, strings by their UTF-8 bytes.
 *
 * Small integers are marked in a table; others are first made codes into distinct values, and those are sorted.
 */
import { uncleared } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { SuperstepError } from "../../core/errors.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { kernelsOf } from "../kernels/kernels.ts";
import type { IdValues } from "../load/edgeChunk.ts";
import { blockEdges, forEachBlock, wordReader } from "./edgeRun.ts";
import { numberDense } from "./numberDense.ts";
import { numberIntegers } from "./numberIntegers.ts";
import { numIds, type IndexColumn, type Numbering } from "./numbering.ts";
import { numberStrings } from "./numberStrings.ts";
import type { Scratch } from "./scratch.ts";
import { cutSections, taskCount, type Section } from "./sections.ts";
import type { TaskRunner } from "./taskRunner.ts";

/** Entries of the table for small integers, for each id that was given: it takes 5 bytes an entry while building. */
const tableEntriesPerId = 1;
/** Up to here a table is always the faster way. */
const smallTable = 65536;

/** @throws SuperstepError INVALID_INPUT if integers and strings are mixed. */
export async function numberVertices(
  runner: TaskRunner,
  columns: readonly IdValues[],
  scratch: Scratch,
): Promise<Numbering> {
  const filled = columns.filter((column) => numIds(column) > 0);
  const strings = filled.filter((column) => column.kind === "string");
  const words = filled.filter((column) => column.kind === "uint32");
  if (strings.length > 0 && strings.length < filled.length) throw mixedIds();

  let numbering: Numbering;
  if (strings.length > 0) {
    numbering = await numberStrings(runner, strings, scratch);
  } else if (words.length === filled.length) {
    const values = words.map((column) => column.values);
    const numEntries = 1 + (mostOf(words) ?? (await largest(runner, values, scratch)));
    const numValues = values.reduce((sum, { length }) => sum + length, 0);
    if (numEntries <= Math.max(smallTable, numValues * tableEntriesPerId)) {
      numbering = await numberDense(runner, values, numEntries, scratch);
    } else {
      numbering = await numberIntegers(runner, words, scratch);
    }
  } else {
    const integers = filled.filter((column) => column.kind !== "string");
    numbering = await numberIntegers(runner, integers, scratch);
  }
  let next = 0;
  const all = columns.map((column) => (numIds(column) > 0 ? numbering.columns[next++]! : emptyColumn));
  return { ...numbering, columns: all };
}

const emptyColumn: IndexColumn = { values: new Uint32Array(0) };

/** Sections of columns, and room for a block of one. */
interface LargestTask {
  readonly sections: readonly Section[];
  readonly buffer: ColumnRef<"uint32">;
}

/** Operator: the largest of the words in its sections, 0 if it has none. */
export function largestOf(
  columns: readonly Uint32Array[],
  { sections, buffer }: LargestTask,
  task: TaskContext,
): number {
  const kernels = kernelsOf(task);
  let largestYet = 0;
  for (const { item, from, to } of sections) {
    task.throwIfCancelled();
    const words = wordReader(columns[item]!, { arena: task.arena, buffer });
    forEachBlock(from, to, (at, end) => {
      largestYet = kernels.largestWord(words(at, end), end - at, largestYet) >>> 0;
    });
  }
  return largestYet;
}

/** The largest of all words or more, where readers know it. */
function mostOf(columns: readonly (IdValues & { kind: "uint32" })[]): number | undefined {
  return columns.reduce<number | undefined>(
    (most, column) => (most === undefined || column.most === undefined ? undefined : Math.max(most, column.most)),
    0,
  );
}

/** The largest of all words, at least 0. */
async function largest(runner: TaskRunner, columns: readonly Uint32Array[], scratch: Scratch): Promise<number> {
  const lengths = columns.map(({ length }) => length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const tasks = cutSections(lengths, taskCount(total, runner.numThreads)).map((sections): LargestTask => {
    return { sections, buffer: scratch.allocate("uint32", blockEdges, uncleared) };
  });
  const found = await runner.runTasks<number>({
    name: "find the largest vertex id",
    operator: operatorRef(import.meta.url, "largestOf"),
    shared: columns,
    tasks,
  });
  for (const { buffer } of tasks) scratch.free(buffer);
  return found.reduce((most, value) => Math.max(most, value), 0);
}

function mixedIds(): SuperstepError {
  return new SuperstepError(
    "INVALID_INPUT",
    "graph: vertex ids must be all integers or all strings, got both. Make all of them strings.",
  );
}
