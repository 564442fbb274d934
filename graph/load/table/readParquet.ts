/**
 * Tables from Parquet.
 */
import { Decoder } from "./decoder.ts";
import type { Table } from "./table.ts";
import { fileSource } from "./tableBytes.ts";

/** Options of `readParquet`. */
export interface ReadParquetOptions {
  /** Milliseconds without a column of a row group after which the file counts as damaged. Default: see `Decoder`. */
  readonly stallMs?: number;
}

/**
 * Reads a Parquet file, one row group at a time, in a thread of its own. Integers are exact; dates and times become
 * ISO 8601 text.
 *
 * @throws SuperstepError INVALID_INPUT if the file is damaged, or a column is nested, repeated or of a type without a
 *   place in a table; OUT_OF_MEMORY if it holds more than memory does.
 */
export async function readParquet(file: string, { stallMs }: ReadParquetOptions = {}): Promise<Table> {
  const source = await fileSource(file);
  const decoder = new Decoder();
  try {
    return await decoder.ask<Table>({ type: "table", format: "parquet", source }, stallMs);
  } finally {
    await decoder.release();
  }
}
