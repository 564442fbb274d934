import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TextMemory } from "../../../../graph/kernels/text.ts";
import { Utf8Dictionary } from "../../../../graph/load/text/utf8Dictionary.ts";

describe("Utf8Dictionary", () => {
  it("gives codes in order of first appearance, as a Map does", () => {
    const word = fc.oneof(fc.string({ unit: "grapheme", maxLength: 6 }), fc.integer({ min: 0, max: 400 }).map(String));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 900 }), (words) => {
        const dictionary = new Utf8Dictionary(new TextMemory());
        const codes = new Map<string, number>();
        for (const one of words) {
          const text = Buffer.from(one).toString();
          if (!codes.has(text)) codes.set(text, codes.size);
          const bytes = Buffer.from(`<${text}>`);
          expect(dictionary.intern(bytes, 1, bytes.length - 1)).toBe(codes.get(text));
        }
        const { offsets, bytes } = dictionary.takePart();
        const texts = Array.from({ length: codes.size }, (_, code) =>
          Buffer.from(bytes.slice(offsets[code], offsets[code + 1])).toString("utf8"),
        );
        expect(texts).toEqual([...codes.keys()]);
        expect(offsets.length).toBe(codes.size + 1);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it("keeps a hundred thousand strings apart", () => {
    const dictionary = new Utf8Dictionary(new TextMemory());
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 100_000; i++) {
        const bytes = Buffer.from(`user-${i}`);
        if (dictionary.intern(bytes, 0, bytes.length) !== i) expect.fail(`user-${i} has another code`);
      }
    }
    expect(dictionary.size).toBe(100_000);
    expect(dictionary.takePart().bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("tells strings apart whose hashes are equal, through growth", () => {
    const memory = new TextMemory();
    memory.kernels.setKeys(0n, 1n, 1n); // then a hash is a few shifted words, and those of "aa…" and "bb…" meet
    const dictionary = new Utf8Dictionary(memory);
    const word = (i: number): string =>
      "abcd"[i & 3]!.repeat(8).repeat(1 + ((i >> 2) & 3)) + "abcd"[(i >> 4) & 3]!.repeat(i >> 6);
    const words = Array.from({ length: 2048 }, (_, i) => word(i));
    const codes = new Map<string, number>();
    for (const text of [...words, ...words]) {
      if (!codes.has(text)) codes.set(text, codes.size);
      const bytes = Buffer.from(text);
      expect(dictionary.intern(bytes, 0, bytes.length)).toBe(codes.get(text));
    }
  });

  it("gives parts that go on where the last one ended", () => {
    const dictionary = new Utf8Dictionary(new TextMemory());
    const add = (...texts: string[]): void => {
      for (const text of texts) dictionary.intern(Buffer.from(text), 0, Buffer.byteLength(text));
    };
    const part = () => {
      const { from, offsets, bytes } = dictionary.takePart();
      return { from, offsets: [...offsets], text: Buffer.from(bytes).toString() };
    };
    add("one", "", "two", "one");
    expect(part()).toEqual({ from: 0, offsets: [0, 3, 3, 6], text: "onetwo" });
    expect(part()).toEqual({ from: 3, offsets: [0], text: "" });
    add("two", "three", "");
    expect(part()).toEqual({ from: 3, offsets: [0, 5], text: "three" });
  });
});
