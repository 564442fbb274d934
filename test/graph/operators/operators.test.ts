/**
 * Operators against naive graphs: small shapes, random graphs, integer and string ids.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Context } from "../../../core/context.ts";
import { Graph } from "../../../graph/graph.ts";
import type { Edge, EdgeDirection, EdgeTriplet, VertexId } from "../../../graph/types.ts";
import {
  degreesOf,
  firstValues,
  groupedEdges,
  maskOf,
  naiveGraph,
  neighboursOf,
  reversed,
  subgraphOf,
  tripletsOf,
  type NaiveGraph,
} from "../../reference/naiveGraph.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, edges, graphOf, integersFrom } from "../../support/graphs.ts";

interface Drawn {
  readonly seed: number;
  readonly numPartitions: number;
  readonly kind: keyof typeof idKinds;
}

/** How a drawn number becomes an id. */
const idKinds = {
  small: (n: number): VertexId => n,
  negative: (n: number): VertexId => n - 6,
  large: (n: number): VertexId => (n % 2 === 0 ? BigInt(n + 1) * 2n ** 55n : n - 5),
  string: (n: number): VertexId => ["", "a", "ä", "b\u0000", "\u{1f600}", "\uffee", "10", "9"][n % 8]! + (n >> 3),
};

const drawn = fc.record({
  seed: fc.nat(),
  numPartitions: fc.constantFrom(1, 2, 5),
  kind: fc.constantFrom(...(Object.keys(idKinds) as (keyof typeof idKinds)[])),
});

/** A random multigraph: vertices with a record, one value of an id counting, edges with a number, some vertices only in edges. */
function draw(ctx: Context, { seed, numPartitions, kind }: Drawn): { graph: DrawnGraph; naive: DrawnNaive } {
  const next = integersFrom(seed);
  const idOf = idKinds[kind];
  const vertices = Array.from({ length: next(12) }, (_, at): [VertexId, Person] => {
    return [idOf(next(12)), { name: `n${at}`, age: next(80) }];
  });
  const arcs = Array.from({ length: next(30) }, (): Edge<number> => {
    return { srcId: idOf(next(12)), dstId: idOf(next(12)), attr: next(100) };
  });
  const fallback = { name: "?", age: 0 };
  return {
    graph: Graph.create(ctx.parallelize(vertices, numPartitions), ctx.parallelize(arcs, numPartitions), {
      defaultVertex: fallback,
    }),
    naive: naiveGraph(vertices, arcs, fallback),
  };
}

interface Person {
  name: string;
  age: number;
}
type DrawnGraph = Graph<Person, number>;
type DrawnNaive = NaiveGraph<Person, number>;

/** The graph is the naive one: vertices in order, edges in order, triplets that fit. */
async function expectSame<VD, ED>(graph: Graph<VD, ED>, naive: NaiveGraph<VD, ED>): Promise<void> {
  expect(await graph.vertices.collect()).toEqual([...naive.vertices]);
  expect(await graph.edges.collect()).toEqual(naive.edges);
  expect(await graph.triplets.collect()).toEqual(tripletsOf(naive));
  expect([await graph.numVertices(), await graph.numEdges()]).toEqual([naive.vertices.size, naive.edges.length]);
}

