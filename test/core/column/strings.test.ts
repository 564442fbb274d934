import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeStrings } from "../../../core/column/strings.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "a", "ab", "ä", "\uffff", "🦜", "z".repeat(50)),
);

describe("encodeStrings", () => {
  it("writes UTF-8 and where each value ends, in shared memory", () => {
    fc.assert(
      fc.property(fc.array(text), (values) => {
        const { bytes, offsets } = encodeStrings(values);
        expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
        expect([...offsets]).toEqual(
          values.reduce((ends, value) => [...ends, ends.at(-1)! + Buffer.byteLength(value)], [0]),
        );
        const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
        values.forEach((value, i) => {
          expect(decoder.decode(bytes.slice(offsets[i], offsets[i + 1]))).toBe(value);
        });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("refuses lone surrogates, which would become other strings", () => {
    expect(() => encodeStrings(["ok", "\ud800"])).toThrow(/value 1 must be well-formed Unicode/);
  });
});
