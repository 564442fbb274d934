import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareText, compareValues } from "../../../core/column/compare.ts";
import { hashValue } from "../../../core/column/hash.ts";
import { keyOf } from "../../../core/column/keyOf.ts";

/** Equality of keys, spelled out a second time: what `keyOf`, `hashValue` and `compareValues` must agree with. */
function isSameKey(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return a === b || (Number.isNaN(a) && Number.isNaN(b));
  }
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && Object.is(a.getTime(), b.getTime());
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, item]) => right.has(key) && isSameKey(item, right.get(key)));
}

const primitive = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(-0, NaN, 0.5, 1e300, 2 ** 53, Infinity, -Infinity, null, undefined, true, false),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.constantFrom(2n ** 53n, 2n ** 80n, -(2n ** 80n)),
  fc.constantFrom("", "a", "b", "ab", "1", "null", "\u0000", "\u0000s1:a", "[", "s1:a", "\ud800", "\uffff", "🦜", "é"),
  fc.string(),
);
const { key: anyKey } = fc.letrec<{ key: unknown }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    primitive,
    fc.array(tie("key"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "1", "s1:a"), tie("key"), { maxKeys: 3 }),
    fc.constantFrom(new Date(0), new Date(1), new Date(NaN)),
  ),
}));

const sign = (x: number): number => Math.sign(x) + 0;

describe("keyOf", () => {
  it("is the same for equal keys, and only for them", () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        const isEqualInAMap = new Map([[keyOf(a), 1]]).has(keyOf(b));
        expect(isEqualInAMap).toBe(isSameKey(a, b));
        expect(new Map([[keyOf(a), 1]]).has(keyOf(structuredClone(a)))).toBe(true);
      }),
      { seed: 1, numRuns: 5000 },
    );
  });

  it("leaves primitives as they are", () => {
    for (const value of [5, -0, NaN, 5n, "a", "", true, null, undefined]) expect(keyOf(value)).toBe(value);
  });

  it("tells apart what texts might confuse", () => {
    const keys = [
      ["a", "b"],
      ["a,b"],
      ["ab"],
      ["asb"],
      [["a"], "b"],
      [["a", "b"]],
      "a,b",
      ["a", ["b"]],
      [1],
      ["1"],
      [1n],
      [[]],
      [],
      {},
      [{}],
      "",
    ];
    expect(new Set(keys.map(keyOf)).size).toBe(keys.length);
    const texts = ["\u0000[n1;]", "\u0000", "\u0000\u0000", keyOf([1]), keyOf(["x"]), keyOf("\u0000x")];
    expect(new Set([[1], ["x"], "\u0000x", ...texts].map(keyOf)).size).toBe(9);
  });

  it("takes other values that travel by their content, and refuses what does not", () => {
    expect(keyOf(new Map([[1, [2]]]))).toBe(keyOf(new Map([[1, [2]]])));
    expect(keyOf(new Uint8Array([1, 2]))).not.toBe(keyOf(new Uint8Array([1, 3])));
    expect(keyOf([/a/])).not.toBe(keyOf([/b/]));
    for (const use of [keyOf, hashValue]) {
      for (const key of [() => 1, Symbol("s"), [() => 1], { a: new WeakMap() }, Promise.resolve(1)]) {
        expect(() => use(key)).toThrow(expect.objectContaining({ code: "NOT_SHIPPABLE" }));
      }
    }
  });
});

