/**
 * Bytes read one after another, trusting none of them.
 */
import { SuperstepError } from "../errors.ts";

/** Reads what a ByteWriter wrote. Whatever the bytes are, a read returns or throws BLOCK_CORRUPT. */
export class ByteReader {
  position = 0;
  readonly bytes: Buffer<ArrayBufferLike>;
  readonly #view: DataView<ArrayBufferLike>;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.bytes.length - this.position;
  }

  /** Throws BLOCK_CORRUPT: the block breaks `rule` here. */
  fail(rule: string): never {
    throw new SuperstepError(
      "BLOCK_CORRUPT",
      `block: ${rule}, at byte ${this.position} of ${this.bytes.length}. It was damaged or cut after it was written.`,
      { details: { offset: this.position, size: this.bytes.length } },
    );
  }

  /** Skips `count` bytes from the next multiple of `alignment` on; returns where they start. */
  take(count: number, alignment: number): number {
    const start = Math.ceil(this.position / alignment) * alignment;
    if (count > this.bytes.length - start) this.fail(`must hold ${count} bytes more`);
    this.position = start + count;
    return start;
  }

  byte(): number {
    if (this.position >= this.bytes.length) this.fail("must not end here");
    return this.bytes[this.position++]!;
  }

  uint32(): number {
    return this.#view.getUint32(this.take(4, 1), true);
  }

  int32(): number {
    return this.#view.getInt32(this.take(4, 1), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.take(8, 1), true);
  }

  /** An integer in [0, 2^32). */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value < 2 ** 32 ? value : this.fail("a count must fit 32 bits");
    }
    return this.fail("a count must end within five bytes");
  }

  /** A varint that counts things of at least one byte each, all of which are still to come. */
  count(): number {
    const count = this.varint();
    if (count > this.remaining) this.fail(`must hold ${count} values more`);
    return count;
  }

  /** What ByteWriter.text wrote. */
  text(): string {
    const length = this.count();
    const start = this.position;
    this.position += length;
    if (length > 12) return this.bytes.toString("utf8", start, this.position);
    let text = "";
    for (let i = start; i < this.position; i++) {
      const code = this.bytes[i]!;
      if (code >= 0x80) return this.bytes.toString("utf8", start, this.position);
      text += String.fromCharCode(code);
    }
    return text;
  }

  /** `count` elements of a fixed width as a view: over the block where alignment allows, else over a copy. */
  float64s(count: number): Float64Array {
    const start = this.take(count * 8, 8);
    const at = this.bytes.byteOffset + start;
    return at % 8 === 0
      ? new Float64Array(this.bytes.buffer, at, count)
      : new Float64Array(this.#copy(start, count * 8), 0, count);
  }

  bigint64s(count: number): BigInt64Array {
    const start = this.take(count * 8, 8);
    const at = this.bytes.byteOffset + start;
    return at % 8 === 0
      ? new BigInt64Array(this.bytes.buffer, at, count)
      : new BigInt64Array(this.#copy(start, count * 8), 0, count);
  }

  int32s(count: number): Int32Array {
    const start = this.take(count * 4, 4);
    const at = this.bytes.byteOffset + start;
    return at % 4 === 0
      ? new Int32Array(this.bytes.buffer, at, count)
      : new Int32Array(this.#copy(start, count * 4), 0, count);
  }

  /** `count` unsigned integers of 1, 2 or 4 bytes. */
  unsigned(count: number, width: number): Uint8Array | Uint16Array | Uint32Array {
    if (width !== 1 && width !== 2 && width !== 4) this.fail("a width must be 1, 2 or 4");
    const start = this.take(count * width, width);
    const at = this.bytes.byteOffset + start;
    const aligned = at % width === 0;
    const buffer = aligned ? this.bytes.buffer : this.#copy(start, count * width);
    const offset = aligned ? at : 0;
    if (width === 1) return new Uint8Array(buffer, offset, count);
    return width === 2 ? new Uint16Array(buffer, offset, count) : new Uint32Array(buffer, offset, count);
  }

  /** `count` bytes in an ArrayBuffer of their own. */
  copy(count: number, alignment: number): ArrayBuffer {
    return this.#copy(this.take(count, alignment), count);
  }

  #copy(start: number, count: number): ArrayBuffer {
    const copy = new Uint8Array(count);
    copy.set(this.bytes.subarray(start, start + count));
    return copy.buffer;
  }
}
