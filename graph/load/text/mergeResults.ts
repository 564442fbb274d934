/**
 * The results of all splits as one load: lines counted through, ids of one kind, bad rows in order.
 */
import { inputError, type InputFault } from "../inputError.ts";
import type { CutFile } from "./cutFiles.ts";
import { widenIds } from "./idBuilder.ts";
import { joinDictionaries } from "./joinDictionaries.ts";
import type { RowChunk, Split, SplitResult } from "./textPlan.ts";

/** A row that was set aside: its fault, and its text if it was to be kept. */
export interface BadInputRow extends InputFault {
  readonly text?: string;
}

/** The rows that were set aside. */
export interface BadRows {
  readonly total: number;
  /** All of them, in the order of the input. */
  readonly kept: readonly BadInputRow[];
  /** Equal reasons counted, the most frequent first. */
  readonly byReason: readonly { readonly reason: string; readonly count: number }[];
}

/** What all splits together hold. */
export interface MergedResults {
  readonly chunks: readonly RowChunk[];
  readonly kinds: readonly number[];
  readonly numLines: number;
  readonly numComments: number;
  readonly numBlankLines: number;
  readonly numRows: number;
  readonly badRows: BadRows;
}

/**
 * Puts results together in the order of their splits.
 *
 * @throws SuperstepError INVALID_INPUT for the first file that failed, or the bad row number `maxErrors` + 1, whichever
 * comes first in the input.
 */
export function mergeResults(
  files: readonly Pick<CutFile, "source" | "numHeadLines" | "numHeadComments">[],
  splits: readonly Pick<Split, "file">[],
  results: readonly SplitResult[],
  maxErrors: number,
): MergedResults {
  const kept: BadInputRow[] = [];
  const kinds: number[] = [];
  let chunks: RowChunk[] = [];
  let [numLines, numComments, numBlankLines, numRows] = [0, 0, 0, 0];
  let fileLines = 0;
  let lastFile = -1;
  for (const [index, result] of results.entries()) {
    const { file: fileIndex } = splits[index]!;
    const file = files[fileIndex]!;
    if (fileIndex !== lastFile) {
      lastFile = fileIndex;
      fileLines = file.numHeadLines;
      numLines += file.numHeadLines;
      numComments += file.numHeadComments;
    }
    const placed = (fault: Omit<InputFault, "file">): InputFault => ({
      ...fault,
      file: file.source.name,
      ...(fault.line === undefined ? {} : { line: fault.line + fileLines }),
    });
    for (const { fault, text } of result.badRows) {
      if (kept.length === maxErrors) throw tooMany(placed(fault), maxErrors);
      kept.push({ ...placed(fault), ...(text === undefined ? {} : { text }) });
    }
    if (result.failure !== undefined) throw inputError(placed(result.failure));
    fileLines += result.numLines;
    numLines += result.numLines;
    numComments += result.numComments;
    numBlankLines += result.numBlankLines;
    numRows += result.numRows;
    chunks.push(...result.chunks);
    result.kinds.forEach((met, column) => (kinds[column] = (kinds[column] ?? 0) | met));
  }
  if (chunks.some(({ ids }) => ids[0]!.kind === "int64")) {
    chunks = chunks.map((chunk) => ({ ...chunk, ids: chunk.ids.map(widenIds) }));
  }
  chunks = joinDictionaries(chunks);
  const badRows = { total: kept.length, kept, byReason: countReasons(kept) };
  return { chunks, kinds, numLines, numComments, numBlankLines, numRows, badRows };
}

function tooMany(fault: InputFault, maxErrors: number): Error {
  if (maxErrors === 0) return inputError(fault);
  const hint = `this is bad row ${maxErrors + 1}, and --max-errors (maxErrors) is ${maxErrors}`;
  return inputError({ ...fault, hint: fault.hint === "" ? hint : `${fault.hint}; ${hint}` });
}

function countReasons(rows: readonly BadInputRow[]): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { reason } of rows) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
