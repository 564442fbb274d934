import type { Utf8Values } from "../edgeChunk.ts";

/** Distinct strings in order of first appearance: each has a code, from 0 on. */
export class StringCodes {
  readonly #codes = new Map<string, number>();

  /** The code of a string, a new one if it was not seen before. */
  codeOf(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.#codes.size;
    this.#codes.set(text, code);
    return code;
  }

  /** All strings, in shared memory. */
  finish(): Utf8Values {
    const offsets = new Uint32Array(new SharedArrayBuffer((this.#codes.size + 1) * 4));
    let numBytes = 0;
    for (const [text, code] of this.#codes) offsets[code + 1] = numBytes += Buffer.byteLength(text);
    const bytes = Buffer.from(new SharedArrayBuffer(numBytes));
    for (const [text, code] of this.#codes) bytes.write(text, offsets[code]!);
    return { offsets, bytes: new Uint8Array(bytes.buffer) };
  }
}
