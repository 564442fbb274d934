import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reduce } from "../../viz/reduce.ts";
import type { ReducedGraph } from "../../viz/reducedGraph.ts";
import type { ResultGraph } from "../../viz/resultGraph.ts";
import { randomResult, resultOf } from "./resultGraphs.ts";

const idsOf = (reduced: ReducedGraph): unknown[] =>
  Array.from(reduced.vertices, (vertex) => reduced.source.vertexId(vertex));

/** Edges shown, as pairs of ids, sorted. */
const pairsOf = (reduced: ReducedGraph): string[] => {
  const ids = idsOf(reduced);
  return Array.from(reduced.src, (src, edge) => `${String(ids[src])}>${String(ids[reduced.dst[edge]!])}`).sort();
};

/** All vertices by value descending, then id ascending, by plain sorting. */
const byValue = (graph: ResultGraph, value: (index: number) => number): number[] =>
  Array.from({ length: graph.numVertices }, (_vertex, index) => index).sort(
    (a, b) => value(b) - value(a) || Number(graph.vertexId(a)) - Number(graph.vertexId(b)),
  );

/** The same graph with vertices and edges numbered otherwise. */
const shuffled = (graph: ResultGraph): ResultGraph => {
  const { numVertices, numEdges } = graph;
  const vertex = (index: number): number => numVertices - 1 - index;
  const edges = Array.from({ length: numEdges }, (_edge, position) => (position * 7 + 3) % numEdges);
  const isPermutation = new Set(edges).size === numEdges;
  const order = isPermutation ? edges : [...edges.keys()].reverse();
  return {
    ...graph,
    vertexId: (index) => graph.vertexId(vertex(index)),
    vertexColumns: new Map(
      [...graph.vertexColumns].map(([name, column]) => [name, Array.from(column).reverse()] as const),
    ),
    edgeColumns: new Map(
      [...graph.edgeColumns].map(([name, column]) => [name, order.map((edge) => column[edge])] as const),
    ),
    src: Uint32Array.from(order, (edge) => vertex(graph.src[edge]!)),
    dst: Uint32Array.from(order, (edge) => vertex(graph.dst[edge]!)),
  };
};

const sizes = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  numVertices: fc.integer({ min: 1, max: 60 }),
  numEdges: fc.integer({ min: 0, max: 200 }),
});

describe("reduce: top", () => {
  it("keeps the k of highest value, ties by ascending id, as plain sorting does", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 70 }), ({ seed, numVertices, numEdges }, k) => {
        const graph = randomResult(seed, numVertices, numEdges);
        const rank = graph.vertexColumns.get("rank")!;
        const reduced = reduce(graph, [{ kind: "top", k }], { by: "rank" });
        expect([...reduced.vertices]).toEqual(byValue(graph, (index) => Number(rank[index])).slice(0, k));
      }),
      { seed: 1 },
    );
  });

  it("keeps all edges among them and no other", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 70 }), ({ seed, numVertices, numEdges }, k) => {
        const graph = randomResult(seed, numVertices, numEdges);
        const reduced = reduce(graph, [{ kind: "top", k }], { by: "rank" });
        const kept = new Set(reduced.vertices);
        const among = [...graph.src.keys()].filter((edge) => kept.has(graph.src[edge]!) && kept.has(graph.dst[edge]!));
        expect([...reduced.edges]).toEqual(among);
        reduced.edges.forEach((edge, position) => {
          expect(reduced.vertices[reduced.src[position]!]).toBe(graph.src[edge]);
          expect(reduced.vertices[reduced.dst[position]!]).toBe(graph.dst[edge]);
        });
        expect(reduced.edgesAmong).toBe(among.length);
      }),
      { seed: 2 },
    );
  });

  it("orders infinities by value, puts NaN after all numbers and missing values last", () => {
    const graph = resultOf("0 1 2 3 4 5", { v: [null, NaN, -Infinity, 7, Infinity, undefined] });
    expect(idsOf(reduce(graph, [], { by: "v" }))).toEqual([4, 3, 2, 1, 0, 5]);
  });

  it("compares bigints exactly, as values and as ids", () => {
    const big = 2n ** 60n;
    const graph = {
      ...resultOf("0 1 2", { v: BigInt64Array.of(big, big + 1n, big) }),
      vertexId: (index: number) => [big + 3n, big + 2n, big + 1n][index]!,
    };
    expect(idsOf(reduce(graph, [], { by: "v" }))).toEqual([big + 2n, big + 1n, big + 3n]);
  });

  it("counts edges, self-loops twice, where no column is named", () => {
    expect(idsOf(reduce(resultOf("0>1 2>2 1>2 3>1")))).toEqual([1, 2, 0, 3]);
  });

  it("counts degrees in the whole graph", () => {
    const reduced = reduce(resultOf("0>1 0>2 3>0 0>0", { v: [9, 8, 1, 1] }), [{ kind: "top", k: 2 }], { by: "v" });
    expect([idsOf(reduced), [...reduced.outDegree], [...reduced.inDegree]]).toEqual([
      [0, 1],
      [3, 0],
      [2, 1],
    ]);
  });
});

