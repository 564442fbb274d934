/**
 * Columns of some rows of other columns: row i of the result is row `map[i]` of the source.
 */
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { bindReaders, type Bindings } from "../columns/accessors.ts";
import { RowOutput, type WrittenRows } from "../columns/output.ts";
import { writeColumns, writeRows } from "../columns/writeColumns.ts";

/** Rows a task: a fixed number, so that encoded chunks do not depend on partitions. */
const rowsPerTask = 1 << 18;

interface GatherInput {
  readonly source: ColumnSet;
  readonly map: ColumnRef<"uint32">;
  readonly output: ColumnSet;
}

const gatherRef: OperatorRef = operatorRef(import.meta.url, "gather");

/** `map.length` rows of `source`, in the order of `map`. */
export function gatherRows(driver: Driver, source: ColumnSet, map: ColumnRef<"uint32">): Promise<ColumnSet> {
  const { schema } = source;
  const { length } = map;
  const numTasks = Math.ceil(length / rowsPerTask);
  const tasks = Array.from({ length: numTasks }, (_, at) => ({
    from: at * rowsPerTask,
    to: Math.min(length, (at + 1) * rowsPerTask),
  }));
  return writeColumns(driver, "gather rows", schema, length, (output) => {
    const shared: GatherInput = { source, map, output };
    return driver.runTasks<WrittenRows>({ name: "gather rows", operator: gatherRef, shared, tasks });
  });
}

/** Task: rows [from, to) of the result. */
export async function gather(
  { source, map, output }: GatherInput,
  { from, to }: { from: number; to: number },
  task: TaskContext,
): Promise<WrittenRows> {
  const rows = new RowOutput(output, from, to);
  const bindings: Bindings = { map: task.arena.view(map), from, to };
  bindReaders(bindings, "in", source, task.arena);
  rows.bind(bindings, "out", task.arena, (row) => `row ${row}`, "gather rows");
  const copies = output.columns.map((column, at) => {
    if (column.kind === "encoded") return `out${at}[i - outBase] = in${at}[row];`;
    if (column.validity === undefined) return `out${at}[i] = in${at}[row];`;
    const taken = source.columns[at]!;
    const valid = taken.kind === "fixed" && taken.validity !== undefined;
    return `out${at}[i] = in${at}[row]; out${at}v[i] = ${valid ? `in${at}v[row]` : "1"};`;
  });
  const body = `for (let i = from; i < to; i++) { const row = map[i]; ${copies.join(" ")} }`;
  return writeRows(rows, bindings, body, task);
}
