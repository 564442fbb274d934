import { deepStrictEqual } from "node:assert";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena, uncleared } from "../../../core/column/arena.ts";
import { encodeValues } from "../../../core/column/codec.ts";
import { allocateColumns, freeColumns, readerOf } from "../../../core/column/columnSet.ts";
import { NeedsNullable, writerFor } from "../../reference/columnWriter.ts";
import { joinChunks } from "../../reference/joinChunks.ts";
import { schemaOf, widen } from "../../../core/column/schema.ts";
import type { ColumnSet, Schema } from "../../../core/column/types.ts";

const arena = Arena.create({ capacityBytes: 16 << 20 });

/** Writes values by several writers, each with its own rows, the last ones first. */
function store(values: readonly unknown[], schema: Schema, numWriters = 1): ColumnSet {
  const columns = allocateColumns(arena, schema, values.length, "test");
  const cuts = Array.from({ length: numWriters + 1 }, (_, i) => Math.floor((values.length * i) / numWriters));
  const parts = cuts.slice(1).map((to, i) => {
    const writer = writerFor(schema, arena, columns, cuts[i]!, to);
    for (let row = to - 1; row >= cuts[i]!; row--) writer.set(row, values[row]);
    return writer.finish();
  });
  return { schema, length: values.length, columns: joinChunks(columns, parts.toReversed()) };
}

function readAll(set: ColumnSet): unknown[] {
  const reader = readerOf(set, arena);
  return Array.from({ length: reader.length }, (_, row) => reader.get(row));
}

