import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { dijkstra } from "../reference/dijkstra.ts";
import { idsOf, type Arc } from "../support/graphs.ts";
import { expectedOf, root, rowsOf, runSuperstep } from "./runExample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "superstep-hops-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const flights = "examples/data/flights-airport.csv";
const arcs = rowsOf("flights-airport.csv").map(({ origin, destination }): Arc => ({
  srcId: origin!,
  dstId: destination!,
  attr: 1,
}));

describe("examples/hops.ts", () => {
  it("prints and writes what its comment says", () => {
    const args = ["pregel", "examples/hops.ts", flights, "--top", "3", "-o", "hops.csv"];
    const { status, stdout, stderr } = runSuperstep(args, folder);
    expect(status, stderr).toBe(0);
    expect(expectedOf("hops")).toHaveLength(4);
    expect(stdout.trimEnd().split("\n")).toEqual(expectedOf("hops"));
    expect(stderr).toContain("hops.ts: 2 supersteps, converged");
    expect(readFileSync(path.join(folder, "hops.csv"), "utf8").trimEnd().split("\n")).toHaveLength(306);
  });

  it.each([
    ["TypeScript", "examples/hops.ts", "SEA"],
    ["TypeScript", "examples/hops.ts", "ABE"],
    ["built", "dist/examples/hops.js", "ATL"],
  ])("agrees with Dijkstra: %s %s from %s", (_form, program, from) => {
    const { status, stdout } = runSuperstep(["pregel", path.join(root, program), flights, "-o", "-", "-q"], folder, {
      FROM: from,
    });
    expect(status).toBe(0);
    const [header, ...lines] = stdout.trimEnd().split("\n");
    expect(header).toBe("id,value");
    const found = new Map(lines.map((line) => line.split(",") as [string, string]));
    const expected = dijkstra(idsOf(arcs), arcs, from);
    expect(new Map([...found].map(([id, hops]) => [id, Number(hops)]))).toEqual(
      new Map([...expected].sort(([a], [b]) => (a < b ? -1 : 1))),
    );
  });
});
