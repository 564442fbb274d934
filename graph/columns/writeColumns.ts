/**
 * New columns, on both sides: the driver allocates them and frees them on failure, tasks fill their rows.
 */
import { uncleared, type AllocateOptions } from "../../core/column/arena.ts";
import { allocateColumns, freeColumns } from "../../core/column/columnSet.ts";
import type { ColumnSet, Schema } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import type { TaskContext } from "../../core/host/task.ts";
import type { Bindings } from "./accessors.ts";
import { runLoop } from "./loop.ts";
import { MissingValue, withChunks, type RowOutput, type WrittenRows } from "./output.ts";
import { withRoom } from "./withRoom.ts";

/**
 * Columns of `length` rows that `write` fills, all of them unless they are cleared, by running tasks over them: again, with room for it, if a task met a
 * missing value. Nothing stays allocated if it fails.
 */
export async function writeColumns(
  driver: Driver,
  operation: string,
  schema: Schema,
  length: number,
  write: (output: ColumnSet) => Promise<readonly WrittenRows[]>,
  options: AllocateOptions = uncleared,
): Promise<ColumnSet> {
  const output = { schema, length, columns: allocateColumns(driver.arena, schema, length, operation, options) };
  let written: readonly WrittenRows[];
  try {
    written = await write(output);
  } catch (error) {
    freeColumns(driver.arena, output);
    throw error;
  }
  const roomier = withRoom(
    schema,
    written.map(({ metMissing }) => metMissing),
  );
  if (roomier === undefined) return withChunks(output, written);
  freeColumns(driver.arena, output);
  return writeColumns(driver, operation, roomier, length, write, options);
}

/** Task half: runs the text of a loop that writes `rows`, and says what it wrote, or that a value was missing. */
export function writeRows(rows: RowOutput, bindings: Bindings, body: string, task: TaskContext): WrittenRows {
  return writtenRows(rows, () => runLoop(bindings, { declarations: "", body }, task));
}

/** Task half: what `write` wrote, or that it met a missing value. */
export function writtenRows(rows: RowOutput, write: () => void): WrittenRows {
  try {
    write();
  } catch (error) {
    if (error instanceof MissingValue) return { chunks: [], metMissing: "value" };
    throw error;
  }
  return rows.finish();
}
