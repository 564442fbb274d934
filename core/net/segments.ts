/**
 * Bytes between processes of one machine through files in its memory: the sender writes a chunk into a segment, says so on
 * the stream that would have carried it, and the receiver reads it into its place. Each side copies once, nothing goes
 * through a socket, and the pages of a segment are used over and over.
 *
 * A segment: 4096 bytes, the first 4 of them the number of the last chunk that was read, lowest byte first; then slots of 1
 * MiB. Chunk n of a segment, counted from 1 over all its transfers, lies in slot (n - 1) modulo their number.
 */
import { closeSync, readSync, writeSync } from "node:fs";
import path from "node:path";
import { SuperstepError } from "../errors.ts";
import { chunkBytes } from "./byteStream.ts";
import { RingReader } from "./ringReader.ts";
import { makeSegment, newSegmentName, openSegment, removeSegment } from "./segmentFile.ts";

const headBytes = 4096;
const numSlots = 8;
const segmentBytes = headBytes + numSlots * chunkBytes;
/** Segments of one process: one transfer has one, and what finds none goes through the socket. */
const maxSegments = 8;
/** Milliseconds until it is looked again whether a segment was read, at first and at most, and after which it is given up. */
const firstLookMs = 1;
const longestLookMs = 100;
const giveUpMs = 10_000;

/** Where chunk `sequence` lies. */
function placeOf(sequence: number): number {
  return headBytes + ((sequence - 1) % numSlots) * chunkBytes;
}

/** What this process sends with. Memory: at most 64 MiB of the directory's, and none of it before it is used. */
export class Segments {
  /** The directory's random name: processes that know the same one can use each other's segments. */
  readonly id: string;
  readonly directory: string;
  readonly #free: Segment[] = [];
  readonly #all: Set<Segment> = new Set();
  #isUsable = true;

  /** `directory`: in memory, and private to the run. */
  constructor(directory: string) {
    this.directory = directory;
    this.id = path.basename(directory);
  }

  /** A segment for one transfer; undefined if there is none now, or no room for one. */
  take(): Segment | undefined {
    if (!this.#isUsable) return undefined;
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#all.size >= maxSegments) return undefined;
    try {
      const name = newSegmentName();
      const handle = makeSegment(this.directory, name, segmentBytes);
      if (handle === undefined) return undefined;
      const segment = new Segment(this.directory, name, handle);
      this.#all.add(segment);
      return segment;
    } catch {
      this.#isUsable = false; // the directory is gone: sockets remain
      return undefined;
    }
  }

  /**
   * All of a transfer was sent, or it ended in another way. The segment serves another one as soon as all was read, which a
   * sender is not told; if that does not happen, nobody can tell when it will, and its file is removed.
   */
  give(segment: Segment): void {
    const givenAt = performance.now();
    const look = (waitMs: number): void => {
      if (!this.#all.has(segment)) return; // closed meanwhile
      if (segment.isRead) this.#free.push(segment);
      else if (performance.now() - givenAt < giveUpMs)
        setTimeout(look, waitMs, Math.min(longestLookMs, 2 * waitMs)).unref();
      else {
        this.#all.delete(segment);
        segment.close();
      }
    };
    look(firstLookMs);
  }

  /** Reads segments of other processes. */
  reader(): SegmentReader {
    return new SegmentReader(this.directory);
  }

  /** Reads rings of another process. */
  ringReader(): RingReader {
    return new RingReader(this.directory);
  }

  /** Removes all files. Idempotent. */
  close(): void {
    this.#isUsable = false;
    this.#free.length = 0;
    for (const segment of this.#all) segment.close();
    this.#all.clear();
  }
}

/** A file that this process writes, for one transfer at a time. */
export class Segment {
  readonly name: string;
  readonly #directory: string;
  readonly #handle: number;
  readonly #head: Buffer = Buffer.alloc(4);
  #written = 0;
  #isClosed = false;

  constructor(directory: string, name: string, handle: number) {
    this.#directory = directory;
    this.name = name;
    this.#handle = handle;
    writeSync(this.#handle, this.#head, 0, 4, 0);
  }

  /** True if all that was written was read. */
  get isRead(): boolean {
    return this.#numUnread === 0;
  }

  /** True if another chunk finds room. */
  get hasRoom(): boolean {
    return this.#numUnread < numSlots;
  }

  /** Writes a chunk where there is room; returns its number. Undefined if the memory is full: nothing was written then. */
  write(views: readonly Uint8Array[]): number | undefined {
    let at = placeOf(this.#written + 1);
    try {
      for (const view of views) {
        for (let from = 0; from < view.byteLength;) {
          const count = writeSync(this.#handle, view, from, view.byteLength - from, at);
          from += count;
          at += count;
        }
      }
    } catch {
      return undefined; // ENOSPC, or whatever else: the socket is there
    }
    return ++this.#written;
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#handle);
    removeSegment(this.#directory, this.name);
  }

  get #numUnread(): number {
    if (this.#isClosed) return 0;
    readSync(this.#handle, this.#head, 0, 4, 0);
    return this.#written - this.#head.readUInt32LE();
  }
}

/** A chunk that lies in a segment. */
export interface StoredChunk {
  readonly segment: string;
  readonly sequence: number;
  readonly byteLength: number;
  readonly checksum: number;
}

/** Reads what another process wrote to a segment, for one transfer. */
export class SegmentReader {
  readonly #directory: string;
  readonly #head: Buffer = Buffer.alloc(4);
  #name = "";
  #handle: number | undefined;

  /** `directory`: see `Segments`. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Reads a chunk into places that have as many bytes together, and says so to whoever wrote it.
   *
   * @throws SuperstepError UNREACHABLE if it is not there; INVALID_ARGUMENT if there can be no such chunk.
   */
  read({ segment, sequence }: StoredChunk, places: readonly Uint8Array[]): void {
    const handle = this.#open(segment);
    let at = placeOf(sequence);
    for (const place of places) {
      for (let from = 0; from < place.byteLength;) {
        const count = readSync(handle, place, from, place.byteLength - from, at);
        if (count === 0)
          throw new SuperstepError("UNREACHABLE", "segment: ends before the chunk that should lie there");
        from += count;
        at += count;
      }
    }
    this.#head.writeUInt32LE(sequence);
    writeSync(handle, this.#head, 0, 4, 0);
  }

  /** Idempotent. */
  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  #open(name: string): number {
    if (this.#handle !== undefined && name === this.#name) return this.#handle;
    this.close();
    this.#handle = openSegment(this.#directory, name, "write");
    this.#name = name;
    return this.#handle;
  }
}
