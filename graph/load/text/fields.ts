/**
 * The fields of one row, as ranges of bytes. One object serves all rows, so that a row costs no object.
 */
export class Fields {
  /** What the fields are ranges of. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Number of fields in the row, also of those past `limit`. */
  count = 0;
  /** All bytes of the row ORed: 0x80 or more if it is not plain ASCII. */
  anyByte = 0;
  /** Fields kept a row. */
  readonly limit: number;
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  /** Where the field begins in `bytes`, and where it ends, quotes included. */
  readonly #rawFrom: Int32Array;
  readonly #rawTo: Int32Array;
  readonly #flags: Uint8Array;
  /** Quoted fields with doubled quotes, undoubled. */
  #scratch: Uint8Array = new Uint8Array(256);
  #scratchUsed = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.#from = new Int32Array(limit);
    this.#to = new Int32Array(limit);
    this.#rawFrom = new Int32Array(limit);
    this.#rawTo = new Int32Array(limit);
    this.#flags = new Uint8Array(limit);
  }

  /** Starts a row in `bytes`. */
  clear(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.count = 0;
    this.anyByte = 0;
    this.#scratchUsed = 0;
  }

  /** Appends a field that stands as it is in bytes [from, to). */
  add(from: number, to: number): void {
    const index = this.count++;
    if (index >= this.limit) return;
    this.#from[index] = from;
    this.#to[index] = to;
    this.#rawFrom[index] = from;
    this.#rawTo[index] = to;
    this.#flags[index] = 0;
  }

  /** Appends a field that stood in quotes; [from, to) lies between them. `hasDoubled`: it holds doubled quotes. */
  addQuoted(from: number, to: number, hasDoubled: boolean): void {
    const index = this.count;
    this.add(from, to);
    if (index >= this.limit) return;
    this.#rawFrom[index] = from - 1;
    this.#rawTo[index] = to + 1;
    this.#flags[index] = hasDoubled ? quoted | inScratch : quoted;
    if (hasDoubled) this.#undouble(index, from, to);
  }

  /** The bytes that field `index` is a range of. */
  source(index: number): Uint8Array {
    return this.#flags[index]! & inScratch ? this.#scratch : this.bytes;
  }

  from(index: number): number {
    return this.#from[index]!;
  }

  to(index: number): number {
    return this.#to[index]!;
  }

  /** Where field `index` begins in `bytes`, its opening quote included. */
  rawFrom(index: number): number {
    return this.#rawFrom[index]!;
  }

  /** Where field `index` ends in `bytes`, its closing quote included. */
  rawTo(index: number): number {
    return this.#rawTo[index]!;
  }

  isQuoted(index: number): boolean {
    return (this.#flags[index]! & quoted) !== 0;
  }

  /** True if the row is too short to have field `index`, or has nothing there. */
  isMissing(index: number): boolean {
    return index >= this.count || (this.#from[index] === this.#to[index] && !this.isQuoted(index));
  }

  /** Field `index` as a string. */
  text(index: number): string {
    return decoder.decode(this.source(index).slice(this.#from[index], this.#to[index]));
  }

  #undouble(index: number, from: number, to: number): void {
    if (this.#scratchUsed + to - from > this.#scratch.length) {
      const grown = new Uint8Array(Math.max(this.#scratchUsed + to - from, this.#scratch.length * 2));
      grown.set(this.#scratch);
      this.#scratch = grown;
    }
    this.#from[index] = this.#scratchUsed;
    for (let at = from; at < to; at++) {
      this.#scratch[this.#scratchUsed++] = this.bytes[at]!;
      if (this.bytes[at] === 34) at++;
    }
    this.#to[index] = this.#scratchUsed;
  }
}

const quoted = 1;
const inScratch = 2;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
