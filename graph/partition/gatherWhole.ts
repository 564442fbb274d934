/**
 * Columns of fixed width in which no value is missing, into another order of rows: the common case of `gatherColumns`.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { cutEvenly, taskCount } from "./sections.ts";
import type { TaskRunner } from "./taskRunner.ts";

/** Values of one type: float64, int64, or bytes of which each that is not 0 stands for 1. */
export type FixedValues = Float64Array | BigInt64Array | Uint8Array;

/** A column to gather. */
export interface WholeColumn {
  /** The values of each source; rows are counted over all of them. */
  readonly inputs: readonly FixedValues[];
  /** As long as the result; of the type of the inputs. */
  readonly output: ColumnRef;
}

interface Shared {
  readonly columns: readonly WholeColumn[];
  readonly starts: Uint32Array;
  /** For each row of the result, the row that it takes. Absent: the same order. */
  readonly order: ColumnRef<"uint32"> | undefined;
}

/** Fills the outputs. */
export async function gatherWhole(
  runner: TaskRunner,
  columns: readonly WholeColumn[],
  order: ColumnRef<"uint32"> | undefined,
  numRows: number,
): Promise<void> {
  if (columns.length === 0) return;
  const { inputs } = columns[0]!;
  const starts = new Uint32Array(inputs.length + 1);
  inputs.forEach(({ length }, source) => (starts[source + 1] = starts[source]! + length));
  await runner.runTasks({
    name: "order attributes",
    operator: operatorRef(import.meta.url, "gatherRange"),
    shared: { columns, starts, order } satisfies Shared,
    tasks: cutEvenly(numRows, taskCount(numRows, runner.numThreads)),
  });
}

/** Operator: gathers the rows [from, to) of the result. */
export function gatherRange(
  { columns, starts, order }: Shared,
  { from, to }: { from: number; to: number },
  task: TaskContext,
): void {
  const wanted = order && task.arena.view(order);
  const table = sourceTable(starts);
  for (const { inputs, output } of columns) {
    const values = task.arena.view(output) as FixedValues;
    for (let at = from; at < to; at += blockRows) {
      task.throwIfCancelled();
      const end = Math.min(to, at + blockRows);
      if (wanted === undefined) copyRows(inputs, starts, values, at, end);
      else takeRows(inputs, starts, table, wanted, values, at, end);
    }
    if (output.type === "boolean") for (let at = from; at < to; at++) if (values[at] !== 0) values[at] = 1;
  }
}

/** Rows between two looks whether the task was cancelled. */
const blockRows = 2 ** 18;

/** Which source a row is in: that of its granule of 2^shift rows, or one of the next. */
interface SourceTable {
  readonly shift: number;
  readonly firstSource: Uint32Array;
}

const numGranules = 4096;

function sourceTable(starts: Uint32Array): SourceTable {
  const total = starts[starts.length - 1]!;
  let shift = 0;
  while (total / 2 ** shift > numGranules) shift++;
  const firstSource = new Uint32Array(numGranules);
  for (let granule = 0, source = 0; granule * 2 ** shift < total; granule++) {
    while (starts[source + 1]! <= granule * 2 ** shift) source++;
    firstSource[granule] = source;
  }
  return { shift, firstSource };
}

function takeRows(
  inputs: readonly FixedValues[],
  starts: Uint32Array,
  { shift, firstSource }: SourceTable,
  order: Uint32Array,
  output: FixedValues,
  from: number,
  to: number,
): void {
  for (let at = from; at < to; at++) {
    const row = order[at]!;
    let source = firstSource[row >>> shift]!;
    while (starts[source + 1]! <= row) source++;
    output[at] = inputs[source]![row - starts[source]!]!;
  }
}

function copyRows(
  inputs: readonly FixedValues[],
  starts: Uint32Array,
  output: FixedValues,
  from: number,
  to: number,
): void {
  for (let source = 0; source < inputs.length; source++) {
    const [first, end] = [Math.max(from, starts[source]!), Math.min(to, starts[source + 1]!)];
    if (first >= end) continue;
    output.set(inputs[source]!.subarray(first - starts[source]!, end - starts[source]!) as never, first);
  }
}
