/**
 * Reads an input file or a range of its lines, in a task.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { SuperstepError, excerpt } from "../errors.ts";
import { unzstd } from "../zstd/unzstd.ts";
import type { InputFile } from "./inputFiles.ts";

/** The decompressed contents. @throws SuperstepError INVALID_INPUT if they are cut or corrupt, or `file` has changed. */
export function readGzip(file: InputFile): Uint8Array {
  const compressed = withFile(file, (descriptor) => readFully(descriptor, file, 0, file.size));
  try {
    if (compressed.length === 0) throw new Error("it is empty");
    return gunzipSync(compressed);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SuperstepError(
      "INVALID_INPUT",
      `${excerpt(file.path)}: must be whole gzip data of at most 4 GiB, got an error: ${reason}; fetch or compress it again`,
      { details: { path: file.path }, cause: error },
    );
  }
}

/** The decompressed contents. @throws SuperstepError INVALID_INPUT if they are cut or corrupt, or `file` has changed. */
export async function readZstd(file: InputFile, throwIfCancelled: () => void): Promise<Uint8Array> {
  withFile(file, () => {});
  const pieces: Uint8Array[] = [];
  let numBytes = 0;
  try {
    if (file.size === 0) throw new Error("it is empty");
    for await (const piece of unzstd({ kind: "file", path: file.path, size: file.size })) {
      throwIfCancelled();
      numBytes += piece.length;
      if (numBytes > maxTextBytes) throw new Error("it is longer");
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof SuperstepError) throw error;
    throw new SuperstepError(
      "INVALID_INPUT",
      `${excerpt(file.path)}: must be whole zstd data of at most 4 GiB, got an error: ${(error as Error).message}; fetch or compress it again`,
      { details: { path: file.path }, cause: error },
    );
  }
  withFile(file, () => {});
  return Buffer.concat(pieces);
}

/** What one buffer holds. */
const maxTextBytes = 2 ** 32 - 1;
/** Bytes looked at beyond a range at a time, for the end of its last line. */
const lookahead = 64 * 1024;
const lineFeed = 10;

/**
 * The lines that start in bytes [from, to), whole: from after the first line end at or after from - 1, to the first one
 * at or after to - 1.
 *
 * @throws SuperstepError INVALID_INPUT if `file` has changed since it was found.
 */
export function readRange(file: InputFile, from: number, to: number): Uint8Array {
  return withFile(file, (descriptor) => {
    const start = Math.max(0, from - 1); // a line starts at `from` if the byte before ends one
    let bytes = readFully(descriptor, file, start, to);
    let first = 0;
    if (from > 0) {
      first = bytes.indexOf(lineFeed) + 1;
      if (first === 0 || start + first >= to) return bytes.subarray(0, 0); // no line starts here
    }
    const pieces = [bytes.subarray(first)];
    for (let at = to; at < file.size && bytes[bytes.length - 1] !== lineFeed; at += bytes.length) {
      bytes = readFully(descriptor, file, at, Math.min(at + lookahead, file.size));
      const end = bytes.indexOf(lineFeed) + 1;
      if (end > 0) bytes = bytes.subarray(0, end);
      pieces.push(bytes);
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  });
}

function withFile<R>(file: InputFile, read: (descriptor: number) => R): R {
  let descriptor: number;
  try {
    descriptor = openSync(file.path, "r");
  } catch (error) {
    throw changed(file, (error as NodeJS.ErrnoException).code ?? String(error));
  }
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
    if (size !== file.size) throw changed(file, `${size} bytes instead of ${file.size}`);
    if (mtimeMs !== file.modifiedMs) throw changed(file, "another time of change");
    return read(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes [from, to) of the file. */
function readFully(descriptor: number, file: InputFile, from: number, to: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(to - from);
  for (let filled = 0; filled < bytes.length;) {
    const count = readSync(descriptor, bytes, filled, Math.min(bytes.length - filled, 2 ** 30), from + filled);
    if (count === 0) throw changed(file, "an earlier end");
    filled += count;
  }
  return bytes;
}

function changed(file: InputFile, got: string): SuperstepError {
  return new SuperstepError(
    "INVALID_INPUT",
    `${excerpt(file.path)}: must not change between textFile() and the job that reads it, got ${got}; call textFile() again`,
    { details: { path: file.path } },
  );
}
