import { randomUUID } from "node:crypto";
import type { Address } from "../../kernels/kernels.ts";
import type { TextMemory } from "../../kernels/text.ts";
import type { DictionaryPart } from "../edgeChunk.ts";

/** From here on a dictionary is large: no more chunks are begun with it, so that offsets into it fit 32 bits. */
const largeBytes = 1 << 28;
const largeSize = 1 << 25;
/** Of a record, besides the string. */
const headerBytes = 8;

/**
 * Distinct strings in order of first appearance, as UTF-8 bytes: `intern` gives each its code, from 0 on. The codes do not
 * depend on the keys of its hash, which differ from run to run, so that no file can be made to collide.
 *
 * Memory: of `memory`, the bytes once, and 19 to 30 bytes a string; twice that while it grows. `free` gives it back, or the end of `memory`.
 */
export class Utf8Dictionary {
  /** For `TextKernels`. */
  readonly address: Address;
  readonly #memory: TextMemory;
  readonly #name: string = randomUUID();
  /** Strings that were taken as parts. */
  #numTaken = 0;
  /** Bytes of their records. */
  #takenBytes = 0;

  constructor(memory: TextMemory) {
    this.#memory = memory;
    this.address = memory.kernels.createDictionary();
  }

  /** Number of distinct strings. */
  get size(): number {
    return this.#memory.kernels.sizeOf(this.address);
  }

  /** It should be followed by a new one. */
  get isLarge(): boolean {
    return this.#memory.kernels.usedBytesOf(this.address) > largeBytes || this.size > largeSize;
  }

  /** The code of bytes [from, to) of `source`. */
  intern(source: Uint8Array, from: number, to: number): number {
    const { kernels } = this.#memory;
    const at = kernels.cellRoom(to - from);
    const { bytes } = this.#memory;
    for (let i = from, target = at; i < to; i++, target++) bytes[target] = source[i]!;
    return kernels.intern(this.address, at, to - from);
  }

  /** The strings that are new since the last call, in shared memory. */
  takePart(): DictionaryPart {
    const { kernels } = this.#memory;
    const { size } = this;
    const from = this.#numTaken;
    const usedBytes = kernels.usedBytesOf(this.address);
    const offsetsBytes = 4 * (size - from + 1);
    const numBytes = usedBytes - this.#takenBytes - headerBytes * (size - from);
    const at = kernels.cellRoom(offsetsBytes + numBytes);
    kernels.copyStrings(this.address, this.#takenBytes, at, at + offsetsBytes);
    const offsets = new Uint32Array(new SharedArrayBuffer(offsetsBytes));
    offsets.set(this.#memory.words(at, offsets.length));
    const bytes = new Uint8Array(new SharedArrayBuffer(numBytes));
    bytes.set(this.#memory.bytes.subarray(at + offsetsBytes, at + offsetsBytes + numBytes));
    this.#numTaken = size;
    this.#takenBytes = usedBytes;
    return { of: this.#name, from, offsets, bytes };
  }

  /** It must not be used after. */
  free(): void {
    this.#memory.kernels.freeDictionary(this.address);
  }
}
