/**
 * What the header of a zstd frame asks of its reader (RFC 8878, section 3.1.1.1).
 */

/** What a frame needs. */
export interface ZstdHeader {
  /** Bytes of decompressed data that matches may reach back. */
  readonly windowBytes: number;
  /** A dictionary is needed to read it. */
  readonly hasDictionary: boolean;
}

/** First bytes of a frame, as a number of 32 bits, low byte first. */
const frameMagic = 0xfd2fb528;
/** A header has at most so many bytes, the magic included. */
export const maxHeaderBytes: number = 18;

/** True if `bytes` begin as a frame of zstd does, or one that is to be skipped. */
export function isZstd(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const magic = wordAt(bytes, 0);
  return magic === frameMagic || magic >>> 4 === 0x184d2a5;
}

/** The header of the frame that `bytes` begin with; undefined if they are no whole header of a frame with data. */
export function zstdHeader(bytes: Uint8Array): ZstdHeader | undefined {
  if (bytes.length < 6 || wordAt(bytes, 0) !== frameMagic) return undefined;
  const descriptor = bytes[4]!;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const isSingleSegment = (descriptor & 32) !== 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const sizeAt = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  if (bytes.length < sizeAt + sizeBytes) return undefined;
  let dictionary = 0;
  for (let at = sizeAt - dictionaryBytes; at < sizeAt; at++) dictionary |= bytes[at]!;
  const hasDictionary = dictionary !== 0;
  if (!isSingleSegment) {
    const base = 2 ** (10 + (bytes[5]! >> 3));
    return { windowBytes: base + (base / 8) * (bytes[5]! & 7), hasDictionary };
  }
  let size = 0;
  for (let at = sizeBytes - 1; at >= 0; at--) size = size * 256 + bytes[sizeAt + at]!;
  return { windowBytes: sizeBytes === 2 ? size + 256 : size, hasDictionary };
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
