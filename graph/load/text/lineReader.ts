/**
 * Text in blocks of whole lines, in one buffer that is filled again and again.
 */
import { maxLineBytes } from "./rowFault.ts";
import type { TextInput } from "./textInput.ts";

/**
 * Reads blocks: after `fill`, bytes [0, to) of `bytes` are whole lines, each with its LF; the last line of the text gets
 * one if it has none. The buffer grows with the longest line (or unfinished row) and stays within a small multiple of it.
 */
export class LineReader {
  bytes: Buffer;
  to = 0;
  /** Position in the text of byte 0. */
  base: number;
  /** Nothing comes after this block. */
  isLast = false;
  /** The line that starts at byte 0 is longer than `maxLineBytes`: skip it with `skipLongLine`. */
  isLongLine = false;
  readonly #input: TextInput;
  /** Bytes [0, filled) hold text; those from `to` on belong to a line not yet whole. */
  #filled = 0;
  #isEnded = false;

  constructor(input: TextInput, blockBytes: number) {
    this.#input = input;
    this.base = input.start;
    this.bytes = Buffer.allocUnsafeSlow(blockBytes);
  }

  /** Drops the first `consumed` bytes and reads on. False if there is nothing more. */
  async fill(consumed: number): Promise<boolean> {
    if (consumed > 0) {
      this.bytes.copyWithin(0, consumed, this.#filled);
      this.#filled -= consumed;
      this.base += consumed;
    }
    this.to = 0;
    // room for as much as is kept, so that a long row is looked at a few times, not once a block
    if (this.#filled * 2 + 1 > this.bytes.length) this.#grow();
    let searched = this.#filled;
    while (!this.#isEnded) {
      // one byte stays free, for an LF that the last line may lack
      const room = this.bytes.length - 1 - this.#filled;
      if (room === 0) {
        if (this.to > 0) return true;
        if (this.#filled > maxLineBytes) {
          this.isLongLine = true;
          return true;
        }
        this.#grow();
        continue;
      }
      const count = await this.#input.read(this.bytes, this.#filled, room);
      if (count === 0) {
        this.#end();
        break;
      }
      this.#filled += count;
      const lastLine = this.bytes.subarray(searched, this.#filled).lastIndexOf(10);
      if (lastLine >= 0) this.to = searched + lastLine + 1;
      searched = this.#filled;
    }
    this.isLast = true;
    this.to = this.#filled;
    return this.to > 0;
  }

  /** Drops the long line at hand; the next `fill(0)` goes on after it. */
  async skipLongLine(): Promise<void> {
    this.isLongLine = false;
    for (;;) {
      const lineEnd = this.bytes.subarray(0, this.#filled).indexOf(10);
      const dropped = lineEnd < 0 ? this.#filled : lineEnd + 1;
      this.bytes.copyWithin(0, dropped, this.#filled);
      this.base += dropped;
      this.#filled -= dropped;
      if (lineEnd >= 0 || this.#isEnded) return;
      this.#filled = await this.#input.read(this.bytes, 0, this.bytes.length - 1);
      if (this.#filled === 0) this.#isEnded = true;
    }
  }

  #end(): void {
    this.#isEnded = true;
    if (this.#filled > 0 && this.bytes[this.#filled - 1] !== 10) this.bytes[this.#filled++] = 10;
  }

  #grow(): void {
    const grown = Buffer.allocUnsafeSlow(this.bytes.length * 2);
    this.bytes.copy(grown, 0, 0, this.#filled);
    this.bytes = grown;
  }
}
