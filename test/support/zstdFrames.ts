/** Frames of zstd for tests, without an encoder: blocks as they are, and blocks of one byte again and again (RFC 8878). */

const magic = Buffer.from("28b52ffd", "hex");

/** What a frame is to look like. */
export interface FrameOptions {
  /** Window descriptor; default: 1 MiB. */
  readonly window?: number;
  /** Adds the checksum of the text. Default true. */
  readonly checksum?: boolean;
  /** An id of a dictionary, below 256. */
  readonly dictionary?: number;
}

/** A frame that holds `text` in blocks of at most 128 KiB. */
export function storedFrame(text: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const bytes = Buffer.from(text as string);
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += 1 << 17) {
    const block = bytes.subarray(at, at + (1 << 17));
    blocks.push(blockHeader(0, block.length, at + block.length >= bytes.length), block);
  }
  return frame(blocks, options, xxh64(bytes));
}

/** A frame of `numBlocks` blocks, each 128 KiB of the one byte `byte`: four bytes a block, without checksum. */
export function repeatedFrame(byte: number, numBlocks: number): Buffer {
  const blocks = Array.from({ length: numBlocks }, (_, block) =>
    Buffer.concat([blockHeader(1, 1 << 17, block === numBlocks - 1), Buffer.from([byte])]),
  );
  return frame(blocks, { checksum: false }, 0n);
}

/** A frame that readers skip. */
export function skippableFrame(content: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a53, 0);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, Buffer.from(content)]);
}

function frame(blocks: readonly Buffer[], options: FrameOptions, hash: bigint): Buffer {
  const { window = 10 << 3, checksum = true, dictionary } = options;
  const descriptor = (checksum ? 4 : 0) | (dictionary === undefined ? 0 : 1);
  const trailer = Buffer.alloc(checksum ? 4 : 0);
  if (checksum) trailer.writeUInt32LE(Number(hash & 0xffff_ffffn));
  const header = Buffer.from([descriptor, window, ...(dictionary === undefined ? [] : [dictionary])]);
  return Buffer.concat([magic, header, ...blocks, trailer]);
}

function blockHeader(type: 0 | 1, length: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE(Number(isLast) | (type << 1) | (length << 3), 0, 3);
  return header;
}

const primes = [
  11400714785074694791n,
  14029467366897019727n,
  1609587929392839161n,
  9650029242287828579n,
  2870177450012600261n,
] as const;
const mask = 2n ** 64n - 1n;
const turn = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & mask;
const round = (lane: bigint, input: bigint): bigint =>
  (turn((lane + input * primes[1]) & mask, 31n) * primes[0]) & mask;

/** XXH64 with seed 0, after its specification. */
function xxh64(bytes: Buffer): bigint {
  let at = 0;
  let hash: bigint = primes[4];
  if (bytes.length >= 32) {
    let lanes = [(primes[0] + primes[1]) & mask, primes[1] as bigint, 0n, -primes[0] & mask];
    for (; at + 32 <= bytes.length; at += 32)
      lanes = lanes.map((lane, i) => round(lane, bytes.readBigUInt64LE(at + 8 * i)));
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
    hash = (turn(a, 1n) + turn(b, 7n) + turn(c, 12n) + turn(d, 18n)) & mask;
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * primes[0] + primes[3]) & mask;
  }
  hash = (hash + BigInt(bytes.length)) & mask;
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (turn(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * primes[0] + primes[3]) & mask;
  }
  if (at + 4 <= bytes.length) {
    hash = (turn(hash ^ ((BigInt(bytes.readUInt32LE(at)) * primes[0]) & mask), 23n) * primes[1] + primes[2]) & mask;
    at += 4;
  }
  for (; at < bytes.length; at++)
    hash = (turn(hash ^ ((BigInt(bytes[at]!) * primes[4]) & mask), 11n) * primes[0]) & mask;
  hash = ((hash ^ (hash >> 33n)) * primes[1]) & mask;
  hash = ((hash ^ (hash >> 29n)) * primes[2]) & mask;
  return hash ^ (hash >> 32n);
}
