import { describe, expect, it } from "vitest";
import { nodeRadii, radiusOf, sizeScale } from "../../../viz/view/sizes.ts";

describe("nodeRadii", () => {
  it("lets the area grow with the value", () => {
    const [small, large] = nodeRadii([25, 100, ...Array.from<number>({ length: 20 }).fill(0)]);
    expect(large! / small!).toBeCloseTo(2, 5);
  });

  it("draws what is no finite number as small as the least", () => {
    const radii = nodeRadii([100, 0, NaN, Infinity, -Infinity, null, undefined, "12"]);
    expect(new Set(radii.slice(1)).size).toBe(1);
    expect(radii[0]).toBeGreaterThan(radii[1]!);
  });

  it("starts from the least value where some are negative", () => {
    const scale = sizeScale([-10, 0, 10]);
    expect(radiusOf(scale, -10)).toBe(scale.minRadius);
    expect(radiusOf(scale, 10)).toBe(scale.maxRadius);
    expect(radiusOf(scale, 0) ** 2).toBeCloseTo(scale.maxRadius ** 2 / 2, 5);
  });

  it("takes bigints", () => {
    expect(nodeRadii([4n, 1n])).toEqual(nodeRadii([4, 1]));
  });

  it("leaves room: many equal values make medium circles, many nodes smaller ones", () => {
    expect(Math.max(...nodeRadii(Array.from<number>({ length: 50 }).fill(7)))).toBeCloseTo(8, 5);
    const skewed = (count: number): number[] => [1, ...Array.from<number>({ length: count - 1 }).fill(0)];
    expect(nodeRadii(skewed(2_000))[0]).toBeLessThan(0.7 * nodeRadii(skewed(50))[0]!);
  });

  it("has a size for graphs without values or nodes", () => {
    expect([...nodeRadii([null, null])]).toEqual([4, 4]);
    expect([...nodeRadii([])]).toEqual([]);
    expect(nodeRadii([0, 0])[0]).toBeGreaterThan(0);
  });
});
