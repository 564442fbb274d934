/**
 * The formats tables come in, and how a path names one.
 */
import path from "node:path";
import { SuperstepError, excerpt } from "../../../core/errors.ts";
import type { Compression } from "../text/compression.ts";

/** Names a table format. */
export type TableFormat = "csv" | "tsv" | "ndjson" | "parquet" | "arrow";

/** A format, and what its bytes are wrapped in. */
export interface TableEncoding {
  readonly format: TableFormat;
  readonly compression: Compression;
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

/** The encoding that a path's suffix names (`ranks.csv`, `ranks.csv.gz`, `ranks.csv.zst`), or undefined. */
export function encodingOfPath(file: string): TableEncoding | undefined {
  const name = path.basename(file).toLowerCase();
  const format = suffixes.get(path.extname(name.replace(/\.(gz|zst)$/, "")));
  return format === undefined ? undefined : { format, compression: compressionNamed(name) };
}

function compressionNamed(file: string): Compression {
  if (/\.gz$/i.test(file)) return "gzip";
  return /\.zst$/i.test(file) ? "zstd" : "none";
}

/**
 * The encoding to write `file` in: by `format` if given, else by suffix; CSV on standard output (`-`).
 *
 * @throws SuperstepError INVALID_ARGUMENT if the suffix names no format, gzip of a format that compresses itself, or
 *   zstd, which is read only.
 */
export function encodingToWrite(file: string, format?: TableFormat): TableEncoding {
  refuseZstd(file);
  const named = encodingOfPath(file);
  const encoding =
    format === undefined
      ? file === "-"
        ? ({ format: "csv", compression: "none" } as const)
        : named
      : { format, compression: compressionNamed(file) };
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
  if (encoding.compression !== "none" && (encoding.format === "parquet" || encoding.format === "arrow")) {
    throw new SuperstepError("INVALID_ARGUMENT", `output: ${excerpt(file)} cannot be gzip: drop the .gz`, {
      details: { file },
    });
  }
  return encoding;
}

/** @throws SuperstepError INVALID_ARGUMENT if a file is to be written as zstd. */
export function refuseZstd(file: string): void {
  if (compressionNamed(file) !== "zstd") return;
  throw new SuperstepError(
    "INVALID_ARGUMENT",
    `output: ${excerpt(file)} cannot be zstd, which is read only: end it in .gz`,
    {
      details: { file },
    },
  );
}
