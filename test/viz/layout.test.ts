import { execFileSync } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { layoutOf } from "../../viz/layout.ts";
import { reduce } from "../../viz/reduce.ts";
import { randomResult, resultOf } from "./resultGraphs.ts";

const distance = (positions: Float32Array, a: number, b: number): number =>
  Math.hypot(positions[2 * a]! - positions[2 * b]!, positions[2 * a + 1]! - positions[2 * b + 1]!);

describe("layoutOf", () => {
  it("places the same graph at the same bits, every time and in another process", () => {
    const reduced = reduce(randomResult(3, 120, 300), [], { by: "rank" });
    const once = layoutOf(reduced, "stored", "rank")!;
    expect(layoutOf(reduced, "stored", "rank")).toEqual(once);
    // From one point all start in directions drawn by lot: the same lots every time.
    const kernel = path.resolve(import.meta.dirname, "../../dist/viz/layoutKernel.cjs");
    const { src, dst } = resultPairs(reduced);
    const program = `const { runLayout } = require(${JSON.stringify(kernel)});
      const p = runLayout({ numNodes: 120, source: [${src.join()}], target: [${dst.join()}], radii: new Float32Array(120).fill(4), positions: new Float32Array(240) }, 50);
      process.stdout.write(Buffer.from(p.buffer).toString("hex"));`;
    const run = (): string => execFileSync(process.execPath, ["-e", program], { encoding: "utf8" });
    const first = run();
    expect(first).toHaveLength(2 * 120 * 4 * 2);
    expect(run()).toBe(first);
  });

  it("brings linked vertices together and keeps circles apart", () => {
    // Two cliques of 6, joined by one edge.
    const clique = (from: number): string =>
      Array.from({ length: 36 }, (_pair, at) => [from + Math.floor(at / 6), from + (at % 6)] as const)
        .filter(([a, b]) => a < b)
        .map(([a, b]) => `${a}>${b}`)
        .join(" ");
    const reduced = reduce(resultOf(`${clique(0)} ${clique(6)} 0>6`));
    const positions = layoutOf(reduced, "stored", "degree")!;
    const sideOf = (node: number): boolean => reduced.vertices[node]! < 6;
    const inside: number[] = [];
    const across: number[] = [];
    for (let a = 0; a < 12; a++) {
      for (let b = 0; b < a; b++) (sideOf(a) === sideOf(b) ? inside : across).push(distance(positions, a, b));
    }
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(inside)).toBeLessThan(0.6 * mean(across));
    expect(Math.min(...inside, ...across)).toBeGreaterThan(8);
  });

  it("takes places from the data, x to the right and y up", () => {
    const reduced = reduce(resultOf("0 1 2 3", { v: [4, 3, 2, 1], x: [0, 10, 10, null], y: [0, 0, 5, 1] }), [], {
      by: "v",
    });
    const positions = layoutOf(reduced, { x: "x", y: "y" }, "v")!;
    expect([...positions.subarray(0, 6)]).toEqual([-600, 300, 600, 300, 600, -300]);
    expect(positions[7]).toBeGreaterThan(300); // without a place: below all others
    expect(Number.isFinite(positions[6])).toBe(true);
  });

  it("projects degrees as Web Mercator does", () => {
    const reduced = reduce(resultOf("0 1 2", { v: [3, 2, 1], lon: [0, 90, 0], lat: [0, 0, 60] }), [], { by: "v" });
    const positions = layoutOf(reduced, { longitude: "lon", latitude: "lat" }, "v")!;
    const perDegree = (positions[2]! - positions[0]!) / 90;
    // 60 degrees north lie at ln(tan(75 degrees)) radians of the equator's scale.
    expect((positions[1]! - positions[5]!) / perDegree).toBeCloseTo(
      (Math.log(Math.tan((75 * Math.PI) / 180)) * 180) / Math.PI,
      3,
    );
  });

  it("takes a single place for all, and refuses columns without any", () => {
    const reduced = reduce(resultOf("0 1", { x: [1, 1], y: [2, 2], none: [null, NaN] }));
    expect([...layoutOf(reduced, { x: "x", y: "y" }, "degree")!]).toEqual([0, 0, 0, 0]);
    expect(() => layoutOf(reduced, { x: "x", y: "none" }, "degree")).toThrow("must be two columns with finite numbers");
  });

  it("leaves a live layout to the page", () => {
    expect(layoutOf(reduce(resultOf("0")), "live", "degree")).toBeUndefined();
  });
});

function resultPairs(reduced: ReturnType<typeof reduce>): { src: number[]; dst: number[] } {
  return { src: [...reduced.src], dst: [...reduced.dst] };
}
