import { describe, expect, it } from "vitest";
import type { Context } from "../../../../core/context.ts";
import type { RDD } from "../../../../core/rdd/rdd.ts";
import { Graph } from "../../../../graph/graph.ts";
import { everything, useParts } from "../../../../graph/parts.ts";
import { graphDigest, type GraphDigest } from "../../../../graph/superstep/checkpoint/graphDigest.ts";
import type { VertexId } from "../../../../graph/types.ts";
import { useContext } from "../../../support/context.ts";
import { integersFrom, randomArcs, type Arc } from "../../../support/graphs.ts";

const ctx = useContext("local[2]");

interface Attr {
  readonly n: number | null;
  readonly text: string;
  readonly large: bigint;
}

/** Vertices of records, some fields missing; edges of strings. */
function graphOf(arcs: readonly Arc[], numPartitions: number, change: (id: VertexId, attr: Attr) => Attr = same) {
  const pairs: RDD<[VertexId, number]> = (ctx as Context).parallelize<[VertexId, number]>([], 1);
  return Graph.create(pairs, ctx.parallelize(arcs, numPartitions), { defaultVertex: 0 })
    .mapVertices((id): Attr => {
      const n = Number(id);
      return change(id, { n: n % 7 === 0 ? null : n / 3, text: `v${n}`.repeat(n % 4), large: BigInt(n) << 40n });
    })
    .mapEdges((edge) => `${edge.attr}`);
}

const same = (_id: VertexId, attr: Attr): Attr => attr;

function digestOf<VD, ED>({ parts }: Graph<VD, ED>): Promise<GraphDigest> {
  return useParts(parts, everything, ({ shape, vertices, edges }) =>
    graphDigest(parts.ctx.driver, shape, vertices, edges),
  );
}

const arcs = randomArcs(11, 300, 900);

describe("graphDigest", () => {
  it("is that of the graph, whatever its partitions", async () => {
    const digests = await Promise.all([1, 2, 5, 16].map((n) => digestOf(graphOf(arcs, n))));
    expect(new Set(digests.map((digest) => JSON.stringify(digest))).size).toBe(1);
    expect(Object.values(digests[0]!)).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/^[\da-f]{32}$/)));
  });

  it("tells an edge turned round, doubled, left out, or led elsewhere, and no more than it must", async () => {
    const { ids, edges, edgeAttributes } = await digestOf(graphOf(arcs, 3));
    const next = integersFrom(5);
    for (let round = 0; round < 8; round++) {
      const at = next(arcs.length);
      const { srcId, dstId } = arcs[at]!;
      if (srcId === dstId) continue;
      const kept = arcs.map((arc, index) => (index === at ? { ...arc, srcId: dstId, dstId: srcId } : arc));
      const turned = await digestOf(graphOf(kept, 3));
      expect([turned.ids === ids, turned.edges === edges]).toEqual([true, false]);
      const doubled = await digestOf(graphOf([...arcs, arcs[at]!], 3));
      expect([doubled.ids === ids, doubled.edges === edges]).toEqual([true, false]);
    }
    const heavier = await digestOf(
      graphOf(
        arcs.map((arc, at) => (at === 450 ? { ...arc, attr: 77 } : arc)),
        3,
      ),
    );
    expect([heavier.ids, heavier.edges]).toEqual([ids, edges]);
    expect(heavier.edgeAttributes).not.toBe(edgeAttributes);
  });

  it("tells one vertex's attribute: a last bit, a missing value, a letter, an integer of 64 bits", async () => {
    const one = arcs[0]!.srcId;
    const before = await digestOf(graphOf(arcs, 3));
    const changes: ((id: VertexId, attr: Attr) => Attr)[] = [
      (id, attr) => (id === one ? { ...attr, n: (attr.n ?? 1) * (1 + 2 ** -52) } : attr),
      (id, attr) => (id === one ? { ...attr, n: attr.n === null ? 0 : null } : attr),
      (id, attr) => (id === one ? { ...attr, text: `${attr.text}.` } : attr),
      (id, attr) => (id === one ? { ...attr, large: attr.large + 1n } : attr),
    ];
    for (const change of changes) {
      const { vertexAttributes, ...rest } = await digestOf(graphOf(arcs, 3, change));
      expect(vertexAttributes).not.toBe(before.vertexAttributes);
      expect({ ...rest, vertexAttributes: "" }).toEqual({ ...before, vertexAttributes: "" });
    }
  });

  it("tells ids that are equal in number but not in value", async () => {
    const shifted = arcs.map(({ srcId, dstId, attr }) => ({
      srcId: Number(srcId) + 1,
      dstId: Number(dstId) + 1,
      attr,
    }));
    const [before, after] = [await digestOf(graphOf(arcs, 3)), await digestOf(graphOf(shifted, 3))];
    expect(after.ids).not.toBe(before.ids);
    expect(after.edges).toBe(before.edges);
  });

  it("tells vertex cuts apart, in which messages merge in another order", async () => {
    const graph = graphOf(arcs, 3);
    const cuts = [graph.partitionBy("EdgePartition1D", 3), graph.partitionBy("RandomVertexCut", 3), graph];
    const digests = await Promise.all(cuts.map((cut) => digestOf(cut)));
    expect(new Set(digests.map(({ edges }) => edges)).size).toBe(3);
  });
});
