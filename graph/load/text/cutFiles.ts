import type { ByteSource } from "./byteSource.ts";
import type { Compression } from "./compression.ts";
import type { Split } from "./textPlan.ts";

/** A file of a load, and how it may be read. */
export interface CutFile {
  readonly source: ByteSource;
  readonly compression: Compression;
  /** Where rows begin in its text. */
  readonly dataFrom: number;
  /** Lines and comments before that. */
  readonly numHeadLines: number;
  readonly numHeadComments: number;
  /** Each line end is the end of a row, so splits can start after any. */
  isCuttable: boolean;
}

/** Splits for one task to read, in order; `numBytes` is their part of the input. */
export interface SplitTask {
  readonly splits: readonly Split[];
  readonly numBytes: number;
}

/** Cuts files into splits of about `splitBytes`, and puts small ones together, in order, up to that size. */
export function cutFiles(files: readonly CutFile[], splitBytes: number): SplitTask[] {
  const tasks: { splits: Split[]; numBytes: number }[] = [];
  for (const [file, { source, compression, dataFrom, isCuttable }] of files.entries()) {
    const isPacked = compression !== "none";
    const length = source.size - dataFrom;
    const numSplits = isPacked || !isCuttable ? 1 : Math.max(1, Math.ceil(length / splitBytes));
    for (let i = 0; i < numSplits; i++) {
      const from = isPacked ? 0 : dataFrom + Math.floor((length * i) / numSplits);
      const to = isPacked ? Infinity : dataFrom + Math.floor((length * (i + 1)) / numSplits);
      const numBytes = isPacked ? source.size : to - from;
      const split: Split = { file, source, compression, dataFrom, from, to };
      const last = tasks.at(-1);
      if (last !== undefined && last.numBytes + numBytes <= splitBytes) {
        last.splits.push(split);
        last.numBytes += numBytes;
      } else {
        tasks.push({ splits: [split], numBytes });
      }
    }
  }
  return tasks;
}
