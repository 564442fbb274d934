/**
 * Tables from Arrow IPC, the file and the stream form.
 */
import { fileSource } from "./tableBytes.ts";
import { openArrow } from "./openArrow.ts";
import type { Table } from "./table.ts";

/**
 * Reads an Arrow file or stream, whole: see `openArrow`.
 *
 * Memory: the file, and columns of its numbers; strings are made when asked for.
 *
 * @throws SuperstepError INVALID_INPUT if the file is damaged, or a column is nested or of a type without a place in a
 *   table.
 */
export async function readArrow(file: string): Promise<Table> {
  const opened = await openArrow(await fileSource(file));
  return opened.read(undefined, 0, opened.contents.parts.length, () => {});
}
