/**
 * Bytes as WebAssembly's binary format wants them: numbers in LEB128, little-endian floats, vectors with their length.
 */
const float = new DataView(new ArrayBuffer(8));

/** A growing list of bytes. */
export class ByteList {
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    if (this.#length + values.length > this.#bytes.length) this.#grow(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** An integer in [0, 2^32), unsigned LEB128. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** An integer of 64 bits, signed LEB128. */
  signed(value: bigint): void {
    let rest = value;
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const isSignClear = (low & 0x40) === 0;
      if ((rest === 0n && isSignClear) || (rest === -1n && !isSignClear)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** A double, 8 bytes; every NaN as the one that columns hold. */
  double(value: number): void {
    float.setFloat64(0, value === value ? value : NaN, true);
    this.bytes(new Uint8Array(float.buffer));
  }

  text(value: string): void {
    this.vector(Buffer.from(value, "utf8"));
  }

  /** A length, then as many bytes. */
  vector(values: ArrayLike<number>): void {
    this.unsigned(values.length);
    this.bytes(values);
  }

  /** The bytes so far: a copy. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.slice(0, this.#length));
  }

  #grow(by: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + by));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
