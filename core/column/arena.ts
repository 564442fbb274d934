/**
 * The arena: one shared memory per host, in which all columns live, so that threads and WebAssembly code see the same
 * bytes without copies.
 */
import { assert, invalidArgument, SuperstepError } from "../errors.ts";
import { FreeList } from "./freeList.ts";
import { bytesPerElement, type ColumnRef, type FixedType, type FixedViews } from "./types.ts";

/** Options of `Arena.create`. */
export interface ArenaOptions {
  /**
   * Bytes that columns can take, rounded up to pages of 64 KiB: 64 KiB to 4 GiB - 64 KiB. Default: all of it. Reserved
   * address space, not memory: a page costs nothing until a column touches it.
   */
  readonly capacityBytes?: number;
}

/** How a column is allocated. */
export interface AllocateOptions {
  /** Whether it starts as zeros; default: true. What else it holds at first is whatever was there before. */
  readonly isCleared?: boolean;
}

/** For a column that is written before any of it is read. */
export const uncleared: AllocateOptions = { isCleared: false };

/** What one owner holds of an arena. */
export interface OwnerUsage {
  readonly owner: string;
  readonly columns: number;
  readonly bytes: number;
}

interface Allocation {
  readonly type: FixedType;
  readonly length: number;
  readonly end: number;
  readonly owner: string;
}

const pageBytes = 65536;
const maxPages = 65536;
/** Start and size of every column are multiples of this: a cache line, and Arrow's alignment. */
const alignment = 64;
/** The first page is never handed out: compiled modules keep their constants there, and no column has offset 0. */
const reservedBytes = pageBytes;

