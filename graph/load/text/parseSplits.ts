/**
 * The task of reading text: splits of files in, columns and bad rows out.
 */
import { hasCode, type SuperstepError } from "../../../core/errors.ts";
import type { TaskContext } from "../../../core/host/task.ts";
import { textMemoryError } from "../../kernels/text.ts";
import type { InputFault } from "../inputError.ts";
import { readBlankRows } from "./blankRows.ts";
import { openSource, type OpenSource } from "./byteSource.ts";
import { readDelimitedRows } from "./delimitedRows.ts";
import { maxRatio } from "./compression.ts";
import { LineReader } from "./lineReader.ts";
import { longLineShown, rowFault } from "./rowFault.ts";
import { SplitState } from "./splitState.ts";
import { giveBack, takeTextColumns, type TextColumns } from "./textColumns.ts";
import { packedInput, rangeInput } from "./textInput.ts";
import type { Split, SplitResult, TextPlan } from "./textPlan.ts";

const blockBytes = 1 << 20;

/** Reads splits one after the other; what is wrong with a file is in its result, not thrown. */
export async function parseSplits(
  plan: TextPlan,
  { splits }: { readonly splits: readonly Split[] },
  task: Pick<TaskContext, "throwIfCancelled">,
): Promise<SplitResult[]> {
  const results: SplitResult[] = [];
  for (const split of splits) results.push(await parseSplit(plan, split, task));
  return results;
}

async function parseSplit(
  plan: TextPlan,
  split: Split,
  task: Pick<TaskContext, "throwIfCancelled">,
): Promise<SplitResult> {
  let source: OpenSource | undefined;
  try {
    source = openSource(split.source);
    return await readRows(plan, split, source, task);
  } catch (error) {
    if (!hasCode(error, "INVALID_INPUT")) throw textMemoryError(error, "read text");
    const { file: _, ...failure } = (error as SuperstepError).details as unknown as InputFault;
    return { ...emptyResult, failure };
  } finally {
    source?.close();
  }
}

async function readRows(
  plan: TextPlan,
  split: Split,
  source: OpenSource,
  task: Pick<TaskContext, "throwIfCancelled">,
): Promise<SplitResult> {
  const text = takeTextColumns(plan);
  let isWhole = false;
  try {
    const result = await readRowsInto(text, plan, split, source, task);
    isWhole = true;
    return result;
  } finally {
    if (isWhole) giveBack(plan, text);
    else text.release();
  }
}

async function readRowsInto(
  text: TextColumns,
  plan: TextPlan,
  split: Split,
  source: OpenSource,
  task: Pick<TaskContext, "throwIfCancelled">,
): Promise<SplitResult> {
  const { compression } = split;
  const isPacked = compression !== "none";
  const textBytes = isPacked ? source.size * maxRatio[compression] : Math.min(split.to, source.size) - split.from;
  const isWhole = isPacked || (split.from <= split.dataFrom && split.to >= source.size);
  const state = new SplitState(plan, text, {
    maxRows: maxRows(plan, textBytes),
    isFileStart: isPacked || split.from <= split.dataFrom,
    allowsQuotes: isWhole,
  });
  const input = isPacked ? packedInput(source, split, compression) : rangeInput(source, split);
  try {
    const reader = new LineReader(input, Math.min(blockBytes, Math.max(textBytes + 2, 4096)));
    let consumed = 0;
    while (!state.isStopped && (await reader.fill(consumed))) {
      task.throwIfCancelled();
      state.base = reader.base;
      if (reader.isLongLine) {
        state.setAside(rowFault.longLine, 0, reader.bytes, 0, longLineShown, state.isAtFirstRow);
        state.isAtFirstRow = false;
        state.numLines++;
        await reader.skipLongLine();
        consumed = 0;
      } else if (plan.layout === "blanks") {
        readBlankRows(state, reader.bytes, 0, reader.to);
        consumed = reader.to;
      } else {
        consumed = readDelimitedRows(state, reader.bytes, 0, reader.to, reader.isLast);
      }
    }
    source.verify();
    return state.finish();
  } finally {
    await input.close();
  }
}

/** Upper bound of the rows, mirror images included, that so many bytes of text can hold: "1 2" and a line end each. */
function maxRows(plan: TextPlan, textBytes: number): number {
  const bytesPerRow = plan.idColumns.length * 2;
  return (Math.ceil(textBytes / bytesPerRow) + 1) * (plan.mirror === undefined ? 1 : 2);
}

const emptyResult: SplitResult = {
  numLines: 0,
  numComments: 0,
  numBlankLines: 0,
  numRows: 0,
  chunks: [],
  kinds: [],
  badRows: [],
  metQuote: false,
};
