/**
 * Indices for integer ids of any size: each task makes its ids codes into the distinct ones it met, a sample cuts the
 * distinct ones into ranges, each range is sorted by itself, and codes are replaced by indices.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import type { IdValues } from "../load/edgeChunk.ts";
import { IntegerTable } from "./integerTable.ts";
import { numIds, type Numbering } from "./numbering.ts";
import { once } from "./once.ts";
import { radixSort, type SortRows } from "./radixSort.ts";
import type { Scratch } from "./scratch.ts";
import { cutSections, taskCount, type Section } from "./sections.ts";
import { sharedWords, shareWords, wordsOf } from "./sharedWords.ts";
import { sampleEvery, splitSample } from "./splitters.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { IdColumn } from "./topology.ts";

type IntegerIds = Exclude<IdValues, { kind: "string" }>;

/** Distinct integers by code, as words. In shared memory. */
interface IntegerWords {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

interface EncodeShared {
  readonly columns: readonly IntegerIds[];
  /** One column of codes for each column of ids. */
  readonly codes: readonly ColumnRef<"uint32">[];
}

interface SortShared {
  /** What each task of the encoding met. */
  readonly tables: readonly IntegerWords[];
}

/** An integer as two 32-bit words, two's complement. */
interface SplitInteger {
  readonly high: number;
  readonly low: number;
}

/** Integers from `from` on, below `to`; undefined is no bound. */
interface SortTask {
  readonly from: SplitInteger | undefined;
  readonly to: SplitInteger | undefined;
}

/** Distinct integers of one range, ascending, and for each entry of the tables in the range its place among them. */
interface SortedRange extends IntegerWords {
  /** Entries: codes, counted on from table to table. */
  readonly entries: Uint32Array;
  readonly places: Uint32Array;
}

interface AssignShared {
  readonly ids: IdColumn;
  readonly rank: ColumnRef<"uint32">;
}

interface AssignTask {
  readonly range: SortedRange;
  /** Index of the first integer of the range. */
  readonly base: number;
}

interface TranslateShared {
  readonly codes: readonly ColumnRef<"uint32">[];
  /** A byte a task. */
  readonly progress: ColumnRef<"uint8">;
}

interface TranslateTask {
  readonly sections: readonly Section[];
  /** Index by code. */
  readonly rank: ColumnRef<"uint32">;
}

/** Numbers ids of any integer value. */
export async function numberIntegers(
  runner: TaskRunner,
  columns: readonly IntegerIds[],
  scratch: Scratch,
): Promise<Numbering> {
  const { arena, numThreads } = runner;
  const lengths = columns.map(numIds);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const codes = lengths.map((length) => scratch.allocate("uint32", length));
  const sections = cutSections(lengths, taskCount(total, numThreads));
  const shared: EncodeShared = { columns, codes };
  const tables = await runner.runTasks<IntegerWords>({
    name: "find distinct vertex ids",
    operator: operatorRef(import.meta.url, "encodeIntegers"),
    shared,
    tasks: sections,
  });
  const numEntries = tables.reduce((sum, { low }) => sum + low.length, 0);
  const ranges = await runner.runTasks<SortedRange>({
    name: "sort vertex ids",
    operator: operatorRef(import.meta.url, "sortIntegers"),
    shared: { tables } satisfies SortShared,
    tasks: integerRanges(tables, Math.min(numThreads, taskCount(numEntries, numThreads))),
  });
  let numVertices = 0;
  const assignments = ranges.map((range): AssignTask => {
    const base = numVertices;
    numVertices += range.low.length;
    return { range, base };
  });
  const filled = ranges.filter(({ high }) => high.length > 0); // ascending, so the first and the last id tell
  const isSmall = filled[0]!.high[0] === 0 && filled.at(-1)!.high.at(-1) === 0;
  const ids: IdColumn = isSmall
    ? { kind: "uint32", ids: scratch.allocate("uint32", numVertices) }
    : { kind: "int64", ids: scratch.allocate("int64", numVertices) };
  const rank = scratch.allocate("uint32", numEntries);
  await runner.runTasks({
    name: "number vertices",
    operator: operatorRef(import.meta.url, "assignIntegers"),
    shared: { ids, rank } satisfies AssignShared,
    tasks: assignments,
  });
  let firstEntry = 0;
  const progress = scratch.allocate("uint8", sections.length);
  await runner.runTasks({
    name: "replace vertex ids by indices",
    operator: operatorRef(import.meta.url, "translateCodes"),
    shared: { codes, progress } satisfies TranslateShared,
    tasks: sections.map((own, task): TranslateTask => {
      const from = firstEntry;
      firstEntry += tables[task]!.low.length;
      return { sections: own, rank: arena.slice(rank, from, firstEntry) };
    }),
  });
  scratch.free(progress);
  scratch.free(rank);
  return { numVertices, ids, columns: codes.map((values) => ({ values })), temporary: codes };
}

/** Operator: codes for the ids in its sections, and the distinct ids by code. */
export function encodeIntegers(shared: EncodeShared, sections: readonly Section[], task: TaskContext): IntegerWords {
  const table = new IntegerTable();
  for (const { item, from, to } of sections) {
    task.throwIfCancelled();
    const column = shared.columns[item]!;
    const codes = task.arena.view(shared.codes[item]!);
    if (column.kind === "uint32") {
      const { values } = column;
      for (let at = from; at < to; at++) codes[at] = table.codeOf(values[at]!, 0);
    } else {
      const words = wordsOf(column.values);
      for (let at = from; at < to; at++) codes[at] = table.codeOf(words[2 * at]!, words[2 * at + 1]!);
    }
  }
  return { low: shareWords(table.low.subarray(0, table.size)), high: shareWords(table.high.subarray(0, table.size)) };
}

/** Operator: the distinct integers of its range, from all tables. */
export function sortIntegers({ tables }: SortShared, { from, to }: SortTask, task: TaskContext): SortedRange {
  const inRange = rangeTest(from, to);
  let numRows = 0;
  for (const { low, high } of tables) {
    for (let code = 0; code < low.length; code++) if (inRange(low[code]!, high[code]!)) numRows++;
  }
  task.throwIfCancelled();
  const rows = sortRows(numRows);
  let row = 0;
  let firstEntry = 0;
  for (const { low, high } of tables) {
    for (let code = 0; code < low.length; code++) {
      if (!inRange(low[code]!, high[code]!)) continue;
      rows.major[row] = high[code]! ^ signBit;
      rows.minor[row] = low[code]!;
      rows.payload[row] = firstEntry + code;
      row++;
    }
    firstEntry += low.length;
  }
  task.throwIfCancelled();
  const sorted = radixSort(rows, sortRows(numRows), numRows);
  return distinctRows(sorted, sorted.payload!, numRows);
}

/** Operator: writes the ids of a range, and the index of every entry in it. */
export function assignIntegers({ ids, rank }: AssignShared, { range, base }: AssignTask, task: TaskContext): void {
  const { low, high, entries, places } = range;
  if (ids.kind === "uint32") {
    task.arena.view(ids.ids).set(low, base);
  } else if (ids.kind === "int64") {
    const words = wordsOf(task.arena.view(ids.ids));
    for (let place = 0; place < low.length; place++) {
      words[2 * (base + place)] = low[place]!;
      words[2 * (base + place) + 1] = high[place]!;
    }
  }
  const indices = task.arena.view(rank);
  for (let entry = 0; entry < entries.length; entry++) indices[entries[entry]!] = base + places[entry]!;
}

/** Operator: replaces the codes in its sections by indices. */
export function translateCodes(
  { codes, progress }: TranslateShared,
  { sections, rank }: TranslateTask,
  task: TaskContext,
): void {
  const indices = task.arena.view(rank);
  once(task.arena.view(progress), task.partition, () => {
    for (const { item, from, to } of sections) {
      const values = task.arena.view(codes[item]!);
      for (let at = from; at < to; at++) values[at] = indices[values[at]!]!;
    }
  });
}

const signBit = 0x80000000;

/** Evenly filled ranges of the integers of all tables. */
function integerRanges(tables: readonly IntegerWords[], numRanges: number): SortTask[] {
  const numEntries = tables.reduce((sum, { low }) => sum + low.length, 0);
  let table = 0;
  let firstEntry = 0;
  const sample = sampleEvery(numEntries, numRanges).map((entry) => {
    while (entry - firstEntry >= tables[table]!.low.length) firstEntry += tables[table++]!.low.length;
    const { low, high } = tables[table]!;
    return { high: high[entry - firstEntry]!, low: low[entry - firstEntry]! };
  });
  return splitSample(sample.sort(compareWords), numRanges);
}

function compareWords(a: SplitInteger, b: SplitInteger): number {
  return (a.high | 0) - (b.high | 0) || a.low - b.low;
}

/** Whether an integer, given as words, lies in [from, to). */
function rangeTest(
  from: SplitInteger | undefined,
  to: SplitInteger | undefined,
): (low: number, high: number) => boolean {
  const fromHigh = from ? from.high | 0 : -Infinity;
  const fromLow = from ? from.low : 0;
  const toHigh = to ? to.high | 0 : Infinity;
  const toLow = to ? to.low : 0;
  return (low, high) => {
    const signed = high | 0;
    return (
      (signed > fromHigh || (signed === fromHigh && low >= fromLow)) &&
      (signed < toHigh || (signed === toHigh && low < toLow))
    );
  };
}

function sortRows(numRows: number): SortRows & { payload: Uint32Array } {
  return { major: new Uint32Array(numRows), minor: new Uint32Array(numRows), payload: new Uint32Array(numRows) };
}

/** The distinct integers of sorted rows, whose high words were flipped at the sign. */
function distinctRows({ major, minor }: SortRows, entries: Uint32Array, numRows: number): SortedRange {
  const places = sharedWords(numRows);
  let numDistinct = 0;
  for (let row = 0; row < numRows; row++) {
    if (row === 0 || major[row] !== major[row - 1] || minor[row] !== minor[row - 1]) numDistinct++;
    places[row] = numDistinct - 1;
  }
  const low = sharedWords(numDistinct);
  const high = sharedWords(numDistinct);
  for (let row = 0; row < numRows; row++) {
    low[places[row]!] = minor[row]!;
    high[places[row]!] = major[row]! ^ signBit;
  }
  return { low, high, entries: shareWords(entries), places };
}