describe("reduce: ego", () => {
  /** Breadth-first, without a limit on neighbours. */
  const within = (
    graph: { src: ArrayLike<number>; dst: ArrayLike<number> },
    centre: number,
    hops: number,
  ): number[] => {
    let reached = new Set([centre]);
    for (let hop = 0; hop < hops; hop++) {
      const wider = new Set(reached);
      Array.from(graph.src).forEach((src, edge) => {
        const dst = graph.dst[edge]!;
        if (reached.has(src)) wider.add(dst);
        if (reached.has(dst)) wider.add(src);
      });
      reached = wider;
    }
    return [...reached].sort((a, b) => a - b);
  };

  it("keeps what breadth-first search reaches within the hops", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 4 }), ({ seed, numVertices, numEdges }, hops) => {
        const graph = randomResult(seed, numVertices, numEdges);
        const centre = seed % numVertices;
        const step = { kind: "ego", id: graph.vertexId(centre), hops, maxNeighbors: 1_000 } as const;
        expect([...reduce(graph, [step]).vertices].sort((a, b) => a - b)).toEqual(within(graph, centre, hops));
      }),
      { seed: 3 },
    );
  });

  it("follows only the best neighbours of each vertex, and says so", () => {
    // 0 leads to 1..4; of each of these, one more vertex.
    const graph = resultOf("0>1 0>2 3>0 0>4 0>4 1>11 2>12 3>13 4>14", { v: [0, 5, 9, 7, 9, 1, 1, 1, 1] });
    const reduced = reduce(graph, [{ kind: "ego", id: 0, hops: 2, maxNeighbors: 2 }], { by: "v" });
    // 2 and 4 lead 0; each of them has the two neighbours 0 and 12 or 14.
    expect(new Set(idsOf(reduced))).toEqual(new Set([0, 2, 4, 12, 14]));
    expect(reduced.banner).toBe(
      "showing 5 of 9 vertices, within 2 hops of 0 by way of the best 2 neighbours of each by v; all 5 edges among them",
    );
  });

  it("searches only what earlier steps left", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 40 }), ({ seed, numVertices, numEdges }, k) => {
        const graph = randomResult(seed, numVertices, numEdges);
        const rank = graph.vertexColumns.get("rank")!;
        const left = byValue(graph, (index) => Number(rank[index])).slice(0, k);
        const kept = [...graph.src.keys()].filter(
          (edge) => left.includes(graph.src[edge]!) && left.includes(graph.dst[edge]!),
        );
        const part = { src: kept.map((edge) => graph.src[edge]!), dst: kept.map((edge) => graph.dst[edge]!) };
        const centre = left[seed % left.length]!;
        const id = graph.vertexId(centre);
        const steps = [
          { kind: "top", k },
          { kind: "ego", id, hops: 3, maxNeighbors: 1_000 },
        ] as const;
        const reduced = reduce(graph, steps, { by: "rank" });
        expect([...reduced.vertices].sort((a, b) => a - b)).toEqual(within(part, centre, 3));
      }),
      { seed: 6 },
    );
  });

  it("says nothing of a best that is all there is", () => {
    const graph = resultOf("0>1 0>2 1>3");
    const exact = reduce(graph, [{ kind: "ego", id: 0, hops: 1, maxNeighbors: 2 }]).banner;
    expect(exact).toBe("showing 3 of 4 vertices, within 1 hop of 0; all 2 edges among them");
    const wide = reduce(graph, [
      { kind: "ego", id: 0, hops: 1 },
      { kind: "top", k: 9 },
    ]).banner;
    expect(wide).toBe(exact);
  });

  it("finds ids by their text, and works within what earlier steps left", () => {
    const graph = resultOf("0>1 1>2 2>3", { v: [1, 2, 3, 4] });
    const reduced = reduce(
      graph,
      [
        { kind: "top", k: 3 },
        { kind: "ego", id: "1", hops: 5 },
      ],
      { by: "v" },
    );
    expect(idsOf(reduced)).toEqual([3, 2, 1]);
    expect(reduced.banner).toBe(
      "showing 3 of 4 vertices, chosen by v, then within 5 hops of 1; all 2 edges among them",
    );
  });

  it("refuses a vertex that is not there, or was left out before", () => {
    const graph = resultOf("0>1 1>2", { v: [1, 2, 3] });
    expect(() => reduce(graph, [{ kind: "ego", id: 7 }])).toThrow(
      "reduce: id of ego must be a vertex of the graph, got 7",
    );
    expect(() =>
      reduce(graph, [
        { kind: "top", k: 1, by: "v" },
        { kind: "ego", id: 0 },
      ]),
    ).toThrow("must be a vertex of the graph");
  });
});

