import { describe, expect, it } from "vitest";
import { decodeValues, encodeValues } from "../../../core/column/codec.ts";
import { hasCode } from "../../../core/errors.ts";
import { randomFor } from "../../../core/random.ts";

describe("F86: decodeValues on damaged blocks", () => {
  const blocks = [
    [1.5, 2.5, NaN, -0, 1e300],
    Array.from({ length: 40 }, (_, i) => i),
    Array.from({ length: 40 }, (_, i) => `city ${i % 5}`),
    Array.from({ length: 40 }, (_, i) => `unique ${i * 7} ü`),
    Array.from({ length: 20 }, (_, i) => [i, { name: `n${i}`, rank: i / 7, at: i % 3 ? null : [i, "x"] }]),
    Array.from({ length: 20 }, (_, i) => Array.from({ length: i % 4 }, (_item, j) => j / 3)),
    [
      new Map([[1, { a: new Set(["b"]) }]]),
      /x+/g,
      new Date(5),
      new Error("e", { cause: [1n] }),
      new Int16Array(5),
      -(2n ** 90n),
    ],
    [true, false, true, true, null, undefined, true],
    [10n, -5n, 2n ** 62n, 0n],
    ["\ud800", "a", { "\udc00": 1 }, Object.create(null)],
  ].map((values) => encodeValues(values));

  /** Decodes: values and BLOCK_CORRUPT are fine, all else is not. Returns true if it was noticed. */
  function survives(bytes: Uint8Array): boolean {
    try {
      decodeValues(bytes);
      return false;
    } catch (error) {
      if (!hasCode(error, "BLOCK_CORRUPT")) throw error;
      return true;
    }
  }

  it("notices every cut, and every byte too many", () => {
    for (const block of blocks) {
      for (let length = 0; length < block.length; length++) expect(survives(block.subarray(0, length))).toBe(true);
      const longer = new Uint8Array(block.length + 1);
      longer.set(block);
      expect(survives(longer)).toBe(true);
    }
  });

  it("returns or throws BLOCK_CORRUPT after any change of one byte", () => {
    let noticed = 0;
    for (const block of blocks) {
      for (let at = 0; at < block.length; at++) {
        for (const flip of [0x01, 0x80, 0xff, 0x10, 0x07]) {
          const bytes = Uint8Array.from(block);
          bytes[at]! ^= flip;
          if (survives(bytes)) noticed++;
        }
      }
    }
    expect(noticed).toBeGreaterThan(1000);
  });

  it("returns or throws BLOCK_CORRUPT after many changes, and on noise", () => {
    const random = randomFor(7);
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from(blocks[random.nextInt(blocks.length)]!);
      const changes = 1 + random.nextInt(8);
      for (let i = 0; i < changes; i++) bytes[8 + random.nextInt(bytes.length - 8)] = random.nextInt(256);
      survives(bytes);
    }
    for (let round = 0; round < 20_000; round++) {
      const bytes = new Uint8Array(8 + random.nextInt(60));
      bytes.set([0x53, 1, 0, 0, random.nextInt(50)]);
      for (let at = 8; at < bytes.length; at++) bytes[at] = random.nextInt(random.nextInt(2) === 0 ? 21 : 256);
      survives(bytes);
    }
  });

  it("allocates nothing for counts and lengths that lie", () => {
    const header = [0x53, 1, 0, 0];
    const most = [0xff, 0xff, 0xff, 0xff];
    const varintMost = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for (let kind = 0; kind <= 11; kind++) {
      expect(survives(new Uint8Array([...header, ...most, kind, ...varintMost, 0, 0, 0, 0]))).toBe(true);
      expect(survives(new Uint8Array([...header, 1, 0, 0, 0, kind, ...varintMost, 0, 0, 0, 0]))).toBe(true);
    }
    for (let tag = 6; tag <= 20; tag++) {
      expect(survives(new Uint8Array([...header, 1, 0, 0, 0, 0, tag, ...varintMost, ...varintMost]))).toBe(true);
      expect(survives(new Uint8Array([...header, 1, 0, 0, 0, 0, tag, 0, ...varintMost, ...varintMost]))).toBe(true);
    }
  });

  const repeat = (part: number[], times: number): number[] => Array.from({ length: times }, () => part).flat();

  it("refuses nesting beyond what is ever written", () => {
    const nested = (part: number[], levels: number): Uint8Array =>
      new Uint8Array([0x53, 1, 0, 0, 1, 0, 0, 0, 0, ...repeat(part, levels), 0]);
    expect(survives(nested([9, 1], 64))).toBe(false);
    expect(survives(nested([9, 1], 65))).toBe(true);
    expect(survives(nested([9, 1], 100_000))).toBe(true);
    const columns = new Uint8Array([0x53, 1, 0, 0, 1, 0, 0, 0, ...repeat([9, 1], 9), 0, 0]);
    expect(survives(columns)).toBe(true);
  });

  it("refuses what no encoder writes", () => {
    const header = [0x53, 1, 0, 0];
    const bad = {
      "a boolean of 2": [...header, 1, 0, 0, 0, 3, 2],
      "a code beyond its dictionary": [...header, 1, 0, 0, 0, 6, 1, 5, 1, 1, 1, 1, 0x61, 1, 1],
      "a segment longer than its strings": [...header, 1, 0, 0, 0, 5, 1, 1, 1, 2, 0x61, 0x62],
      "a segment shorter than its strings": [...header, 1, 0, 0, 0, 5, 1, 3, 1, 2, 0x61, 0x62],
      "a shape with one key twice": [...header, 1, 0, 0, 0, 0, 11, 0, 2, 7, 1, 0x61, 7, 1, 0x61, 1, 1],
      "a shape that skips a number": [...header, 1, 0, 0, 0, 0, 11, 1, 1, 7, 1, 0x61, 1],
      "a regular expression that is none": [...header, 1, 0, 0, 0, 0, 16, 7, 1, 0x28, 0],
      "half an element": [...header, 1, 0, 0, 0, 0, 17, 3, 3, 0, 0, 0, 0, 0, 1, 2, 3],
      "a value missing in a new way": [...header, 1, 0, 0, 0, 7, 3, 0],
    };
    for (const [what, bytes] of Object.entries(bad)) expect(survives(new Uint8Array(bytes)), what).toBe(true);
    // and the same with nothing wrong
    expect(decodeValues(new Uint8Array([...header, 1, 0, 0, 0, 6, 1, 5, 1, 1, 1, 1, 0x61, 1, 0]))).toEqual(["a"]);
    expect(decodeValues(new Uint8Array([...header, 1, 0, 0, 0, 0, 11, 0, 1, 7, 1, 0x61, 1]))).toEqual([{ a: null }]);
    expect(() => decodeValues(new Uint8Array([...header, 0xff, 0xff, 0xff, 1, 0, 0]))).toThrow(
      /must hold 33554431 values more/,
    );
  });

  it("refuses another version, and says where it failed", () => {
    const block = Uint8Array.from(encodeValues([1]));
    block[1] = 2;
    expect(() => decodeValues(block)).toThrow(/header of format 1/);
    expect(() => decodeValues(encodeValues(["abcdefgh"]).subarray(0, 14))).toThrow(
      /block: must hold 8 values more, at byte 11 of 14. It was damaged or cut/,
    );
  });

  it("sets no prototype, whatever the keys of a shape are", () => {
    // one object with the shape ["__proto__"] whose value is an empty array
    const text = Buffer.from("__proto__");
    const bytes = new Uint8Array([0x53, 1, 0, 0, 1, 0, 0, 0, 0, 11, 0, 1, 7, 9, ...text, 9, 0]);
    const [value] = decodeValues(bytes) as [object];
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(["__proto__"]);
  });
});
