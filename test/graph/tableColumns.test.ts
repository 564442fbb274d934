/**
 * The columns that tables of graphs have: types, missing values, names, edges by rows.
 */
import { describe, expect, it } from "vitest";
import { graphTables, vertexTable, type GraphTables } from "../../graph/graphTables.ts";
import { Graph } from "../../graph/graph.ts";
import { valueReader, type Table, type TableValue } from "../../graph/load/table/table.ts";
import type { Edge, VertexId } from "../../graph/types.ts";
import { useContext } from "../support/context.ts";
import { edges, graphOf, randomArcs } from "../support/graphs.ts";

/** A table as records. */
function rowsOf({ numRows, columns }: Table): Record<string, TableValue>[] {
  const readers = columns.map((column) => [column.name, valueReader(column)] as const);
  return Array.from({ length: numRows }, (_, row) =>
    Object.fromEntries(readers.map(([name, read]) => [name, read(row)])),
  );
}

/** The edges of tables, with the ids that they lead to and from. */
function edgesOf({ vertices, edges: table, src, dst }: GraphTables): unknown[] {
  const idOf = valueReader(vertices.columns[0]!);
  return rowsOf(table).map((row, edge) => ({ srcId: idOf(src[edge]!), dstId: idOf(dst[edge]!), ...row }));
}

describe("graphTables", () => {
  const ctx = useContext("local[2]");
  const people = (numPartitions: number) =>
    graphOf(ctx, edges("3-7>1 1-2>2 1-5>2"), numPartitions)
      .mapVertices((id) => ({
        name: id === 2 ? null : `n${id}`,
        age: id === 3 ? null : Number(id) / 2,
        is: id === 1,
        large: BigInt(id) << 60n,
        tags: id === 1 ? undefined : [id, { deep: true }],
      }))
      .mapEdges((edge) => ({ weight: edge.attr, kind: `k${edge.attr}` }));

  it.each([1, 2, 5])(
    "gives a column a field, typed, over %i partitions; edges by rows of the vertices",
    async (parts) => {
      const tables = await graphTables(people(parts));
      expect(rowsOf(tables.vertices)).toEqual([
        { id: 1, name: "n1", age: 0.5, is: true, large: 1n << 60n, tags: null },
        { id: 2, name: null, age: 1, is: false, large: 2n << 60n, tags: '[2,{"deep":true}]' },
        { id: 3, name: "n3", age: null, is: false, large: 3n << 60n, tags: '[3,{"deep":true}]' },
      ]);
      expect(tables.vertices.columns.map(({ type }) => type)).toEqual(["number", "string", "number", "boolean", "bigint", "string"]); // prettier-ignore
      expect(edgesOf(tables)).toEqual([
        { srcId: 3, dstId: 1, weight: 7, kind: "k7" },
        { srcId: 1, dstId: 2, weight: 2, kind: "k2" },
        { srcId: 1, dstId: 2, weight: 5, kind: "k5" },
      ]);
    },
  );

  it("agrees with what the graph collects, on random graphs, cut or not", async () => {
    const graph = graphOf(ctx, randomArcs(3, 20, 60), 3, [99]);
    for (const each of [graph, graph.partitionBy("EdgePartition2D", 4), graph.reverse()]) {
      const tables = await graphTables(each, { id: "vertex", vertex: "v", edge: "length" });
      const vertices = (await each.vertices.collect()).map(([vertex, v]) => ({ vertex, v }));
      expect(rowsOf(tables.vertices)).toEqual(vertices);
      const byEnds = (await graphTables(each.mapEdges((edge) => edge.attr))).src.length;
      expect([tables.src.length, tables.dst.length, tables.edges.numRows, byEnds]).toEqual([60, 60, 60, 60]);
      const sorted = (rows: unknown[]): string[] =>
        rows.map((row) => JSON.stringify(row)).sort((a, b) => (a < b ? -1 : 1));
      const collected = (await each.edges.collect()).map(({ srcId, dstId, attr }) => ({ srcId, dstId, length: attr }));
      expect(sorted(edgesOf(tables))).toEqual(sorted(collected));
    }
  });

  it.each([
    ["integers", [1, 2 ** 32 - 1], "number", [1, 2 ** 32 - 1]],
    ["integers of 64 bits", [-1, 2n ** 60n], "bigint", [-1n, 2n ** 60n]],
    ["strings", ["é", ""], "string", ["", "é"]],
  ] as const)("names ids that are %s", async (_what, ids, type, expected) => {
    const vertices = ctx.parallelize<VertexId, number>(
      ids.map((id) => [id, 1]),
      1,
    );
    const { numRows, columns } = await vertexTable(Graph.create(vertices, ctx.parallelize<Edge<number>>([], 1)));
    expect([numRows, columns.map(({ name }) => name), columns[0]!.type]).toEqual([2, ["id", "value"], type]);
    expect([0, 1].map(valueReader(columns[0]!))).toEqual(expected);
  });

  it("hands out copies: they stay when the graph goes", async () => {
    const graph = people(2);
    const tables = await graphTables(graph);
    const before = rowsOf(tables.vertices);
    await graph.unpersist();
    await graphOf(ctx, randomArcs(1, 500, 2000), 2)
      .mapVertices(() => -1)
      .materialize();
    expect(rowsOf(tables.vertices)).toEqual(before);
  });

  it("keeps a field that is called like the ids' column, under another name", async () => {
    const graph = graphOf(ctx, edges("1>2"), 1).mapVertices((id) => ({ id: `own ${id}`, n: 1 }));
    expect(rowsOf(await vertexTable(graph))).toEqual([
      { id: 1, id_attr: "own 1", n: 1 },
      { id: 2, id_attr: "own 2", n: 1 },
    ]);
    expect(rowsOf(await vertexTable(graph, { id: "vertex" }))).toEqual([
      { vertex: 1, id: "own 1", n: 1 },
      { vertex: 2, id: "own 2", n: 1 },
    ]);
  });

  it("G8: takes graphs without edges, vertices, or fields", async () => {
    const empty = await graphTables(graphOf(ctx, [], 2));
    expect([rowsOf(empty.vertices), rowsOf(empty.edges), empty.src.length]).toEqual([[], [], 0]);
    const bare = await graphTables(
      graphOf(ctx, edges("1>2"), 1)
        .mapVertices(() => ({}))
        .mapEdges(() => ({})),
    );
    expect([rowsOf(bare.vertices), rowsOf(bare.edges)]).toEqual([[{ id: 1 }, { id: 2 }], [{}]]);
  });
});
