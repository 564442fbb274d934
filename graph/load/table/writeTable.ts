/**
 * Writes a table in the format that its path names.
 */
import type { Writable } from "node:stream";
import { createGzip } from "node:zlib";
import { once } from "node:events";
import { SuperstepError } from "../../../core/errors.ts";
import { type TableFormat, encodingToWrite } from "./format.ts";
import { type Output, OutputClosed, openOutput, streamOutput } from "./output.ts";
import type { Table } from "./table.ts";
import { writeDelimited } from "./writeDelimited.ts";
import { writeNdjson } from "./writeNdjson.ts";

/** Options of `writeTable`. */
export interface WriteTableOptions {
  /** Overrides the suffix. On standard output the default is csv. */
  readonly format?: TableFormat;
  /** Whether an existing file may be replaced. Default false. */
  readonly force?: boolean;
  /** Stops the writing: fails with CANCELLED, and leaves nothing behind. */
  readonly signal?: AbortSignal;
  /** Where `-` goes. Default `process.stdout`. */
  readonly stdout?: Writable;
}

/**
 * Writes `table` to `file`, by suffix .csv .tsv .ndjson .parquet .arrow, the text formats also with .gz behind; or to
 * standard output if `file` is `-`. A file appears under its name whole or not at all.
 *
 * A reader of standard output that goes away early is no failure.
 *
 * @throws SuperstepError INVALID_ARGUMENT if the suffix names no format, the file exists and `force` is not set, or its
 *   directory is missing; CANCELLED if `signal` aborts.
 */
export async function writeTable(table: Table, file: string, options: WriteTableOptions = {}): Promise<void> {
  const { force = false, signal, stdout = process.stdout } = options;
  const { format, compression } = encodingToWrite(file, options.format);
  const output = file === "-" ? streamOutput(stdout) : await openOutput(file, { force });
  const target = cancellable(compression === "gzip" ? gzipOutput(output) : output, signal);
  try {
    await writers[format](table, target);
    await target.commit();
  } catch (error) {
    await target.abort();
    if (!(error instanceof OutputClosed)) throw error;
  }
}

const writers: Record<TableFormat, (table: Table, output: Output) => Promise<void>> = {
  csv: (table, output) => writeDelimited(table, output, ","),
  tsv: (table, output) => writeDelimited(table, output, "\t"),
  ndjson: writeNdjson,
  parquet: async (table, output) => (await import("./writeParquet.ts")).writeParquet(table, output),
  arrow: async (table, output) => (await import("./writeArrow.ts")).writeArrow(table, output),
};

function cancellable(output: Output, signal: AbortSignal | undefined): Output {
  if (signal === undefined) return output;
  const check = (): void => {
    if (signal.aborted) throw new SuperstepError("CANCELLED", "output: cancelled before it was complete");
  };
  return {
    async write(bytes) {
      check();
      await output.write(bytes);
    },
    async commit() {
      check();
      await output.commit();
    },
    abort: () => output.abort(),
  };
}

/** Compresses what is written, and hands it on in order. */
export function gzipOutput(output: Output): Output {
  const gzip = createGzip();
  const copied = (async () => {
    for await (const bytes of gzip) await output.write(bytes as Buffer);
  })();
  copied.catch(() => {}); // seen by commit, or of no interest after abort
  return {
    async write(bytes) {
      if (!gzip.write(bytes)) await Promise.race([once(gzip, "drain"), copied]);
    },
    async commit() {
      gzip.end();
      await copied;
      await output.commit();
    },
    async abort() {
      gzip.destroy();
      await copied.catch(() => {});
      await output.abort();
    },
  };
}
