import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareStringsAt,
  encodeStrings,
  findString,
  lowerBound,
  stringAt,
  stringsOf,
} from "../../../core/column/strings.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "a", "ab", "ä", "\uffff", "🦜", "z".repeat(50)),
);

describe("string columns", () => {
  it("give back what was encoded, in shared memory", () => {
    fc.assert(
      fc.property(fc.array(text), fc.nat(20), fc.nat(20), (values, a, b) => {
        const column = encodeStrings(values);
        expect(column.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
        expect([...column.offsets]).toEqual(
          values.reduce((ends, value) => [...ends, ends.at(-1)! + Buffer.byteLength(value)], [0]),
        );
        expect(stringsOf(column)).toEqual(values);
        values.forEach((value, i) => expect(stringAt(column, i)).toBe(value));
        const from = Math.min(a, values.length);
        const to = Math.min(Math.max(from, b), values.length);
        expect(stringsOf(column, from, to)).toEqual(values.slice(from, to));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("compare by code points", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const column = encodeStrings([a, "between", b]);
        const byCodePoints = Math.sign(compareCodePoints(a, b));
        expect(Math.sign(compareStringsAt(column, 0, column, 2))).toBe(byCodePoints);
        expect(Math.sign(compareStringsAt(encodeStrings(["", a]), 1, encodeStrings([b]), 0))).toBe(byCodePoints);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it("find strings where they are sorted, and nothing that is not there", () => {
    fc.assert(
      fc.property(fc.uniqueArray(text), text, (values, other) => {
        const sorted = values.sort((a, b) => compareCodePoints(a, b));
        const column = encodeStrings(sorted);
        sorted.forEach((value, i) => expect(findString(column, value)).toBe(i));
        expect(findString(column, other)).toBe(sorted.indexOf(other));
        const before = sorted.filter((value) => compareCodePoints(value, other) < 0).length;
        expect(lowerBound(column, Buffer.from(other))).toBe(before);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it("refuse lone surrogates, which would become other strings", () => {
    expect(() => encodeStrings(["ok", "\ud800"])).toThrow(/value 1 must be well-formed Unicode/);
    expect(findString(encodeStrings(["\ufffd"]), "\ud800")).toBe(-1);
    expect(findString(encodeStrings([]), "a")).toBe(-1);
  });

  it("read columns that are parts of larger memory", () => {
    const { offsets, bytes } = encodeStrings(["x", "yy", "zzz"]);
    const memory = new Uint8Array(100);
    memory.set(bytes, 7);
    const column = { offsets, bytes: memory.subarray(7, 7 + bytes.length) };
    expect(stringsOf(column)).toEqual(["x", "yy", "zzz"]);
    expect(findString(column, "yy")).toBe(1);
  });
});

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [a, b].map((value) => Array.from(value, (character) => character.codePointAt(0)!));
  for (let i = 0; i < Math.min(left!.length, right!.length); i++) {
    const difference = left![i]! - right![i]!;
    if (difference !== 0) return difference;
  }
  return left!.length - right!.length;
}
