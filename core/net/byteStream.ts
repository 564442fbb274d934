/**
 * Bytes of any size as the messages of a stream, and back: an extent, chunks with checksums, an end with a checksum of
 * all. Bytes are copied neither to be sent nor, but once into their place, to be received. What is damaged, cut short,
 * longer or in another order is refused.
 */
import { crc32 } from "node:zlib";
import { SuperstepError } from "../errors.ts";
import type { MessageBytes } from "./protocol.ts";
import type { SegmentReader, StoredChunk } from "./segments.ts";
import { enumeration, integer, natural, record, text, type Wire } from "./wire.ts";

/** Bytes of a chunk; the last one has what is left. */
export const chunkBytes: number = 2 ** 20;

/** What comes before the chunks. */
export interface Extent {
  readonly byteLength: number;
  readonly checksum: "crc32";
}

/** What comes after them. `checksum`: of the checksums of all chunks, each as 4 bytes, lowest first. */
export interface End {
  readonly numChunks: number;
  readonly checksum: number;
}

export const extentWire: Wire<Extent> = record<Extent>({
  byteLength: natural,
  checksum: enumeration<"crc32">("CHECKSUM", { crc32: true }),
});
/** A chunk that lies in a segment: see `Segments`. */
export const storedWire: Wire<StoredChunk> = record<StoredChunk>({
  segment: text(64),
  sequence: integer(1, 0xffff_ffff),
  byteLength: integer(1, chunkBytes),
  checksum: integer(0, 0xffff_ffff),
});
export const endWire: Wire<End> = record<End>({ numChunks: natural, checksum: integer(0, 0xffff_ffff) });

/** Bytes of `pieces` together. */
export function totalBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

/** Copies bytes into places that have as many together, in order. */
export function scatter(bytes: Uint8Array, places: readonly Uint8Array[]): void {
  let at = 0;
  for (const place of places) {
    place.set(bytes.subarray(at, at + place.byteLength));
    at += place.byteLength;
  }
}

/** A message with the five bytes that gRPC puts before it. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(5 + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

/** A chunk: views of it one after the other, and the CRC-32 of all. */
export interface Chunk {
  readonly views: readonly Uint8Array[];
  readonly byteLength: number;
  readonly checksum: number;
}

/** The bytes of `pieces` as chunks. */
export function* chunksOf(pieces: readonly Uint8Array[]): Generator<Chunk> {
  let left = totalBytes(pieces);
  let piece = 0;
  let offset = 0;
  while (left > 0) {
    const byteLength = Math.min(left, chunkBytes);
    const views: Uint8Array[] = [];
    let checksum = 0;
    for (let gathered = 0; gathered < byteLength;) {
      const from = pieces[piece]!;
      const view = from.subarray(offset, offset + byteLength - gathered);
      if (view.length > 0) {
        views.push(view);
        checksum = crc32(view, checksum); // of nothing, zlib's would start anew
      }
      gathered += view.length;
      offset += view.length;
      if (offset === from.byteLength) {
        piece++;
        offset = 0;
      }
    }
    left -= byteLength;
    yield { views, byteLength, checksum };
  }
}

/** The checksum of the checksums so far and another one. At first `whole` is 0. */
export function wholeOf(whole: number, checksum: number): number {
  return crc32(asBytes(checksum), whole);
}

/** A framed chunk, as the views to send one after the other. */
export function chunkFrame({ views, byteLength, checksum }: Chunk): readonly Uint8Array[] {
  return [chunkHead(byteLength, checksum), ...views];
}

/** The framed end. `part`: the message of the stream. */
export function endFrame(end: End, part: MessageBytes): readonly Uint8Array[] {
  return [framed(part.encode({ end: endWire.write(end) as object }))];
}

/**
 * What stands before the data of a chunk: gRPC's five bytes, and the encoding of `{ chunk: { checksum, data } }` up to
 * the data. Fields 2 (chunk), and in it 1 (checksum, fixed32) and 2 (data), in this order.
 */
function chunkHead(length: number, checksum: number): Buffer {
  const inner = 5 + 1 + varintBytes(length) + length;
  const message = 1 + varintBytes(inner) + inner;
  const head = Buffer.allocUnsafe(5 + message - length);
  head[0] = 0;
  head.writeUInt32BE(message, 1);
  head[5] = 0x12;
  let at = writeVarint(head, 6, inner);
  head[at] = 0x0d;
  head.writeUInt32LE(checksum, at + 1);
  at += 5;
  head[at] = 0x12;
  writeVarint(head, at + 1, length);
  return head;
}

