/**
 * Indices for string ids: the entries of all dictionaries that are used are cut into ranges by a sample, each range is
 * sorted by itself, and every dictionary gets a rank for each of its codes.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import type { IdValues, Utf8Values } from "../load/edgeChunk.ts";
import type { Numbering } from "./numbering.ts";
import type { Scratch } from "./scratch.ts";
import { cutSections, taskCount, type Section } from "./sections.ts";
import { compareUtf8 } from "./compareUtf8.ts";
import { StringSorter, type SortedRange, type StringRange } from "./stringSorter.ts";
import { sampleEvery, splitSample } from "./splitters.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { IdColumn } from "./topology.ts";

/** Bytes of a range, about, with what sorting takes. */
const maxRangeBytes = 2 ** 29;

type StringIds = Extract<IdValues, { kind: "string" }>;

/** Different dictionaries one after the other: entry = first entry of the dictionary + code. */
interface Dictionaries {
  readonly dictionaries: readonly Utf8Values[];
  readonly firstEntries: readonly number[];
  /** A byte an entry: 1 if an id has this code. */
  readonly used: ColumnRef<"uint8">;
}

interface MarkShared {
  readonly columns: readonly Uint32Array[];
  /** For each column, the first entry of its dictionary. */
  readonly firstEntries: readonly number[];
  readonly used: ColumnRef<"uint8">;
}

interface AssignShared {
  readonly offsets: ColumnRef<"uint32">;
  readonly bytes: ColumnRef<"uint8">;
  /** Index by entry. */
  readonly rank: ColumnRef<"uint32">;
}

interface AssignTask {
  readonly range: SortedRange;
  /** Index of the first string of the range. */
  readonly base: number;
  /** Its first byte. */
  readonly firstByte: number;
}

