/**
 * Bytes to lines.
 */
import { isUtf8 } from "node:buffer";
import { SuperstepError, excerpt } from "../errors.ts";
import type { InputFile } from "./inputFiles.ts";

/** Bytes made into text at a time, so that few lines cost little and a large partition is never one string. */
const pieceBytes = 256 * 1024;
const lineFeed = 10;
const carriageReturn = 13;

/**
 * The lines of `bytes`, which start and end where lines do. `isStart`: at the start of the file, where a byte order
 * mark may stand.
 *
 * @throws SuperstepError INVALID_INPUT when it comes to bytes that are not UTF-8.
 */
export function* linesOf(bytes: Uint8Array, file: InputFile, isStart: boolean): Iterable<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hasMark = isStart && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf;
  for (let from = hasMark ? 3 : 0; from < buffer.length;) {
    const end = buffer.indexOf(lineFeed, Math.min(from + pieceBytes, buffer.length) - 1);
    const to = end < 0 ? buffer.length : end + 1;
    const piece = buffer.subarray(from, to);
    if (!isUtf8(piece)) throw notUtf8(file);
    const lines = piece.toString("utf8").split("\n");
    if (lines.at(-1) === "") lines.pop(); // after the last line end
    for (const line of lines) {
      yield line.charCodeAt(line.length - 1) === carriageReturn ? line.slice(0, -1) : line;
    }
    from = to;
  }
}

function notUtf8(file: InputFile): SuperstepError {
  return new SuperstepError(
    "INVALID_INPUT",
    `${excerpt(file.path)}: text must be UTF-8, got other bytes; convert it first, say with iconv`,
    { details: { path: file.path } },
  );
}