/**
 * Columns of fixed width in one `WebAssembly.Memory`, reserved whole at the start: it never grows, so views stay valid.
 *
 * The arena that `create` makes allocates and frees; it belongs to one thread. Other threads get its `memory` (never a
 * view: one over 4 GiB cannot be sent) and read and write through `Arena.over(memory)`.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #buffer: ArrayBufferLike;
  readonly #allocator: Allocator | undefined;

  private constructor(memory: WebAssembly.Memory, allocator: Allocator | undefined) {
    this.memory = memory;
    this.#buffer = memory.buffer;
    this.#allocator = allocator;
  }

  /**
   * Reserves an arena.
   *
   * @throws SuperstepError INVALID_ARGUMENT if `capacityBytes` is out of range.
   * @throws SuperstepError OUT_OF_MEMORY if this much address space is not to be had.
   */
  static create({ capacityBytes = maxPages * pageBytes - reservedBytes }: ArenaOptions = {}): Arena {
    const limit = maxPages * pageBytes - reservedBytes;
    if (!Number.isInteger(capacityBytes) || capacityBytes < pageBytes || capacityBytes > limit) {
      throw invalidArgument("arena", "capacityBytes", `an integer from ${pageBytes} to ${limit}`, capacityBytes);
    }
    const pages = Math.ceil((capacityBytes + reservedBytes) / pageBytes);
    let memory: WebAssembly.Memory;
    try {
      memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (cause) {
      throw new SuperstepError(
        "OUT_OF_MEMORY",
        `arena: cannot reserve ${inMiB(pages * pageBytes)} of address space. ` +
          "Raise the limit on virtual memory (ulimit -v), or ask for a lower capacity.",
        { cause, details: { neededBytes: pages * pageBytes } },
      );
    }
    return new Arena(memory, new Allocator(reservedBytes, pages * pageBytes));
  }

  /** The arena of another thread over its memory: it views columns, and refuses to allocate or free them. */
  static over(memory: WebAssembly.Memory): Arena {
    return new Arena(memory, undefined);
  }

  /**
   * A new column of `length` elements, all zero unless asked otherwise, aligned to 64 bytes. `owner` names what holds it, for `owners()`.
   *
   * Cost: fresh memory is zero already; memory used before is cleared here and now.
   *
   * @throws SuperstepError OUT_OF_MEMORY if no free run is long enough.
   */
  allocate<T extends FixedType>(
    type: T,
    length: number,
    owner = "unnamed",
    { isCleared = true }: AllocateOptions = {},
  ): ColumnRef<T> {
    assert(Number.isInteger(length) && length >= 0, `a column has a length >= 0, not ${length}`);
    const allocator = this.#owned();
    const touchedEnd = allocator.touchedEnd;
    const offset = allocator.allocate(type, length, owner);
    const end = Math.min(touchedEnd, offset + length * bytesPerElement[type]);
    if (isCleared && offset < end) new Uint8Array(this.#buffer, offset, end - offset).fill(0);
    return { type, offset, length };
  }

  /** Frees a column as `allocate` returned it. Throws a plain Error for one that is free already, a slice, or foreign. */
  free(ref: ColumnRef): void {
    this.#owned().free(ref);
  }

  /** The typed array over a column, or over a slice of one. The caller frees no column that is still viewed. */
  view<T extends FixedType>(ref: ColumnRef<T>): FixedViews[T] {
    return makeView(this.#buffer, ref) as FixedViews[T];
  }

  /** Elements [from, to) of a column: viewed as a column is, never freed by itself. */
  slice<T extends FixedType>(ref: ColumnRef<T>, from: number, to: number): ColumnRef<T> {
    assert(from >= 0 && from <= to && to <= ref.length, `[${from}, ${to}) lies outside a column of ${ref.length}`);
    return { type: ref.type, offset: ref.offset + from * bytesPerElement[ref.type], length: to - from };
  }

  /** Bytes that columns can take. */
  get capacityBytes(): number {
    return this.#owned().capacityBytes;
  }

  /** Bytes that columns take now, their padding to 64 included. */
  get usedBytes(): number {
    return this.#owned().usedBytes;
  }

  /** The highest `usedBytes` so far. */
  get peakBytes(): number {
    return this.#owned().peakBytes;
  }

  /** What each owner holds now, the largest first. */
  owners(): OwnerUsage[] {
    return this.#owned().owners();
  }

  #owned(): Allocator {
    assert(this.#allocator, "only the thread that created an arena allocates and accounts; here it can be viewed");
    return this.#allocator;
  }
}

/** Who holds which bytes of [start, end). */
class Allocator {
  readonly capacityBytes: number;
  usedBytes = 0;
  peakBytes = 0;
  /** Bytes from here on were never handed out, so they are zero. */
  touchedEnd: number;
  readonly #free: FreeList;
  readonly #live = new Map<number, Allocation>();

  constructor(start: number, end: number) {
    this.capacityBytes = end - start;
    this.touchedEnd = start;
    this.#free = new FreeList(start, end);
  }

  allocate(type: FixedType, length: number, owner: string): number {
    const size = Math.max(1, Math.ceil((length * bytesPerElement[type]) / alignment)) * alignment;
    const offset = this.#free.take(size);
    if (offset === undefined) throw this.#full(size, owner);
    this.#live.set(offset, { type, length, end: offset + size, owner });
    this.usedBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
    this.touchedEnd = Math.max(this.touchedEnd, offset + size);
    return offset;
  }

  free(ref: ColumnRef): void {
    const allocation = this.#live.get(ref.offset);
    assert(
      allocation !== undefined && allocation.type === ref.type && allocation.length === ref.length,
      `no ${ref.type} column of ${ref.length} lives at ${ref.offset}: freed twice, a slice, or of another arena`,
    );
    this.#live.delete(ref.offset);
    this.#free.give(ref.offset, allocation.end);
    this.usedBytes -= allocation.end - ref.offset;
  }

  owners(): OwnerUsage[] {
    const byOwner = new Map<string, { owner: string; columns: number; bytes: number }>();
    for (const [offset, { end, owner }] of this.#live) {
      const usage = byOwner.get(owner) ?? { owner, columns: 0, bytes: 0 };
      usage.columns++;
      usage.bytes += end - offset;
      byOwner.set(owner, usage);
    }
    return [...byOwner.values()].sort((a, b) => b.bytes - a.bytes || (a.owner < b.owner ? -1 : 1));
  }

  #full(size: number, owner: string): SuperstepError {
    const { usedBytes, capacityBytes } = this;
    const longestFreeBytes = this.#free.longestRun;
    return new SuperstepError(
      "OUT_OF_MEMORY",
      `arena: ${owner} needs ${inMiB(size)} in one run, but ${inMiB(usedBytes)} of ${inMiB(capacityBytes)} are used ` +
        `and the longest free run is ${inMiB(longestFreeBytes)}. ` +
        "Unpersist graphs that are no longer needed, keep fewer or smaller attributes, or run on more hosts.",
      { details: { owner, neededBytes: size, usedBytes, capacityBytes, longestFreeBytes } },
    );
  }
}

function makeView(buffer: ArrayBufferLike, { type, offset, length }: ColumnRef): FixedViews[FixedType] {
  switch (type) {
    case "float64":
      return new Float64Array(buffer, offset, length);
    case "float32":
      return new Float32Array(buffer, offset, length);
    case "int32":
      return new Int32Array(buffer, offset, length);
    case "uint32":
      return new Uint32Array(buffer, offset, length);
    case "int64":
      return new BigInt64Array(buffer, offset, length);
    case "uint8":
    case "boolean":
      return new Uint8Array(buffer, offset, length);
  }
}

function inMiB(bytes: number): string {
  const mib = bytes / 1048576;
  return `${mib < 10 ? mib.toFixed(2) : Math.round(mib)} MiB`;
}
