import { describe, expect, it } from "vitest";
import { explainGraph } from "../../graph/explain.ts";
import { Graph } from "../../graph/graph.ts";
import { graphTables, vertexTable } from "../../graph/graphTables.ts";
import { GraphGenerators } from "../../graph/load/graphGenerators.ts";
import { type Table, valueReader } from "../../graph/load/table/table.ts";
import type { EdgeContext, VertexId } from "../../graph/types.ts";
import { useContext } from "../support/context.ts";
import { type Arc, edges, graphOf, randomArcs } from "../support/graphs.ts";

const ctx = useContext("local[2]");

function rowsOf({ numRows, columns }: Table): unknown[][] {
  const readers = columns.map(valueReader);
  return Array.from({ length: numRows }, (_none, row) => readers.map((read) => read(row)));
}

describe("graph tables", () => {
  it("have a row a vertex by ascending id, and each edge with the rows of its ends, for any partitions", async () => {
    const arcs = randomArcs(5, 40, 120);
    const texts = ({ srcId, dstId, attr }: Arc): string => `${srcId} ${dstId} ${attr}`;
    for (const numPartitions of [1, 4]) {
      const graph = graphOf(ctx, arcs, numPartitions, [100]).mapVertices((id) => Number(id) * 2);
      const { vertices, edges: table, src, dst } = await graphTables(graph);
      const ids = [...new Set([100, ...arcs.flatMap(({ srcId, dstId }) => [Number(srcId), Number(dstId)])])];
      expect(rowsOf(vertices)).toEqual(ids.toSorted((a, b) => a - b).map((id) => [id, id * 2]));
      expect(table.columns.map(({ name }) => name)).toEqual(["attr"]);
      const idOf = valueReader(vertices.columns[0]!);
      const found = rowsOf(table).map(([attr], edge) => `${idOf(src[edge]!)} ${idOf(dst[edge]!)} ${String(attr)}`);
      expect(found.toSorted()).toEqual(arcs.map(texts).toSorted());
    }
  });

  it("give each field of a record its column and type, and name the rest as told", async () => {
    const people: [VertexId, { name: string; age: number; member: boolean; code: bigint }][] = [
      [2, { name: "Bo", age: 0.5, member: false, code: 2n ** 62n }],
      [1, { name: "Ada", age: 36, member: true, code: 1n }],
    ];
    const graph = Graph.create(ctx.parallelize(people), ctx.parallelize<Arc>([]));
    const table = await vertexTable(graph);
    expect(table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "id number", "name string", "age number", "member boolean", "code bigint",
    ]); // prettier-ignore
    expect(rowsOf(table)).toEqual([
      [1, "Ada", 36, true, 1n],
      [2, "Bo", 0.5, false, 2n ** 62n],
    ]);
    const named = await vertexTable(
      graph.mapVertices((_id, { age }) => age),
      { id: "who", vertex: "age" },
    );
    expect(named.columns.map(({ name }) => name)).toEqual(["who", "age"]);
  });

  it("write values of any other kind as JSON, and ids as what they are", async () => {
    const lists = graphOf(ctx, edges("1>2"), 1).mapVertices((id) => [id, "x"]);
    expect(rowsOf(await vertexTable(lists))).toEqual([[1, '[1,"x"]'], [2, '[2,"x"]']]); // prettier-ignore
    const words = ctx.parallelize<Arc>([{ srcId: "b", dstId: "a", attr: 1 }]);
    const wordGraph = Graph.fromEdges(words, { defaultVertex: 0 });
    expect(rowsOf(await vertexTable(wordGraph))).toEqual([["a", 0], ["b", 0]]); // prettier-ignore
    const large = Graph.fromEdges(ctx.parallelize<Arc>([{ srcId: 2n ** 60n, dstId: 1, attr: 1 }]), {
      defaultVertex: 0,
    });
    expect(rowsOf(await vertexTable(large))).toEqual([[1n, 0], [2n ** 60n, 0]]); // prettier-ignore
  });
});

