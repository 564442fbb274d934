/**
 * Writes records as lines of text, a file a partition.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { SuperstepError, excerpt, invalidArgument } from "../../errors.ts";
import { operatorRef, type TaskContext } from "../../host/task.ts";
import { everySoOften } from "../cancellable.ts";
import { makeDirectory } from "../../storage/makeDirectory.ts";
import { runAction, type ActionOptions, type ActionSource } from "../runAction.ts";

export interface SaveOptions extends ActionOptions {
  /** "gzip" writes part-00000.gz and so on. Default "none". */
  readonly compression?: "none" | "gzip" | undefined;
}

/**
 * Writes part-00000, part-00001, … and then an empty _SUCCESS into a new directory. A part appears under its name when
 * it is whole. A run that fails takes the directory away again.
 *
 * A record is one line: strings as they are (one with a line end becomes two lines), other primitives as String makes
 * them, all else as JSON, bigints in it as strings of digits.
 *
 * @throws SuperstepError INVALID_ARGUMENT, before anything is computed, if `directory` exists.
 */
export async function saveAsTextFile(
  source: ActionSource<unknown>,
  directory: string,
  { compression = "none", ...options }: SaveOptions = {},
): Promise<void> {
  if (compression !== "none" && compression !== "gzip") {
    throw invalidArgument("saveAsTextFile", "compression", '"none" or "gzip"', compression);
  }
  const target = path.resolve(directory);
  await makeNewDirectory(target);
  try {
    const params: SaveParams = { directory: target, isCompressed: compression === "gzip" };
    const operator = operatorRef(import.meta.url, "savePartition");
    await runAction(source, { name: "saveAsTextFile", operator, params }, options);
    await writeFile(path.join(target, "_SUCCESS"), "");
  } catch (error) {
    await rm(target, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    throw error;
  }
}

export interface SaveParams {
  /** Absolute. */
  readonly directory: string;
  readonly isCompressed: boolean;
}

/** Characters gathered before they are written. */
const pieceLength = 1 << 20;

/** Task half. */
export function savePartition(
  { directory, isCompressed }: SaveParams,
  records: Iterable<unknown>,
  partition: number,
  task: TaskContext,
): [] {
  const name = `part-${String(partition).padStart(5, "0")}${isCompressed ? ".gz" : ""}`;
  const temporary = path.join(directory, `_temporary-${name}-${task.attempt}`);
  const file = openSync(temporary, "wx");
  try {
    // Pieces compressed one by one are members of one gzip file.
    const write = (text: string): void => writeAll(file, isCompressed ? gzipSync(text) : Buffer.from(text));
    const tick = everySoOften(task);
    let piece = "";
    let isFirst = true;
    for (const record of records) {
      tick();
      piece += `${lineOf(record)}\n`;
      if (piece.length < pieceLength) continue;
      write(piece);
      piece = "";
      isFirst = false;
    }
    if (piece !== "" || isFirst) write(piece);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path.join(directory, name));
  return [];
}

function lineOf(record: unknown): string {
  if (typeof record === "string") return record;
  if (typeof record !== "object" || record === null) return String(record);
  return JSON.stringify(record, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
}

async function makeNewDirectory(directory: string): Promise<void> {
  try {
    makeDirectory(path.dirname(directory));
    await mkdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `saveAsTextFile: directory must not exist yet, got ${excerpt(directory)}; remove it or name another`,
    );
  }
}
