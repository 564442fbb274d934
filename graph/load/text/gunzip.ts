/**
 * Gzip, read to its last byte: several members are one text; anything cut, damaged or left over is an error.
 */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { inputError } from "../inputError.ts";
import type { OpenSource } from "./byteSource.ts";

const pieceBytes = 1 << 18;

/**
 * The text of a gzip source, in pieces. Inflating runs beside the consumer, on Node's own threads. The last piece may
 * come before the error that makes the text void: publish nothing before the end.
 *
 * @throws SuperstepError INVALID_INPUT if the stream is cut, damaged, or followed by other bytes.
 */
export async function* gunzip(source: OpenSource, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const inflater = createGunzip({ chunkSize: pieceBytes });
  const input = Readable.from(compressedPieces(source), { objectMode: false });
  input.on("error", (error) => inflater.destroy(error));
  input.pipe(inflater);
  try {
    for await (const piece of inflater) yield piece as Uint8Array;
  } catch (error) {
    if ((error as { code?: unknown }).code === "INVALID_INPUT") throw error;
    throw damaged(name, error as NodeJS.ErrnoException);
  } finally {
    input.destroy();
    inflater.destroy();
  }
  if (inflater.bytesWritten !== source.size) {
    throw inputError({
      file: name,
      reason: "bytes after the gzip data",
      expected: `gzip data up to its last byte, ${source.size}`,
      got: `${source.size - inflater.bytesWritten} other bytes after it`,
      hint: "the file is damaged, or something was appended to it",
    });
  }
}

function* compressedPieces(source: OpenSource): Generator<Buffer, void, undefined> {
  for (let position = 0; position < source.size;) {
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, source.size - position));
    const count = source.read(position, piece, 0, piece.length);
    if (count === 0) return;
    position += count;
    yield piece.subarray(0, count);
  }
}

function damaged(name: string, error: NodeJS.ErrnoException): Error {
  const isCut = error.code === "Z_BUF_ERROR";
  return inputError(
    {
      file: name,
      reason: isCut ? "gzip data that ends too early" : "damaged gzip data",
      expected: "whole gzip data",
      got: isCut ? "data that ends too early" : `damaged data (${error.message})`,
      hint: "copy or download the file again; gzip -t checks it",
    },
    error,
  );
}
