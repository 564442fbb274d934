/**
 * Values of any length in the arena: a record each, at a place that a column of places names. Records are added by any
 * thread and never changed; whoever allocated the heap frees it whole.
 *
 *   heap    uint32: units taken, this first one among them, and also those that found no room; then the records
 *   record  uint32: bytes of the value, times 4, plus its form; the value; padding to whole units of 8 bytes
 *   form    0: a block of one value, as `encodeValues` writes it; 1: text, a byte a unit; 2: text, UTF-16, little-endian;
 *           3: bytes, of which the heap knows nothing
 *
 * A place is counted in units; place 0 holds nothing.
 */
import { assert, SuperstepError } from "../errors.ts";
import type { Arena } from "./arena.ts";
import { decodeValues, encodeValues } from "./codec.ts";
import type { ColumnRef } from "./types.ts";

export const bytesPerUnit = 8;
const forms = { block: 0, latin1: 1, utf16: 2, bytes: 3 } as const;
const maxValueBytes = 2 ** 30 - 1;
const headerBytes = 4;

/** A new heap of `numBytes`, empty. @throws SuperstepError OUT_OF_MEMORY if the arena is full. */
export function allocateHeap(arena: Arena, numBytes: number, owner: string): ColumnRef<"uint8"> {
  const heap = arena.allocate("uint8", Math.max(1, Math.ceil(numBytes / bytesPerUnit)) * bytesPerUnit, owner);
  new Uint32Array(arena.memory.buffer, heap.offset, 1)[0] = 1;
  return heap;
}

/** What says that a heap is empty: copied to another arena, it makes one there. */
export function emptyHeap(arena: Arena, heap: ColumnRef<"uint8">): ColumnRef<"uint8"> {
  return arena.slice(heap, 0, bytesPerUnit);
}

/** One thread's view of a heap. */
export class ValueHeap {
  readonly #bytes: Buffer<ArrayBufferLike>;
  readonly #words: Uint32Array<ArrayBufferLike>;

  constructor(arena: Arena, { offset, length }: ColumnRef<"uint8">) {
    this.#bytes = Buffer.from(arena.memory.buffer, offset, length);
    this.#words = new Uint32Array(arena.memory.buffer, offset, length / 4);
  }

  /** Bytes that all values together take; more than `capacityBytes` if some found no room. */
  get usedBytes(): number {
    return Atomics.load(this.#words, 0) * bytesPerUnit;
  }

  get capacityBytes(): number {
    return this.#bytes.length;
  }

  /** True if some value found no room. */
  get isFull(): boolean {
    return this.usedBytes > this.capacityBytes;
  }

  /**
   * The place of a value: `before` if that holds just this value, else a new one; 0 if there is no room.
   *
   * @throws SuperstepError NOT_SHIPPABLE as `encodeValues`; OUT_OF_MEMORY if the value takes 1 GiB or more.
   */
  put(value: unknown, before = 0): number {
    if (typeof value === "string") return this.#putText(value, before);
    const block = encodeValues([value]);
    const header = headerOf(block.length, forms.block);
    if (before !== 0 && this.#words[2 * before] === header) {
      const start = before * bytesPerUnit + headerBytes;
      if (this.#bytes.compare(block, 0, block.length, start, start + block.length) === 0) return before;
    }
    const place = this.#take(unitsOf(header));
    if (place === 0) return 0;
    this.#words[2 * place] = header;
    this.#bytes.set(block, place * bytesPerUnit + headerBytes);
    return place;
  }

  /** The value at a place, made anew; undefined at place 0. */
  read(place: number): unknown {
    if (place === 0) return undefined;
    const header = this.#words[2 * place]!;
    const start = place * bytesPerUnit + headerBytes;
    const end = start + lengthOf(header);
    switch (header & 3) {
      case forms.latin1:
        return this.#bytes.toString("latin1", start, end);
      case forms.utf16:
        return this.#bytes.toString("utf16le", start, end);
      default:
        return decodeValues(this.#bytes.subarray(start, end))[0];
    }
  }

  /** The record at a place other than 0, as it lies there. */
  record(place: number): Uint8Array {
    const start = place * bytesPerUnit;
    return this.#bytes.subarray(start, start + unitsOf(this.#words[2 * place]!) * bytesPerUnit);
  }

  /** Takes in records, one after the other, of another heap; returns the place of the first, 0 if there is no room. */
  putRecords(records: Uint8Array): number {
    const place = this.#take(records.length / bytesPerUnit);
    if (place !== 0) this.#bytes.set(records, place * bytesPerUnit);
    return place;
  }

  /** Takes in bytes of any content; returns their place, 0 if there is no room. */
  putBytes(bytes: Uint8Array): number {
    const header = headerOf(bytes.length, forms.bytes);
    const place = this.#take(unitsOf(header));
    if (place === 0) return 0;
    this.#words[2 * place] = header;
    this.#bytes.set(bytes, place * bytesPerUnit + headerBytes);
    return place;
  }

  /** A copy of the bytes at a place other than 0. */
  bytesAt(place: number): Uint8Array {
    const start = place * bytesPerUnit + headerBytes;
    return new Uint8Array(this.#bytes.subarray(start, start + lengthOf(this.#words[2 * place]!)));
  }

  /** Forgets all that it holds. Not while others use it. */
  clear(): void {
    this.#words[0] = 1;
  }

  #putText(text: string, before: number): number {
    const { length } = text;
    let isLatin1 = true;
    for (let at = 0; at < length && isLatin1; at++) isLatin1 = text.charCodeAt(at) < 256;
    const header = headerOf(isLatin1 ? length : 2 * length, isLatin1 ? forms.latin1 : forms.utf16);
    if (before !== 0 && this.#words[2 * before] === header && this.read(before) === text) return before;
    const place = this.#take(unitsOf(header));
    if (place === 0) return 0;
    this.#words[2 * place] = header;
    this.#bytes.write(text, place * bytesPerUnit + headerBytes, isLatin1 ? "latin1" : "utf16le");
    return place;
  }

  #take(units: number): number {
    const place = Atomics.add(this.#words, 0, units);
    return (place + units) * bytesPerUnit <= this.#bytes.length ? place : 0;
  }
}

/** Where each of some records starts in `records`, in units; one entry more than there are: the end of the last. */
export function recordStarts(records: Uint8Array, count: number): Uint32Array {
  assert(records.byteOffset % bytesPerUnit === 0, "records lie at multiples of 8");
  const words = new Uint32Array(records.buffer, records.byteOffset, records.length >>> 2);
  const starts = new Uint32Array(count + 1);
  let unit = 0;
  for (let at = 0; at < count; at++) {
    starts[at] = unit;
    unit += 2 * unit < words.length ? unitsOf(words[2 * unit]!) : 1;
  }
  starts[count] = unit;
  return starts;
}

function headerOf(numBytes: number, form: number): number {
  if (numBytes <= maxValueBytes) return ((numBytes << 2) | form) >>> 0;
  throw new SuperstepError(
    "OUT_OF_MEMORY",
    `a value: must take less than 1 GiB on an executor, got ${numBytes} bytes`,
    {
      details: { neededBytes: numBytes, capacityBytes: maxValueBytes },
    },
  );
}

function lengthOf(header: number): number {
  return header >>> 2;
}

function unitsOf(header: number): number {
  return Math.ceil((headerBytes + lengthOf(header)) / bytesPerUnit);
}