describe("hashValue", () => {
  it("is the same for equal keys", () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        if (isSameKey(a, b)) expect(hashValue(a)).toBe(hashValue(b));
        expect(hashValue(structuredClone(a))).toBe(hashValue(a));
        expect(hashValue(a)).toBe(hashValue(a) >>> 0);
      }),
      { seed: 2, numRuns: 3000 },
    );
    expect(hashValue({ a: 1, b: [2] })).toBe(hashValue({ b: [2], a: 1 }));
    expect(hashValue(-0)).toBe(hashValue(0));
  });

  it("never changes: records of old blocks must be found again", () => {
    const keys = [0, 1, -1, 0.5, NaN, 2 ** 53, "", "a", "straße", "🦜", 5n, -(2n ** 70n), true, false, null, undefined];
    const structured = [[], [1, "a"], {}, { a: 1, b: null }, new Date(0), [[1], [2]], new Set([1])];
    expect([...keys, ...structured].map(hashValue)).toEqual([
      746625832, 3025178989, 1402742702, 484604723, 1637139360, 2398053271, 3612533295, 4003800227, 2549741348,
      2299794808, 3426223903, 2365689265, 607293368, 648017920, 4030426975, 2299990997, 1218988205, 1718106800,
      136464607, 553218374, 632213592, 534481171, 368744737,
    ]);
  });

  it("hardly collides, and spreads keys evenly over partitions", () => {
    const families: Record<string, (i: number) => unknown> = {
      integers: (i) => i,
      "multiples of 1024": (i) => i * 1024,
      "large integers": (i) => 2 ** 40 + i * 4096,
      halves: (i) => i / 2,
      strings: (i) => `v${i}`,
      bigints: (i) => 2n ** 60n + BigInt(i),
      pairs: (i) => [i % 300, Math.floor(i / 300)],
      records: (i) => ({ x: i % 300, y: Math.floor(i / 300) }),
    };
    const n = 90_000;
    for (const [name, make] of Object.entries(families)) {
      const hashes = Array.from({ length: n }, (_, i) => hashValue(make(i)));
      const collisions = n - new Set(hashes).size;
      expect(collisions, name).toBeLessThan(12); // about n^2 / 2^33 = 0.9 are expected of chance
      for (const numPartitions of [7, 16, 64]) {
        const counts = Array.from({ length: numPartitions }, () => 0);
        for (const hash of hashes) counts[hash % numPartitions]!++;
        const expected = n / numPartitions;
        const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
        expect(chiSquare, `${name} over ${numPartitions}`).toBeLessThan(
          numPartitions + 6 * Math.sqrt(2 * numPartitions),
        );
      }
    }
  });

  it("tells values of different kinds apart", () => {
    const keys = [0, "0", 0n, "", [], {}, null, undefined, false, [0], [[]], [null], { a: undefined }, new Date(0)];
    expect(new Set(keys.map(hashValue)).size).toBe(keys.length);
  });
});

describe("compareValues", () => {
  it("refuses to order what cannot travel", () => {
    for (const value of [() => 1, Symbol("s"), new WeakMap()]) {
      expect(() => compareValues(value, new Set())).toThrow(expect.objectContaining({ code: "NOT_SHIPPABLE" }));
    }
  });

  it("is a total order whose ties are the equal keys", () => {
    fc.assert(
      fc.property(anyKey, anyKey, anyKey, (a, b, c) => {
        expect(sign(compareValues(a, b))).toBe(sign(-compareValues(b, a)));
        expect(compareValues(a, b) === 0).toBe(isSameKey(a, b));
        const [x, y, z] = [a, b, c].sort(compareValues);
        expect(compareValues(x, y)).toBeLessThanOrEqual(0);
        expect(compareValues(y, z)).toBeLessThanOrEqual(0);
        expect(compareValues(x, z)).toBeLessThanOrEqual(0);
      }),
      { seed: 3, numRuns: 5000 },
    );
  });

  it("puts values in this order", () => {
    const ordered: unknown[] = [
      false,
      true,
      -Infinity,
      -(2n ** 80n),
      -1,
      0,
      0n,
      0.5,
      1n,
      2 ** 53,
      2n ** 53n,
      2n ** 53n + 1n,
      Infinity,
      NaN,
      "",
      "Z",
      "a",
      "ab",
      "b",
      "\ue000",
      "\uffff",
      "🦜", // U+1F99C, beyond U+FFFF
      new Date(0),
      new Date(1),
      [],
      [0],
      [0, 1],
      [1],
      ["a"],
      [[]],
      [null],
      {},
      { a: 1 },
      { a: 1, b: 0 },
      { a: 2 },
      { b: 0 },
      null,
      undefined,
    ];
    for (let i = 0; i < ordered.length; i++) {
      for (let j = 0; j < ordered.length; j++) {
        expect(sign(compareValues(ordered[i], ordered[j])), `${i} and ${j}`).toBe(Math.sign(i - j));
      }
    }
  });

  it("orders strings as their UTF-8 bytes are", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(compareText(a, b)).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { seed: 4, numRuns: 3000 },
    );
  });
});
