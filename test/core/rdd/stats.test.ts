import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExactMoments } from "../../../core/rdd/actions/exactMoments.ts";
import { useContext } from "../../support/context.ts";
import { rddOf } from "../../support/masters.ts";

/** numerator / 2^1074 of a finite double, exactly. */
function exactly(x: number): bigint {
  let [mantissa, exponent] = [x, 0];
  while (!Number.isInteger(mantissa)) [mantissa, exponent] = [mantissa * 2, exponent + 1]; // exact, or ends at an integer
  return BigInt(mantissa) << BigInt(1074 - exponent);
}

/** True if no double is nearer to numerator / denominator than `result`. */
function isNearest(result: number, numerator: bigint, denominator: bigint): boolean {
  const distance = (x: number): bigint => {
    const difference = exactly(x) * denominator - (numerator << 1074n);
    return difference < 0n ? -difference : difference;
  };
  const own = distance(result);
  return [neighbour(result, 1), neighbour(result, -1)].every(
    (other) => !Number.isFinite(other) || own <= distance(other),
  );
}

/** The next double up or down. */
function neighbour(x: number, step: 1 | -1): number {
  if (x === 0) return step * Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(x > 0 ? step : -step));
  return view.getFloat64(0);
}

function momentsOf(values: readonly number[]): ExactMoments {
  const moments = new ExactMoments();
  for (const value of values) moments.add(value);
  return moments;
}

const modest = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const anyFinite = fc.double({ noNaN: true, noDefaultInfinity: true });

describe("ExactMoments", () => {
  it.each([
    ["modest numbers", modest],
    ["any numbers", anyFinite],
    ["tiny numbers", fc.double({ min: -1e-150, max: 1e-150, noNaN: true })],
    ["numbers that cancel", fc.integer({ min: 0, max: 3 }).map((x) => 1e15 + x / 8)],
  ])("mean and variance of %s are the nearest doubles to the exact ones", (_name, values) => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 12 }), (data) => {
        const moments = momentsOf(data);
        const n = BigInt(data.length);
        const sum = data.reduce((total, x) => total + exactly(x), 0n); // over 2^1074
        const squares = data.reduce((total, x) => total + exactly(x) ** 2n, 0n); // over 2^2148
        expect(isNearest(moments.mean, sum, n << 1074n)).toBe(true);
        const numerator = n * squares - sum * sum;
        const denominator = (n * n) << 2148n;
        if (numerator >= denominator << 1024n) expect(moments.variance).toBe(Infinity);
        else if (numerator < denominator << 1023n)
          expect(isNearest(moments.variance, numerator, denominator)).toBe(true);
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  it("any split and order gives the same bits", () => {
    fc.assert(
      fc.property(fc.array(anyFinite, { maxLength: 20 }), fc.nat(20), (data, cut) => {
        const merged = new ExactMoments();
        merged.merge(momentsOf(data.slice(cut).reverse()).parts());
        merged.merge(momentsOf(data.slice(0, cut)).parts());
        const { count, sum, mean, variance, min, max } = momentsOf(data);
        expect(merged).toMatchObject({ count, sum, mean, variance, min, max });
      }),
      { seed: 7 },
    );
  });

  it.each([
    [[1, Infinity], { mean: Infinity, variance: NaN, max: Infinity }],
    [[1, NaN], { mean: NaN, variance: NaN, min: NaN }],
    [[Infinity, -Infinity], { mean: NaN, sum: NaN }],
    [[], { count: 0, sum: 0, mean: NaN, variance: NaN, min: NaN, max: NaN }],
    [[5], { count: 1, sum: 5, mean: 5, variance: 0, min: 5, max: 5 }],
    [[1.7e308, 1.7e308], { mean: 1.7e308, sum: Infinity, variance: 0 }],
  ])("of %j is %o", (data, expected) => {
    expect(momentsOf(data)).toMatchObject(expected);
  });
});

describe("stats and sum", () => {
  const ctx = useContext("local[2]");

  it("agree with the textbook, the same for any partitions", async () => {
    const data = [2, 4, 4, 4, 5, 5, 7, 9];
    const expected = { count: 8, sum: 40, mean: 5, variance: 4, stdev: 2, min: 2, max: 9 };
    for (const n of [1, 3, 8]) expect(await rddOf(ctx, data, n).stats()).toEqual(expected);
  });

  it("sum does not depend on order", async () => {
    const data = [1e16, 1, -1e16, 1e-3, 3];
    for (const n of [1, 2, 5]) {
      expect(await rddOf(ctx, data, n).sum()).toBe(4.001);
      expect(await rddOf(ctx, data.toReversed(), n).sum()).toBe(4.001);
    }
  });

  it("refuse what is no number, with TYPE_MISMATCH", async () => {
    const wrong = rddOf(ctx, [1, "2"] as number[], 2);
    await expect(wrong.sum()).rejects.toMatchObject({ code: "TYPE_MISMATCH" });
    await expect(wrong.stats()).rejects.toMatchObject({ code: "TYPE_MISMATCH" });
  });
});
