import { describe, expect, it } from "vitest";
import { fromGraph } from "../../viz/fromGraph.ts";
import { checkResultGraph } from "../../viz/resultGraph.ts";
import { useContext } from "../support/context.ts";
import { edges, graphOf } from "../support/graphs.ts";

describe("fromGraph", () => {
  const ctx = useContext("local[1]");

  it("gives the viewer ids, ends and columns by name, missing values null", async () => {
    const graph = graphOf(ctx, edges("2>1"), 2, [3]).mapVertices((id) => ({
      rank: Number(id) / 4,
      label: id === 3 ? null : `v${id}`,
    }));
    const shown = await fromGraph(graph, { edge: "length", directed: false });
    checkResultGraph(shown, "test");
    expect([shown.numVertices, shown.numEdges, shown.directed]).toEqual([3, 1, false]);
    expect([0, 1, 2].map((index) => shown.vertexId(index))).toEqual([1, 2, 3]);
    expect(Object.fromEntries([...shown.vertexColumns].map(([name, column]) => [name, Array.from(column)]))).toEqual({
      rank: [0.25, 0.5, 0.75],
      label: ["v1", "v2", null],
    });
    expect([shown.src, shown.dst]).toEqual([Uint32Array.of(1), Uint32Array.of(0)]);
    expect(Array.from(shown.edgeColumns.get("length")!)).toEqual([1]);
  });

  it("is directed unless told, and takes bigint and string ids", async () => {
    for (const ids of [
      ["x", "y"],
      [2n ** 60n, 2n ** 61n],
    ] as const) {
      const arcs = [{ srcId: ids[1]!, dstId: ids[0]!, attr: 1 }];
      const shown = await fromGraph(graphOf(ctx, arcs, 1));
      expect([shown.directed, shown.vertexId(0), shown.vertexId(1), shown.src[0]]).toEqual([true, ids[0], ids[1], 1]);
    }
  });
});
