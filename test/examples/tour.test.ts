import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { dijkstra } from "../reference/dijkstra.ts";
import { powerIteration } from "../reference/powerIteration.ts";
import { idsOf, type Arc } from "../support/graphs.ts";
import { expectedOf, root, runBuilt, runSuperstep } from "./runExample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "superstep-tour-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const arcs = readFileSync(path.join(root, "examples/data/follows.txt"), "utf8")
  .split("\n")
  .filter((line) => /^\d/.test(line))
  .map((line): Arc => {
    const [srcId, dstId] = line.split("\t").map(Number);
    return { srcId: srcId!, dstId: dstId!, attr: 1 };
  });

describe("examples/tour.ts", () => {
  it.each([
    ["built", () => runBuilt("tour", [], folder)],
    ["as TypeScript", () => runSuperstep(["pregel", "examples/tour.ts", "examples/data/follows.txt"], folder)],
  ])("prints what its comment says, %s", (_way, start) => {
    const { status, stdout, stderr } = start();
    expect([status, stderr]).toEqual([0, ""]);
    expect(expectedOf("tour")).toHaveLength(3);
    expect(stdout.trimEnd().split("\n").slice(-3)).toEqual(expectedOf("tour"));
    expect(tableRows(stdout)).toHaveLength(10);
  });

  it("finds the ranks of a power iteration, and the distances of Dijkstra", () => {
    const { stdout } = runBuilt("tour", [], folder);
    const ids = idsOf(arcs);
    const ranks = [...powerIteration(ids, arcs, { resetProbability: 0.15, scale: "graphx" })]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 10);
    const printed = tableRows(stdout);
    expect(printed.map(([id]) => id)).toEqual(ranks.map(([id]) => id));
    printed.forEach(([, rank], at) => expect(rank).toBeCloseTo(ranks[at]![1], 4)); // settled to 1e-6 a round
    const distances = [...dijkstra(ids, arcs, 30).values()].filter((distance) => distance < Infinity);
    expect(stdout).toContain(
      `${distances.length} of ${ids.length} vertices reached, the farthest ${Math.max(...distances)} away`,
    );
  });

  it("takes the edges that it is given", () => {
    const { status, stdout } = runBuilt("tour", [path.join(root, "test/examples/chain.txt")], folder);
    expect(status).toBe(0);
    expect(stdout).toContain("distances from 30 after 2 supersteps: 3 of 4 vertices reached, the farthest 2 away");
  });
});

/** [id, rank] of each row that `console.table` printed. */
function tableRows(stdout: string): [number, number][] {
  return stdout.split("\n").flatMap((line): [number, number][] => {
    const cells = line.split("│").map((cell) => cell.trim());
    return /^\d+$/.test(cells[1] ?? "") ? [[Number(cells[2]), Number(cells[3])]] : [];
  });
}
