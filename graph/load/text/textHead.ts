/**
 * The first bytes of an input: what it is compressed with, how its text is encoded, and the start of the text.
 */
import { isUtf8 } from "node:buffer";
import { inputError } from "../inputError.ts";
import { openSource, type ByteSource } from "./byteSource.ts";
import { compressionOf, decompress, type Compression } from "./compression.ts";

/** What the start of an input tells. */
export interface TextHead {
  readonly source: ByteSource;
  readonly compression: Compression;
  /** Length of the UTF-8 byte-order mark: 3 or 0. */
  readonly markBytes: number;
  /** The first bytes of the text, byte-order mark excluded. */
  readonly bytes: Buffer;
  /** The text has no more bytes than these. */
  readonly isWhole: boolean;
}

/**
 * Reads the first `limit` bytes of the text.
 *
 * @throws SuperstepError INVALID_INPUT if the input is unreadable, in another compression than gzip and zstd, binary, in UTF-16,
 * or has lines that end in CR alone.
 */
export async function readHead(source: ByteSource, limit: number): Promise<TextHead> {
  const open = openSource(source);
  try {
    const first = Buffer.alloc(Math.min(limit, source.size));
    const raw = first.subarray(0, open.read(0, first, 0, first.length));
    refuseEmptyPacked(source);
    refuseOtherFormats(source.name, raw);
    const compression = compressionOf(raw);
    let text = raw;
    let isWhole = raw.length >= source.size;
    if (compression !== "none") {
      const pieces: Uint8Array[] = [];
      let numBytes = 0;
      isWhole = true;
      for await (const piece of decompress(source, open, compression)) {
        pieces.push(piece);
        numBytes += piece.length;
        if (numBytes >= limit) {
          isWhole = false;
          break;
        }
      }
      text = Buffer.concat(pieces);
    }
    refuseOtherEncodings(source.name, text);
    const markBytes = text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf ? 3 : 0;
    return { source, compression, markBytes, bytes: text.subarray(markBytes), isWhole };
  } finally {
    open.close();
  }
}

/** What other formats begin with. */
const magics: readonly (readonly [magic: string, name: string, hint: string])[] = [
  ["425a68", "bzip2 data", "bzip2 -dc FILE | superstep … - reads it"],
  ["fd377a585a00", "xz data", "xz -dc FILE | superstep … - reads it"],
  ["04224d18", "lz4 data", "lz4 -dc FILE | superstep … - reads it"],
  ["504b0304", "a zip archive", "unpack it first"],
  ["50415231", "a Parquet file", "leave --from out, and it is read as it is"],
  ["4152524f5731", "an Arrow file", "leave --from out, and it is read as it is"],
];

function refuseOtherFormats(name: string, bytes: Buffer): void {
  const start = bytes.subarray(0, 8).toString("hex");
  const found = magics.find(([magic]) => start.startsWith(magic));
  if (found === undefined) return;
  throw inputError({
    file: name,
    reason: found[1],
    expected: "text, or text in gzip or zstd",
    got: found[1],
    hint: found[2],
  });
}

function refuseEmptyPacked(source: ByteSource): void {
  const suffix = /\.(gz|zst)$/i.exec(source.name)?.[1]?.toLowerCase();
  if (source.size > 0 || suffix === undefined) return;
  throw inputError({
    file: source.name,
    reason: `an empty file named .${suffix}`,
    expected: suffix === "gz" ? "gzip data" : "zstd data",
    got: "zero bytes",
    hint: "copy or download the file again",
  });
}

function refuseOtherEncodings(name: string, text: Buffer): void {
  const start = text.subarray(0, 4096);
  const encoding = wideEncoding(start);
  if (encoding !== undefined) {
    const hint = `convert it: iconv -f ${encoding} -t utf-8 OLD > NEW`;
    throw inputError({ file: name, reason: `${encoding} text`, expected: "UTF-8 text", got: `${encoding} text`, hint });
  }
  if (isBinary(start)) {
    const hint = "name a text file with a line per edge";
    throw inputError({ file: name, reason: "binary data", expected: "text", got: "binary data", hint });
  }
  if (text.includes(13) && !text.includes(10)) {
    throw inputError({
      file: name,
      reason: "lines that end in CR alone",
      expected: "lines that end in LF or CR LF",
      got: "lines that end in CR alone",
      hint: "convert it: tr '\\r' '\\n' < OLD > NEW",
    });
  }
}

/** UTF-16 or UTF-32 by their byte-order marks; UTF-16 without one by its NULs, which fill every other byte. */
function wideEncoding(bytes: Buffer): string | undefined {
  const mark = bytes.subarray(0, 4).toString("hex");
  if (mark === "fffe0000" || mark === "0000feff") return "UTF-32";
  if (mark.startsWith("fffe") || mark.startsWith("feff")) return "UTF-16";
  const nuls = [0, 0];
  bytes.forEach((byte, index) => {
    if (byte === 0) nuls[index & 1]!++;
  });
  const half = bytes.length / 2;
  if (bytes.length >= 8 && Math.max(...nuls) > 0.9 * half && Math.min(...nuls) < 0.1 * half) return "UTF-16";
  return undefined;
}

/** True if more than three bytes of ten are controls, or (where the text is not UTF-8) outside ASCII. */
function isBinary(bytes: Buffer): boolean {
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 4 && (bytes[end - 1]! & 0xc0) === 0x80) end--;
  if (end > 0 && bytes[end - 1]! >= 0xc0) end--; // a character that the end of the head cuts
  const isText = isUtf8(bytes.subarray(0, end));
  let odd = 0;
  for (const byte of bytes) {
    if (byte < 32 ? byte !== 9 && byte !== 10 && byte !== 13 : byte === 127 || (byte > 127 && !isText)) odd++;
  }
  return odd * 10 > bytes.length * 3;
}
