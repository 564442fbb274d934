/**
 * Bytes of any size as parts of a stream, and back: chunks with checksums, an end with the checksum of all. What is
 * damaged, cut short, longer or in another order is refused.
 */
import { crc32 } from "node:zlib";
import { SuperstepError } from "../errors.ts";
import { messageBytes } from "./protocol.ts";
import { enumeration, integer, natural, record, theOneOf, type Wire } from "./wire.ts";

/** Bytes of a chunk; the last one has what is left. */
export const chunkBytes: number = 2 ** 20;

/** What comes before the chunks. */
export interface Extent {
  readonly byteLength: number;
  readonly checksum: "crc32";
}

/** What comes after them. */
export interface End {
  readonly numChunks: number;
  readonly checksum: number;
}

const uint32 = integer(0, 0xffff_ffff);

export const extentWire: Wire<Extent> = record<Extent>({
  byteLength: natural,
  checksum: enumeration<"crc32">("CHECKSUM", { crc32: true }),
});
const endWire: Wire<End> = record<End>({ numChunks: natural, checksum: uint32 });
const endBytes = messageBytes("DownloadPart"); // extent, chunk and end have one place in all *Part messages

/** Bytes of `pieces` together. */
export function totalBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

/** The encoded chunks of `pieces`, one after the other, then the encoded end. */
export function* encodeParts(pieces: readonly Uint8Array[]): Generator<Buffer, void, undefined> {
  let left = totalBytes(pieces);
  let piece = 0;
  let offset = 0;
  let numChunks = 0;
  let checksum = 0;
  while (left > 0) {
    const length = Math.min(left, chunkBytes);
    const chunk = chunkOf(length);
    for (let filled = 0; filled < length;) {
      const from = pieces[piece]!;
      const count = Math.min(length - filled, from.byteLength - offset);
      chunk.data.set(from.subarray(offset, offset + count), filled);
      filled += count;
      offset += count;
      if (offset === from.byteLength) {
        piece++;
        offset = 0;
      }
    }
    chunk.part.writeUInt32LE(crc32(chunk.data), chunk.checksumAt);
    checksum = crc32(chunk.data, checksum);
    left -= length;
    numChunks++;
    yield chunk.part;
  }
  yield endBytes.encode({ end: endWire.write({ numChunks, checksum }) as object });
}

/**
 * The encoding of `{ chunk: { checksum, data } }` with room for both, written by hand: data is copied once only.
 * Fields 2 (chunk), then 1 (checksum, fixed32) and 2 (data) in it.
 */
function chunkOf(length: number): { part: Buffer; data: Buffer; checksumAt: number } {
  const dataHead = 1 + varintBytes(length);
  const inner = 5 + dataHead + length;
  const head = 1 + varintBytes(inner);
  const part = Buffer.allocUnsafe(head + inner);
  part[0] = 0x12;
  writeVarint(part, 1, inner);
  part[head] = 0x0d;
  part[head + 5] = 0x12;
  writeVarint(part, head + 6, length);
  return { part, data: part.subarray(head + 5 + dataHead), checksumAt: head + 1 };
}

/** Puts a stream together again: in memory that is there, or is asked for. */
export class ByteReceiver {
  readonly #where: string;
  readonly #places: readonly Uint8Array[];
  readonly #byteLength: number;
  #place = 0;
  #offset = 0;
  #received = 0;
  #numChunks = 0;
  #checksum = 0;
  #isComplete = false;

  /** `places` have `byteLength` bytes together; they are filled in order. `where` names the stream in errors. */
  constructor(where: string, byteLength: number, places: readonly Uint8Array[]) {
    this.#where = where;
    this.#places = places;
    this.#byteLength = byteLength;
  }

  /** All bytes are there, and checked. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * Takes a decoded part: a chunk or the end.
   *
   * @throws SuperstepError BLOCK_CORRUPT if it does not fit what came before; INVALID_ARGUMENT if it is neither.
   */
  take(part: Record<string, unknown>): void {
    if (this.#isComplete) throw this.#corrupt("goes on after its end");
    const kind = theOneOf(part, ["chunk", "end"], this.#where);
    if (kind === "end") this.#finish(endWire.read(part["end"], `${this.#where}: end`));
    else this.#takeChunk(part["chunk"] as { checksum?: unknown; data?: unknown });
  }

  /** @throws SuperstepError BLOCK_CORRUPT if the end has not come. */
  close(): void {
    if (!this.#isComplete) throw this.#corrupt(`ended after ${this.#received} of ${this.#byteLength} bytes`);
  }

  #takeChunk(chunk: { checksum?: unknown; data?: unknown }): void {
    const data = chunk.data instanceof Uint8Array ? chunk.data : new Uint8Array(0);
    const expected = Math.min(chunkBytes, this.#byteLength - this.#received);
    if (data.length !== expected || expected === 0)
      throw this.#corrupt(`chunk ${this.#numChunks} has ${data.length} bytes instead of ${expected}`);
    if (crc32(data) !== chunk.checksum) throw this.#corrupt(`chunk ${this.#numChunks} has another checksum`);
    this.#checksum = crc32(data, this.#checksum);
    for (let taken = 0; taken < data.length;) {
      const place = this.#places[this.#place]!;
      const count = Math.min(data.length - taken, place.byteLength - this.#offset);
      place.set(data.subarray(taken, taken + count), this.#offset);
      taken += count;
      this.#offset += count;
      if (this.#offset === place.byteLength) {
        this.#place++;
        this.#offset = 0;
      }
    }
    this.#received += data.length;
    this.#numChunks++;
  }

  #finish(end: End): void {
    if (this.#received !== this.#byteLength || end.numChunks !== this.#numChunks)
      throw this.#corrupt(`ended after ${this.#received} of ${this.#byteLength} bytes`);
    if (end.checksum !== this.#checksum) throw this.#corrupt("has another checksum as a whole");
    this.#isComplete = true;
  }

  #corrupt(text: string): SuperstepError {
    return new SuperstepError("BLOCK_CORRUPT", `${this.#where}: the stream ${text}`, {
      details: { byteLength: this.#byteLength, received: this.#received },
    });
  }
}

function varintBytes(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : 4;
}

function writeVarint(into: Buffer, at: number, value: number): void {
  let left = value;
  let offset = at;
  for (; left >= 0x80; left >>>= 7) into[offset++] = (left & 0x7f) | 0x80;
  into[offset] = left;
}
