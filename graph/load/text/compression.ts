/**
 * What a text may be compressed with, told by its first bytes, and how it is read then.
 */
import { ZstdError, unzstd } from "../../../core/zstd/unzstd.ts";
import { isZstd } from "../../../core/zstd/zstdHeader.ts";
import { inputError } from "../inputError.ts";
import type { ByteSource, OpenSource } from "./byteSource.ts";
import { gunzip } from "./gunzip.ts";

/** How the bytes of a file stand for its text. */
export type Compression = "none" | "gzip" | "zstd";

/** Most bytes of text that one byte of a file can give: deflate's limit; blocks of zstd of 128 KiB in 4 bytes. */
export const maxRatio: Readonly<Record<Compression, number>> = { none: 1, gzip: 1032, zstd: 32768 };

/** The compression of a file that begins with `bytes`. */
export function compressionOf(bytes: Uint8Array): Compression {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "gzip";
  return isZstd(bytes) ? "zstd" : "none";
}

/**
 * The text of a compressed source, in pieces that belong to the caller, to its last byte. The last piece may come before
 * the error that makes the text void: publish nothing before the end.
 *
 * @throws SuperstepError INVALID_INPUT if the data is cut, damaged, followed by other bytes, or asks for more than is given.
 */
export function decompress(
  source: ByteSource,
  open: OpenSource,
  compression: "gzip" | "zstd",
): AsyncGenerator<Uint8Array, void, undefined> {
  return compression === "gzip" ? gunzip(open, source.name) : zstdText(source);
}

async function* zstdText(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* unzstd(source);
  } catch (error) {
    throw error instanceof ZstdError ? zstdError(source.name, error) : error;
  }
}

function zstdError(file: string, error: ZstdError): Error {
  switch (error.fault) {
    case "cut":
    case "damaged": {
      const isCut = error.fault === "cut";
      const fault = {
        file,
        reason: isCut ? "zstd data that ends too early" : "damaged zstd data",
        expected: "whole zstd data",
        got: isCut ? "data that ends too early" : `damaged data (${error.message})`,
        hint: "copy or download the file again; zstd -t checks it",
      };
      return inputError(fault, error);
    }
    case "window":
      return inputError(
        {
          file,
          reason: "zstd data with too large a window",
          expected: "zstd data with a window of at most 128 MiB",
          got: `data that says ${error.message}`,
          hint: "compress it again without --long, or with --long=27",
        },
        error,
      );
    case "dictionary":
      return inputError(
        {
          file,
          reason: "zstd data with a dictionary",
          expected: "zstd data without a dictionary",
          got: `data that says ${error.message}`,
          hint: "compress it again without -D",
        },
        error,
      );
  }
}
