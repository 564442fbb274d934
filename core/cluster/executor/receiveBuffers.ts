/**
 * Memory for what is received, used again: memory beyond the heap that comes and goes with each message would have the
 * engine collect garbage all the time.
 */

/** Sizes are powers of two from here on. */
const minBytes = 2 ** 16;

export class ReceiveBuffers {
  readonly #maxKept: number;
  readonly #free: Map<number, Set<ArrayBuffer>> = new Map();
  #kept = 0;

  /** `maxKept`: bytes of free buffers that are kept, at most. */
  constructor(maxKept: number) {
    this.#maxKept = maxKept;
  }

  /** `byteLength` bytes, of any content, at the start of a buffer of their own. */
  take(byteLength: number): Uint8Array {
    const size = sizeFor(byteLength);
    const free = this.#free.get(size);
    const [buffer] = free ?? [];
    if (buffer !== undefined) {
      free!.delete(buffer);
      this.#kept -= size;
    }
    return new Uint8Array(buffer ?? new ArrayBuffer(size), 0, byteLength);
  }

  /** Takes back bytes that `take` gave and that nobody reads or writes any more. Idempotent. */
  giveBack({ buffer }: Uint8Array): void {
    const size = buffer.byteLength;
    if (!(buffer instanceof ArrayBuffer) || size !== sizeFor(size) || this.#kept + size > this.#maxKept) return;
    let free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, (free = new Set()));
    if (free.has(buffer)) return;
    free.add(buffer);
    this.#kept += size;
  }
}

function sizeFor(byteLength: number): number {
  let size = minBytes;
  while (size < byteLength) size *= 2;
  return size;
}
