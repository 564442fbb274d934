/**
 * Attributes of record chunks as columns, in the order of the chunks.
 */
import { allocateColumns, freeColumns } from "../../core/column/columnSet.ts";
import { decodeValues } from "../../core/column/codec.ts";
import type { ColumnSet } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import type { Bindings } from "../columns/accessors.ts";
import { runLoop } from "../columns/loop.ts";
import { commonSchema } from "../columns/commonSchema.ts";
import { RowOutput, withChunks, writeStatements, type WrittenRows } from "../columns/output.ts";
import type { RecordChunk } from "./recordChunk.ts";

const writeChunkRef: OperatorRef = operatorRef(import.meta.url, "writeChunk");

/**
 * One row a record, over all chunks.
 *
 * @throws SuperstepError TYPE_MISMATCH if records are of different types; the error names the record.
 */
export async function recordColumns(
  driver: Driver,
  operation: string,
  chunks: readonly RecordChunk[],
): Promise<ColumnSet> {
  const schema = commonSchema(operation, chunks);
  const length = chunks.reduce((sum, chunk) => sum + chunk.numRecords, 0);
  const output: ColumnSet = { schema, length, columns: allocateColumns(driver.arena, schema, length, operation) };
  let from = 0;
  const tasks = chunks.map((chunk) => {
    const task = { from, to: from + chunk.numRecords, attrs: chunk.attrs };
    from = task.to;
    return task;
  });
  try {
    const shared = { operation, output };
    const spec = { name: `${operation}: write columns`, operator: writeChunkRef, shared, tasks };
    return withChunks(output, await driver.runTasks<WrittenRows>(spec));
  } catch (error) {
    freeColumns(driver.arena, output);
    throw error;
  }
}

/** Task: the rows [from, to) of the result. */
export async function writeChunk(
  { operation, output }: { operation: string; output: ColumnSet },
  { from, to, attrs }: { from: number; to: number; attrs: Uint8Array },
  task: TaskContext,
): Promise<WrittenRows> {
  const rows = new RowOutput(output, from, to);
  const bindings: Bindings = { values: decodeValues(attrs), from, to };
  rows.bind(bindings, "out", task.arena, (row) => `record ${row + 1}`, operation);
  const body = `
for (let r = from; r < to; r++) {
  const value = values[r - from];
  ${writeStatements(output, "out", "r", "value")}
}`;
  runLoop(bindings, { declarations: "", body }, task);
  return rows.finish();
}
