import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../../core/column/arena.ts";
import { BitSet } from "../../../core/column/bitSet.ts";

describe("BitSet", () => {
  const size = 200;
  const range = fc.tuple(fc.nat(size), fc.nat(size)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom("set", "clear"), at: fc.nat(size - 1) }),
    fc.record({ do: fc.constantFrom("setRange", "clearRange"), range }),
  );

  it("agrees with a Set of numbers after any changes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), range, fc.nat(size), (steps, [from, to], start) => {
        const bits = new BitSet(size);
        const reference = new Set<number>();
        for (const each of steps) {
          if ("at" in each) {
            if (each.do === "set") {
              bits.set(each.at);
              reference.add(each.at);
            } else {
              bits.clear(each.at);
              reference.delete(each.at);
            }
          } else {
            const [low, high] = each.range;
            if (each.do === "setRange") bits.setRange(low, high);
            else bits.clearRange(low, high);
            for (let i = low; i < high; i++) {
              if (each.do === "setRange") reference.add(i);
              else reference.delete(i);
            }
          }
        }
        const expected = [...reference].sort((a, b) => a - b);
        const all: number[] = [];
        bits.forEach((index) => all.push(index));
        expect(all).toEqual(expected);
        expect(bits.count()).toBe(expected.length);
        expect(Array.from({ length: size }, (_, i) => i).filter((i) => bits.has(i))).toEqual(expected);
        const within = expected.filter((i) => i >= from && i < to);
        const some: number[] = [];
        bits.forEach((index) => some.push(index), from, to);
        expect(some).toEqual(within);
        expect(bits.count(from, to)).toBe(within.length);
        expect(bits.next(start)).toBe(expected.find((i) => i >= start) ?? -1);
        expect(bits.words.at(-1)! >>> (size % 32)).toBe(0);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it.each([0, 1, 31, 32, 33, 64])("fills and empties a set of %d", (numbers) => {
    const bits = new BitSet(numbers);
    bits.setRange(0, numbers);
    expect(bits.count()).toBe(numbers);
    expect(bits.words.length).toBe(Math.ceil(numbers / 32));
    expect(bits.next(0)).toBe(numbers === 0 ? -1 : 0);
    bits.clearRange(0, numbers);
    expect(bits.count()).toBe(0);
    expect(bits.next(0)).toBe(-1);
  });

  it("works over shared words, and beyond 2^31 bits", () => {
    const arena = Arena.create({ capacityBytes: 1 << 29 }); // of which a few pages are touched
    const size = 2 ** 32 - 5;
    const bits = new BitSet(size, arena.view(arena.allocate("uint32", BitSet.wordsFor(size))));
    for (const index of [0, 2 ** 31, size - 1]) bits.set(index);
    expect(bits.has(2 ** 31)).toBe(true);
    expect(bits.has(2 ** 31 + 1)).toBe(false);
    expect(bits.next(2 ** 31 - 70)).toBe(2 ** 31);
    expect(bits.next(size - 70)).toBe(size - 1);
    expect(bits.count(2 ** 31 - 1, 2 ** 31 + 100)).toBe(1);
    const seen: number[] = [];
    bits.forEach((index) => seen.push(index), size - 100, size);
    expect(seen).toEqual([size - 1]);
  });

  it("refuses words that do not fit, and ranges outside", () => {
    expect(() => new BitSet(33, new Uint32Array(1))).toThrow(/takes 2 words/);
    expect(() => new BitSet(10).setRange(0, 11)).toThrow(/outside/);
    expect(() => new BitSet(10).count(-1, 5)).toThrow(/outside/);
  });
});
