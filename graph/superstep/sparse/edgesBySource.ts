/**
 * Edge attributes in the order of rows by source, so that what a push reads of an edge lies beside what it reads of the next.
 */
import { hasCode } from "../../../core/errors.ts";
import type { ColumnRef, ColumnSet, StoredColumn } from "../../../core/column/types.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { FlatRows } from "../../kernels/flatRows.ts";
import type { Scratch } from "../../partition/scratch.ts";
import type { CarrierSpec } from "../carrier.ts";

/** What all tasks of a copy share. */
interface CopyInput {
  readonly columns: readonly { readonly from: ColumnRef; readonly to: ColumnRef }[];
  /** Which edge each entry of the rows is. */
  readonly positions: ColumnRef<"uint32">;
}

const copyBySourceRef: OperatorRef = operatorRef(import.meta.url, "copyBySource");
/** Entries between two looks whether the task was cancelled. */
const entriesPerLook = 2 ** 16;

/**
 * The edge columns, those in `read` as copies in the order of `rows`; the copies belong to `scratch`. Undefined where there is no
 * room.
 *
 * Memory: the columns in `read` once more.
 */
export async function edgesBySource(
  { driver, edges, operation, signal }: CarrierSpec,
  rows: FlatRows,
  read: readonly number[],
  scratch: Scratch,
): Promise<ColumnSet | undefined> {
  const copies: { from: ColumnRef; to: ColumnRef }[] = [];
  const copyOf = (from: ColumnRef): ColumnRef => {
    const to = scratch.allocate(from.type, from.length);
    copies.push({ from, to });
    return to;
  };
  let columns: StoredColumn[];
  try {
    columns = edges.columns.map((column, at): StoredColumn => {
      if (column.kind !== "fixed" || !read.includes(at)) return column;
      const data = copyOf(column.data);
      if (column.validity === undefined) return { ...column, data };
      return { ...column, data, validity: copyOf(column.validity) as ColumnRef<"uint8"> };
    });
  } catch (error) {
    if (!hasCode(error, "OUT_OF_MEMORY")) throw error;
    for (const { to } of copies) scratch.free(to);
    return undefined;
  }
  const { numEdges } = rows;
  const bound = (at: number): number => Math.floor((numEdges * at) / driver.numThreads);
  const tasks = Array.from({ length: driver.numThreads }, (_, at) => ({ from: bound(at), to: bound(at + 1) }));
  const positions: ColumnRef<"uint32"> = { type: "uint32", offset: rows.positions, length: numEdges };
  const shared: CopyInput = { columns: copies, positions };
  const name = `${operation}: edge attributes by source`;
  await driver.runTasks({ name, operator: copyBySourceRef, shared, tasks }, { ...(signal && { signal }) });
  return { ...edges, columns };
}

/** Task: copies for the entries [from, to). */
export function copyBySource(
  { columns, positions }: CopyInput,
  { from, to }: { readonly from: number; readonly to: number },
  task: TaskContext,
): void {
  const order = task.arena.view(positions);
  for (const { from: source, to: target } of columns) {
    const [values, copy] = [task.arena.view(source), task.arena.view(target)] as [Float64Array, Float64Array];
    for (let start = from; start < to; start += entriesPerLook) {
      task.throwIfCancelled();
      const end = Math.min(to, start + entriesPerLook);
      for (let entry = start; entry < end; entry++) copy[entry] = values[order[entry]!]!;
    }
  }
}
