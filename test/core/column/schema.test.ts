import { describe, expect, it } from "vitest";
import { describeSchema, schemaOf, widen } from "../../../core/column/schema.ts";
import type { FieldType, Schema } from "../../../core/column/types.ts";

const scalar = (type: FieldType, nullable = false): Schema => ({ kind: "scalar", field: { name: "", type, nullable } });
const record = (...fields: [string, FieldType, boolean?][]): Schema => ({
  kind: "record",
  fields: fields.map(([name, type, nullable = false]) => ({ name, type, nullable })),
});

describe("schemaOf", () => {
  it.each<[unknown, Schema]>([
    [1, scalar("number")],
    [NaN, scalar("number")],
    [-0, scalar("number")],
    [true, scalar("boolean")],
    ["", scalar("string")],
    [2n ** 63n - 1n, scalar("bigint")],
    [2n ** 63n, scalar("object")],
    [null, scalar("object", true)],
    [undefined, scalar("object", true)],
    [[1], scalar("object")],
    [new Map(), scalar("object")],
    [new Date(), scalar("object")],
    [Promise.resolve(1), scalar("object")],
    [{}, record()],
    [
      { rank: 1, name: "a", on: false, big: 1n, at: { x: 1 }, list: [], none: null, gone: undefined },
      record(
        ["rank", "number"],
        ["name", "string"],
        ["on", "boolean"],
        ["big", "bigint"],
        ["at", "object"],
        ["list", "object"],
        ["none", "object", true],
        ["gone", "object", true],
      ),
    ],
    [Object.assign(Object.create(null) as object, { x: 1 }), record(["x", "number"])],
    [JSON.parse('{"__proto__":1,"x":2}') as unknown, scalar("object")],
    [{ [Symbol("s")]: 1, x: 2 }, scalar("object")],
    [
      {
        get x() {
          return 1;
        },
      },
      scalar("object"),
    ],
    [
      new (class {
        x = 1;
      })(),
      scalar("object"),
    ],
  ])("finds what %o needs", (value, schema) => {
    expect(schemaOf(value)).toEqual(schema);
  });
});

describe("describeSchema", () => {
  it.each<[Schema, string]>([
    [schemaOf({ rank: 1, name: "a" }), "{ rank: number, name: string }"],
    [record(["rank", "number", true], ["odd key", "bigint"]), '{ rank: number | null, "odd key": bigint }'],
    [schemaOf({}), "{}"],
    [schemaOf(1), "number"],
    [scalar("string", true), "string | null"],
    [schemaOf(null), "object"],
  ])("writes %o as a type", (schema, text) => {
    expect(describeSchema(schema)).toBe(text);
  });
});

describe("widen", () => {
  const schema = schemaOf({ rank: 1, name: "a" });

  it("returns the schema itself for values that fit, in any order of keys", () => {
    expect(widen(schema, { rank: NaN, name: "" })).toBe(schema);
    expect(widen(schema, { name: "", rank: 1 })).toBe(schema);
    const any = schemaOf({ rank: 1, any: [1] });
    expect(widen(any, { rank: 2, any: null })).toBe(any);
    expect(widen(any, { rank: 2, any: "x" })).toBe(any);
    const number = schemaOf(1);
    expect(widen(number, -0)).toBe(number);
    expect(widen(schemaOf(null), 5)).toEqual(schemaOf(null));
  });

  it("makes nullable what a value lacks", () => {
    const wide = record(["rank", "number"], ["name", "string", true]);
    for (const value of [{ rank: 1, name: null }, { rank: 1, name: undefined }, { rank: 1 }]) {
      expect(widen(schema, value)).toEqual(wide);
      expect(widen(wide, value)).toBe(wide);
    }
    expect(widen(schema, {})).toEqual(record(["rank", "number", true], ["name", "string", true]));
    expect(widen(schemaOf(1), null)).toEqual(scalar("number", true));
    expect(schema).toEqual(record(["rank", "number"], ["name", "string"]));
  });

  it.each([
    [schema, { rank: "1", name: "a" }],
    [schema, { rank: 1, name: "a", extra: 1 }],
    [schema, { rank: 1, nam: "a" }],
    [schema, { rank: 1n, name: null }],
    [schema, null],
    [schema, 5],
    [schema, new Map()],
    [schemaOf(1), "1"],
    [schemaOf(1), 1n],
    [schemaOf(1n), 2n ** 63n],
    [schemaOf(1), { x: 1 }],
  ])("returns undefined where more differs: %o and %o", (from, value) => {
    expect(widen(from, value)).toBeUndefined();
  });
});
