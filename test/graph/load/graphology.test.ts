import graphology from "graphology";
import { describe, expect, it } from "vitest";
import { fromGraphology, toGraphology } from "../../../graph/load/graphology.ts";
import { useContext } from "../../support/context.ts";
import { edges, graphOf } from "../../support/graphs.ts";

describe("graphology", () => {
  const ctx = useContext("local[1]");

  it("takes a graph there and back: parallel edges, self-loops, attributes, isolated vertices", async () => {
    const arcs = edges("1-5>2 1-6>2 3>3");
    const there = await toGraphology(graphOf(ctx, arcs, 2, [9]));
    expect([there.order, there.size, there.type, there.multi]).toEqual([4, 3, "directed", true]);
    expect(there.mapEdges((_key, { value }) => value)).toEqual([5, 6, 1]);
    const back = fromGraphology(ctx, there);
    expect(await back.vertices.collect()).toEqual([1, 2, 3, 9].map((id) => [id, { value: 0 }]));
    expect(await back.edges.collect()).toEqual([
      { srcId: 1, dstId: 2, attr: { value: 5 } },
      { srcId: 1, dstId: 2, attr: { value: 6 } },
      { srcId: 3, dstId: 3, attr: { value: 1 } },
    ]);
  });

  it("reads undirected edges both ways, and keys that are words", async () => {
    const source = new graphology.UndirectedGraph();
    source.addNode("a");
    source.addNode("7");
    source.addEdge("a", "7", { weight: 2 });
    const found = await fromGraphology(ctx, source).edges.collect();
    expect(found.map(({ srcId, dstId, attr }) => [srcId, dstId, attr["weight"]])).toEqual([
      ["a", "7", 2],
      ["7", "a", 2],
    ]);
  });

  it("refuses a graph that is too large for it, unless told to go on", async () => {
    const many = Array.from({ length: 200_001 }, (_, at) => ({ srcId: at % 100, dstId: 0, attr: 1 }));
    await expect(toGraphology(graphOf(ctx, many, 1))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
