import { describe, expect, it } from "vitest";
import { colourClasses } from "../../../viz/view/colourClasses.ts";
import type { ViewColumn, ViewValue } from "../../../viz/view/pageData.ts";

const column = (name: string, values: ViewValue[], type: ViewColumn["type"] = "number"): ViewColumn => ({
  name,
  type,
  values,
});
const legend = (item: ViewColumn): [string, number][] =>
  colourClasses(item, item.values.length).classes.map(({ label, count }) => [label, count]);

describe("colourClasses", () => {
  it("orders categories by frequency, ties by value, and lumps all after the tenth", () => {
    const values = "aabbbcdefghijklm".split("");
    expect(legend(column("state", values, "string"))).toEqual([
      ["b", 3],
      ["a", 2],
      ["c", 1],
      ["d", 1],
      ["e", 1],
      ["f", 1],
      ["g", 1],
      ["h", 1],
      ["i", 1],
      ["j", 1],
      ["other (3)", 3],
    ]);
  });

  it("puts every node into the class that counts it", () => {
    const values = [..."abacbaddefghijklmnoa".split(""), null];
    const { classes, classOf } = colourClasses(column("state", values, "string"), values.length);
    const counts = classes.map(({ label }, position) => [label, [...classOf].filter((c) => c === position).length]);
    expect(counts).toEqual(classes.map(({ label, count }) => [label, count]));
    expect(classes[classOf[0]!]!.label).toBe("a");
    expect(classes[classOf[20]!]!.label).toBe("missing");
  });

  it("takes integers that name something as categories, however many there are", () => {
    const many = Array.from({ length: 100 }, (_value, index) => index);
    expect(legend(column("component", many)).at(-1)).toEqual(["other (90)", 90]);
    expect(legend(column("population", many)).map(([label]) => label)[0]).toBe("0 to 13");
  });

  it("cuts numbers into ranges of about equally many, and never splits equal values", () => {
    const values = [1, 1, 1, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const { classes, classOf } = colourClasses(column("rank", values), values.length);
    expect(new Set(classOf.slice(0, 4)).size).toBe(1);
    expect(classes.map(({ label }) => label)).toEqual(["1", "1.5 to 2", "3 to 4", "5 to 6", "7 to 8", "9 to 10"]);
    expect(classes.map(({ colour }) => colour)).toEqual(
      [0, 1, 2, 4, 5, 6].map((index) => ({ from: "sequence", index })),
    );
  });

  it("gives NaN, infinities and missing values classes of their own, in any column", () => {
    const special = [Infinity, -Infinity, NaN, null];
    const labels = ["∞", "−∞", "not a number", "missing"];
    expect(legend(column("distance", [0.5, 1.5, ...special])).slice(2)).toEqual(labels.map((label) => [label, 1]));
    expect(legend(column("group", [1, 1, ...special])).slice(1)).toEqual(labels.map((label) => [label, 1]));
    expect(legend(column("empty", [null, null]))).toEqual([["missing", 2]]);
  });

  it("has one class where there is no column", () => {
    expect(colourClasses(undefined, 3).classes).toEqual([
      { label: "all vertices", count: 3, colour: { from: "categories", index: 0 } },
    ]);
  });

  it("does not confuse a text with a class of ours", () => {
    expect(legend(column("state", ["other", "missing", "missing", null], "string"))).toEqual([
      ["missing", 2],
      ["other", 1],
      ["missing", 1],
    ]);
  });
});
