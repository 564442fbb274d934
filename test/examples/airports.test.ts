import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dijkstra } from "../reference/dijkstra.ts";
import { powerIteration } from "../reference/powerIteration.ts";
import { unionFind } from "../reference/unionFind.ts";
import { idsOf, type Arc } from "../support/graphs.ts";
import { rowsOf, runBuilt, type Ending } from "./runExample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "superstep-airports-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const routes = rowsOf("flights-airport.csv").map(({ origin, destination, count }): Arc => ({
  srcId: origin!,
  dstId: destination!,
  attr: Number(count),
}));
const ids = idsOf(routes);

describe("examples/airports.ts, what npm start runs", () => {
  let ending: Ending;
  beforeAll(() => {
    ending = runBuilt("airports", [], folder);
  });

  it("ends by itself with status 0", () => {
    expect(ending.status, ending.stderr).toBe(0);
  });

  it("says each phase on standard error", () => {
    const phases = ending.stderr.trim().split("\n");
    expect(phases).toHaveLength(6);
    for (const phase of phases) expect(phase).toMatch(/^\[ *\d+\.\d\d s\] /);
  });

  it("prints the ten airports that a power iteration over flights ranks highest", () => {
    const ranks = powerIteration(ids, routes, { resetProbability: 0.15, scale: "graphx", weight: ({ attr }) => attr });
    const top = [...ranks].sort((a, b) => b[1] - a[1]).slice(0, 10);
    const printed = [...ending.stdout.matchAll(/^ *\d+ {2}(\w{3}) +([\d.]+) {2}/gm)].map(([, id, rank]) => [id, rank]);
    expect(printed).toEqual(top.map(([id, rank]) => [id, rank.toFixed(3)]));
    expect(ending.stdout).toContain("William B Hartsfield-Atlanta Intl, Atlanta, GA");
  });

  it("prints the components that union-find finds", () => {
    const sizes = new Map<unknown, number>();
    for (const component of unionFind(ids, routes).values()) sizes.set(component, (sizes.get(component) ?? 0) + 1);
    const printed = [...ending.stdout.matchAll(/^ +(\d+) airports, the first of them (\w+)$/gm)];
    expect(new Map(printed.map(([, size, first]) => [first, Number(size)]))).toEqual(sizes);
  });

  it("prints the routes from Seattle whose length Dijkstra finds over miles along the great circle", () => {
    const places = new Map(
      readQuoted("airports.csv").map((row) => [row[0]!, { lat: Number(row[5]), lon: Number(row[6]) }]),
    );
    const miles = routes.map((arc) => ({
      ...arc,
      attr: greatCircle(places.get(`${arc.srcId}`)!, places.get(`${arc.dstId}`)!),
    }));
    const distances = dijkstra(ids, miles, "SEA");
    const farthest = [...distances].filter(([, distance]) => distance < Infinity).sort((a, b) => b[1] - a[1]);
    const printed = [...ending.stdout.matchAll(/^ +(\d+) miles {2}(SEA(?: > \w+)*) /gm)];
    expect(printed.map(([, length, route]) => [route!.split(" > ").at(-1), length])).toEqual(
      farthest.slice(0, 5).map(([id, distance]) => [id, distance.toFixed(0)]),
    );
  });

  it("writes a row an airport, and one page that loads nothing from elsewhere", () => {
    const lines = readFileSync(path.join(folder, "out/airports.csv"), "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(1 + ids.length);
    expect(lines[0]).toBe("iata,name,city,state,latitude,longitude,routes,rank,component,milesFromHome");
    const page = readFileSync(path.join(folder, "out/airports.html"), "utf8");
    expect(page).toContain("showing 200 of 305 vertices");
    expect(page).not.toMatch(/(?:src|href)=["']?https?:/);
  });
});

/** Haversine's formula, of the mean radius of the earth in miles. */
function greatCircle(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const [u, v, d] = [a.lat, b.lat, b.lon - a.lon].map((degrees) => (degrees * Math.PI) / 180) as [
    number,
    number,
    number,
  ];
  const h = (1 - Math.cos(v - u) + Math.cos(u) * Math.cos(v) * (1 - Math.cos(d))) / 2;
  return 2 * 3958.8 * Math.asin(Math.sqrt(h));
}

function readQuoted(file: string): string[][] {
  return rowsOfText(file).map((line) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => cell!.replace(/^"(.*)"$/, "$1")),
  );
}

function rowsOfText(file: string): string[] {
  const text = readFileSync(new URL(`../../examples/data/${file}`, import.meta.url), "utf8");
  return text.trim().split(/\r?\n/).slice(1);
}
