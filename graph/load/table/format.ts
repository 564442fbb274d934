/**
 * The formats tables come in, and how a path names one.
 */
import path from "node:path";
import { SuperstepError, excerpt } from "../../../core/errors.ts";

/** Names a table format. */
export type TableFormat = "csv" | "tsv" | "ndjson" | "parquet" | "arrow";

/** A format, and whether its bytes are wrapped in gzip. */
export interface TableEncoding {
  readonly format: TableFormat;
  readonly gzip: boolean;
}

/** Every table format, the plain text ones first. */
export const tableFormats: readonly TableFormat[] = ["csv", "tsv", "ndjson", "parquet", "arrow"];

const suffixes: ReadonlyMap<string, TableFormat> = new Map([
  [".csv", "csv"],
  [".tsv", "tsv"],
  [".ndjson", "ndjson"],
  [".jsonl", "ndjson"],
  [".parquet", "parquet"],
  [".arrow", "arrow"],
  [".feather", "arrow"],
]);

/** The encoding that a path's suffix names (`ranks.csv`, `ranks.csv.gz`), or undefined. */
export function encodingOfPath(file: string): TableEncoding | undefined {
  const name = path.basename(file).toLowerCase();
  const gzip = name.endsWith(".gz");
  const format = suffixes.get(path.extname(gzip ? name.slice(0, -3) : name));
  return format === undefined ? undefined : { format, gzip };
}

/**
 * The encoding to write `file` in: by `format` if given, else by suffix; CSV on standard output (`-`).
 *
 * @throws SuperstepError INVALID_ARGUMENT if the suffix names no format, or gzip of a format that compresses itself.
 */
export function encodingToWrite(file: string, format?: TableFormat): TableEncoding {
  const named = encodingOfPath(file);
  const encoding =
    format === undefined
      ? file === "-"
        ? ({ format: "csv", gzip: false } as const)
        : named
      : { format, gzip: file.toLowerCase().endsWith(".gz") };
  if (encoding === undefined) {
    const known = tableFormats.map((name) => `.${name}`).join(" ");
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `output: ${excerpt(file)} must end in one of ${known}, or in .csv.gz`,
      {
        details: { file },
      },
    );
  }
  if (encoding.gzip && (encoding.format === "parquet" || encoding.format === "arrow")) {
    throw new SuperstepError("INVALID_ARGUMENT", `output: ${excerpt(file)} cannot be gzip: drop the .gz`, {
      details: { file },
    });
  }
  return encoding;
}
