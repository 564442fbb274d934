/**
 * The driver's side of reading Parquet and Arrow as rows of a graph: opens all files, decides by their schemas, has parts
 * decoded by several threads, and puts them together in the order of the input.
 */
import type { RawColumn } from "../edgeChunk.ts";
import type { FileRequest } from "../table/decodeThread.ts";
import type { TypedContents, TypedFormat } from "../table/typedFile.ts";
import { writeBadRows } from "../text/badRowsFile.ts";
import type { ByteSource } from "../text/byteSource.ts";
import type { LoadedRows } from "../text/loadText.ts";
import { mergeResults } from "../text/mergeResults.ts";
import type { RowOptions } from "../loadRows.ts";
import type { RowChunk, SplitResult } from "../text/textPlan.ts";
import { widenAttr } from "./attrOfColumn.ts";
import type { AttrColumn } from "./columnarPlan.ts";
import { DecoderPool } from "./decoderPool.ts";
import { planColumns } from "./planColumns.ts";

/**
 * Reads typed files of one format as rows of ids and attributes, by column.
 *
 * Order:  rows in the order of the files, then of the file; it does not depend on threads.
 * Cost:   one pass over the columns that are asked for, a row group at a time, in `numThreads` threads of their own.
 * Memory: a row group of strings in each thread; an Arrow file whole, in each.
 *
 * @throws SuperstepError INVALID_INPUT for unreadable or damaged input and for rows at fault (with file, row and row
 *   group), OUT_OF_MEMORY, INVALID_ARGUMENT for options, CANCELLED.
 */
export async function loadColumns(
  sources: readonly ByteSource[],
  format: TypedFormat,
  content: "edges" | "vertices",
  numThreads: number,
  options: RowOptions,
): Promise<LoadedRows> {
  const pool = new DecoderPool(numThreads, options.signal);
  try {
    const all = await pool.askAll<TypedContents>(sources.map((source) => ({ type: "contents", format, source })));
    const named = all.map((contents, index) => ({ name: sources[index]!.name, contents }));
    const { plan, format: taken, maxErrors } = planColumns(named, format, content, options);
    const parts = all.flatMap(({ parts: rows }, file) => rows.map((numRows, part) => ({ file, part, numRows })));
    const requests = parts.map(({ file, part }): FileRequest => ({
      type: "part",
      format,
      source: sources[file]!,
      plan,
      part,
    }));
    const results = await pool.askAll<SplitResult>(requests, watch(sources, parts, plan.maxBadRows, options));
    const firstMissing = parts.findIndex((_part, index) => results[index] === undefined);
    const usable = firstMissing < 0 ? results : results.slice(0, firstMissing); // enough of them are bad
    const files = sources.map((source) => ({ source, numHeadLines: 0, numHeadComments: 0 }));
    const { kinds: _, chunks, ...merged } = mergeResults(files, parts, usable, maxErrors);
    if (options.badRowsFile !== undefined) await writeBadRows(options.badRowsFile, merged.badRows.kept);
    const weight = plan.attrs.find(({ isWeight }) => isWeight)?.name;
    const settled = withTypesOfAll(plan.attrs, chunks);
    return {
      ...merged,
      chunks: settled,
      columns: plan.attrs.map(({ name, type }, index) => ({
        name,
        type: settled[0]?.attrs[index]!.type ?? type,
        nullable: settled.some(({ attrs }) => attrs[index]!.validity !== undefined),
      })),
      idType: plan.idType,
      ...(weight === undefined ? {} : { weight }),
      format: taken,
      files: sources.map(({ name, size }) => ({ name, bytes: size, compression: "none" })),
    };
  } finally {
    await pool.release();
  }
}

/** Tells progress; says false once the first parts decide that the load fails. */
function watch(
  sources: readonly ByteSource[],
  parts: readonly { readonly file: number; readonly numRows: number }[],
  maxBadRows: number,
  { onProgress }: RowOptions,
): (index: number, result: SplitResult) => boolean {
  const totalBytes = sources.reduce((sum, { size }) => sum + size, 0);
  const totalRows = parts.reduce((sum, { numRows }) => sum + numRows, 0);
  const numBadOf: number[] = [];
  let doneRows = 0;
  let numFirst = 0;
  let numBad = 0;
  return (index, { badRows }) => {
    doneRows += parts[index]!.numRows;
    onProgress?.(doneRows === totalRows ? totalBytes : Math.floor((totalBytes * doneRows) / totalRows), totalBytes);
    numBadOf[index] = badRows.length;
    for (; numBadOf[numFirst] !== undefined; numFirst++) numBad += numBadOf[numFirst]!;
    return numBad < maxBadRows;
  };
}

/** Columns of integers are 64-bit in all chunks if they are in one. */
function withTypesOfAll(attrs: readonly AttrColumn[], chunks: readonly RowChunk[]): readonly RowChunk[] {
  const isWide = attrs.map((_attr, index) => chunks.some((chunk) => chunk.attrs[index]!.type === "bigint"));
  if (!isWide.includes(true)) return chunks;
  const settle = (column: RawColumn, index: number): RawColumn => (isWide[index] ? widenAttr(column) : column);
  return chunks.map((chunk) => ({ ...chunk, attrs: chunk.attrs.map(settle) }));
}
