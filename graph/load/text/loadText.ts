/**
 * The driver's side of reading text: looks at the first rows, cuts the files into splits, has them read, and puts the
 * results together in the order of the input.
 */
import { operatorRef } from "../../../core/host/task.ts";
import { settleType } from "./attrBuilder.ts";
import type { ByteSource } from "./byteSource.ts";
import { writeBadRows } from "./badRowsFile.ts";
import { cutFiles, type CutFile } from "./cutFiles.ts";
import type { Compression } from "./compression.ts";
import { checkEntries } from "./matrixMarket.ts";
import { mergeResults, type BadRows } from "./mergeResults.ts";
import { prepareText, type TextOptions } from "./prepareText.ts";
import { sampleBytes } from "./sample.ts";
import type { AttrType } from "./cellKind.ts";
import type { TaskRunner } from "./taskRunner.ts";
import { readHead, type TextHead } from "./textHead.ts";
import type { RowChunk, SplitResult, TextPlan } from "./textPlan.ts";

/** A column of attributes of a load. */
export interface TextColumn {
  readonly name: string;
  readonly type: AttrType;
  /** Some row has no value there. */
  readonly nullable: boolean;
}

/** What was read, of text or of typed files, whose rows count as lines. */
export interface LoadedRows {
  readonly chunks: readonly RowChunk[];
  readonly columns: readonly TextColumn[];
  readonly numLines: number;
  readonly numComments: number;
  readonly numBlankLines: number;
  /** Rows of data that were read, without mirror images. */
  readonly numRows: number;
  readonly badRows: BadRows;
  readonly idType: "integer" | "string";
  /** The name of the weight column, if there is one. */
  readonly weight?: string;
  /** Vertices that exist whether or not a row names them: ids 1 to this (Matrix Market). */
  readonly numDeclaredVertices?: number;
  /** What the input was taken for, and why; for users. */
  readonly format: string;
  readonly files: readonly InputFile[];
}

/** A file of a load. */
export interface InputFile {
  readonly name: string;
  /** As stored, so compressed if it is. */
  readonly bytes: number;
  readonly compression: Compression;
}

/**
 * Reads text files as rows of ids and attributes.
 *
 * Order:   rows in the order of the files, then of the lines; it does not depend on splits or threads.
 * Cost:    one pass over the input; a second one if a column has another type than in its first 1,000 rows, or if the
 *          first quote of a CSV file comes behind its first MiB.
 *
 * @throws SuperstepError INVALID_INPUT for unreadable or malformed input, INVALID_ARGUMENT for options.
 */
export async function loadText(
  runner: TaskRunner,
  sources: readonly ByteSource[],
  content: "edges" | "vertices",
  options: TextOptions,
): Promise<LoadedRows> {
  const heads: TextHead[] = [];
  for (const source of sources) {
    const isFirstText = heads.every(({ bytes }) => bytes.length === 0);
    heads.push(await readHead(source, isFirstText ? sampleBytes : otherHeadBytes));
  }
  const { plan: firstPlan, files, format, matrix, maxErrors } = prepareText(heads, content, options);

  for (let plan = firstPlan; ;) {
    const tasks = cutFiles(files, options.splitBytes ?? defaultSplitBytes(files, runner.numThreads));
    const results = (await runTasks(runner, plan, tasks, options)).flat();
    const splits = tasks.flatMap((task) => task.splits);
    const quoted = new Set(splits.flatMap(({ file }, index) => (results[index]?.metQuote ? [file] : [])));
    if (quoted.size > 0) {
      for (const file of quoted) files[file]!.isCuttable = false;
      continue;
    }
    const { kinds, ...merged } = mergeResults(files, splits, results, maxErrors);
    const attrs = plan.attrs.map((attr, index) => settleType(attr, kinds[index] ?? 0));
    if (attrs.some(({ type }, index) => type !== plan.attrs[index]!.type)) {
      plan = { ...plan, attrs };
      continue;
    }
    if (matrix !== undefined) checkEntries(files[0]!.source.name, matrix, merged.numRows + merged.badRows.total);
    if (options.badRowsFile !== undefined) await writeBadRows(options.badRowsFile, merged.badRows.kept);
    const weight = attrs.find(({ isWeight }) => isWeight)?.name;
    return {
      ...merged,
      columns: attrs.map(({ name, type }, index) => ({
        name,
        type,
        nullable: merged.chunks.some(({ attrs: columns }) => columns[index]!.validity !== undefined),
      })),
      idType: plan.idType,
      ...(weight === undefined ? {} : { weight }),
      ...(matrix === undefined ? {} : { numDeclaredVertices: matrix.numVertices }),
      format,
      files: files.map(({ source, compression }) => ({ name: source.name, bytes: source.size, compression })),
    };
  }
}

/** Bytes looked at of files after the first: their encoding, not their rows, matters. */
const otherHeadBytes = 1 << 14;

/** A quarter of a thread's share, so that threads end together; from 1 to 64 MiB. */
function defaultSplitBytes(files: readonly CutFile[], numThreads: number): number {
  const total = files.reduce((sum, { source }) => sum + source.size, 0);
  return Math.min(Math.max(Math.ceil(total / (numThreads * 4)), 1 << 20), 1 << 26);
}

/**
 * The results of all tasks; or, once the first tasks decide that the load fails, of these alone: the others are
 * cancelled, so that a bad first row in a large input is said at once.
 */
async function runTasks(
  runner: TaskRunner,
  plan: TextPlan,
  tasks: ReturnType<typeof cutFiles>,
  { signal, onProgress }: TextOptions,
): Promise<SplitResult[][]> {
  if (tasks.length === 0) return [];
  const total = tasks.reduce((sum, { numBytes }) => sum + numBytes, 0);
  const results: SplitResult[][] = [];
  const failed = new AbortController();
  let doneBytes = 0;
  let numFirst = 0;
  let numBad = 0;
  const onResult = (task: number, result: unknown): void => {
    results[task] = result as SplitResult[];
    doneBytes += tasks[task]!.numBytes;
    onProgress?.(doneBytes, total);
    for (; results[numFirst] !== undefined && !failed.signal.aborted; numFirst++) {
      for (const { badRows, failure } of results[numFirst]!) {
        numBad += badRows.length;
        if (failure !== undefined || numBad >= plan.maxBadRows) failed.abort();
      }
    }
  };
  const operator = operatorRef(new URL("./parseSplits.js", import.meta.url).href, "parseSplits");
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  try {
    return await runner.runTasks<SplitResult[]>(
      { name: "read text", operator, shared: plan, tasks },
      { signal: either, onResult },
    );
  } catch (error) {
    if (!failed.signal.aborted || signal?.aborted === true) throw error;
    return results.slice(0, numFirst);
  }
}