describe("reduce: the cap", () => {
  it("keeps the heaviest links, in input order", () => {
    const graph = resultOf("0>1 0>2 1>2 2>0", {}, { w: [3, 4, 1, 9] });
    const reduced = reduce(graph, [], { weightBy: "w", maxLinks: 2 });
    expect([...reduced.edges]).toEqual([1, 3]);
    expect(reduced.banner).toBe("showing all 3 vertices; 2 of the 4 edges among them, heaviest first");
  });

  it("shows without weights each vertex's best link first, so that nobody linked is cut off", () => {
    fc.assert(
      fc.property(sizes, ({ seed, numVertices, numEdges }) => {
        const graph = randomResult(seed, numVertices, numEdges);
        const reduced = reduce(graph, [], { by: "rank", maxLinks: numVertices });
        expect(reduced.shown.edges).toBe(Math.min(numEdges, numVertices));
        const linked = new Set([...reduced.src, ...reduced.dst]);
        const isLinked = (vertex: number): boolean => graph.src.includes(vertex) || graph.dst.includes(vertex);
        reduced.vertices.forEach((vertex, position) => expect(linked.has(position)).toBe(isLinked(vertex)));
      }),
      { seed: 4 },
    );
  });

  it("prefers links to the most important neighbours", () => {
    // 9 matters most, then 8; 1 and 2 are linked with both and with each other.
    const graph = resultOf("1>2 1>8 2>8 1>9 2>9", { v: [1, 1, 5, 9] });
    expect(pairsOf(reduce(graph, [], { by: "v", maxLinks: 2 }))).toEqual(["1>9", "2>9"]);
    expect(pairsOf(reduce(graph, [], { by: "v", maxLinks: 3 }))).toContain("1>8");
  });

  it("gives the same picture however vertices and edges are numbered", () => {
    fc.assert(
      fc.property(sizes, fc.boolean(), ({ seed, numVertices, numEdges }, weighted) => {
        const graph = randomResult(seed, numVertices, numEdges);
        const options = { by: "rank", maxNodes: 20, maxLinks: 15, weightBy: weighted ? "weight" : undefined };
        const one = reduce(graph, [{ kind: "top", k: 30 }], options);
        const other = reduce(shuffled(graph), [{ kind: "top", k: 30 }], options);
        expect(idsOf(other)).toEqual(idsOf(one));
        expect(pairsOf(other)).toEqual(pairsOf(one));
        expect(other.banner).toBe(one.banner);
      }),
      { seed: 5 },
    );
  });

  it("holds 2,000 nodes and 6,000 links unless told otherwise, and says what it cut", () => {
    const graph = randomResult(8, 2_500, 60_000);
    const reduced = reduce(graph, [], { by: "rank", weightBy: "weight" });
    expect(reduced.shown).toEqual({ vertices: 2_000, edges: 6_000 });
    const among = reduced.edgesAmong.toLocaleString("en-US");
    expect(reduced.banner).toBe(
      `showing 2,000 of 2,500 vertices, chosen by rank; 6,000 of the ${among} edges among them, heaviest first`,
    );
  });
});

