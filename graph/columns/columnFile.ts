/**
 * Columns in a file: 8 bytes "SSGRAPH1"; number of columns and CRC-32 of what follows the header, 4 bytes each; its
 * length, 8 bytes; then the columns' bytes, one after the other. All numbers little-endian. What the columns are is kept
 * by who wrote them.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { writeWhole } from "../../core/storage/writeWhole.ts";
import { damagedCheckpoint } from "../../core/rdd/checkpointFile.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";

/** Where columns were written, and what must be found there. */
export interface ColumnFile {
  readonly path: string;
  readonly count: number;
  readonly crc: number;
  readonly byteLength: number;
}

/** What a file holds: columns in the arena, then blocks of encoded values. */
export interface FileContents {
  readonly columns: readonly ColumnRef[];
  readonly blocks: readonly SharedArrayBuffer[];
}

/** Where the contents of a file go: columns in the arena, and blocks of these sizes, in bytes. */
export interface FileTarget {
  readonly file: ColumnFile;
  readonly columns: readonly ColumnRef[];
  readonly blockBytes: readonly number[];
}

export const writeFileRef: OperatorRef = operatorRef(import.meta.url, "writeColumnFile");
export const readFileRef: OperatorRef = operatorRef(import.meta.url, "readColumnFile");
export const verifyFileRef: OperatorRef = operatorRef(import.meta.url, "verifyColumnFile");

const magic = Buffer.from("SSGRAPH1", "latin1");
const headerBytes = 24;
/** Bytes read or written at once: between two such pieces, a cancelled task stops. */
const pieceBytes = 1 << 24;

/** Task: writes under a temporary name, to the disk, and then under `path`. */
export function writeColumnFile(
  _shared: undefined,
  { path, columns, blocks }: FileContents & { readonly path: string },
  task: TaskContext,
): ColumnFile {
  const parts = [
    ...columns.map((column) => bytesOf(task.arena, column)),
    ...blocks.map((block) => new Uint8Array(block)),
  ];
  let crc = 0;
  for (const piece of piecesOf(parts, task)) crc = crc32(piece, crc);
  const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const written: ColumnFile = { path, count: parts.length, crc, byteLength };
  writeWhole(path, task.attempt, piecesOf([headerOf(written), ...parts], task));
  return written;
}

/**
 * Task: fills the columns from the file; returns the blocks.
 *
 * @throws SuperstepError BLOCK_CORRUPT unless the file is there and holds exactly what was written.
 */
export function readColumnFile(
  _shared: undefined,
  { file, columns, blockBytes }: FileTarget,
  task: TaskContext,
): SharedArrayBuffer[] {
  const blocks = blockBytes.map((bytes) => new SharedArrayBuffer(bytes));
  const parts = [
    ...columns.map((column) => bytesOf(task.arena, column)),
    ...blocks.map((block) => new Uint8Array(block)),
  ];
  readParts(file, parts, task);
  return blocks;
}

/** Task: reads the file to its end and compares. Errors as `readColumnFile`. */
export function verifyColumnFile(_shared: undefined, file: ColumnFile, task: TaskContext): void {
  const piece = new Uint8Array(Math.min(pieceBytes, file.byteLength));
  const full = Math.floor(file.byteLength / pieceBytes);
  const parts = Array.from<Uint8Array>({ length: full }).fill(piece);
  readParts(file, [...parts, piece.subarray(0, file.byteLength - full * pieceBytes)], task);
}

function readParts(expected: ColumnFile, parts: readonly Uint8Array[], task: TaskContext): void {
  const file = openExpected(expected);
  try {
    const header = Buffer.alloc(headerBytes);
    if (!fill(file, header) || !header.equals(headerOf(expected)))
      throw damagedCheckpoint(expected, "columns", "another header");
    let crc = 0;
    for (const piece of piecesOf(parts, task)) {
      if (!fill(file, piece)) throw damagedCheckpoint(expected, "columns", "less");
      crc = crc32(piece, crc);
    }
    if (crc !== expected.crc) throw damagedCheckpoint(expected, "columns", "another checksum");
    if (readSync(file, header, 0, 1, null) !== 0) throw damagedCheckpoint(expected, "columns", "more");
  } finally {
    closeSync(file);
  }
}

/** False if the file ends before `target` is full. */
function fill(file: number, target: Uint8Array): boolean {
  for (let at = 0; at < target.length;) {
    const count = readSync(file, target, at, target.length - at, null);
    if (count === 0) return false;
    at += count;
  }
  return true;
}

function* piecesOf(parts: readonly Uint8Array[], task: TaskContext): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += pieceBytes) {
      task.throwIfCancelled();
      yield part.subarray(at, at + pieceBytes);
    }
  }
}

function bytesOf(arena: Arena, column: ColumnRef): Uint8Array {
  const { buffer, byteOffset, byteLength } = arena.view(column);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function headerOf({ count, crc, byteLength }: ColumnFile): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32LE(count, 8);
  header.writeUInt32LE(crc, 12);
  header.writeBigUInt64LE(BigInt(byteLength), 16);
  return header;
}

function openExpected(expected: ColumnFile): number {
  try {
    return openSync(expected.path, "r");
  } catch (error) {
    throw damagedCheckpoint(expected, "columns", (error as NodeJS.ErrnoException).code ?? String(error), error);
  }
}
