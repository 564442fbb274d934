/**
 * The bytes of a table's file, decompressed, and checked to be text.
 */
import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import path from "node:path";
import { SuperstepError } from "../../../core/errors.ts";
import { openSource, type ByteSource } from "../text/byteSource.ts";
import { compressionOf, decompress } from "../text/compression.ts";
import { errorAtByte, tableInputError } from "./tableInputError.ts";

/** Positions in a text are kept in 32 bits. */
const maxTextBytes = 0xffff_fff0;

/** The first bytes of a file: at most `count`. @throws SuperstepError INVALID_INPUT if it cannot be opened. */
export async function readHead(file: string, count: number): Promise<Buffer> {
  const handle = await openToRead(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/**
 * A file's text as bytes, whole: gzip and zstd (told by their magic bytes; several members or frames are one file)
 * unwrapped and verified, a UTF-8 byte order mark dropped.
 *
 * @throws SuperstepError INVALID_INPUT if the file cannot be read, is damaged, or is not UTF-8 text; OUT_OF_MEMORY above
 *   4 GiB.
 */
export async function readText(file: string): Promise<Buffer> {
  const source = await fileSource(file);
  const open = openSource(source);
  try {
    const head = new Uint8Array(4);
    const headBytes = open.read(0, head, 0, head.length);
    const compression = compressionOf(head.subarray(0, headBytes));
    if (compression !== "none") return checkText(file, await gathered(file, decompress(source, open, compression)));
    if (headBytes < 2 && /\.(gz|zst)$/i.test(file)) {
      throw tableInputError(file, { expected: /\.gz$/i.test(file) ? "gzip" : "zstd", got: `${headBytes} bytes` });
    }
    if (source.size > maxTextBytes) throw tooLong(file);
    const bytes = Buffer.allocUnsafeSlow(source.size);
    if (open.read(0, bytes, 0, bytes.length) < bytes.length) {
      throw tableInputError(file, { expected: `${bytes.length} bytes`, got: "fewer: it became shorter" });
    }
    return checkText(file, bytes);
  } finally {
    open.close();
  }
}

async function gathered(file: string, pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const kept: Uint8Array[] = [];
  let total = 0;
  for await (const piece of pieces) {
    total += piece.length;
    if (total > maxTextBytes) throw tooLong(file);
    kept.push(piece);
  }
  return Buffer.concat(kept);
}

function tooLong(file: string): SuperstepError {
  return new SuperstepError("OUT_OF_MEMORY", `${file}: a table of text above 4 GiB cannot be held; use Parquet`);
}

/** A file as a source of bytes. @throws SuperstepError INVALID_INPUT if it cannot be opened. */
export async function fileSource(file: string): Promise<ByteSource> {
  const handle = await openToRead(file);
  try {
    const { size, mtimeMs } = await handle.stat();
    return { kind: "file", path: path.resolve(file), name: file, size, modifiedMs: mtimeMs };
  } finally {
    await handle.close();
  }
}

/** Opens a file to read. @throws SuperstepError INVALID_INPUT if that fails. */
export async function openToRead(file: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    const handle = await open(file, "r");
    if (!(await handle.stat()).isDirectory()) return handle;
    await handle.close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const got = code === "ENOENT" ? "no such file" : `one that cannot be opened (${code ?? "unknown error"})`;
    throw tableInputError(file, { expected: "a file", got }, error);
  }
  throw tableInputError(file, { expected: "a file", got: "a directory" });
}

function checkText(file: string, bytes: Buffer): Buffer {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) throw tableInputError(file, { expected: "UTF-8", got: "UTF-16", hint: "save it as UTF-8" });
  const nul = bytes.indexOf(0);
  if (nul !== -1) throw errorAtByte(file, bytes, [nul, 1], { expected: "text", got: "a NUL byte" });
  if (!isUtf8(bytes)) {
    const line = firstInvalidLine(bytes);
    throw errorAtByte(file, bytes, line, { expected: "UTF-8", got: "other bytes", hint: "save the file as UTF-8" });
  }
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return hasMark ? bytes.subarray(3) : bytes;
}

function firstInvalidLine(bytes: Buffer): [offset: number, width: number] {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start);
    const stop = end === -1 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(start, stop))) return [start, stop - start];
    start = stop;
  }
  return [0, 0];
}
