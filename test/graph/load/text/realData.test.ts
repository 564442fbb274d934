import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Driver } from "../../../../core/cluster/driver.ts";
import { readEdges } from "../../../../graph/load/readEdges.ts";
import { readVertices } from "../../../../graph/load/readVertices.ts";
import { edgeRows, sharedData, useFolder, vertexRows } from "./reading.ts";

let driver: Driver;
beforeAll(async () => {
  driver = await Driver.create({ master: "local[2]" });
});
afterAll(() => driver.stop());

const folder = useFolder();

describe("readEdges on worker threads", () => {
  it("gives the same as any number of splits", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `${i} ${(i * 31) % 4099},w${i % 7}`);
    const file = folder.write("edges.csv", `src dst,name\n${lines.join("\n")}`.replaceAll(" ", ","));
    const one = await readEdges(driver, file);
    const many = await readEdges(driver, file, { splitBytes: 10_000 });
    expect(many.chunks.length).toBeGreaterThan(10);
    expect(edgeRows(many.chunks)).toEqual(edgeRows(one.chunks));
    expect(edgeRows(one.chunks)[19_999]).toEqual([19_999, (19_999 * 31) % 4099, "w0"]);
    const { chunks } = many;
    expect(chunks[0]!.src.kind === "uint32" && chunks[0]!.src.values.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("fails with the position, not with the task", async () => {
    const file = folder.write("bad.txt", `${"1 2\n".repeat(5000)}3 x\n`);
    await expect(readEdges(driver, file, { splitBytes: 3000 })).rejects.toMatchObject({
      code: "INVALID_INPUT",
      details: { file, line: 5001, column: 3 },
    });
  });

  it("can be cancelled", async () => {
    const file = folder.write("long.txt", "1 2\n".repeat(100_000));
    const signal = AbortSignal.abort();
    await expect(readEdges(driver, file, { signal })).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe.skipIf(!existsSync(sharedData))("real graphs (skipped where ../shared/data is not)", () => {
  const at = (name: string) => path.join(sharedData, name);

  it.each([
    ["spark-example/followers.txt", 8],
    ["karate/edges.csv", 78],
    ["lesmis/edges.csv", 254],
    ["football/edges.csv", 613],
    ["cora/edges.csv", 5429],
    ["email-eu-core/email-Eu-core.txt", 25571],
    ["air-routes/edges.csv.gz", 50637],
    ["facebook/facebook_combined.txt.gz", 88234],
    ["wiki-vote/wiki-Vote.txt.gz", 103689],
    ["slashdot/soc-Slashdot0902.txt.gz", 948464],
    ["roads-liechtenstein/edges.csv.gz", 11162],
    ["roads-heidelberg/edges.csv.gz", 41475],
    ["wordnet/edges.csv.gz", 377592],
    ["formats/4.el", 256],
    ["formats/4.wel", 256],
    ["formats/4.mtx", 256],
    ["formats/4w.mtx", 256],
  ])("%s has %i edges, as its README says", async (name, numEdges) => {
    expect((await readEdges(driver, at(name))).numEdges).toBe(numEdges);
  });

  it.each([
    ["spark-example/users.txt", 7],
    ["karate/vertices.csv", 34],
    ["lesmis/vertices.csv", 77],
    ["football/vertices.csv", 115],
    ["cora/vertices.csv", 2708],
    ["email-eu-core/vertices.csv", 1005],
    ["air-routes/vertices.csv", 3504],
    ["roads-liechtenstein/vertices.csv.gz", 4875],
    ["roads-heidelberg/vertices.csv.gz", 18173],
    ["wordnet/vertices.csv.gz", 117659],
  ])("%s has %i vertices, as its README says", async (name, numVertices) => {
    expect((await readVertices(driver, at(name))).numVertices).toBe(numVertices);
  });

  it("names that are numbers in some rows stay text, and ids over 2^32 exact", async () => {
    const roads = await readEdges(driver, at("roads-heidelberg/edges.csv.gz"), { weight: "metres" });
    expect(roads.columns.map(({ name, type }) => [name, type])).toEqual([
      ["metres", "number"],
      ["highway", "string"],
      ["name", "string"],
    ]);
    expect(edgeRows(roads.chunks)[0]).toEqual([350604n, 334635908n, 78, "primary", "Pariser Straße"]);
    const airports = await readVertices(driver, at("air-routes/vertices.csv"));
    expect(vertexRows(airports.chunks)[0]!.slice(0, 4)).toEqual([1, "ATL", "KATL", "Hartsfield - Jackson Atlanta International Airport"]); // prettier-ignore
  });

  it("the same graph as edge list and as matrix", async () => {
    const list = edgeRows((await readEdges(driver, at("formats/4.wel"), { weight: 3 })).chunks);
    const matrix = edgeRows((await readEdges(driver, at("formats/4w.mtx"))).chunks);
    const arcs = (rows: unknown[][], base: number) =>
      new Set(rows.map(([src, dst]) => `${Number(src) - base}>${Number(dst) - base}`));
    expect(arcs(list, 0).size).toBe(58);
    expect(arcs(matrix, 1)).toEqual(arcs(list, 0));
  });
});