/** Numbers string ids. */
export async function numberStrings(
  runner: TaskRunner,
  columns: readonly StringIds[],
  scratch: Scratch,
): Promise<Numbering> {
  const { arena, numThreads } = runner;
  const { dictionaries, dictionaryOf } = distinctDictionaries(columns);
  const firstEntries: number[] = [];
  let numEntries = 0;
  for (const { offsets } of dictionaries) {
    firstEntries.push(numEntries);
    numEntries += offsets.length - 1;
  }
  const used = scratch.allocate("uint8", numEntries);
  const lengths = columns.map(({ codes }) => codes.length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const ownEntries = dictionaryOf.map((dictionary) => firstEntries[dictionary]!);
  await runner.runTasks({
    name: "mark vertex ids",
    operator: operatorRef(import.meta.url, "markUsed"),
    shared: { columns: columns.map(({ codes }) => codes), firstEntries: ownEntries, used } satisfies MarkShared,
    tasks: cutSections(lengths, taskCount(total, numThreads)),
  });
  const shared: Dictionaries = { dictionaries, firstEntries, used };
  const ranges = await runner.runTasks<SortedRange>({
    name: "sort vertex ids",
    operator: operatorRef(import.meta.url, "sortStrings"),
    shared,
    tasks: stringRanges(dictionaries, numEntries, numRanges(dictionaries, numEntries, numThreads)),
  });
  let numVertices = 0;
  let numBytes = 0;
  const assignments = ranges.map((range): AssignTask => {
    const assignment = { range, base: numVertices, firstByte: numBytes };
    numVertices += range.strings.offsets.length - 1;
    numBytes += range.strings.bytes.length;
    return assignment;
  });
  const ids: IdColumn = {
    kind: "string",
    offsets: scratch.allocate("uint32", numVertices + 1),
    bytes: scratch.allocate("uint8", numBytes),
  };
  const rank = scratch.allocate("uint32", numEntries);
  await runner.runTasks({
    name: "number vertices",
    operator: operatorRef(import.meta.url, "assignStrings"),
    shared: { offsets: ids.offsets, bytes: ids.bytes, rank } satisfies AssignShared,
    tasks: assignments,
  });
  arena.view(ids.offsets)[numVertices] = numBytes;
  scratch.free(used);
  return {
    numVertices,
    ids,
    columns: columns.map(({ codes, dictionary }, column) => {
      const from = ownEntries[column]!;
      return { values: codes, rank: arena.slice(rank, from, from + dictionary.offsets.length - 1) };
    }),
    temporary: [rank],
  };
}

/** Operator: marks the dictionary entries that the ids in its sections use. Tasks may mark the same: all write a 1. */
export function markUsed(shared: MarkShared, sections: readonly Section[], task: TaskContext): void {
  const used = task.arena.view(shared.used);
  for (const { item, from, to } of sections) {
    task.throwIfCancelled();
    const codes = shared.columns[item]!;
    const first = shared.firstEntries[item]!;
    for (let at = from; at < to; at++) used[first + codes[at]!] = 1;
  }
}

/**
 * Operator: the distinct used strings of its range, from all dictionaries.
 *
 * @throws SuperstepError OUT_OF_MEMORY if they do not fit the memory of a thread.
 */
export function sortStrings(shared: Dictionaries, range: StringRange, task: TaskContext): SortedRange {
  const sorter = new StringSorter(range);
  const used = task.arena.view(shared.used);
  shared.dictionaries.forEach((dictionary, at) => {
    task.throwIfCancelled();
    const first = shared.firstEntries[at]!;
    sorter.add(dictionary, used.subarray(first, first + dictionary.offsets.length - 1), first);
  });
  task.throwIfCancelled();
  return sorter.finish();
}

/** Operator: writes the ids of a range, and the index of every entry in it. */
export function assignStrings(shared: AssignShared, { range, base, firstByte }: AssignTask, task: TaskContext): void {
  const { strings, entries, places } = range;
  const offsets = task.arena.view(shared.offsets);
  for (let place = 0; place < strings.offsets.length - 1; place++) {
    offsets[base + place] = firstByte + strings.offsets[place]!;
  }
  task.arena.view(shared.bytes).set(strings.bytes, firstByte);
  const rank = task.arena.view(shared.rank);
  for (let row = 0; row < entries.length; row++) rank[entries[row]!] = base + places[row]!;
}

/** The dictionaries without repetition, and for each column which is its own. */
function distinctDictionaries(columns: readonly StringIds[]): { dictionaries: Utf8Values[]; dictionaryOf: number[] } {
  const numbers = new Map<Utf8Values, number>();
  const dictionaryOf = columns.map(({ dictionary }) => {
    const number = numbers.get(dictionary) ?? numbers.size;
    numbers.set(dictionary, number);
    return number;
  });
  return { dictionaries: [...numbers.keys()], dictionaryOf };
}

/** A range a thread, unless there is little; more where there is much, so that each fits the memory of a thread. */
function numRanges(dictionaries: readonly Utf8Values[], numEntries: number, numThreads: number): number {
  const numBytes = dictionaries.reduce((sum, { bytes }) => sum + bytes.length, 32 * numEntries);
  return Math.max(Math.min(numThreads, taskCount(numEntries, numThreads)), Math.ceil(numBytes / maxRangeBytes));
}

/** Evenly filled ranges of the strings of all dictionaries. */
function stringRanges(dictionaries: readonly Utf8Values[], numEntries: number, numRanges: number): StringRange[] {
  let dictionary = 0;
  let firstEntry = 0;
  const sample = sampleEvery(numEntries, numRanges).map((entry) => {
    while (entry - firstEntry >= dictionaries[dictionary]!.offsets.length - 1) {
      firstEntry += dictionaries[dictionary++]!.offsets.length - 1;
    }
    const { offsets, bytes } = dictionaries[dictionary]!;
    return bytes.slice(offsets[entry - firstEntry]!, offsets[entry - firstEntry + 1]!);
  });
  sample.sort((a, b) => compareUtf8(a, 0, a.length, b, 0, b.length));
  return splitSample(sample, numRanges);
}
