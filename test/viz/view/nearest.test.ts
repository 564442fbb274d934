import { describe, expect, it } from "vitest";
import { fitCamera } from "../../../viz/view/camera.ts";
import { nearestTowards, nodeAt } from "../../../viz/view/nearest.ts";

//  1 . . 2
//  . 0 . 3
//  . 4 . .
const positions = [10, 10, 0, 0, 30, 0, 30, 10, 10, 20];
const all = [0, 1, 2, 3, 4];

describe("nearestTowards", () => {
  it.each([
    ["right", 3],
    ["down", 4],
    ["up", 1],
    ["left", 1],
  ] as const)("goes %s to node %i", (direction, expected) => {
    expect(nearestTowards(positions, 0, direction, all)).toBe(expected);
  });

  it("stays where nothing lies that way", () => {
    expect(nearestTowards(positions, 3, "right", all)).toBe(-1);
    expect(nearestTowards(positions, 0, "right", [0, 1, 4])).toBe(-1);
    expect(nearestTowards([5, 5, 5, 5], 0, "up", [0, 1])).toBe(-1);
  });
});

describe("nodeAt", () => {
  const radius = (node: number): number => (node === 0 ? 5 : 1);

  it("finds the circle that holds a point, or is within the slack", () => {
    expect(nodeAt(positions, radius, () => true, 13, 10, 2)).toBe(0);
    expect(nodeAt(positions, radius, () => true, 16.5, 10, 2)).toBe(0);
    expect(nodeAt(positions, radius, () => true, 18, 10, 2)).toBe(-1);
  });

  it("does not find what is hidden", () => {
    expect(nodeAt(positions, radius, (node) => node !== 0, 10, 10, 2)).toBe(-1);
  });
});

describe("fitCamera", () => {
  it("shows all that is visible, beside what covers the left", () => {
    const camera = fitCamera([-500, 0, 500, 100, 9999, 9999], (node) => node < 2, 800, 600, 200);
    const screen = (x: number): number => camera.k * x + camera.x;
    expect(screen(-500)).toBeGreaterThanOrEqual(200);
    expect(screen(500)).toBeLessThanOrEqual(800);
    expect((screen(-500) + screen(500)) / 2).toBeCloseTo(500, 6);
  });

  it("does not blow up a single node, and copes with none", () => {
    expect(fitCamera([7, 7], () => true, 100, 100)).toMatchObject({ k: 2, x: 36, y: 36 });
    expect(fitCamera([], () => true, 100, 100)).toMatchObject({ k: 1, x: 50, y: 50 });
  });
});
