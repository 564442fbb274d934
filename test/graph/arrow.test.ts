import { describe, expect, it } from "vitest";
import { useArrow } from "../../graph/arrow.ts";
import { useContext } from "../support/context.ts";
import { edges, graphOf } from "../support/graphs.ts";

describe("useArrow", () => {
  const ctx = useContext("local[1]");

  it("lends ids and attributes, numbers as views of the graph's own columns", async () => {
    const graph = graphOf(ctx, edges("1>2>7"), 2).mapVertices((id) => ({ twice: 2 * Number(id), name: `v${id}` }));
    await useArrow(graph.vertices, (table) => {
      expect(table.schema.fields.map(({ name }) => name)).toEqual(["id", "twice", "name"]);
      expect(table.toArray().map((row) => row.toJSON())).toEqual([
        { id: 1, twice: 2, name: "v1" },
        { id: 2, twice: 4, name: "v2" },
        { id: 7, twice: 14, name: "v7" },
      ]);
      for (const name of ["id", "twice"]) {
        expect(table.getChild(name)!.data[0]!.values.buffer).toBe(ctx.driver.arena.memory.buffer);
      }
    });
  });

  it("takes ids that are strings, and attributes that are one value", async () => {
    const graph = graphOf(ctx, [{ srcId: "b", dstId: "a", attr: 1 }], 1).mapVertices((id) => id === "a");
    const rows = await useArrow(graph.vertices, (table) => table.toArray().map((row) => row.toJSON()));
    expect(rows).toEqual([
      { id: "a", value: true },
      { id: "b", value: false },
    ]);
  });
});
