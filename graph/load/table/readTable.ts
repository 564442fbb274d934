/**
 * Reads a table in whatever format it is.
 */
import { type TableFormat, encodingOfPath } from "./format.ts";
import { readDelimited } from "./readDelimited.ts";
import { readNdjson } from "./readNdjson.ts";
import type { Table } from "./table.ts";
import { readHead } from "./tableBytes.ts";

/** Options of `readTable`. */
export interface ReadTableOptions {
  /** Overrides the guess. */
  readonly format?: TableFormat;
  /** One character that separates the fields of CSV and TSV. Default: guessed from the header line, a tab for TSV. */
  readonly delimiter?: string;
}

/**
 * Reads `file`, whole. Its format is told by magic bytes (Parquet, Arrow file and stream), then by suffix, then by the
 * first character: `{` begins NDJSON, anything else CSV. CSV, TSV and NDJSON may be gzip or zstd under any name.
 *
 * Whole numbers come as numbers if all of a column are within 2^53, else as bigint, in every format alike.
 *
 * @throws SuperstepError INVALID_INPUT if the file cannot be read or is malformed.
 */
export async function readTable(file: string, options: ReadTableOptions = {}): Promise<Table> {
  const format = options.format ?? guessFormat(file, await readHead(file, 8));
  switch (format) {
    case "parquet":
      return (await import("./readParquet.ts")).readParquet(file);
    case "arrow":
      return (await import("./readArrow.ts")).readArrow(file);
    case "ndjson":
      return readNdjson(file);
    case "csv":
      return readDelimited(file, options.delimiter === undefined ? {} : { delimiter: options.delimiter });
    case "tsv":
      return readDelimited(file, { delimiter: options.delimiter ?? "\t" });
  }
}

function guessFormat(file: string, head: Buffer): TableFormat {
  const magic = head.toString("latin1");
  if (magic.startsWith("PAR1")) return "parquet";
  if (magic.startsWith("ARROW1") || magic.startsWith("\xff\xff\xff\xff")) return "arrow";
  return encodingOfPath(file)?.format ?? (magic.startsWith("{") ? "ndjson" : "csv");
}
