import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExactSum } from "../../core/exactSum.ts";

/** The exact value of a finite double as an integer count of 2^-1074. */
function exactly(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & ((1n << 52n) - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n === 0n ? magnitude : -magnitude;
}

/** The double nearest to `exact` * 2^-1074, by bisection over all doubles: shares nothing with the code under test. */
function nearest(exact: bigint): number {
  if (exact < 0n) return -nearest(-exact);
  const view = new DataView(new ArrayBuffer(8));
  const ofBits = (bits: bigint): number => {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  };
  const beyond = 1n << 2098n; // what the step after the largest finite double would be
  const valueOf = (bits: bigint): bigint => (bits === 0x7ffn << 52n ? beyond : exactly(ofBits(bits)));
  let low = 0n;
  let high = 0x7ffn << 52n;
  if (exact >= beyond) return Infinity;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (valueOf(middle) <= exact) low = middle;
    else high = middle;
  }
  const below = exact - valueOf(low);
  const above = valueOf(high) - exact;
  if (below === above) return ofBits((low & 1n) === 0n ? low : high);
  return ofBits(below < above ? low : high);
}

function sumOf(values: readonly number[]): number {
  const sum = new ExactSum();
  sum.addAll(values);
  return sum.value();
}

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1, max: 1 }),
  fc.integer().map((x) => x / 1024),
  fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, -5e-324, 2 ** -1022, 2 ** 53, 1, -1, 2 ** -53, 2 ** -54),
);

describe("ExactSum", () => {
  it("agrees with the reference's own rounding on single doubles", () => {
    fc.assert(
      fc.property(finite, (x) => {
        expect(nearest(exactly(x))).toBe(x + 0);
        expect(sumOf([x])).toBe(x + 0);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("is the double nearest to the exact sum", () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 40 }), (values) => {
        expect(sumOf(values)).toBe(nearest(values.reduce((sum, x) => sum + exactly(x), 0n)) + 0);
      }),
      { seed: 2, numRuns: 1000 },
    );
  });

  it.each([
    ["0.1 ten times", Array.from({ length: 10 }, () => 0.1), 1],
    ["what cancels", [1, 1e100, 1, -1e100], 2],
    ["a half that ties to even, down", [2 ** 53, 1], 2 ** 53],
    ["a half that ties to even, up", [2 ** 53 + 2, 1], 2 ** 53 + 4],
    ["a half and a trace more", [2 ** 53, 1, 5e-324], 2 ** 53 + 2],
    ["a half and a trace less", [2 ** 53 + 2, 1, -5e-324], 2 ** 53 + 2],
    ["subnormals", [5e-324, 5e-324, 2 ** -1022], 2 ** -1022 + 1e-323],
    ["passing beyond the range and back", [1.7e308, 1.7e308, -1.7e308], 1.7e308],
    ["the largest double and just less than half a step", [Number.MAX_VALUE, 2 ** 969], Number.MAX_VALUE],
    ["the largest double and half a step", [Number.MAX_VALUE, 2 ** 970], Infinity],
    ["far beyond the range", [-1.7e308, -1.7e308], -Infinity],
    ["nothing", [], 0],
    ["zeros of both signs", [-0, 0, -0], 0],
    ["an infinity", [1, Infinity, -1e308], Infinity],
    ["a negative infinity", [-Infinity, 5], -Infinity],
    ["infinities of both signs", [Infinity, 1, -Infinity], NaN],
    ["a NaN", [Infinity, NaN, 1], NaN],
  ])("adds %s", (_what, values, expected) => {
    expect(sumOf(values)).toBe(expected);
    expect(sumOf(values.toReversed())).toBe(expected);
  });

  it("gives the same value and the same partials for any order and any split", () => {
    const anything = fc.oneof({ weight: 30, arbitrary: finite }, fc.constantFrom(Infinity, -Infinity, NaN));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anything, fc.nat(4), fc.nat(1000)), { maxLength: 60 }),
        fc.boolean(),
        (tagged, viaPartials) => {
          const plain = new ExactSum();
          for (const [x] of tagged) plain.add(x);
          const parts = Array.from({ length: 5 }, () => new ExactSum());
          for (const [x, part] of tagged.toSorted((a, b) => a[2] - b[2])) parts[part]!.add(x);
          const whole = new ExactSum();
          for (const part of parts.toReversed()) whole.merge(viaPartials ? part.partials() : part);
          expect(whole.partials()).toEqual(plain.partials());
          expect(whole.value()).toBe(plain.value());
          expect(parts.length).toBe(5);
        },
      ),
      { seed: 3, numRuns: 500 },
    );
  });

  it("goes on after value, partials and merge", () => {
    const sum = new ExactSum();
    sum.add(-1e300);
    expect(sum.value()).toBe(-1e300);
    sum.partials();
    sum.add(3);
    sum.merge([0, 0]);
    sum.add(1e300);
    expect(sum.value()).toBe(3);
  });

  it("keeps the partials of small sums short, also of negative ones", () => {
    for (const x of [1, -1, -0.1, 1e300, -5e-324]) {
      const sum = new ExactSum();
      sum.add(x);
      expect(sum.partials().length).toBeLessThanOrEqual(5);
    }
  });

  it("carries in time: 3 million numbers of full digits", () => {
    const x = 2 - 2 ** -52;
    const sum = new ExactSum();
    const count = 3_000_000;
    for (let i = 0; i < count; i++) sum.add(x);
    expect(sum.value()).toBe(nearest(exactly(x) * BigInt(count)));
    for (let i = 0; i < 2 * count; i++) sum.add(-x);
    expect(sum.value()).toBe(-nearest(exactly(x) * BigInt(count)));
  });

  it("adds a range of any array", () => {
    const sum = new ExactSum();
    sum.addAll(new Float64Array([1, 2, 3, 4]), 1, 3);
    sum.addAll(new Int32Array([10]));
    expect(sum.value()).toBe(15);
  });

  it("refuses partials that are none", () => {
    expect(() => new ExactSum().merge([])).toThrow(/partials/);
    expect(() => new ExactSum().merge([0, 67, 1, 2])).toThrow(/partials/);
  });
});