describe("operators on random graphs", () => {
  const ctx = useContext("local[2]");
  const check = (property: (drawing: Drawn) => Promise<void>, numRuns = 20): Promise<void> =>
    fc.assert(fc.asyncProperty(drawn, property), { numRuns, seed: 42 });

  it("O9, O10: a graph is what it was made of, duplicates by the first, unknown vertices by default", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      await expectSame(graph, naive);
    }));

  it("maps vertices, edges and triplets", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      const mapped = graph
        .mapVertices((id, { name, age }) => ({ text: `${id}${name}`, old: age > 40 }))
        .mapEdges((edge) => `${edge.srcId}>${edge.dstId}:${edge.attr}`)
        .mapTriplets((triplet) => triplet.attr + triplet.srcAttr.text + String(triplet.dstAttr.old));
      const vertices = new Map(
        Array.from(naive.vertices, ([id, { name, age }]) => [id, { text: `${id}${name}`, old: age > 40 }]),
      );
      const expected = naive.edges.map(({ srcId, dstId, attr }) => ({
        srcId,
        dstId,
        attr: `${srcId}>${dstId}:${attr}${vertices.get(srcId)!.text}${vertices.get(dstId)!.old}`,
      }));
      await expectSame(mapped, { vertices, edges: expected });
    }));

  it("reverses, parallel edges keeping their order", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      await expectSame(graph.reverse(), reversed(naive));
      await expectSame(graph.reverse().reverse(), naive);
    }, 10));

  it("O4: subgraph keeps an edge if its predicate and both ends' hold; isolated vertices stay", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      const isYoung = (_id: VertexId, { age }: Person): boolean => age < 50;
      const isLight = (edge: { attr: number; srcAttr: Person }): boolean => edge.attr < 60 || edge.srcAttr.age === 0;
      const all = (): boolean => true;
      await expectSame(graph.subgraph({ vertex: isYoung, edge: isLight }), subgraphOf(naive, isYoung, isLight));
      await expectSame(graph.subgraph({ vertex: isYoung }), subgraphOf(naive, isYoung, all));
      await expectSame(graph.subgraph({ edge: isLight }), subgraphOf(naive, all, isLight));
      await expectSame(graph.subgraph({}), naive);
      await expectSame(graph.subgraph({ vertex: () => false }), { vertices: new Map(), edges: [] });
    }, 10));

  it("O5: mask keeps what the other graph has too, whatever its partitions, layout and attributes", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      const other = draw(ctx, { ...drawing, seed: drawing.seed + 1, numPartitions: 3 });
      await expectSame(graph.mask(other.graph), maskOf(naive, other.naive));
      await expectSame(
        graph.mask(other.graph.mapEdges(() => "x").partitionBy("EdgePartition2D", 4)),
        maskOf(naive, other.naive),
      );
      await expectSame(graph.mask(graph), naive);
    }, 12));

  it("O6: groupEdges merges all parallel edges, in input order", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      const texts = { vertices: naive.vertices, edges: naive.edges.map((edge) => ({ ...edge, attr: `${edge.attr}` })) };
      const joined = graph.mapEdges((edge) => `${edge.attr}`).groupEdges((a, b) => `${a},${b}`);
      await expectSame(
        joined,
        groupedEdges(texts, (a, b) => `${a},${b}`),
      );
      const spread = graph.partitionBy("RandomVertexCut", 3).groupEdges((a, b) => a * 2 - b);
      await expectSame(
        spread,
        groupedEdges(naive, (a, b) => a * 2 - b),
      );
    }, 12));

  it("O1: degrees omit vertices with none; a self-loop counts twice", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      expect(await graph.inDegrees.collect()).toEqual([...degreesOf(naive, "in")]);
      expect(await graph.outDegrees.collect()).toEqual([...degreesOf(naive, "out")]);
      expect(await graph.degrees.collect()).toEqual([...degreesOf(naive, "either")]);
    }));

  it("O2: collectNeighborIds gives every vertex an array, duplicates kept", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      for (const direction of ["in", "out", "either"] as const) {
        const expected = [...neighboursOf(naive, direction)];
        expect(await graph.collectNeighborIds(direction).collect()).toEqual(expected);
      }
    }));

  it("O3: joinVertices keeps what the table lacks; of several values for one id the first counts, unknown ids none", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      const next = integersFrom(drawing.seed + 9);
      const idOf = idKinds[drawing.kind];
      const table = Array.from({ length: next(20) }, (): [VertexId, number] => [idOf(next(20)), next(1000)]);
      const values = firstValues(table);
      const joined = graph.joinVertices(ctx.parallelize(table, 3), (id, { name, age }, value) => ({
        name: `${name}/${id}`,
        age: age + value,
      }));
      const expected = new Map(
        Array.from(naive.vertices, ([id, attr]): [VertexId, Person] => [
          id,
          values.has(id) ? { name: `${attr.name}/${id}`, age: attr.age + values.get(id)! } : attr,
        ]),
      );
      await expectSame(joined, { ...naive, vertices: expected });
    }));

  it("O3: outerJoinVertices calls for every vertex, with undefined where the table has nothing", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      const next = integersFrom(drawing.seed + 5);
      const idOf = idKinds[drawing.kind];
      const table = Array.from({ length: next(20) }, (): [VertexId, { v: number } | null] => {
        return [idOf(next(20)), next(4) === 0 ? null : { v: next(9) }];
      });
      const values = firstValues(table);
      const describeValue = (value: { v: number } | null | undefined): string =>
        value === undefined ? "undefined" : value === null ? "null" : String(value.v);
      const joined = graph.outerJoinVertices(ctx.parallelize(table, 2), (_id, { age }, value) => {
        return `${age} ${describeValue(value)}`;
      });
      const expected = new Map(
        Array.from(naive.vertices, ([id, { age }]) => [id, `${age} ${describeValue(values.get(id))}`]),
      );
      await expectSame(joined, { ...naive, vertices: expected });
    }));

  it("joins tables over the same vertices, and over those of other graphs", () =>
    check(async (drawing) => {
      const { graph, naive } = draw(ctx, drawing);
      const other = draw(ctx, { ...drawing, seed: drawing.seed + 1, numPartitions: 2 });
      const add = (_id: VertexId, _attr: unknown, value: number | undefined): number => value ?? -1;
      const expected = (degrees: Map<VertexId, number>) =>
        new Map(Array.from(naive.vertices.keys(), (id) => [id, degrees.get(id) ?? -1]));
      expect(await attrsOf(graph.outerJoinVertices(graph.inDegrees, add))).toEqual(expected(degreesOf(naive, "in")));
      expect(await attrsOf(graph.outerJoinVertices(other.graph.degrees, add))).toEqual(
        expected(degreesOf(other.naive, "either")),
      );
      const ages = (of: DrawnNaive) => new Map(Array.from(of.vertices, ([id, { age }]) => [id, age]));
      const byAge = (of: DrawnGraph) => of.mapVertices((_id, { age }) => age).vertices;
      expect(await attrsOf(graph.outerJoinVertices(byAge(other.graph), add))).toEqual(expected(ages(other.naive)));
      expect(await attrsOf(graph.outerJoinVertices(byAge(graph), add))).toEqual(expected(ages(naive)));
    }, 10));
});