/** Most bytes of a message that is no chunk. */
const maxSmallMessage = 2 ** 22;
/** Most bytes of a chunk's head, and fewest that any of its messages has. */
const maxHeadBytes = 21;

/** Where a `StreamReader` brings what it reads. */
export interface StreamSink {
  /** A message that is no chunk. */
  message(bytes: Buffer): void;
  chunk(byteLength: number, checksum: number): void;
  /** Bytes of the chunk that was announced. Valid during the call. */
  data(bytes: Uint8Array): void;
}

/** Reads the frames of a stream from bytes as they arrive, cut anywhere. */
export class StreamReader {
  readonly #where: string;
  readonly #sink: StreamSink;
  /** What came of a frame up to the data of its chunk, or of a message that is none. */
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of the present chunk that are to come. */
  #left = 0;

  constructor(where: string, sink: StreamSink) {
    this.#where = where;
    this.#sink = sink;
  }

  /** @throws what the sink throws; SuperstepError INVALID_ARGUMENT if these are no frames. */
  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#left > 0) {
        const data = rest.subarray(0, this.#left);
        this.#left -= data.length;
        rest = rest.subarray(data.length);
        this.#sink.data(data);
      } else {
        if (this.#pending.length > 0) rest = Buffer.concat([this.#pending, rest]);
        const taken = this.#head(rest);
        if (taken === 0) return;
        this.#pending = Buffer.alloc(0);
        rest = rest.subarray(taken);
      }
    }
  }

  /** True between two frames. */
  get isBetween(): boolean {
    return this.#left === 0 && this.#pending.length === 0;
  }

  /** Takes a frame, or a chunk's head, from the start of `bytes`: returns its length, or 0 if it is not all there. */
  #head(bytes: Buffer): number {
    const wait = (): number => {
      this.#pending = Buffer.from(bytes);
      return 0;
    };
    if (bytes.length < 6) return bytes.length >= 5 && bytes.readUInt32BE(1) === 0 ? this.#small(bytes, 0) : wait();
    if (bytes[0] !== 0) throw this.#refused("a frame is compressed");
    const length = bytes.readUInt32BE(1);
    if (length === 0 || bytes[5] !== 0x12) {
      if (length > maxSmallMessage) throw this.#refused(`a message has ${length} bytes`);
      return bytes.length < 5 + length ? wait() : this.#small(bytes, length);
    }
    if (bytes.length < Math.min(maxHeadBytes, 5 + length)) return wait();
    const inner = readVarint(bytes, 6);
    const checksumAt = 6 + varintBytes(inner);
    const dataLength = readVarint(bytes, checksumAt + 6);
    const dataAt = checksumAt + 6 + varintBytes(dataLength);
    const isChunk =
      checksumAt - 5 + inner === length &&
      bytes[checksumAt] === 0x0d &&
      bytes[checksumAt + 5] === 0x12 &&
      dataAt - 5 + dataLength === length &&
      dataLength <= chunkBytes;
    if (!isChunk) throw this.#refused("a chunk has another form");
    this.#sink.chunk(dataLength, bytes.readUInt32LE(checksumAt + 1));
    this.#left = dataLength;
    return dataAt;
  }

  #small(bytes: Buffer, length: number): number {
    this.#sink.message(Buffer.from(bytes.subarray(5, 5 + length)));
    return 5 + length;
  }

  #refused(text: string): SuperstepError {
    return new SuperstepError("INVALID_ARGUMENT", `${this.#where}: no stream of bytes: ${text}`);
  }
}

/** Puts a stream together again, in memory that is there. */
export class ByteReceiver {
  readonly #where: string;
  readonly #places: readonly Uint8Array[];
  readonly #byteLength: number;
  #place = 0;
  #offset = 0;
  #received = 0;
  #numChunks = 0;
  #whole = 0;
  /** Of the present chunk: bytes to come, its checksum so far, and as its sender has it. */
  #left = 0;
  #checksum = 0;
  #expected = 0;
  #isComplete = false;

  /** `places` have `byteLength` bytes together; they are filled in order. `where` names the stream in errors. */
  constructor(where: string, byteLength: number, places: readonly Uint8Array[]) {
    this.#where = where;
    this.#places = places;
    this.#byteLength = byteLength;
  }

