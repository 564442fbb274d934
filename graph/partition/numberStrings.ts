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
import { sharedWords, shareWords } from "./sharedWords.ts";
import { compareUtf8, sortUtf8 } from "./sortUtf8.ts";
import { sampleEvery, splitSample } from "./splitters.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { IdColumn } from "./topology.ts";
import { Utf8Table } from "./utf8Table.ts";

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

/** Strings from `from` on, below `to`; undefined is no bound. */
interface SortTask {
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
}

/** Distinct strings of one range, ascending, and for each used entry in the range its place among them. */
interface SortedRange {
  readonly strings: Utf8Values;
  readonly entries: Uint32Array;
  readonly places: Uint32Array;
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
    tasks: stringRanges(dictionaries, numEntries, Math.min(numThreads, taskCount(numEntries, numThreads))),
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

/** Operator: the distinct used strings of its range, from all dictionaries. */
export function sortStrings(shared: Dictionaries, { from, to }: SortTask, task: TaskContext): SortedRange {
  const used = task.arena.view(shared.used);
  const entries = new Uint32Array(used.length);
  const codes = new Uint32Array(used.length);
  const table = new Utf8Table();
  let numRows = 0;
  shared.dictionaries.forEach(({ offsets, bytes }, dictionary) => {
    task.throwIfCancelled();
    const first = shared.firstEntries[dictionary]!;
    for (let code = 0; code < offsets.length - 1; code++) {
      if (used[first + code] === 0) continue;
      const start = offsets[code]!;
      const end = offsets[code + 1]!;
      if (from && compareUtf8(bytes, start, end, from, 0, from.length) < 0) continue;
      if (to && compareUtf8(bytes, start, end, to, 0, to.length) >= 0) continue;
      entries[numRows] = first + code;
      codes[numRows] = table.codeOf(bytes, start, end);
      numRows++;
    }
  });
  task.throwIfCancelled();
  const distinct = table.strings();
  const order = sortUtf8(distinct);
  const placeOf = new Uint32Array(order.length);
  for (let place = 0; place < order.length; place++) placeOf[order[place]!] = place;
  const places = sharedWords(numRows);
  for (let row = 0; row < numRows; row++) places[row] = placeOf[codes[row]!]!;
  return { strings: inOrder(distinct, order), entries: shareWords(entries.subarray(0, numRows)), places };
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

/** Evenly filled ranges of the strings of all dictionaries. */
function stringRanges(dictionaries: readonly Utf8Values[], numEntries: number, numRanges: number): SortTask[] {
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

/** The strings in the given order, in shared memory. */
function inOrder({ offsets, bytes }: Utf8Values, order: Uint32Array): Utf8Values {
  const ordered = {
    offsets: sharedWords(order.length + 1),
    bytes: new Uint8Array(new SharedArrayBuffer(bytes.length)),
  };
  let at = 0;
  for (let place = 0; place < order.length; place++) {
    const string = order[place]!;
    for (let byte = offsets[string]!; byte < offsets[string + 1]!; byte++) ordered.bytes[at++] = bytes[byte]!;
    ordered.offsets[place + 1] = at;
  }
  return ordered;
}
