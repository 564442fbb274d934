import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Camera } from "../../../viz/view/camera.ts";
import { buildDrawList, type DrawList, type DrawOptions, type Scene } from "../../../viz/view/drawList.ts";
import { drawnLinks } from "../../../viz/view/drawnLinks.ts";

const camera: Camera = { k: 1, x: 0, y: 0, width: 800, height: 600 };

const sceneOf = (
  points: (readonly [number, number])[],
  pairs: (readonly [number, number])[],
  directed = true,
): Scene => ({
  positions: Float32Array.from(points.flat()),
  radii: new Float32Array(points.length).fill(6),
  hollow: new Uint8Array(points.length),
  classOf: Uint8Array.from(points, (_point, node) => node % 2),
  classColours: ["red", "blue"],
  tintsLinks: Uint8Array.of(1, 0),
  labels: points.map((_point, node) => `node ${node}`),
  links: drawnLinks(
    points.length,
    pairs.map(([from]) => from),
    pairs.map(([, to]) => to),
    undefined,
    directed,
  ),
  directed,
  linkColour: "grey",
  background: "white",
});

const list = (scene: Scene, options: Partial<DrawOptions> = {}, view: Camera = camera): DrawList =>
  buildDrawList(scene, view, { isShown: () => true, measure: (text, size) => text.length * size * 0.6, ...options });

const numLines = ({ links }: DrawList): number =>
  links.reduce(
    (sum, { segments, curves, loops }) => sum + segments.length / 4 + curves.length / 6 + loops.length / 3,
    0,
  );

describe("buildDrawList", () => {
  it("draws links of one style in one batch; those inside a class in its colour", () => {
    const scene = sceneOf(
      [
        [100, 100],
        [200, 100],
        [300, 100],
        [400, 100],
      ],
      [
        [0, 1],
        [1, 2],
        [0, 2],
        [1, 3],
      ],
    );
    expect(list(scene).links.map(({ colour, segments }) => [colour, segments.length / 4])).toEqual([
      ["grey", 3], // 0>1, 1>2, and 1>3, whose class tints nothing
      ["red", 1],
    ]);
  });

  it("ends arrows at the border of the circle, and draws none on undirected or short links", () => {
    const far = [[100, 100] as const, [200, 100] as const];
    const arrow = list(sceneOf(far, [[0, 1]])).links[0]!.triangles;
    expect(arrow.slice(0, 2)).toEqual([200 - 6 - 1, 100]);
    expect(list(sceneOf(far, [[0, 1]], false)).links[0]!.triangles).toEqual([]);
    expect(
      list(
        sceneOf(
          [
            [100, 100],
            [125, 100],
          ],
          [[0, 1]],
        ),
      ).links[0]!.triangles,
    ).toEqual([]);
  });

  it("curves links that run both ways to different sides, and draws self-loops as circles", () => {
    const both = list(
      sceneOf(
        [
          [100, 100],
          [300, 100],
        ],
        [
          [0, 1],
          [1, 0],
          [0, 0],
        ],
      ),
    ).links;
    const [batch] = both.filter(({ curves }) => curves.length > 0);
    const middles = [batch!.curves[3]!, batch!.curves[9]!].toSorted((a, b) => a - b);
    expect(middles[0]).toBeLessThan(100);
    expect(middles[1]).toBeGreaterThan(100);
    expect(both.flatMap(({ loops }) => loops)).toHaveLength(3);
  });

  it("leaves out what is out of sight, hidden, or too short to see", () => {
    const scene = sceneOf(
      [
        [100, 100],
        [5000, 100],
        [5000, 900],
        [100.5, 100],
      ],
      [
        [0, 1],
        [1, 2],
        [0, 3],
      ],
    );
    expect(numLines(list(scene))).toBe(1); // 0>1 enters the view
    expect(list(scene).circles).toHaveLength(2);
    expect(numLines(list(scene, { isShown: (node) => node !== 1 }))).toBe(0);
    expect(numLines(list(scene, { isLinkShown: () => false }))).toBe(0);
  });

  it.each([
    ["left", -50, 300],
    ["right", 850, 300],
    ["above", 400, -50],
    ["below", 400, 650],
  ])("leaves out links that run %s of the view", (_side, x, y) => {
    const along = x < 0 || x > 800 ? ([x, y + 200] as const) : ([x + 200, y] as const);
    const drawn = list(sceneOf([[x, y], along], [[0, 1]]));
    expect([numLines(drawn), drawn.circles.length, drawn.texts.length]).toEqual([0, 0, 0]);
  });

  it("draws important circles last, where they cover others", () => {
    const scene = {
      ...sceneOf(
        [
          [100, 100],
          [102, 100],
        ],
        [],
      ),
      radii: Float32Array.of(9, 5),
    };
    expect(list(scene).circles.map(({ radius }) => radius)).toEqual([5, 9]);
  });

  it("never lets two labels overlap, and prefers important nodes", () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 800 }), fc.integer({ min: 0, max: 600 }));
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 80 }), (points) => {
        const { texts } = list(sceneOf(points, []));
        const boxes = texts.map(({ x, y, text, size }) => [
          x,
          y - size / 2,
          x + text.length * size * 0.6,
          y + size / 2,
        ]);
        boxes.forEach((a, i) => {
          for (const b of boxes.slice(0, i)) {
            expect(a[0]! < b[2]! && a[2]! > b[0]! && a[1]! < b[3]! && a[3]! > b[1]!).toBe(false);
          }
        });
        const nodes = texts.map(({ node }) => node);
        expect(nodes).toEqual(nodes.toSorted((a, b) => a - b));
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("labels what must be labelled, whatever is in the way", () => {
    const crowd = Array.from({ length: 30 }, () => [400, 300] as const);
    expect(list(sceneOf(crowd, []), { labelFirst: [29] }).texts[0]).toMatchObject({ node: 29, weight: 600 });
  });

  it("moves and scales with the camera", () => {
    const [circle] = list(sceneOf([[10, 20]], []), {}, { ...camera, k: 4, x: 100, y: 50 }).circles;
    expect(circle).toMatchObject({ x: 140, y: 130 });
    expect(circle!.radius).toBeCloseTo(6 * 4 ** 0.6, 5);
  });

  it("merges both directions into one line where there are too many to tell apart", () => {
    const points = Array.from({ length: 60 }, (_p, at) => [50 + 10 * at, 100 + ((at * 37) % 400)] as const);
    const pairs = points.flatMap((_p, from) => points.map((_q, to) => [from, to] as const)).filter(([a, b]) => a !== b);
    const drawn = list(sceneOf(points, pairs));
    expect(numLines(drawn)).toBe(pairs.length / 2);
    expect(drawn.links.every(({ triangles }) => triangles.length === 0)).toBe(true);
  });
});
