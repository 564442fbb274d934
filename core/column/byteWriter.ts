/**
 * Bytes written one after another into memory that grows.
 */
import { SuperstepError } from "../errors.ts";
import { maxBlockBytes } from "./blockFormat.ts";

const keptBytes = 1 << 20;
/** Memory kept from block to block: most are small. Taken while in use, so that writers can nest. */
let spare: Uint8Array<ArrayBuffer> | undefined;

/** Writes bytes; `finish` returns them in shared memory of exactly their size. */
export class ByteWriter {
  /** Bytes written so far. May be set back, to take back what was written since. */
  position = 0;
  /** The memory behind; another one after each growth. */
  bytes: Buffer<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;

  constructor() {
    const memory = spare ?? new Uint8Array(keptBytes);
    spare = undefined;
    this.bytes = Buffer.from(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** Makes room for `count` more bytes. @throws SuperstepError OUT_OF_MEMORY if the block would pass 2 GiB. */
  ensure(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    if (needed > maxBlockBytes) {
      throw new SuperstepError(
        "OUT_OF_MEMORY",
        `block: must take at most ${maxBlockBytes} bytes, and would take ${needed} or more. Use more partitions.`,
        { details: { neededBytes: needed, capacityBytes: maxBlockBytes } },
      );
    }
    const grown = new Uint8Array(Math.min(maxBlockBytes, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = Buffer.from(grown.buffer);
    this.#view = new DataView(grown.buffer);
  }

  /** `count` bytes to fill by the caller, at a multiple of `alignment`; returns where. Padding is zero. */
  reserve(count: number, alignment: number): number {
    const start = Math.ceil(this.position / alignment) * alignment;
    this.ensure(start - this.position + count);
    this.bytes.fill(0, this.position, start);
    this.position = start + count;
    return start;
  }

  byte(value: number): void {
    this.ensure(1);
    this.bytes[this.position++] = value;
  }

  uint32(value: number): void {
    this.ensure(4);
    this.#view.setUint32(this.position, value, true);
    this.position += 4;
  }

  int32(value: number): void {
    this.uint32(value >>> 0);
  }

  /** A double; every NaN as the one pattern. */
  float64(value: number): void {
    this.ensure(8);
    this.#view.setFloat64(this.position, value === value ? value : NaN, true);
    this.position += 8;
  }

  /** An integer in [0, 2^32): 1 to 5 bytes. */
  varint(value: number): void {
    this.ensure(5);
    while (value >= 0x80) {
      this.bytes[this.position++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.bytes[this.position++] = value;
  }

  /** UTF-8 behind its number of bytes. `text` is well-formed. */
  text(text: string): void {
    if (text.length < 32 && this.#shortAscii(text)) return;
    const numBytes = Buffer.byteLength(text);
    this.varint(numBytes);
    this.ensure(numBytes);
    this.position += this.bytes.write(text, this.position, "utf8");
  }

  /** The bytes written, in a SharedArrayBuffer of their own. The writer is done then. */
  finish(): Uint8Array<SharedArrayBuffer> {
    const result = new Uint8Array(new SharedArrayBuffer(this.position));
    result.set(this.bytes.subarray(0, this.position));
    this.release();
    return result;
  }

  /** Gives the memory back for the next writer. The writer is done then. */
  release(): void {
    if (this.bytes.length === keptBytes) spare = new Uint8Array(this.bytes.buffer);
    this.position = 0;
  }

  /** Writes a text of less than 128 characters if all are ASCII: cheaper here than by a call into native code. */
  #shortAscii(text: string): boolean {
    const { length } = text;
    this.ensure(1 + length);
    const start = this.position + 1;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      this.bytes[start + i] = code;
    }
    this.bytes[this.position] = length;
    this.position = start + length;
    return true;
  }
}
