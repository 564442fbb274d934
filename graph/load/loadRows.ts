import { inputError } from "./inputError.ts";
import { inputFiles } from "./inputFiles.ts";
import { encodingOfPath } from "./table/format.ts";
import type { TypedFormat } from "./table/typedFile.ts";
import { openSource, type ByteSource } from "./text/byteSource.ts";
import type { TextFormatName } from "./text/guessFormat.ts";
import { loadText, type LoadedRows } from "./text/loadText.ts";
import type { TextOptions } from "./text/prepareText.ts";
import type { TaskRunner } from "./text/taskRunner.ts";

/** Options of reading rows, whatever the format. */
export interface RowOptions extends Omit<TextOptions, "format"> {
  /** Default: guessed. */
  readonly format?: TextFormatName | TypedFormat | undefined;
}

/**
 * Reads files as rows of ids and attributes: Parquet and Arrow by column, anything else as text.
 *
 * @throws SuperstepError INVALID_INPUT for input that is unreadable, malformed, or of several kinds; INVALID_ARGUMENT for
 *   options.
 */
export async function loadRows(
  runner: TaskRunner,
  paths: string | readonly string[],
  content: "edges" | "vertices",
  { format, ...options }: RowOptions,
): Promise<LoadedRows> {
  const sources = await inputFiles(paths);
  if (format !== undefined && format !== "parquet" && format !== "arrow") {
    return loadText(runner, sources, content, { ...options, format });
  }
  const formats = sources.map((source) => format ?? typedFormatOf(source));
  const [first] = formats;
  const other = formats.findIndex((one) => one !== first);
  if (other >= 0) {
    throw inputError({
      file: sources[other]!.name,
      reason: "formats that differ",
      expected: `${first ?? "text"}, as ${sources[0]!.name} is`,
      got: formats[other] ?? "text",
      hint: "load files of one format together",
    });
  }
  if (first === undefined) return loadText(runner, sources, content, options);
  const { loadColumns } = await import("./columnar/loadColumns.ts");
  return loadColumns(sources, first, content, runner.numThreads, { ...options, format });
}

/** Parquet or Arrow by magic bytes, then by suffix. */
function typedFormatOf(source: ByteSource): TypedFormat | undefined {
  const open = openSource(source);
  try {
    const bytes = new Uint8Array(6);
    const head = Buffer.from(bytes.buffer).toString("latin1", 0, open.read(0, bytes, 0, bytes.length));
    if (head.startsWith("PAR1")) return "parquet";
    if (head.startsWith("ARROW1") || head.startsWith("\xff\xff\xff\xff")) return "arrow";
    const named = encodingOfPath(source.name);
    return named?.format === "parquet" || named?.format === "arrow" ? named.format : undefined;
  } finally {
    open.close();
  }
}