describe("reduce: the banner", () => {
  it.each([
    ["everything", resultOf("0>1 1>2"), {}, "showing all 3 vertices and all 2 edges"],
    ["one of each", resultOf("0>0"), {}, "showing all 1 vertex and all 1 edge"],
    [
      "no links",
      resultOf("0>1 1>2"),
      { maxLinks: 0 },
      "showing all 3 vertices; 0 of the 2 edges among them, each vertex's best first",
    ],
    ["a cut", resultOf("0>1 1>2"), { maxNodes: 2 }, "showing 2 of 3 vertices, chosen by degree; all 1 edge among them"],
  ])("says %s", (_case, graph, options, banner) => {
    expect(reduce(graph, [], options).banner).toBe(banner);
  });

  it("is printable whatever ids and names hold", () => {
    const graph = { ...resultOf("0>1"), vertexId: (index: number) => ["a\u202e\n", "b"][index]! };
    const { banner } = reduce(graph, [{ kind: "ego", id: "a\u202e\n", hops: 0 }]);
    expect(banner).toContain(String.raw`"a\u202e\n"`);
  });

  it("works on a graph without vertices", () => {
    expect(reduce({ ...resultOf("0"), numVertices: 0 }).banner).toBe("showing all 0 vertices and all 0 edges");
  });
});

describe("reduce: what it refuses", () => {
  const graph = resultOf("0>1", { v: [1, 2], name: ["a", "b"] }, { w: [1] });

  it.each([
    [
      "a column that is not there",
      () => reduce(graph, [], { by: "x" }),
      "by must be one of the vertex columns v, name, degree",
    ],
    ["a column of text", () => reduce(graph, [], { by: "name" }), 'vertex column "name" must be numbers, got "a"'],
    [
      "weights that are not there",
      () => reduce(graph, [], { weightBy: "x" }),
      "weightBy must be an edge column (there are: w)",
    ],
    ["no vertices", () => reduce(graph, [{ kind: "top", k: 0 }]), "k of top must be an integer >= 1, got 0"],
    [
      "half a hop",
      () => reduce(graph, [{ kind: "ego", id: 0, hops: 0.5 }]),
      "hops of ego must be an integer >= 0, got 0.5",
    ],
    ["too many nodes", () => reduce(graph, [], { maxNodes: 10_001 }), "maxNodes must be an integer in [1, 10000]"],
    [
      "a short column",
      () => reduce({ ...graph, vertexColumns: new Map([["v", [1]]]) }),
      "numVertices = 2 values, got 1",
    ],
    ["an edge to nowhere", () => reduce({ ...graph, dst: Uint32Array.of(2) }), "indices below numVertices = 2, got 2"],
  ])("refuses %s", (_case, act, message) => {
    expect(act).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });
});
