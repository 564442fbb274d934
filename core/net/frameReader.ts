/**
 * Reads gRPC's frames, each a message behind five bytes, from bytes as they arrive, cut anywhere.
 */
import { SuperstepError } from "../errors.ts";

const headBytes = 5;

export class FrameReader {
  readonly #where: string;
  readonly #maxBytes: number;
  readonly #message: (bytes: Buffer) => void;
  /** What came of the present frame, and the bytes that all of it has: 0 until they are known. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #frameBytes = 0;

  /** `maxBytes`: of a message. `message` hears of each, in order; the bytes are views of those that came. */
  constructor(where: string, maxBytes: number, message: (bytes: Buffer) => void) {
    this.#where = where;
    this.#maxBytes = maxBytes;
    this.#message = message;
  }

  /** @throws what `message` throws; SuperstepError MESSAGE_TOO_LARGE or INVALID_ARGUMENT if these are no such frames. */
  push(bytes: Buffer): void {
    if (this.#pendingBytes > 0) {
      this.#pending.push(bytes);
      this.#pendingBytes += bytes.length;
      if (this.#pendingBytes < this.#frameBytes) return;
    }
    let rest = this.#pending.length > 0 ? Buffer.concat(this.#pending) : bytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    while (rest.length > 0) {
      const frameBytes = rest.length < headBytes ? headBytes : headBytes + this.#lengthIn(rest);
      if (rest.length < frameBytes || rest.length < headBytes) {
        this.#pending = [rest];
        this.#pendingBytes = rest.length;
        this.#frameBytes = frameBytes;
        return;
      }
      const message = rest.subarray(headBytes, frameBytes);
      rest = rest.subarray(frameBytes);
      this.#message(message);
    }
  }

  #lengthIn(head: Buffer): number {
    if (head[0] !== 0) throw new SuperstepError("INVALID_ARGUMENT", `${this.#where}: a frame is compressed`);
    const length = head.readUInt32BE(1);
    if (length <= this.#maxBytes) return length;
    const message = `${this.#where}: a frame must have at most ${this.#maxBytes} bytes, got ${length}`;
    throw new SuperstepError("MESSAGE_TOO_LARGE", message, { details: { bytes: length, limit: this.#maxBytes } });
  }
}