  /** @throws SuperstepError BLOCK_CORRUPT if no such chunk comes next. */
  chunk(byteLength: number, checksum: number): void {
    const expected = Math.min(chunkBytes, this.#byteLength - this.#received);
    if (this.#isComplete || this.#left > 0 || byteLength !== expected || expected === 0)
      throw this.#corrupt(`chunk ${this.#numChunks} has ${byteLength} bytes instead of ${expected}`);
    this.#left = byteLength;
    this.#checksum = 0;
    this.#expected = checksum;
  }

  /** @throws SuperstepError BLOCK_CORRUPT if the chunk is damaged: with its last byte. */
  data(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length;) {
      const place = this.#places[this.#place]!;
      const count = Math.min(bytes.length - taken, place.byteLength - this.#offset);
      place.set(bytes.subarray(taken, taken + count), this.#offset);
      taken += count;
      this.#offset += count;
      if (this.#offset === place.byteLength) {
        this.#place++;
        this.#offset = 0;
      }
    }
    this.#taken(bytes);
    if (this.#left === 0) this.#check();
  }

  /**
   * Takes a whole chunk, which `read` brings into the places it is given.
   *
   * @throws SuperstepError BLOCK_CORRUPT if it is damaged, or no such chunk comes next; what `read` throws.
   */
  stored({ byteLength, checksum }: StoredChunk, read: (places: readonly Uint8Array[]) => void): void {
    this.chunk(byteLength, checksum);
    const places: Uint8Array[] = [];
    for (let gathered = 0; gathered < byteLength;) {
      const place = this.#places[this.#place]!;
      const view = place.subarray(this.#offset, this.#offset + byteLength - gathered);
      places.push(view);
      gathered += view.byteLength;
      this.#offset += view.byteLength;
      if (this.#offset === place.byteLength) {
        this.#place++;
        this.#offset = 0;
      }
    }
    read(places);
    for (const place of places) if (place.byteLength > 0) this.#taken(place);
    this.#check();
  }

  #taken(bytes: Uint8Array): void {
    this.#checksum = crc32(bytes, this.#checksum);
    this.#received += bytes.length;
    this.#left -= bytes.length;
  }

  #check(): void {
    if (this.#checksum !== this.#expected) throw this.#corrupt(`chunk ${this.#numChunks} has another checksum`);
    this.#whole = wholeOf(this.#whole, this.#checksum);
    this.#numChunks++;
  }

  /**
   * Takes a part of the stream that is no chunk: the end, or a chunk that lies in a segment.
   *
   * @throws SuperstepError BLOCK_CORRUPT; INVALID_ARGUMENT if it is neither; what `segments` throws.
   */
  part(part: Record<string, unknown>, segments: SegmentReader | undefined): void {
    if (part["stored"] === undefined || part["stored"] === null || segments === undefined)
      return this.end(endWire.read(part["end"], `${this.#where}: end`));
    const chunk = storedWire.read(part["stored"], `${this.#where}: stored`);
    this.stored(chunk, (places) => segments.read(chunk, places));
  }

  /** @throws SuperstepError BLOCK_CORRUPT if something is missing, or too much. */
  end(end: End): void {
    if (this.#isComplete) throw this.#corrupt("goes on after its end");
    if (this.#received !== this.#byteLength || end.numChunks !== this.#numChunks || this.#left > 0)
      throw this.#corrupt(`ended after ${this.#received} of ${this.#byteLength} bytes`);
    if (end.checksum !== this.#whole) throw this.#corrupt("has another checksum as a whole");
    this.#isComplete = true;
  }

  /** @throws SuperstepError BLOCK_CORRUPT if the end has not come. */
  close(): void {
    if (!this.#isComplete) throw this.#corrupt(`broke off after ${this.#received} of ${this.#byteLength} bytes`);
  }

  #corrupt(text: string): SuperstepError {
    return new SuperstepError("BLOCK_CORRUPT", `${this.#where}: the stream ${text}`, {
      details: { byteLength: this.#byteLength, received: this.#received },
    });
  }
}

function asBytes(checksum: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(checksum);
  return bytes;
}

function varintBytes(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : 4;
}

/** Returns where it ends. */
function writeVarint(into: Buffer, at: number, value: number): number {
  let left = value;
  let offset = at;
  for (; left >= 0x80; left >>>= 7) into[offset++] = (left & 0x7f) | 0x80;
  into[offset++] = left;
  return offset;
}

/** Of at most 4 bytes; what is no such number comes out as some number. */
function readVarint(from: Buffer, at: number): number {
  let value = 0;
  for (let byte = 0; byte < 4; byte++) {
    const bits = from[at + byte] ?? 0;
    value += (bits & 0x7f) * 2 ** (7 * byte);
    if (bits < 0x80) break;
  }
  return value;
}
