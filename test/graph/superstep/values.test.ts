/**
 * What attributes and messages can be, and what happens where one is not what the others are.
 */
import { describe, expect, it } from "vitest";
import { Graph } from "../../../graph/graph.ts";
import type { Edge, VertexId } from "../../../graph/types.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, edges, graphOf } from "../../support/graphs.ts";

describe.each([1, 3])("values of vertex programs over %i partitions", (numPartitions) => {
  const ctx = useContext("local[2]");
  const path = edges("1>2>3>4");
  const valuesOf = async <VD>(graph: Graph<VD, number>): Promise<VD[]> => [...(await attrsOf(graph)).values()];

  it("are booleans", async () => {
    const { graph } = await graphOf(ctx, path, numPartitions)
      .mapVertices((id) => id === 2)
      .pregel<boolean>({
        initialMessage: false,
        activeDirection: "out",
        vertexProgram: (_id, isReached, message) => isReached || message,
        sendMessage: (edge) => {
          if (edge.srcAttr && !edge.dstAttr) edge.sendToDst(true);
        },
        mergeMessage: (a, b) => a || b,
      });
    expect(await valuesOf(graph)).toEqual([false, true, true, true]);
  });

  it("are bigints of 64 bits", async () => {
    const { graph } = await graphOf(ctx, path, numPartitions)
      .mapVertices((id) => (id === 1 ? 2n ** 62n : 0n))
      .pregel<bigint>({
        initialMessage: 1n,
        vertexProgram: (_id, sum, message) => sum + message,
        sendMessage: (edge) => {
          if (edge.srcAttr > 1n) edge.sendToDst(edge.srcAttr - 5n);
        },
        mergeMessage: (a, b) => a + b,
        maxSupersteps: 1,
      });
    expect(await valuesOf(graph)).toEqual([2n ** 62n + 1n, 2n ** 62n - 3n, 1n, 1n]);
  });

  it("are strings, with lone surrogates and zeros in them", async () => {
    const { graph } = await graphOf(ctx, path, numPartitions)
      .mapVertices((id) => `\u0000${id}\ud800`)
      .pregel<string>({
        initialMessage: "é",
        vertexProgram: (_id, attr, message) => attr + message,
        sendMessage: (edge) => edge.sendToDst(edge.srcAttr),
        mergeMessage: (a, b) => a + b,
        maxSupersteps: 1,
      });
    expect(await valuesOf(graph)).toEqual([
      "\u00001\ud800é",
      "\u00002\ud800é\u00001\ud800é",
      "\u00003\ud800é\u00002\ud800é",
      "\u00004\ud800é\u00003\ud800é",
    ]);
  });

  it("are records of fields of all types, and messages records too", async () => {
    const start = graphOf(ctx, path, numPartitions).mapVertices((id) => ({
      total: Number(id),
      seen: false,
      path: `${id}`,
      large: BigInt(id) << 40n,
      list: [Number(id)],
    }));
    const { graph } = await start.pregel({
      activeDirection: "out",
      initialMessage: { add: 0, from: "" },
      vertexProgram: (_id, attr, { add, from }) => ({
        total: attr.total + add,
        seen: from !== "",
        path: attr.path + from,
        large: attr.large + 1n,
        list: [...attr.list, add],
      }),
      sendMessage: (edge) => edge.sendToDst({ add: edge.srcAttr.total, from: edge.srcAttr.path }),
      mergeMessage: (a, b) => ({ add: a.add + b.add, from: a.from + b.from }),
      maxSupersteps: 2,
    });
    expect(await valuesOf(graph)).toEqual([
      { total: 1, seen: false, path: "1", large: (1n << 40n) + 1n, list: [1, 0] },
      { total: 3, seen: true, path: "21", large: (2n << 40n) + 2n, list: [2, 0, 1] },
      { total: 8, seen: true, path: "3221", large: (3n << 40n) + 3n, list: [3, 0, 2, 3] },
      { total: 12, seen: true, path: "4332", large: (4n << 40n) + 3n, list: [4, 0, 3, 5] },
    ]);
  });

  it("are anything else that travels: maps, arrays, nested objects", async () => {
    const { graph } = await graphOf(ctx, path, numPartitions)
      .mapVertices((id) => new Map([[id, { at: [Number(id)] }]]))
      .pregel<Map<VertexId, { at: number[] }>>({
        initialMessage: new Map(),
        vertexProgram: (_id, known, message) => new Map([...known, ...message]),
        sendMessage: (edge) => edge.sendToDst(edge.srcAttr),
        mergeMessage: (a, b) => new Map([...a, ...b]),
        maxSupersteps: 1,
      });
    expect(await valuesOf(graph)).toEqual([
      new Map([[1, { at: [1] }]]),
      new Map([2, 1].map((id) => [id, { at: [id] }])),
      new Map([3, 2].map((id) => [id, { at: [id] }])),
      new Map([4, 3].map((id) => [id, { at: [id] }])),
    ]);
  });

  it("may lack fields that the first one had, from any superstep on: missing reads as null", async () => {
    const { graph, supersteps } = await graphOf(ctx, path, numPartitions)
      .mapVertices((id): { best: number | null; name: string | null } => ({ best: Number(id), name: "n" }))
      .pregel<number>({
        initialMessage: 0,
        activeDirection: "out",
        vertexProgram: (id, attr, hops) =>
          hops === 2 && id === 3 ? { best: null, name: null } : { best: (attr.best ?? 100) + hops, name: attr.name },
        sendMessage: (edge) => {
          if (edge.srcId === 1 && edge.dstAttr.best === 2) edge.sendToDst(1);
          else if (edge.srcId === 2 && edge.srcAttr.best === 3) edge.sendToDst(2);
          else if (edge.srcAttr.best === null) edge.sendToDst(3);
        },
        mergeMessage: (a, b) => a + b,
      });
    expect(await valuesOf(graph)).toEqual([
      { best: 1, name: "n" },
      { best: 3, name: "n" },
      { best: null, name: null },
      { best: 7, name: "n" },
    ]);
    expect(supersteps).toBe(3);
  });

  it("may be records that are missing as a whole", async () => {
    interface Reached {
      readonly by: VertexId;
      readonly hops: number;
    }
    const start = graphOf(ctx, path, numPartitions).mapVertices((id): Reached | null =>
      id === 1 || id === 4 ? { by: id, hops: 0 } : null,
    );
    expect(await valuesOf(start)).toEqual([{ by: 1, hops: 0 }, null, null, { by: 4, hops: 0 }]);
    const { graph } = await start.pregel<number>({
      initialMessage: 0,
      activeDirection: "out",
      vertexProgram: (id, attr, hops) => (hops === 0 || id === 4 ? attr : hops === 2 ? null : { by: id, hops }),
      sendMessage: (edge) => {
        if (edge.dstAttr === null && edge.srcAttr !== null) edge.sendToDst(edge.srcAttr.hops + 1);
        else if (edge.srcId === 3) edge.sendToDst(9);
      },
      mergeMessage: (a) => a,
      maxSupersteps: 3,
    });
    expect(await valuesOf(graph)).toEqual([{ by: 1, hops: 0 }, { by: 2, hops: 1 }, null, { by: 4, hops: 0 }]);
  });

  it("may not be anything else, whether a record is missing before or after", async () => {
    for (const missing of [2, 4]) {
      const graph = graphOf(ctx, path, numPartitions).mapVertices((id) =>
        id === 3 ? 3 : id === missing ? null : { a: 1 },
      );
      await expect(graph.vertices.collect()).rejects.toMatchObject({
        code: "TYPE_MISMATCH",
        message: expect.stringMatching(/vertex 3 must be \{ a: number \}, got 3$/),
      });
    }
  });

  it("may become missing records in a later superstep; the others keep theirs", async () => {
    const { graph } = await graphOf(ctx, path, numPartitions)
      .mapVertices((id): { n: number; text: string } | undefined => ({ n: Number(id), text: `t${id}` }))
      .pregel<number>({
        initialMessage: 0,
        vertexProgram: (id, attr, message) => (message === 0 ? attr : id === 3 ? undefined : { n: -1, text: "x" }),
        sendMessage: (edge) => {
          if (edge.dstId !== 4) edge.sendToDst(1);
        },
        mergeMessage: (a) => a,
        maxSupersteps: 1,
      });
    expect(await valuesOf(graph)).toEqual([
      { n: 1, text: "t1" },
      { n: -1, text: "x" },
      undefined,
      { n: 4, text: "t4" },
    ]);
  });

  it("may be missing as a whole, if they are not records", async () => {
    const { graph } = await graphOf(ctx, path, numPartitions)
      .mapVertices((id): number | null => Number(id))
      .pregel<number>({
        initialMessage: 0,
        vertexProgram: (id, attr, message) => (message === 0 ? attr : id === 3 ? null : Number(attr) * 10),
        sendMessage: (edge) => edge.sendToDst(1),
        mergeMessage: (a) => a,
        maxSupersteps: 1,
      });
    expect(await valuesOf(graph)).toEqual([1, 20, null, 40]);
  });

  it("may lack a field altogether, which then is missing", async () => {
    const graph = graphOf(ctx, path, numPartitions).mapVertices((id): { a: number; b?: string } =>
      id === 3 ? { a: 3 } : { a: Number(id), b: "x" },
    );
    expect(await valuesOf(graph)).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: "x" },
      { a: 3, b: null },
      { a: 4, b: "x" },
    ]);
  });

  it.each([
    ["another type", (id: VertexId): unknown => (id === 3 ? "three" : 1), /vertex 3 must be a number, .* got "three"/],
    ["a number among strings", (id: VertexId) => (id === 3 ? 3 : "x"), /vertex 3 must be a string, .* got 3$/],
    ["a bigint too large", (id: VertexId) => (id === 3 ? 2n ** 63n : 1n), /vertex 3 must be a bigint of 64 bits/],
    ["a field of another type", (id: VertexId) => ({ n: id === 3 ? "x" : 1 }), /vertex 3 field "n" must be a number/],
    [
      "another field",
      (id: VertexId) => (id === 3 ? { a: 1, c: 2 } : { a: 1, b: 2 }),
      /vertex 3 field "c" must be absent/,
    ],
    [
      "a field more",
      (id: VertexId) => (id === 3 ? { a: 1, b: 2, c: 3 } : { a: 1, b: 2 }),
      /vertex 3 field "c" must be/,
    ],
    ["no record", (id: VertexId) => (id === 3 ? 3 : { a: 1 }), /vertex 3 must be \{ a: number \}, got 3$/],
    ["an array instead", (id: VertexId) => (id === 3 ? [1, 2] : { 0: 1, 1: 2 }), /vertex 3 must be .*, got \[1,2\]$/],
    ["a map instead of no fields", (id: VertexId) => (id === 3 ? new Map([[1, 2]]) : {}), /vertex 3 must be \{\}/],
  ])("TYPE_MISMATCH names the vertex and the field: %s", async (_what, fn, message) => {
    const graph = graphOf(ctx, path, numPartitions).mapVertices(fn);
    await expect(graph.vertices.collect()).rejects.toMatchObject({
      code: "TYPE_MISMATCH",
      message: expect.stringMatching(message),
    });
    const run = graphOf(ctx, path, numPartitions)
      .mapVertices((id) => fn(id === 3 ? 1 : id))
      .pregel({
        initialMessage: 0,
        vertexProgram: (id, attr, hops) => (hops === 0 ? attr : fn(id)),
        sendMessage: (edge) => edge.sendToDst(1),
        mergeMessage: (a) => a,
        maxSupersteps: 1,
      });
    await expect(run).rejects.toMatchObject({ code: "TYPE_MISMATCH", message: expect.stringMatching(message) });
  });

  it.each([
    ["a number", 0, "one"],
    ["a string", "", 1],
    ["a boolean", false, null],
    ["a bigint", 0n, undefined],
  ])("TYPE_MISMATCH names the edge of a message that is not %s, as the initial one is", async (_kind, first, wrong) => {
    const run = graphOf(ctx, path, numPartitions).pregel<unknown>({
      initialMessage: first,
      vertexProgram: (_id, attr) => attr,
      sendMessage: (edge) => {
        if (edge.srcId === 2) edge.sendToDst(wrong);
      },
      mergeMessage: (a) => a,
    });
    await expect(run).rejects.toMatchObject({
      code: "TYPE_MISMATCH",
      message: expect.stringMatching(new RegExp(`^pregel: a message must be a ${typeof first}, .*along 2 -> 3`)),
    });
  });

  it.each([
    ["", (graph: Graph<number, number>) => graph],
    [", across parts too", (graph: Graph<number, number>) => graph.partitionBy((src) => Number(src) - 1, 2)],
  ])("TYPE_MISMATCH names the vertex at which two messages merge to something else%s", async (_how, layout) => {
    const run = layout(graphOf(ctx, edges("1>3 2>3"), numPartitions)).pregel<number>({
      initialMessage: 0,
      vertexProgram: (_id, attr, message) => attr + message,
      sendMessage: (edge) => edge.sendToDst(1),
      mergeMessage: (() => undefined) as unknown as (a: number, b: number) => number,
      maxSupersteps: 1,
    });
    await expect(run).rejects.toMatchObject({
      code: "TYPE_MISMATCH",
      message: expect.stringMatching(/^pregel: .*merge.* number.*vertex 3/),
    });
  });

  it("keeps -0, NaN and the infinities apart", async () => {
    const odd = [-0, NaN, Infinity, -Infinity, 5e-324];
    const vertices = odd.map((value, id): [number, number] => [id, value]);
    const graph = Graph.create(ctx.parallelize(vertices, numPartitions), ctx.parallelize<Edge<number>>([], 2));
    expect(await valuesOf(graph.mapVertices((_id, attr) => attr))).toEqual(odd);
  });

  it("gives functions objects of their own: what they do to them changes no graph", async () => {
    const graph = graphOf(ctx, path, numPartitions).mapVertices((id) => ({ id: Number(id), list: [1] }));
    await graph.materialize();
    const changed = graph.mapVertices((_id, attr) => {
      attr.id = 0;
      return attr.id;
    });
    expect(await valuesOf(changed)).toEqual([0, 0, 0, 0]);
    expect((await valuesOf(graph)).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    const collected = await graph.vertices.collect();
    collected[0]![1].list.push(2);
    expect((await graph.vertices.collect())[0]![1].list).toEqual([1]);
  });
});