describe("explainGraph", () => {
  it("says how a graph is stored and cut", async () => {
    const graph = graphOf(ctx, edges("1>2>3 4>5"), 1);
    expect(await explainGraph(graph)).toMatch(
      /^vertices {4}5, ids are integers below 2\^32, attribute number\nedges {7}3, /,
    );
    expect(await explainGraph(graph)).toContain("edges live with their destination");
    expect(await explainGraph(graph.partitionBy("EdgePartition1D", 3))).toContain("edges are cut into 3 parts");
  });

  it("says of each function that ran whether it was compiled, or what stood against it", async () => {
    const graph = graphOf(ctx, edges("1>2>3 4>5"), 1);
    const round = { sendMessage: (edge: EdgeContext<number, number, string>) => edge.sendToDst(`${edge.srcId}`) };
    await graph.mapVertices((id) => Number(id) * 2).materialize();
    await graph.mapVertices((id) => `v${id}`).materialize();
    await graph.aggregateMessages<string>({ ...round, mergeMessage: (a, b) => (a < b ? a : b) }).count();
    const limits = { maxSupersteps: 1, initialMessage: 0 };
    const cut = graph.partitionBy("EdgePartition1D", 3);
    const program = {
      vertexProgram: (_id: VertexId, attr: number, sum: number) => attr + sum,
      sendMessage: (edge: EdgeContext<number, number, number>) => edge.sendToDst(edge.srcAttr),
      mergeMessage: (a: number, b: number) => a + b,
    };
    await graph.pregel({ ...limits, ...program }, "mine");
    await cut.pregel({ ...limits, ...program }, "cut");
    const lines = (await graph.explain()).split("\n");
    expect(lines).toContain("function    fn of mapVertices: compiled");
    expect(lines).toContain("function    vertexProgram of mine: compiled");
    expect(lines).toContain(
      "function    vertexProgram of cut: JavaScript because supersteps over an explicit vertex cut do not compile",
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^function {4}fn of mapVertices: JavaScript because `.*v\$\{id\}.*` at \d+:\d+: /),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^function {4}sendMessage of aggregateMessages: JavaScript because `/),
    );
  });
});

describe("GraphGenerators", () => {
  it("make graphs with the attributes their generators define", async () => {
    const grid = await GraphGenerators.grid(ctx, 2, 3);
    expect(await grid.numEdges()).toBe(7);
    const places = await grid.vertices.collect();
    expect(places).toEqual([0, 1, 2, 3, 4, 5].map((id) => [id, { row: Math.floor(id / 3), col: id % 3 }]));
    const star = await GraphGenerators.star(ctx, 5);
    expect(await star.inDegrees.collect()).toEqual([[0, 4]]);
    expect(await star.numVertices()).toBe(5);
  });

  it("make the same graph for the same seed, and again after it was given back", async () => {
    const options = { vertices: 64, edges: 200, seed: 3 };
    const degreesOf = async (graph: Awaited<ReturnType<typeof GraphGenerators.rmat>>) => graph.outDegrees.collect();
    const first = await GraphGenerators.rmat(ctx, options);
    const degrees = await degreesOf(first);
    expect(degrees.reduce((sum, [, degree]) => sum + degree, 0)).toBe(200);
    expect(await degreesOf(await GraphGenerators.rmat(ctx, options))).toEqual(degrees);
    await first.unpersist();
    expect(await degreesOf(first)).toEqual(degrees);
    expect(await degreesOf(await GraphGenerators.rmat(ctx, { ...options, seed: 4 }))).not.toEqual(degrees);
    expect(await (await GraphGenerators.kronecker(ctx, { scale: 4, seed: 1 })).numEdges()).toBe(256);
    const sizes = async (graph: Awaited<ReturnType<typeof GraphGenerators.path>>) => [
      await graph.numVertices(),
      await graph.numEdges(),
    ];
    expect(await sizes(await GraphGenerators.path(ctx, 5))).toEqual([5, 4]);
    expect(await sizes(await GraphGenerators.complete(ctx, 5))).toEqual([5, 20]);
    expect(await sizes(await GraphGenerators.uniform(ctx, { vertices: 7, edges: 30, seed: 1 }))).toEqual([7, 30]);
    expect(await (await GraphGenerators.logNormal(ctx, { vertices: 50, seed: 1 })).numVertices()).toBe(50);
  });
});