describe("functions of edges", () => {
  const ctx = useContext("local[2]");
  const triplets = () =>
    graphOf(ctx, edges("1-5>2"), 1)
      .mapVertices((id) => ({ n: Number(id), text: `t${id}` }))
      .mapEdges((edge) => ({ w: edge.attr, k: "k" }));
  type Triplet = EdgeTriplet<{ n: number; text: string }, { w: number; k: string }>;
  const helper = (triplet: Triplet): unknown => [triplet.srcAttr.n, triplet.attr.w];

  it.each<[string, (triplet: Triplet) => unknown, unknown]>([
    ["member by member", (t) => [t.srcId, t.dstId, t.attr.w, t.srcAttr.text, t.dstAttr.n], [1, 2, 5, "t1", 2]],
    ["taken apart", ({ srcId, srcAttr: { n }, attr: { k } }) => [srcId, n, k], [1, 1, "k"]],
    ["the rest of them", ({ srcId, ...rest }) => [srcId, Object.keys(rest).length, rest.attr.w], [1, 4, 5]],
    ["by a name that is computed", (t) => t[`${"dst"}Attr` as "dstAttr"].text, "t2"],
    ["all of them", (t) => Object.keys({ ...t }).length, 5],
    ["handed on", (t) => helper(t), [1, 5]],
    [
      "handed back",
      (t) => t,
      { srcId: 1, dstId: 2, attr: { w: 5, k: "k" }, srcAttr: { n: 1, text: "t1" }, dstAttr: { n: 2, text: "t2" } },
    ],
    [
      "under another name",
      (t) => {
        const other = t;
        const { dstAttr } = other;
        return dstAttr.n;
      },
      2,
    ],
    [
      "by arguments",
      function () {
        return (arguments[0] as Triplet).srcAttr.text;
      },
      "t1",
    ],
    ["none of them", () => 7, 7],
  ])("see what they read, however they read it: %s", async (_how, fn, expected) => {
    const graph = triplets().mapTriplets(fn);
    expect((await graph.edges.collect()).map(({ attr }) => attr)).toEqual([expected]);
  });

  it("see all fields of an attribute that they hand on, change or list", async () => {
    const graph = triplets().mapEdges((edge) => {
      const { attr } = edge;
      attr.w += 1;
      return { ...attr, keys: Object.keys(edge.attr).join("") };
    });
    expect((await graph.edges.collect()).map(({ attr }) => attr)).toEqual([{ w: 6, k: "k", keys: "wk" }]);
    const heavy = triplets().subgraph({ edge: ({ attr, srcAttr }) => attr.w > srcAttr.n });
    expect(await heavy.numEdges()).toBe(1);
  });
});

