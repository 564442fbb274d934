import { describe, expect, it } from "vitest";
import { drawnLinks } from "../../../viz/view/drawnLinks.ts";

const rows = (links: ReturnType<typeof drawnLinks>): number[][] =>
  Array.from({ length: links.count }, (_link, at) =>
    [links.source, links.target, links.multiplicity, links.width, links.twin].map((values) => values[at]!),
  );

describe("drawnLinks", () => {
  it("merges parallel links, keeps directions apart, and marks pairs", () => {
    const links = drawnLinks(4, [0, 1, 0, 2, 3], [1, 0, 1, 3, 3], undefined, true);
    expect(rows(links)).toEqual([
      [0, 1, 2, 4, 1],
      [1, 0, 1, 3, 2],
      [2, 3, 1, 3, 0],
      [3, 3, 1, 3, 0],
    ]);
  });

  it("merges undirected links whichever way they are written", () => {
    expect(rows(drawnLinks(2, [0, 1], [1, 0], undefined, false))).toEqual([[0, 1, 2, 1, 0]]);
  });

  it("sums weights, and sorts them into five widths by their root", () => {
    const links = drawnLinks(9, [0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 5], [0, 4, 16, 37, 60, 40], true);
    expect([...links.width]).toEqual([0, 1, 2, 3, 4]);
  });

  it("counts weights that are no positive number as none", () => {
    const links = drawnLinks(9, [0, 0, 0, 0, 0], [1, 2, 3, 4, 5], [NaN, -5, null, Infinity, 1], true);
    expect([...links.width]).toEqual([0, 0, 0, 0, 4]);
  });

  it("draws all alike where all weigh the same", () => {
    expect([...drawnLinks(3, [0, 1], [1, 2], [7, 7], true).width]).toEqual([1, 1]);
  });
});