describe("values that come in several partitions", () => {
  const ctx = useContext("local[2]");
  const created = (values: readonly unknown[], numPartitions: number) =>
    Graph.create(
      ctx.parallelize<VertexId, unknown>(
        values.map((value, at) => [at, value]),
        numPartitions,
      ),
      ctx.parallelize<Edge<number>>([], 1),
    );

  it.each([
    ["a number, then none", [1, null, 3, null]],
    ["none, then a number", [null, 1, null, 2]],
    [
      "fields that are missing first",
      [
        { a: null, b: 1 },
        { a: 5, b: 2 },
        { b: null, a: "x" },
      ],
    ],
    [
      "fields in another order",
      [
        { a: 1, b: "x" },
        { b: "y", a: 2 },
      ],
    ],
    ["fields that are left out", [{ a: 1, b: "x" }, { a: 2 }, { b: "z" }]],
    ["records, then none", [{ a: 1 }, null, { a: 2 }, null]],
    ["any values after one of no type", [[1], 5, "x", null]],
  ])("have one schema, whichever partition they are in: %s", async (_what, values) => {
    const rows = async (numPartitions: number) =>
      (await created(values, numPartitions).vertices.collect()).map(([, attr]) => attr);
    const together = await rows(1);
    expect(together).toEqual(
      values.map((value) => {
        const isRecord = [value, values[0]].every((v) => typeof v === "object" && v !== null && !Array.isArray(v));
        return isRecord
          ? { ...Object.fromEntries(Object.keys(values[0]!).map((key) => [key, null])), ...(value as object) }
          : value;
      }),
    );
    for (const numPartitions of [2, 4]) expect(await rows(numPartitions)).toEqual(together);
  });

  it.each([1, 2, 4])(
    "are refused if they differ, naming the vertex or edge, over %i partitions",
    async (numPartitions) => {
      await expect(created([1, 2, 3, "x"], numPartitions).vertices.count()).rejects.toMatchObject({
        code: "TYPE_MISMATCH",
        message: expect.stringMatching(/^Graph\.create: .*vertex 3 .*must be a number, .*got "x"$/),
      });
      const arcs: Edge<unknown>[] = [1, 2, true, 4].map((attr, at) => ({ srcId: at, dstId: at + 1, attr }));
      const graph = Graph.fromEdges(ctx.parallelize(arcs, numPartitions), { defaultVertex: 0 });
      await expect(graph.numEdges()).rejects.toMatchObject({
        code: "TYPE_MISMATCH",
        message: expect.stringMatching(/^Graph\.fromEdges: .*edge 2 -> 3 .*must be a number, .*got true$/),
      });
    },
  );
});
