/**
 * Attributes of record chunks as columns, in the order of the chunks.
 */
import { decodeValues } from "../../core/column/codec.ts";
import type { ColumnSet } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import { excerpt } from "../../core/errors.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import type { Bindings } from "../columns/accessors.ts";
import { commonSchema } from "../columns/commonSchema.ts";
import { RowOutput, writeStatements, type WrittenRows } from "../columns/output.ts";
import { writeColumns, writeRows } from "../columns/writeColumns.ts";
import { idValueReader } from "./idValueReader.ts";
import type { RecordChunk } from "./recordChunk.ts";

const writeChunkRef: OperatorRef = operatorRef(import.meta.url, "writeChunk");

/** The rows [from, to) of the result, and the records they are made of. */
interface ChunkRows extends Pick<RecordChunk, "attrs" | "keys"> {
  readonly from: number;
  readonly to: number;
}

/**
 * One row a record, over all chunks.
 *
 * @throws SuperstepError TYPE_MISMATCH if records are of different types; the error names the vertex or edge.
 */
export async function recordColumns(
  driver: Driver,
  operation: string,
  chunks: readonly RecordChunk[],
): Promise<ColumnSet> {
  const schema = commonSchema(chunks);
  const length = chunks.reduce((sum, chunk) => sum + chunk.numRecords, 0);
  let from = 0;
  const tasks = chunks.map((chunk) => {
    const task: ChunkRows = { from, to: from + chunk.numRecords, attrs: chunk.attrs, keys: chunk.keys };
    from = task.to;
    return task;
  });
  return writeColumns(driver, operation, schema, length, (output) => {
    const shared = { operation, output };
    const spec = { name: `${operation}: write columns`, operator: writeChunkRef, shared, tasks };
    return driver.runTasks<WrittenRows>(spec);
  });
}

/** Task: the rows [from, to) of the result. */
export async function writeChunk(
  { operation, output }: { operation: string; output: ColumnSet },
  { from, to, attrs, keys }: ChunkRows,
  task: TaskContext,
): Promise<WrittenRows> {
  const rows = new RowOutput(output, from, to);
  const idsAt = keys.map(idValueReader);
  const what = keys.length === 2 ? "edge" : "vertex";
  const describe = (row: number): string => `${what} ${idsAt.map((idAt) => excerpt(idAt(row - from))).join(" -> ")}`;
  const bindings: Bindings = { values: decodeValues(attrs), from, to };
  rows.bind(bindings, "out", task.arena, describe, operation);
  const body = `
for (let r = from; r < to; r++) {
  const value = values[r - from];
  ${writeStatements(output, "out", "r", "value")}
}`;
  return writeRows(rows, bindings, body, task);
}