function failureOf(action: () => unknown): { code?: string; message: string; details: Record<string, unknown> } {
  try {
    action();
  } catch (error) {
    return error as { code?: string; message: string; details: Record<string, unknown> };
  }
  throw new Error("it passed");
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const fieldValues: fc.Arbitrary<unknown>[] = [
  fc.double(),
  fc.boolean(),
  int64,
  fc.string(),
  fc.array(fc.integer(), { maxLength: 2 }),
];
const tables = fc
  .tuple(
    fc.uniqueArray(
      fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"),
      { minLength: 1, maxLength: 5 },
    ),
    fc.array(fc.nat(4), { minLength: 5, maxLength: 5 }),
    fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  )
  .chain(([names, kinds, gaps]) => {
    const sample = fc.record(Object.fromEntries(names.map((name, i) => [name, fieldValues[kinds[i]!]!])));
    const row = fc.record(
      Object.fromEntries(
        names.map((name, i) => [name, gaps[i] ? fc.option(fieldValues[kinds[i]!]!) : fieldValues[kinds[i]!]!]),
      ),
    );
    return fc.tuple(sample, fc.array(row, { maxLength: 30 }));
  });

describe("allocateColumns", () => {
  it("clears what was used before, unless asked not to, and then what may be missing", () => {
    const schema: Schema = {
      kind: "record",
      fields: [
        { name: "a", type: "number", nullable: false },
        { name: "b", type: "number", nullable: true },
      ],
    };
    const own = Arena.create({ capacityBytes: 1 << 16 });
    const found = (columns: ColumnSet["columns"]): number[][] =>
      columns.flatMap((column) => {
        if (column.kind === "encoded") return [];
        return [column.data, ...(column.validity ? [column.validity] : [])].map((each) => [
          ...(own.view(each) as Float64Array),
        ]);
      });
    const used = own.allocate("uint8", 1 << 16);
    own.view(used).fill(63);
    own.free(used);
    const cleared = allocateColumns(own, schema, 2, "test");
    expect(found(cleared)).toEqual([[0, 0], [0, 0], [0, 0]]); // prettier-ignore
    const [a, ...b] = found(allocateColumns(own, schema, 2, "test", uncleared));
    expect(a).not.toContain(0);
    expect(b).toEqual([[0, 0], [0, 0]]); // prettier-ignore
  });
});

describe("column sets", () => {
  it("give back records as they were written, by any number of writers", () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 1, max: 4 }), ([first, rest], numWriters) => {
        const values = [first, ...rest].map((value) => ({ ...value }));
        let schema: Schema = schemaOf(values[0]);
        for (const value of values) schema = widen(schema, value)!;
        const set = store(values, schema, numWriters);
        deepStrictEqual(readAll(set), values);
        freeColumns(arena, set);
        expect(arena.usedBytes).toBe(0);
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  it.each<[string, unknown[]]>([
    ["numbers", [1, -0, NaN, Infinity, 5e-324, 2 ** 53]],
    ["booleans", [true, false, true]],
    ["bigints", [0n, -(2n ** 63n), 2n ** 63n - 1n]],
    ["strings", ["", "ü", "\ud800"]],
    ["any values", [[1], null, undefined, new Map([[1, { a: 2 }]]), 2n ** 64n]],
    ["records without fields", [{}, {}]],
  ])("give back %s", (_what, values) => {
    const set = store(values, schemaOf(values[0]), 2);
    deepStrictEqual(readAll(set), values);
    freeColumns(arena, set);
    expect(arena.usedBytes).toBe(0);
  });

  it("give each record as a fresh object", () => {
    const set = store([{ a: 1 }, { a: 2 }], schemaOf({ a: 1 }));
    const reader = readerOf<{ a: number }>(set, arena);
    const one = reader.get(0);
    one.a = 5;
    expect(reader.get(0)).toEqual({ a: 1 });
    freeColumns(arena, set);
  });

  it("show fields as arrays over the arena, encoded ones as plain arrays, validity beside", () => {
    const values = [
      { rank: 0.5, on: true, id: 7n, name: "a" },
      { rank: null, on: false, id: 8n, name: null },
    ];
    const schema = widen(schemaOf(values[0]), values[1])!;
    const set = store(values, schema, 2);
    const [rank, on, id, name] = readerOf(set, arena).fields;
    expect(rank).toMatchObject({ name: "rank", type: "number" });
    expect(rank!.values).toBeInstanceOf(Float64Array);
    expect((rank!.values as Float64Array).buffer).toBe(arena.memory.buffer);
    expect([...rank!.validity!]).toEqual([1, 0]);
    expect([...(on!.values as Uint8Array)]).toEqual([1, 0]);
    expect(on!.validity).toBeUndefined();
    expect(on!.read(0)).toBe(true);
    expect([...(id!.values as BigInt64Array)]).toEqual([7n, 8n]);
    expect(name!.values).toEqual(["a", null]);
    expect(name!.values).toBe(name!.values);
    freeColumns(arena, set);
  });

  it("decode only the chunk that a row is in, and all for `values`", () => {
    const good = encodeValues(["a", "b"]).buffer;
    const bad = new SharedArrayBuffer(12);
    const chunks = [
      { from: 0, to: 2, bytes: good },
      { from: 2, to: 4, bytes: bad },
    ];
    const set: ColumnSet = { schema: schemaOf("a"), length: 4, columns: [{ kind: "encoded", chunks }] };
    const reader = readerOf<string>(set, arena);
    expect([reader.get(1), reader.get(0)]).toEqual(["a", "b"].toReversed());
    expect(failureOf(() => reader.get(2)).code).toBe("BLOCK_CORRUPT");
    expect(failureOf(() => reader.fields[0]!.values).code).toBe("BLOCK_CORRUPT");
    const short = [{ from: 0, to: 3, bytes: good }];
    expect(
      failureOf(() => readerOf({ ...set, length: 3, columns: [{ kind: "encoded", chunks: short }] }, arena).get(0)),
    ).toMatchObject({
      code: "BLOCK_CORRUPT",
      message: 'column "": rows 0 to 3 must hold 3 values, got 2',
    });
  });

  it("refuse chunks that leave out rows", () => {
    const bytes = encodeValues(["a"]).buffer;
    const gap = [
      { from: 0, to: 1, bytes },
      { from: 2, to: 3, bytes },
    ];
    const setOf = (chunks: typeof gap): ColumnSet => ({
      schema: schemaOf("a"),
      length: 3,
      columns: [{ kind: "encoded", chunks }],
    });
    expect(() => readerOf(setOf(gap), arena)).toThrow(/after row 1/);
    expect(() => readerOf(setOf(gap.slice(0, 1)), arena)).toThrow(/after 1 of 3/);
  });

  it("free what they had when the arena is full", () => {
    const small = Arena.create({ capacityBytes: 65536 });
    const schema = widen(schemaOf({ a: 1, b: 1 }), { a: null, b: 1 })!;
    expect(failureOf(() => allocateColumns(small, schema, 4000, "big"))).toMatchObject({ code: "OUT_OF_MEMORY" });
    expect(failureOf(() => allocateColumns(small, schema, 7500, "big"))).toMatchObject({ code: "OUT_OF_MEMORY" });
    expect(small.usedBytes).toBe(0);
  });
});

describe("writerFor", () => {
  const schema = schemaOf({ rank: 1, on: true, id: 1n, name: "a" });
  const good = { rank: 1, on: true, id: 1n, name: "a" };

  it.each<[Record<string, unknown>, string, string, string]>([
    [{ rank: "1" }, "rank", "a number", '"1"'],
    [{ rank: 1n }, "rank", "a number", "1n"],
    [{ rank: Promise.resolve(1) }, "rank", "a number", "{}"],
    [{ on: 1 }, "on", "a boolean", "1"],
    [{ id: 1 }, "id", "a bigint of 64 bits", "1"],
    [{ id: 2n ** 63n }, "id", "a bigint of 64 bits", "9223372036854775808n"],
    [{ name: 5 }, "name", "a string", "5"],
    [{ extra: 5 }, "extra", "absent, as in the first value", "5"],
  ])("refuses %o", (change, field, expected, got) => {
    const columns = allocateColumns(arena, schema, 10, "test");
    const writer = writerFor(schema, arena, columns, 3, 10);
    writer.set(3, good);
    expect(failureOf(() => writer.set(5, { ...good, ...change }))).toMatchObject({
      code: "TYPE_MISMATCH",
      message: `row 5: "${field}" must be ${expected}, got ${got}`,
      details: { row: 5, field, expected, got },
    });
    freeColumns(arena, { columns });
  });

  it.each([[5], [[1, 2]], [null], [undefined], ["a"], [new Map()], [Promise.resolve(1)], [new Date(0)]])(
    "refuses %o for a record, also where all fields may be missing",
    (value) => {
      const wide = widen(schema, {})!;
      for (const each of [schema, wide]) {
        const columns = allocateColumns(arena, each, 1, "test");
        expect(failureOf(() => writerFor(each, arena, columns, 0, 1).set(0, value))).toMatchObject({
          code: "TYPE_MISMATCH",
          details: { row: 0, field: "" },
        });
        freeColumns(arena, { columns });
      }
    },
  );

  it.each([
    [schema, { ...good, rank: null }, "rank"],
    [schema, { ...good, name: undefined }, "name"],
    [schema, { rank: 1, on: true, name: "a" }, "id"],
    [schemaOf(1), null, ""],
    [schemaOf("a"), undefined, ""],
  ])("asks for a nullable schema: %o, %o", (each, value, field) => {
    const columns = allocateColumns(arena, each, 2, "test");
    const writer = writerFor(each, arena, columns, 0, 2);
    const signal = failureOf(() => writer.set(1, value));
    expect(signal).toBeInstanceOf(NeedsNullable);
    expect(signal).toMatchObject({ row: 1, field });
    freeColumns(arena, { columns });
  });

  it("finds a misspelt field in a nullable schema", () => {
    const wide = widen(schema, {})!;
    const columns = allocateColumns(arena, wide, 1, "test");
    const writer = writerFor(wide, arena, columns, 0, 1);
    expect(failureOf(() => writer.set(0, { rnk: 1, on: true, id: 1n, name: "a" }))).toMatchObject({
      details: { field: "rnk" },
    });
    freeColumns(arena, { columns });
  });

  it("names row and field of what cannot travel", () => {
    const any = schemaOf({ id: 1, data: [] });
    const columns = allocateColumns(arena, any, 8, "test");
    const writer = writerFor(any, arena, columns, 4, 8);
    for (let row = 4; row < 8; row++) writer.set(row, { id: row, data: row === 6 ? [{ f: () => 1 }] : [row] });
    expect(failureOf(() => writer.finish())).toMatchObject({
      code: "NOT_SHIPPABLE",
      message: expect.stringContaining("row 6: data[0].f: function f cannot travel") as string,
      details: { row: 6, field: "data", path: "data[0].f" },
    });
    freeColumns(arena, { columns });
  });

  it("leaves rows that are never written empty", () => {
    const wide = widen(schemaOf({ a: 1, b: "x", c: [] }), { a: null, b: null, c: null })!;
    for (const [each, empty] of [
      [wide, { a: null, b: null, c: undefined }],
      [schemaOf({ a: 1, b: "x", c: [] }), { a: 0, b: "", c: undefined }],
    ] as const) {
      const columns = allocateColumns(arena, each, 2, "test");
      const writer = writerFor(each, arena, columns, 0, 2);
      writer.set(1, { a: 1, b: "y", c: 2 });
      const set = { schema: each, length: 2, columns: joinChunks(columns, [writer.finish()]) };
      expect(readAll(set)).toEqual([empty, { a: 1, b: "y", c: 2 }]);
      freeColumns(arena, set);
    }
  });

  it("lets the last value of a row stand, also a missing one", () => {
    const wide = widen(schemaOf({ a: 1, b: "x" }), { a: null, b: null })!;
    const columns = allocateColumns(arena, wide, 1, "test");
    const writer = writerFor(wide, arena, columns, 0, 1);
    for (const value of [
      { a: 1, b: "x" },
      { a: null, b: null },
    ])
      writer.set(0, value);
    const set = { schema: wide, length: 1, columns: joinChunks(columns, [writer.finish()]) };
    expect(readAll(set)).toEqual([{ a: null, b: null }]);
    freeColumns(arena, set);
  });

  it("writes one pattern for every NaN", () => {
    const set = store([NaN, (JSON.parse("0") as number) / 0, -(JSON.parse("0") as number) / 0], schemaOf(1));
    const values = readerOf(set, arena).fields[0]!.values as Float64Array;
    const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
    expect(bits[1]).toBe(bits[0]);
    expect(bits[2]).toBe(bits[0]);
    freeColumns(arena, set);
  });
});
