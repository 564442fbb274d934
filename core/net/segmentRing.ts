/**
 * Bytes from the threads of a process to other processes of its machine, past its main thread: each thread writes what it
 * sends into a file of its own, a ring, from where it lies; its main thread sends a note of where that is, and the receiver
 * reads it into its place. Room is used again once the note was answered, over and over, so that the same pages of memory
 * carry all.
 *
 * A ring has 16 MiB. Bytes lie in it one after the other as numbered entries: the number of the first page, counted from the
 * making of the file on, is the entry's number, and its remainder is the place. An entry: its number and its length, as
 * words of 4 bytes with the lowest byte first, then its bytes. So whoever reads one that was written over meanwhile sees that
 * it is another, or that its checksum is.
 */
import { closeSync, writevSync } from "node:fs";
import { crc32 } from "node:zlib";
import { makeSegment, newSegmentName, removeSegment } from "./segmentFile.ts";

const pageBytes = 4096;
const numPages = 4096;
const entryHeadBytes = 8;

/** Bytes that lie in a ring. */
export interface StoredBytes {
  /** The name of the ring's file. */
  readonly segment: string;
  /** In [0, 2^32): counts on after its end from 0. */
  readonly entry: number;
  readonly byteLength: number;
  readonly checksum: number;
}

/** The most bytes of an entry. */
export const maxEntryBytes: number = pageBytes * numPages - entryHeadBytes;

/** Where an entry lies in its file. */
export function placeOfEntry(entry: number): number {
  return (entry % numPages) * pageBytes;
}

/** What stands before the bytes of an entry. */
export function entryHead(entry: number, byteLength: number): Buffer {
  const head = Buffer.allocUnsafe(entryHeadBytes);
  head.writeUInt32LE(entry, 0);
  head.writeUInt32LE(byteLength, 4);
  return head;
}

function pagesOf(byteLength: number): number {
  return Math.ceil((entryHeadBytes + byteLength) / pageBytes);
}

/** What a thread and its main thread both know of the thread's ring. */
export interface RingShare {
  readonly directory: string;
  readonly name: string;
  /** The page up to which all was read, and 1 once the ring is closed. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

const readUpTo = 0;
const isClosed = 1;

/** An entry that somebody may still read. */
export interface RingEntry {
  readonly stored: StoredBytes;
  /** Nobody is to read it any more: its room can be used again. Idempotent. */
  readonly over: () => void;
  /** Whoever should have read it could not: nothing more is written to its ring. */
  readonly unreadable: () => void;
}

/** The main thread's side: which entries are not over. */
export class RingEntries {
  readonly share: RingShare;
  /** The pages behind entries that are not over, or come after one that is not: in the order in which they were written. */
  readonly #ends: { readonly page: number; isOver: boolean }[] = [];

  constructor(directory: string) {
    const state = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
    this.share = { directory, name: newSegmentName(), state };
  }

  /** An entry was written, after all that were told before. */
  written(stored: StoredBytes): RingEntry {
    const end = { page: stored.entry + pagesOf(stored.byteLength), isOver: false };
    this.#ends.push(end);
    const over = (): void => {
      end.isOver = true;
      while (this.#ends[0]?.isOver === true) Atomics.store(this.share.state, readUpTo, this.#ends.shift()!.page | 0);
    };
    return { stored, over, unreadable: () => this.#close() };
  }

  /** Removes the file: its thread has ended. */
  remove(): void {
    this.#close();
    removeSegment(this.share.directory, this.share.name);
  }

  #close(): void {
    Atomics.store(this.share.state, isClosed, 1);
  }
}

/** The thread's side. Memory: at most 16 MiB of the directory's, and none before it is used. */
export class SegmentRing {
  readonly #share: RingShare;
  /** Undefined before it is first used. */
  #handle: number | undefined;
  /** The page after the last entry, as a number in [0, 2^32). */
  #end: number;

  constructor(share: RingShare) {
    this.#share = share;
    this.#end = Atomics.load(share.state, readUpTo) >>> 0;
  }

  /** Writes `pieces` one behind the other; undefined if there is no room, or the ring cannot be used. */
  write(pieces: readonly Uint8Array[], byteLength: number): StoredBytes | undefined {
    const { state, name } = this.#share;
    if (byteLength > maxEntryBytes || Atomics.load(state, isClosed) === 1) return undefined;
    const entry = this.#roomFor(pagesOf(byteLength));
    if (entry === undefined) return undefined;
    let checksum = 0;
    for (const piece of pieces) if (piece.byteLength > 0) checksum = crc32(piece, checksum); // of nothing, zlib's would start anew
    try {
      this.#handle ??= makeSegment(this.#share.directory, name, pageBytes * numPages);
      if (this.#handle === undefined) return undefined;
      writeAll(this.#handle, [entryHead(entry, byteLength), ...pieces], placeOfEntry(entry));
    } catch (error) {
      // without memory now, it may find some later; all else is for good
      if ((error as { code?: unknown }).code !== "ENOSPC") this.close();
      return undefined;
    }
    this.#end = (entry + pagesOf(byteLength)) >>> 0;
    return { segment: name, entry, byteLength, checksum };
  }

  /** Idempotent. */
  close(): void {
    Atomics.store(this.#share.state, isClosed, 1);
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  /** Where an entry of so many pages can begin: none goes beyond the end of the file. */
  #roomFor(pages: number): number | undefined {
    const { state } = this.#share;
    if (Atomics.load(state, readUpTo) === (this.#end | 0)) {
      this.#end = nextStart(this.#end); // all was read: the first pages are near the processor
      Atomics.store(state, readUpTo, this.#end | 0); // the main thread writes only while there are entries
    }
    const fits = (this.#end % numPages) + pages <= numPages;
    const from = fits ? this.#end : nextStart(this.#end);
    return (from + pages - Atomics.load(state, readUpTo)) >>> 0 <= numPages ? from : undefined;
  }
}

/** The first page, from `page` on, that lies at the start of the file. */
function nextStart(page: number): number {
  return (Math.ceil(page / numPages) * numPages) % 2 ** 32;
}

function writeAll(handle: number, pieces: readonly Uint8Array[], from: number): void {
  let at = from;
  for (let rest = pieces; rest.length > 0; rest = rest.filter(({ byteLength }) => byteLength > 0)) {
    const count = writevSync(handle, rest, at);
    at += count;
    rest = without(rest, count);
  }
}

/** `pieces` without their first `count` bytes. */
function without(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  return pieces.map((piece) => {
    const taken = Math.min(left, piece.byteLength);
    left -= taken;
    return piece.subarray(taken);
  });
}
