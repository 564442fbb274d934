/**
 * What an exchange sends to one host at once: messages one after the other, each behind its length, at multiples of 8.
 */
import { SuperstepError } from "../errors.ts";

/** Messages gathered for one part. */
export class PartBuilder {
  #pieces: Uint8Array[] = [];
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Adds a message, in pieces, which must not change until the part is sent. */
  add(message: readonly Uint8Array[]): void {
    const head = new Uint8Array(8);
    const byteLength = message.reduce((sum, piece) => sum + piece.byteLength, 0);
    new DataView(head.buffer).setUint32(0, byteLength, true);
    const padding = (8 - (byteLength % 8)) % 8;
    this.#pieces.push(head, ...message, new Uint8Array(padding));
    this.#byteLength += 8 + byteLength + padding;
  }

  /** The part so far, as pieces; the next one begins. */
  take(): readonly Uint8Array[] {
    const pieces = this.#pieces.filter(({ byteLength }) => byteLength > 0);
    this.#pieces = [];
    this.#byteLength = 0;
    return pieces;
  }
}

/** The messages of a part: views of `bytes`, each at a multiple of 8 of it. @throws SuperstepError BLOCK_CORRUPT */
export function messagesOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const end = at + 8 <= bytes.byteLength ? at + 8 + view.getUint32(at, true) : Infinity;
    if (end > bytes.byteLength) throw new SuperstepError("BLOCK_CORRUPT", "exchange: a part must hold whole messages");
    messages.push(bytes.subarray(at + 8, end));
    at = Math.ceil(end / 8) * 8;
  }
  return messages;
}
