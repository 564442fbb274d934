/**
 * Reads what threads of other processes wrote into their rings: see `SegmentRing`.
 */
import { closeSync, readvSync } from "node:fs";
import { crc32 } from "node:zlib";
import { excerpt, SuperstepError } from "../errors.ts";
import { openSegment } from "./segmentFile.ts";
import { entryHead, placeOfEntry, type StoredBytes } from "./segmentRing.ts";

/** Files that are kept open: as many threads as a process that sends here has, mostly. */
const maxOpen = 64;

/** The rings of one other process, kept open once read. */
export class RingReader {
  readonly #directory: string;
  /** By name; the one used last is last. */
  readonly #handles: Map<string, number> = new Map();

  /** `directory`: see `Segments`. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Reads an entry into places that have as many bytes together, of which it leaves anything if it fails.
   *
   * @throws SuperstepError BLOCK_CORRUPT if it cannot be read, is damaged, or another one lies there now.
   */
  read({ segment, entry, byteLength, checksum }: StoredBytes, places: readonly Uint8Array[]): void {
    const expected = entryHead(entry, byteLength);
    const head = Buffer.alloc(expected.byteLength);
    const handle = this.#open(segment);
    let at = placeOfEntry(entry);
    let rest: readonly Uint8Array[] = [head, ...places];
    while ((rest = rest.filter((place) => place.byteLength > 0)).length > 0) {
      let count = readvSync(handle, rest, at);
      if (count === 0) throw corrupt(segment, `ends before entry ${entry}`);
      at += count;
      rest = rest.map((place) => {
        const taken = Math.min(count, place.byteLength);
        count -= taken;
        return place.subarray(taken);
      });
    }
    if (!head.equals(expected)) throw corrupt(segment, `another entry lies where ${entry} was`);
    let found = 0;
    for (const place of places) if (place.byteLength > 0) found = crc32(place, found);
    if (found !== checksum) throw corrupt(segment, `entry ${entry} has another checksum`);
  }

  /** Idempotent. */
  close(): void {
    for (const handle of this.#handles.values()) closeSync(handle);
    this.#handles.clear();
  }

  #open(name: string): number {
    const open = this.#handles.get(name);
    this.#handles.delete(name);
    const handle = open ?? this.#openAnew(name);
    this.#handles.set(name, handle);
    const [oldest] = this.#handles;
    if (this.#handles.size > maxOpen && oldest !== undefined) {
      closeSync(oldest[1]);
      this.#handles.delete(oldest[0]);
    }
    return handle;
  }

  #openAnew(name: string): number {
    try {
      return openSegment(this.#directory, name, "read");
    } catch (cause) {
      throw corrupt(name, "cannot be opened", cause);
    }
  }
}

function corrupt(segment: string, why: string, cause?: unknown): SuperstepError {
  return new SuperstepError("BLOCK_CORRUPT", `segment ${excerpt(segment)}: ${why}`, { cause });
}
