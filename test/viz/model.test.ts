import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pageModel } from "../../viz/model.ts";
import { reduce } from "../../viz/reduce.ts";
import { decodeModel } from "../../viz/view/pageData.ts";
import { packNumbers, unpackNumbers } from "../../viz/view/pack.ts";
import { resultOf } from "./resultGraphs.ts";

const options = { title: "t", layout: "live" } as const;

describe("packNumbers", () => {
  it("gives back every number exactly, in few bytes", () => {
    const number = fc.oneof(fc.double(), fc.integer(), fc.nat(255), fc.constantFrom(-0, NaN, Infinity, -Infinity));
    fc.assert(
      fc.property(fc.array(number), (values) => {
        expect([...unpackNumbers(packNumbers(values))]).toEqual(values);
      }),
      { seed: 1 },
    );
  });

  it.each([
    [[0, 255], "uint8"],
    [[0, 256], "uint16"],
    [[70_000], "uint32"],
    [[-1, 2 ** 31 - 1], "int32"],
    [[-(2 ** 31)], "int32"],
    [[-(2 ** 31) - 1], "float64"],
    [[0.5, NaN], "float32"],
    [[-0], "float32"],
    [[0.1], "float64"],
    [[2 ** 53 - 1, -1], "float64"],
  ] as const)("packs %j as %s", (values, type) => {
    expect(packNumbers(values).as).toBe(type);
  });

  it("writes little endian, independent of this code's own reading", () => {
    const bytes = Buffer.from(packNumbers([1.1]).data, "base64");
    expect(bytes.readDoubleLE(0)).toBe(1.1);
  });
});

describe("pageModel", () => {
  it("carries every kind of value to the page and back", () => {
    const graph = resultOf(
      "0>1 1>2",
      {
        rank: Float64Array.of(0.1, NaN, -Infinity),
        partly: [1, null, undefined],
        name: ["b", "a", "b"],
        flag: [true, false, null],
        big: BigInt64Array.of(2n ** 60n, -1n, 0n),
        mixed: [1, "x", null],
      },
      { w: [1.5, null] },
    );
    const data = decodeModel(JSON.parse(JSON.stringify(pageModel(reduce(graph, [], { by: "big" }), options))));
    const column = (name: string): unknown => data.columns.find((item) => item.name === name);
    // by big, descending: 0, 2, 1
    expect(data.ids.values).toEqual([0, 2, 1]);
    expect(column("rank")).toEqual({ name: "rank", type: "number", values: [0.1, -Infinity, NaN] });
    expect(column("partly")).toEqual({ name: "partly", type: "number", values: [1, null, null] });
    expect(column("name")).toEqual({ name: "name", type: "string", values: ["b", "b", "a"] });
    expect(column("flag")).toEqual({ name: "flag", type: "boolean", values: ["true", null, "false"] });
    expect(column("big")).toEqual({ name: "big", type: "bigint", values: ["1152921504606846976", "0", "-1"] });
    expect(column("mixed")).toEqual({ name: "mixed", type: "string", values: ["1", null, "x"] });
    expect(data.linkColumns).toEqual([{ name: "w", type: "number", values: [1.5, null] }]);
    expect([Array.from(data.source), Array.from(data.target)]).toEqual([
      [0, 2],
      [2, 1],
    ]);
  });

  it("chooses what to show by where nothing is said", () => {
    const graph = resultOf("0>1", { rank: [1, 2], component: [0, 0], name: ["x", "y"] }, { w: [1] });
    expect(pageModel(reduce(graph, [], { by: "rank", weightBy: "w" }), options)).toMatchObject({
      sizeBy: "rank",
      colourBy: "component",
      labelBy: "name",
      weightBy: "w",
      directed: true,
      layout: "force",
      positions: null,
    });
    expect(pageModel(reduce(resultOf("0>1")), options)).toMatchObject({
      sizeBy: "degree",
      colourBy: null,
      labelBy: null,
      weightBy: null,
    });
  });

  it.each([
    [{ sizeBy: "x" }, "view: sizeBy must be one of v, degree"],
    [{ colourBy: "x" }, "view: colourBy must be one of v"],
    [{ labelBy: "x" }, "view: labelBy must be one of id, v"],
    [{ weightBy: "x" }, "view: weightBy must be one of no columns"],
    [{ layout: { x: "v", y: "y" } }, "view: layout must be two of the vertex columns v"],
  ])("refuses %j", (wrong, message) => {
    expect(() => pageModel(reduce(resultOf("0>1", { v: [1, 2] })), { ...options, ...wrong })).toThrow(message);
  });

  it("makes the title printable", () => {
    expect(pageModel(reduce(resultOf("0")), { ...options, title: "a\u202eb\u0007" }).title).toBe(
      String.raw`a\u202eb\x07`,
    );
  });
});

describe("decodeModel", () => {
  it("refuses another version", () => {
    const model = { ...pageModel(reduce(resultOf("0")), options), v: 2 };
    expect(() => decodeModel(model as never)).toThrow("reads data of version 1, and got version 2");
  });
});
