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
});
