import { describe, expect, it } from "vitest";
import type { PageData, ViewColumn, ViewValue } from "../../../viz/view/pageData.ts";
import { SearchIndex } from "../../../viz/view/searchIndex.ts";

const column = (name: string, type: ViewColumn["type"], values: ViewValue[]): ViewColumn => ({ name, type, values });

const name = column("name", "string", ["Zürich", "New Zurich", "Basel", "Bazurel", null]);
const data = {
  numNodes: 5,
  ids: column("id", "string", ["ZRH", "NZ1", "BSL", "B4", "LAST"]),
  columns: [
    name,
    column("rank", "number", [1.5, 15, 1, 0.1, 2]),
    column("land", "string", ["CH", "US", "CH", "zur", "ch"]),
  ],
} as unknown as PageData;
const index = new SearchIndex(data, name);
const find = (query: string): (readonly [number, string])[] => index.find(query).map((hit) => [hit.node, hit.column]);

describe("SearchIndex", () => {
  it("finds without case and accents; beginnings first, then words, then whole attributes, then insides", () => {
    expect(find("ZUR")).toEqual([
      [0, "name"],
      [1, "name"],
      [3, "land"],
    ]);
    expect(find("zure")).toEqual([[3, "name"]]);
    expect(find("züri")).toEqual([
      [0, "name"],
      [1, "name"],
    ]);
  });

  it("finds by id, before attributes", () => {
    expect(find("b4")).toEqual([[3, "id"]]);
    expect(find("ch")).toEqual([
      [0, "land"],
      [2, "land"],
      [4, "land"],
      [1, "name"],
    ]);
  });

  it("matches numbers as a whole", () => {
    expect(find("1.5")).toEqual([[0, "rank"]]);
    expect(find("15")).toEqual([[1, "rank"]]);
    expect(find("1")).toEqual([
      [2, "rank"],
      [1, "id"],
    ]);
  });

  it("finds nothing for nothing, or for what is not there", () => {
    expect([find(""), find("   "), find("xyz")]).toEqual([[], [], []]);
  });

  it("takes a query as text, not as a pattern", () => {
    expect(find(".*")).toEqual([]);
  });
});
