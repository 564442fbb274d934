/**
 * From files to graphs: what attributes, ids, vertices and edges come of them. How rows are read is tested below `load/`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { GraphLoader, type LoadOptions } from "../../graph/load/graphLoader.ts";
import type { VertexId } from "../../graph/types.ts";
import { unionFind } from "../reference/unionFind.ts";
import { useContext } from "../support/context.ts";
import { attrsOf } from "../support/graphs.ts";
import { hasSharedData, sharedData } from "../support/sharedData.ts";
import { usedAfterGarbage } from "../support/usedBytes.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "superstep-loader-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const target = path.join(folder, name);
  writeFileSync(target, content);
  return target;
}

describe("GraphLoader.load", () => {
  const ctx = useContext("local[2]");
  const load = (paths: string, options: LoadOptions = {}) => GraphLoader.load(ctx, paths, options);
  const flights = file(
    "flights.csv",
    "from,to,miles,code,open\nSEA,JFK,2421,AA,true\nJFK,SEA,2421,,false\nSEA,ABQ,1180.5,WN,true\n",
  );

  it("gives columns as typed fields of edges, missing ones null; without a table, vertices have no fields", async () => {
    const { graph, report } = await load(flights);
    expect(await graph.edges.collect()).toEqual([
      { srcId: "SEA", dstId: "ABQ", attr: { miles: 1180.5, code: "WN", open: true } },
      { srcId: "SEA", dstId: "JFK", attr: { miles: 2421, code: "AA", open: true } },
      { srcId: "JFK", dstId: "SEA", attr: { miles: 2421, code: null, open: false } },
    ]);
    expect(await graph.vertices.collect()).toEqual([["ABQ", {}], ["JFK", {}], ["SEA", {}]]); // prettier-ignore
    expect(report.edges).toMatchObject({ numEdges: 3, idType: "string", numLines: 4 });
    expect([report.readMs >= 0, report.buildMs >= 0]).toEqual([true, true]);
  });

  it.each([1, 2, 7])("puts a table of vertices beside them, over %i partitions", async (numPartitions) => {
    const airports = file(
      "airports.csv",
      "iata,name,lat\nSEA,Seattle,47.4\nJFK,New York,\nABQ,Albuquerque,35\nXXX,Nowhere,0\n",
    );
    const { graph, report } = await load(flights, {
      vertices: { paths: airports, options: { id: "iata" } },
      numPartitions,
    });
    expect(await graph.vertices.collect()).toEqual([
      ["ABQ", { name: "Albuquerque", lat: 35 }],
      ["JFK", { name: "New York", lat: null }],
      ["SEA", { name: "Seattle", lat: 47.4 }],
      ["XXX", { name: "Nowhere", lat: 0 }],
    ]);
    expect(graph.vertices.numPartitions).toBe(numPartitions);
    expect(report.vertices).toMatchObject({ numVertices: 4 });
    expect(report.numDuplicateVertices).toBe(0);
    const names = graph.triplets.map(({ srcAttr, dstAttr, attr }) => [srcAttr["name"], dstAttr["name"], attr["miles"]]);
    expect(await names.first()).toEqual(["Seattle", "Albuquerque", 1180.5]);
  });

  it("O9, O10: counts the first of rows with one id; refuses edges to unknown vertices by name, unless they may be", async () => {
    const airports = file("some.csv", "iata,name\nSEA,Seattle\nJFK,Kennedy\nSEA,Sea-Tac\nJFK,Idlewild\n");
    const vertices = { paths: airports, options: { id: "iata" } };
    const before = await usedAfterGarbage(ctx);
    await expect(load(flights, { vertices })).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringMatching(/some\.csv: vertex "ABQ" .*not in the table of vertices \(1 such/),
    });
    expect(await usedAfterGarbage(ctx, before)).toBe(before);
    const { graph, report } = await load(flights, { vertices, defaultVertex: true });
    expect(await attrsOf(graph)).toEqual(
      new Map([
        ["ABQ", { name: null }],
        ["JFK", { name: "Kennedy" }],
        ["SEA", { name: "Seattle" }],
      ]),
    );
    expect(report.numDuplicateVertices).toBe(2);
  });

  it("takes integers for strings, and strings for integers, as the edges have them", async () => {
    const labels = file("labels.csv", "id,label\n01,a\n2,b\n");
    const edges = (ids: string): string => file("ids.csv", `src,dst\n${ids}\n`);
    const both = { vertices: { paths: labels } };
    expect(await attrsOf((await load(edges("1,2"), both)).graph)).toEqual(new Map([[1, { label: "a" }], [2, { label: "b" }]])); // prettier-ignore
    expect(await attrsOf((await load(edges("01,2"), { ...both, ids: "string" })).graph)).toEqual(new Map([["01", { label: "a" }], ["2", { label: "b" }]])); // prettier-ignore
    await expect(load(edges("x,y"), both)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  it("undirected: adds each edge the other way, self-loops not, attributes with them", async () => {
    const { graph } = await load(file("u.csv", "src,dst,w\n1,2,5\n3,3,6\n1,2,7\n"), { undirected: true });
    const found = (await graph.edges.collect()).map(({ srcId, dstId, attr }) => [srcId, dstId, attr["w"]]);
    expect(found).toEqual([[2, 1, 5], [2, 1, 7], [1, 2, 5], [1, 2, 7], [3, 3, 6]]); // prettier-ignore
  });

  it("keeps vertices that a Matrix Market file declares and no entry names", async () => {
    const matrix = file("m.mtx", "%%MatrixMarket matrix coordinate pattern general\n5 5 2\n1 2\n4 2\n");
    const before = await usedAfterGarbage(ctx);
    const { graph } = await load(matrix);
    expect(await graph.vertices.keys().collect()).toEqual([1, 2, 3, 4, 5]);
    expect(await graph.numEdges()).toBe(2);
    await graph.unpersist();
    expect(await usedAfterGarbage(ctx, before)).toBe(before);
    const table = { paths: file("mv.csv", "id,label\n1,a\n2,b\n4,d\n") };
    expect(await (await load(matrix, { vertices: table })).graph.vertices.keys().collect()).toEqual([1, 2, 4]);
  });

  it("G8: takes a file of nothing but comments, and one without edges but with vertices", async () => {
    const empty = await load(file("none.txt", "# nothing\n"));
    expect([await empty.graph.numVertices(), await empty.graph.edges.collect()]).toEqual([0, []]);
    const lonely = await load(file("none.csv", "src,dst\n"), {
      vertices: { paths: file("one.csv", "id,label\n7,seven\n") },
    });
    expect(await lonely.graph.vertices.collect()).toEqual([[7, { label: "seven" }]]);
  });

  it("gives the same graph, whatever the threads and the compression", async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${(i * 7919) % 211},${(i * 104729) % 197},${i / 8}`);
    const text = `src,dst,w\n${lines.join("\n")}\n`;
    const plain = await load(file("same.csv", text), { numPartitions: 3, splitBytes: 1000 });
    const zipped = await load(file("same.csv.gz", gzipSync(text)), { numPartitions: 1 });
    expect(await zipped.graph.triplets.collect()).toEqual(await plain.graph.triplets.collect());
    expect(await zipped.graph.vertices.collect()).toEqual(await plain.graph.vertices.collect());
  });

  it("reads again what was unpersisted; leaves the arena as it was", async () => {
    const before = await usedAfterGarbage(ctx);
    const { graph } = await load(flights);
    const edges = await graph.edges.collect();
    await graph.unpersist();
    expect(ctx.driver.arena.usedBytes).toBe(before);
    expect(await graph.edges.collect()).toEqual(edges);
    expect(await usedAfterGarbage(ctx, before)).toBe(before);
  });

  it.each([
    ["a bad row", "src,dst\n1,2\n3\n", {}, "INVALID_INPUT", /bad\.csv:3/],
    ["a column that is not there", "src,dst\n1,2\n", { src: "from" }, "INVALID_INPUT", /from/],
    ["too many partitions", "src,dst\n1,2\n", { numPartitions: 70_000 }, "INVALID_ARGUMENT", /numPartitions/],
    ["no partitions", "src,dst\n1,2\n", { numPartitions: 0 }, "INVALID_ARGUMENT", /numPartitions/],
    ["a negative number of errors", "src,dst\n1,2\n", { maxErrors: -1 }, "INVALID_ARGUMENT", /maxErrors/],
  ] as const)("refuses %s, saying where; nothing stays allocated", async (_what, text, options, code, message) => {
    const before = await usedAfterGarbage(ctx);
    await expect(load(file("bad.csv", text), options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(ctx.driver.arena.usedBytes).toBe(before);
  });

  it("goes on after bad rows if told, and says how many there were", async () => {
    const { graph, report } = await load(file("most.csv", "src,dst\n1,2\n3\n4,5\n"), { maxErrors: 5 });
    expect([await graph.numEdges(), report.edges.badRows.total]).toEqual([2, 1]);
  });

  it("stops when its signal does", async () => {
    await expect(load(flights, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("GraphLoader.edgeListFile", () => {
  const ctx = useContext("local[2]");
  const list = file("list.txt", "# a comment\n3 1 0.5 x\n\n1\t3\n1 3\n2 2\n");
  const pairsOf = async (options = {}) => {
    const graph = await GraphLoader.edgeListFile(ctx, list, options);
    return (await graph.edges.collect()).map(({ srcId, dstId }): [VertexId, VertexId] => [srcId, dstId]);
  };

  it("F1: splits at white space, ignores further columns, skips comments and empty lines; attributes are 1", async () => {
    const graph = await GraphLoader.edgeListFile(ctx, list, { partitions: 3 });
    expect(await graph.triplets.collect()).toEqual(
      [[3, 1], [2, 2], [1, 3], [1, 3]].map(([srcId, dstId]) => ({ srcId, dstId, attr: 1, srcAttr: 1, dstAttr: 1 })), // prettier-ignore
    );
    expect([graph.vertices.numPartitions, graph.edges.numPartitions]).toEqual([3, 3]);
  });

  it("F1: canonicalOrientation turns edges to lead from the lower id, and merges nothing", async () => {
    expect(await pairsOf({ canonicalOrientation: true })).toEqual([[2, 2], [1, 3], [1, 3], [1, 3]]); // prettier-ignore
    const names = file("names.txt", "b a\nä z\n\u{1f600} \uffee\n");
    const graph = await GraphLoader.edgeListFile(ctx, names, { canonicalOrientation: true });
    expect((await graph.edges.collect()).map(({ srcId, dstId }) => [srcId, dstId])).toEqual([["a", "b"], ["z", "ä"], ["\uffee", "\u{1f600}"]]); // prettier-ignore
  });

  it("F1: names the line with less than two ids", async () => {
    await expect(GraphLoader.edgeListFile(ctx, file("short.txt", "1 2\n3\n"))).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringMatching(/short\.txt:2/),
    });
  });

  it("reads several files as one, in their order", async () => {
    const paths = [file("a.txt", "1 2\n"), file("b.txt", "1 2\n5 6\n")];
    const graph = await GraphLoader.edgeListFile(ctx, paths);
    expect((await graph.edges.collect()).map(({ srcId, dstId }) => [srcId, dstId])).toEqual([[1, 2], [1, 2], [5, 6]]); // prettier-ignore
  });
});

describe.runIf(hasSharedData)("GraphLoader on real data", () => {
  const ctx = useContext("local[2]");
  const csv = (name: string): string[][] => {
    const bytes = readFileSync(sharedData(name));
    const text = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").trimEnd();
    return text.split("\n").map((line) => line.split(","));
  };

  it("reads a property graph whole: wordnet, with its relations and words", async () => {
    const { graph } = await GraphLoader.load(ctx, sharedData("wordnet/edges.csv.gz"), {
      vertices: { paths: sharedData("wordnet/vertices.csv.gz") },
    });
    expect([await graph.numVertices(), await graph.numEdges()]).toEqual([117_659, 377_592]);
    const relations = new Map<string, number>();
    for (const [, , relation] of csv("wordnet/edges.csv.gz").slice(1))
      relations.set(relation!, (relations.get(relation!) ?? 0) + 1);
    const found = await graph.edges.map(({ attr }) => attr["relation"] as string).countByValue();
    expect(new Map(found)).toEqual(relations);
    const nouns = graph.subgraph({ vertex: (_id, { pos }) => pos === "n" });
    const expected = csv("wordnet/vertices.csv.gz").filter(([, , pos]) => pos === "n").length;
    expect(await nouns.numVertices()).toBe(expected);
  });

  it("reads vertices without edges, and joins names: air routes", async () => {
    const { graph } = await GraphLoader.load(ctx, sharedData("air-routes/edges.csv.gz"), {
      vertices: { paths: sharedData("air-routes/vertices.csv") },
    });
    expect([await graph.numVertices(), await graph.numEdges()]).toEqual([3504, 50_637]);
    expect((await graph.vertices.get(1))!["code"]).toBe("ATL");
    const { graph: components } = await graph.connectedComponents();
    const edges = csv("air-routes/edges.csv.gz")
      .slice(1)
      .map(([src, dst]) => ({ srcId: Number(src), dstId: Number(dst), attr: 1 }));
    const ids = csv("air-routes/vertices.csv")
      .slice(1)
      .map(([id]) => Number(id))
      .filter(Number.isInteger);
    expect(await attrsOf(components)).toEqual(unionFind(ids, edges));
  });
});

describe.runIf(!hasSharedData)("GraphLoader on real data", () => {
  it.skip("is not beside this repository: its checks are left out", () => {});
});