describe("operators over values that may be missing", () => {
  const ctx = useContext("local[2]");

  it("keep them missing where rows are selected, turned round, merged and joined", () =>
    fc.assert(
      fc.asyncProperty(drawn, async (drawing) => {
        const { graph: people, naive: plain } = draw(ctx, drawing);
        const attrOf = (id: VertexId, { age }: Person) => {
          return { age: age % 3 === 0 ? null : age, name: age % 2 === 0 ? null : `${id}` };
        };
        const lengthOf = ({ attr }: Edge<number>): number | null => (attr % 3 === 0 ? null : attr);
        const graph = people.mapVertices(attrOf).mapEdges(lengthOf);
        const naive = {
          vertices: new Map(Array.from(plain.vertices, ([id, attr]) => [id, attrOf(id, attr)] as const)),
          edges: plain.edges.map((edge) => ({ ...edge, attr: lengthOf(edge) })),
        };
        await expectSame(graph, naive);
        await expectSame(graph.reverse(), reversed(naive));
        const isNamed = (_id: VertexId, { name }: { name: string | null }): boolean => name !== null;
        const isLong = ({ attr }: { attr: number | null }): boolean => attr === null || attr > 30;
        await expectSame(graph.subgraph({ vertex: isNamed, edge: isLong }), subgraphOf(naive, isNamed, isLong));
        const last = (_a: number | null, b: number | null): number | null => b;
        await expectSame(graph.groupEdges(last), groupedEdges(naive, last));
        const joined = graph.joinVertices(graph.degrees, (_id, { name }, degree) => ({
          age: degree > 2 ? null : degree,
          name,
        }));
        const degrees = degreesOf(naive, "either");
        const expected = Array.from(naive.vertices, ([id, attr]) => {
          const degree = degrees.get(id);
          return [id, degree === undefined ? attr : { age: degree > 2 ? null : degree, name: attr.name }] as const;
        });
        await expectSame(joined, { ...naive, vertices: new Map(expected) });
      }),
      { numRuns: 12, seed: 4 },
    ));
});

