/**
 * Lines of text files.
 */
import { operatorRef } from "../host/task.ts";
import { checkCount } from "./checkArgument.ts";
import type { PartitionReader } from "./computePartition.ts";
import { listFiles, type InputFile } from "./inputFiles.ts";
import { linesOf } from "./lines.ts";
import { makePlan } from "./node.ts";
import type { Plan } from "./plan.ts";
import { readGzip, readRange, readZstd } from "./readFile.ts";

export interface TextFileOptions {
  /** At least so many partitions, where plain files are large enough: an integer >= 1. Default 1. */
  readonly minPartitions?: number | undefined;
}

/** A part of a file: the lines that start in bytes [from, to); of a compressed file all. */
export interface TextSplit {
  readonly file: InputFile;
  readonly from: number;
  readonly to: number;
}

/** Bytes of a plain file that make one partition, unless more partitions are asked for. */
const splitBytes = 32 * 1024 * 1024;

/**
 * Driver half: describes the lines of files, without their ends. Each of `paths` is a file, a directory (its files in
 * order of name, but not those whose name starts with "_" or "."), or a pattern with * ? [] {} and **.
 *
 * Files are UTF-8; a byte order mark is dropped; lines end at LF, a CR before it goes, a last line needs no end. A file
 * that starts with the magic bytes of gzip or zstd is decompressed, whatever its name, and may have several members.
 *
 * Narrow:      partitions are byte ranges of plain files, one for every 32 MiB and at least one a file; a compressed
 *              file is one partition. So their number follows from the input alone.
 * Eager:       files are found, and the first bytes of each looked at, now; their contents are read by tasks.
 * Memory:      one partition's bytes; of a compressed file, all its bytes decompressed, at most 4 GiB.
 *
 * @throws SuperstepError INVALID_ARGUMENT for `minPartitions`; INVALID_INPUT if a path matches nothing, and in the job if
 *   a file is not UTF-8, is cut or corrupt gzip or zstd, or has changed since this call.
 */
export function textFile(paths: string | readonly string[], { minPartitions = 1 }: TextFileOptions = {}): Plan<string> {
  checkCount("textFile", "minPartitions", minPartitions, 1);
  const files = listFiles("textFile", typeof paths === "string" ? [paths] : paths);
  const splits = splitFiles(files, minPartitions);
  return makePlan<string>({
    kind: "textFile",
    dependencies: [],
    numPartitions: splits.length,
    compute: operatorRef(import.meta.url, "computeTextFile"),
    params: undefined,
    slices: splits,
  });
}

/** Task half. */
export async function computeTextFile(
  _: undefined,
  _partition: number,
  { slice, task }: PartitionReader,
): Promise<Iterable<string>> {
  const { file, from, to } = slice as TextSplit;
  const bytes =
    file.compression === "zstd"
      ? await readZstd(file, () => task.throwIfCancelled())
      : file.compression === "gzip"
        ? readGzip(file)
        : readRange(file, from, to);
  return linesOf(bytes, file, from === 0);
}

/** Cuts each plain file into equal ranges. */
function splitFiles(files: readonly InputFile[], minPartitions: number): TextSplit[] {
  const total = files.reduce((sum, { size, compression }) => (compression === "none" ? sum + size : sum), 0);
  const bytes = Math.max(1, Math.min(splitBytes, Math.ceil(total / minPartitions)));
  return files.flatMap((file) => {
    const count = file.compression === "none" ? Math.max(1, Math.ceil(file.size / bytes)) : 1;
    const cut = (part: number): number => Math.floor((part * file.size) / count);
    return Array.from({ length: count }, (_, part): TextSplit => ({ file, from: cut(part), to: cut(part + 1) }));
  });
}
