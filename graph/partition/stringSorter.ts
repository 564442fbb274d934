import type { Address } from "../kernels/kernels.ts";
import { TextMemory, textMemoryError } from "../kernels/text.ts";
import type { Utf8Values } from "../load/edgeChunk.ts";
import { sharedWords } from "./sharedWords.ts";

/** Strings from `from` on, below `to`, as UTF-8; undefined is no bound. */
export interface StringRange {
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
}

/** Distinct strings of one range, ascending, and for each entry in the range its place among them. In shared memory. */
export interface SortedRange {
  readonly strings: Utf8Values;
  readonly entries: Uint32Array;
  readonly places: Uint32Array;
}

/** Bytes behind the text of a room that may be read, and are not looked at. */
const slack = 16;

/**
 * Sorts strings by their UTF-8 bytes, which is their order by code points, in memory of its own.
 *
 * Cost:   linear in the bytes that tell strings apart.
 * Memory: the bytes twice, 44 bytes a string, and the largest dictionary; freed with the sorter.
 */
export class StringSorter {
  readonly #memory: TextMemory = new TextMemory();
  readonly #low: Address;
  readonly #lowEnd: Address;
  readonly #high: Address;
  /** 0 is no bound. */
  readonly #highEnd: Address;

  constructor({ from = nothing, to }: StringRange) {
    const high = from.length + slack;
    this.#low = this.#memory.kernels.cellRoom(high + (to?.length ?? 0));
    this.#lowEnd = this.#low + from.length;
    this.#high = this.#low + high;
    this.#highEnd = to === undefined ? 0 : this.#high + to.length;
    const { bytes } = this.#memory;
    bytes.set(from, this.#low);
    if (to !== undefined) bytes.set(to, this.#high);
  }

  /**
   * Adds the strings of a dictionary that are used, a byte each, and in the range. String c is entry `firstEntry` + c.
   *
   * @throws SuperstepError OUT_OF_MEMORY
   */
  add({ offsets, bytes }: Utf8Values, used: Uint8Array, firstEntry: number): void {
    const memory = this.#memory;
    inMemory(() => {
      const { kernels } = memory;
      const at = kernels.textRoom(offsets.byteLength + used.length + bytes.length);
      const usedAt = at + offsets.byteLength;
      const bytesAt = usedAt + used.length;
      memory.words(at, offsets.length).set(offsets);
      memory.bytes.set(used, usedAt);
      memory.bytes.set(bytes, bytesAt);
      kernels.makeRoom(used.length, bytes.length);
      forEachBlock(used.length, (from, to) => {
        // prettier-ignore
        kernels.addStrings(
          at, bytesAt, usedAt, from, to, firstEntry, this.#low, this.#lowEnd, this.#high, this.#highEnd,
        );
      });
    });
  }

  /**
   * What was added, in order. The sorter must not be used after.
   *
   * @throws SuperstepError OUT_OF_MEMORY
   */
  finish(): SortedRange {
    const memory = this.#memory;
    return inMemory(() => {
      const { kernels } = memory;
      const numRows = kernels.sortStrings();
      const entries = kernels.textRoom(12 * numRows + 4 + kernels.addedBytes());
      const places = entries + 4 * numRows;
      const offsets = places + 4 * numRows;
      const bytes = offsets + 4 * numRows + 4;
      let numDistinct = 0;
      forEachBlock(numRows, (from, to) => {
        numDistinct = kernels.takeSorted(from, to, entries, places, offsets, bytes);
      });
      const shared = (at: Address, length: number): Uint32Array => {
        const copy = sharedWords(length);
        copy.set(memory.words(at, length));
        return copy;
      };
      const ends = shared(offsets, numDistinct + 1);
      const text = new Uint8Array(new SharedArrayBuffer(ends[numDistinct]!));
      text.set(memory.bytes.subarray(bytes, bytes + text.length));
      const entryOf = shared(entries, numRows);
      const placeOf = shared(places, numRows);
      memory.release();
      return {
        strings: { offsets: ends, bytes: text },
        entries: entryOf,
        places: placeOf,
      };
    });
  }
}

/** Strings a call: only a call can be one of better code, and what a few of them touch stays in the first cache. */
const blockStrings = 256;

function forEachBlock(length: number, visit: (from: number, to: number) => void): void {
  for (let from = 0; from < length; from += blockStrings) visit(from, Math.min(length, from + blockStrings));
}

const nothing: Uint8Array = new Uint8Array(0);

function inMemory<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw textMemoryError(error, "graph");
  }
}