describe("making graphs", () => {
  const ctx = useContext("local[2]");
  const noEdges = () => ctx.parallelize<Edge<number>>([], 2);

  it("O9: without a default, an edge to an unknown vertex is an error that names it", async () => {
    const vertices = ctx.parallelize<[VertexId, string]>([[1, "a"]], 1);
    const graph = Graph.create(vertices, ctx.parallelize(edges("1>2"), 1));
    await expect(graph.numEdges()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/^Graph\.create: vertex 2 .*defaultVertex/),
    });
  });

  it("O9: takes undefined, null and records as defaults", async () => {
    const vertices = () => ctx.parallelize<[VertexId, unknown]>([], 1);
    for (const value of [undefined, null, { a: 1 }, [1], "x"]) {
      const graph = Graph.create(vertices(), ctx.parallelize(edges("1>2"), 1), { defaultVertex: value });
      expect([...(await attrsOf(graph)).values()]).toEqual([value, value]);
    }
  });

  it.each([1, 2, 5])("O10: mergeVertices decides between duplicates, left to right, %i partitions", async (parts) => {
    const vertices: [VertexId, string][] = [1, 2, 1, 1, 2].map((id, at) => [id, `${at}`]);
    const graph = Graph.create(ctx.parallelize(vertices, parts), noEdges(), { mergeVertices: (a, b) => `${a}${b}` });
    expect(await graph.vertices.collect()).toEqual([
      [1, "023"],
      [2, "14"],
    ]);
  });

  it("O11: fromEdgeTuples gives edges 1, or with uniqueEdges the number of equal pairs", async () => {
    const pairs: [number, number][] = [
      [1, 2],
      [2, 1],
      [1, 2],
      [3, 3],
      [1, 2],
    ];
    const plain = Graph.fromEdgeTuples(ctx.parallelize(pairs, 3), { defaultVertex: "v" });
    expect((await plain.edges.collect()).map(({ attr }) => attr)).toEqual([1, 1, 1, 1, 1]);
    const unique = Graph.fromEdgeTuples(ctx.parallelize(pairs, 3), { defaultVertex: "v", uniqueEdges: true });
    expect(await unique.edges.collect()).toEqual([
      { srcId: 2, dstId: 1, attr: 1 },
      { srcId: 1, dstId: 2, attr: 3 },
      { srcId: 3, dstId: 3, attr: 1 },
    ]);
    expect([...(await attrsOf(unique)).values()]).toEqual(["v", "v", "v"]);
  });

  it("fromEdges gives all vertices the default", async () => {
    const graph = Graph.fromEdges(ctx.parallelize(edges("1-5>2"), 1), { defaultVertex: { seen: false } });
    expect(await graph.triplets.collect()).toEqual([
      { srcId: 1, dstId: 2, attr: 5, srcAttr: { seen: false }, dstAttr: { seen: false } },
    ]);
  });

  it("G3: 5 and 5n are one vertex; ids are numbers as far as they are exact, then bigints", async () => {
    const large = 2n ** 53n;
    const ids: VertexId[] = [5n, 5, large, large - 1n, -(2n ** 63n), 2n ** 63n - 1n, 2 ** 32, -1];
    const graph = Graph.create(
      ctx.parallelize<VertexId, number>(
        ids.map((id, at) => [id, at]),
        3,
      ),
      noEdges(),
    );
    expect(await graph.vertices.collect()).toEqual([
      [-(2n ** 63n), 4],
      [-1, 7],
      [5, 0],
      [2 ** 32, 6],
      [Number.MAX_SAFE_INTEGER, 3],
      [large, 2],
      [2n ** 63n - 1n, 5],
    ]);
    const found = await Promise.all(
      [5, 5n, large, 2 ** 53 - 1, 7, "5", 2n ** 64n, 1.5].map((id) => graph.hasVertex(id)),
    );
    expect(found).toEqual([true, true, true, true, false, false, false, false]);
    expect(await Promise.all([5n, -1n, 9].map((id) => graph.vertices.get(id)))).toEqual([0, 7, undefined]);
  });

  it.each([
    ["a fraction", 1.5],
    ["NaN", NaN],
    ["an integer that is not exact", 2 ** 53],
    ["a bigint of more than 64 bits", 2n ** 64n],
    ["null", null],
    ["an object", {}],
    ["a string with a lone surrogate", "\ud800"],
  ])("G3: refuses %s as an id", async (_what, id) => {
    const arcs = [
      { srcId: 1, dstId: 2, attr: 1 },
      { srcId: id as VertexId, dstId: id as VertexId, attr: 1 },
    ];
    const graph = Graph.fromEdges(ctx.parallelize(typeof id === "string" ? arcs.slice(1) : arcs, 1), {
      defaultVertex: 0,
    });
    await expect(graph.numVertices()).rejects.toMatchObject({ code: expect.stringMatching(/^INVALID_/) });
  });

  it("G3: refuses integers and strings in one graph, also if they come apart", async () => {
    const vertices = ctx.parallelize<[VertexId, number]>([["a", 1]], 1);
    for (const arcs of [edges("1>2"), [{ srcId: "a", dstId: 1, attr: 1 }]]) {
      const graph = Graph.create(vertices, ctx.parallelize<Edge<number>>(arcs, 1), { defaultVertex: 0 });
      await expect(graph.numEdges()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });

  it("G8: every operator takes a graph without edges, and one without vertices", async () => {
    for (const isolated of [[], [3, 1]]) {
      const graph = graphOf(ctx, [], 3, isolated);
      const vertices = isolated.toSorted((a, b) => a - b).map((id): [VertexId, number] => [id, 0]);
      for (const derived of [
        graph.mapVertices((_id, attr) => attr),
        graph.mapEdges((edge) => edge.attr),
        graph.mapTriplets((triplet) => triplet.attr),
        graph.reverse(),
        graph.subgraph({ vertex: () => true, edge: () => true }),
        graph.mask(graph),
        graph.groupEdges((a) => a),
        graph.joinVertices(graph.degrees, (_id, attr) => attr),
        graph.outerJoinVertices(graph.degrees, (_id, attr) => attr),
        graph.partitionBy("EdgePartition2D", 4),
      ]) {
        expect([await derived.vertices.collect(), await derived.edges.collect()]).toEqual([vertices, []]);
      }
      expect(await graph.collectNeighborIds("either").collect()).toEqual(vertices.map(([id]) => [id, []]));
      expect(await graph.degrees.collect()).toEqual([]);
    }
  });

  it("O2: refuses neighbours in both directions at once, and unknown directions", () => {
    for (const direction of ["both", "up"] as EdgeDirection[]) {
      expect(() => graphOf(ctx, edges("1>2"), 1).collectNeighborIds(direction)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    }
  });

  it("refuses predicates that give anything but true or false, naming what came", async () => {
    const graph = graphOf(ctx, edges("1>2>3"), 2);
    const vertex = (id: VertexId): boolean => (id === 2 ? (1 as unknown as boolean) : true);
    await expect(graph.subgraph({ vertex }).numVertices()).rejects.toMatchObject({ code: "TYPE_MISMATCH" });
    const none = (): boolean => undefined as unknown as boolean;
    await expect(graph.subgraph({ edge: none }).numEdges()).rejects.toMatchObject({ code: "TYPE_MISMATCH" });
  });

  it("has as many partitions as its edges had, also where there are fewer vertices", async () => {
    const graph = graphOf(ctx, edges("1>2"), 7);
    for (const each of [graph, graph.reverse(), graph.subgraph({ vertex: () => true }), graph.groupEdges((a) => a)]) {
      expect([each.vertices.numPartitions, each.edges.numPartitions]).toEqual([7, 7]);
      expect((await each.vertices.glom().collect()).length).toBe(7);
      expect((await each.edges.glom().collect()).flat()).toHaveLength(1);
    }
  });
});

describe("G1: laziness", () => {
  const ctx = useContext("local[2]");

  it("runs nothing until an action asks", async () => {
    const graph = await graphOf(ctx, edges("1>2>3 1>3"), 2).materialize();
    const jobs: string[] = [];
    const stop = ctx.driver.events.subscribe((event) => {
      if (event.type === "job.start") jobs.push(event.name);
    });
    const used = graph.mapVertices(() => 1);
    const unused = [
      graphOf(ctx, edges("1>2"), 2),
      graph.mapEdges(() => 1),
      graph.mapTriplets(() => 1),
      graph.reverse(),
      graph.subgraph({ vertex: () => true }),
      graph.mask(graph),
      graph.groupEdges((a) => a),
      graph.joinVertices(graph.degrees, (_id, attr) => attr),
      graph.outerJoinVertices(graph.degrees, () => 0),
      graph.partitionBy("RandomVertexCut", 2),
      graph.collectNeighborIds("in"),
      graph.aggregateMessages<number>({ sendMessage: (edge) => edge.sendToDst(1), mergeMessage: (a) => a }),
      graph.vertices.map(([id]) => id),
      graph.triplets,
    ];
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([jobs, unused.length]).toEqual([[], 14]);
    await used.vertices.count();
    stop();
    expect(jobs).toEqual(expect.arrayContaining(["mapVertices"]));
  });

  it("makes only what is read: vertices alone run no edge function, counts neither", async () => {
    const fail = (): number => {
      throw new Error("was made");
    };
    const graph = graphOf(ctx, edges("1>2"), 1);
    expect(await graph.mapEdges(fail).vertices.collect()).toHaveLength(2);
    expect(await graph.mapVertices(fail).edges.collect()).toHaveLength(1);
    expect(await graph.mapVertices(fail).mapEdges(fail).numVertices()).toBe(2);
    expect(await graph.mapVertices(fail).mapEdges(fail).reverse().numEdges()).toBe(1);
  });

  it("makes what is shared once", async () => {
    const made = ctx.accumulator(0, (a, b) => a + b);
    const graph = graphOf(ctx, edges("1>2>3"), 2).mapVertices((id) => {
      made.add(1);
      return Number(id);
    });
    await Promise.all([graph.vertices.collect(), graph.triplets.collect(), graph.mapEdges(() => 1).triplets.count()]);
    await graph.subgraph({ vertex: (_id, attr) => attr > 1 }).vertices.collect();
    expect(made.value).toBe(3 + 1); // once for each vertex, once more for the first, to see what comes
  });
});
