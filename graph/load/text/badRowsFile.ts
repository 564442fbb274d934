import { rename, rm, writeFile } from "node:fs/promises";
import { SuperstepError, escapeControls } from "../../../core/errors.ts";
import type { BadInputRow } from "./mergeResults.ts";

/**
 * Writes rows that were set aside as CSV: file, line (or row), column, reason, text. Under a temporary name first, so that the
 * file is whole or not there.
 *
 * @throws SuperstepError INVALID_ARGUMENT if the file cannot be written.
 */
export async function writeBadRows(path: string, rows: readonly BadInputRow[]): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const lines = rows.map(({ file, line, row, column, reason, text }) =>
    [file, line ?? row, column, reason, text].map((cell) => quoted(String(cell ?? ""))).join(","),
  );
  try {
    await writeFile(temporary, ["file,line,column,reason,text", ...lines, ""].join("\n"));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    const message = `read: badRowsFile must be a file that can be written, got ${escapeControls(path)} (${code})`;
    throw new SuperstepError("INVALID_ARGUMENT", message, { cause: error, details: { path, code } });
  }
}

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
