import { deepStrictEqual } from "node:assert";
import * as arrow from "apache-arrow";
import { afterEach, describe, expect, it } from "vitest";
import { Arena } from "../../../core/column/arena.ts";
import { fromArrowTable, toArrowTable } from "../../../core/column/arrow.ts";
import { allocateColumns, freeColumns, readerOf } from "../../../core/column/columnSet.ts";
import { writerFor } from "../../reference/columnWriter.ts";
import { joinChunks } from "../../reference/joinChunks.ts";
import { schemaOf, widen } from "../../../core/column/schema.ts";
import type { ColumnSet, Schema } from "../../../core/column/types.ts";

let arena = Arena.create({ capacityBytes: 64 << 20 });

function store(values: readonly unknown[]): ColumnSet {
  let schema: Schema = schemaOf(values[0]);
  for (const value of values) schema = widen(schema, value)!;
  const columns = allocateColumns(arena, schema, values.length, "test");
  const writer = writerFor(schema, arena, columns, 0, values.length);
  values.forEach((value, row) => writer.set(row, value));
  return { schema, length: values.length, columns: joinChunks(columns, [writer.finish()]) };
}

function readAll(set: ColumnSet): unknown[] {
  const reader = readerOf(set, arena);
  return Array.from({ length: reader.length }, (_, row) => reader.get(row));
}

/** Writes the table as bytes, as another program would get it, and reads it by the library alone. */
function throughBytes(table: arrow.Table, format: "file" | "stream" = "stream"): arrow.Table {
  return arrow.tableFromIPC(arrow.tableToIPC(table, format));
}

const rows = Array.from({ length: 100 }, (_, i) => ({
  rank: i === 3 ? NaN : i === 4 ? -0 : i / 7,
  id: 2n ** 62n + BigInt(i),
  on: i % 3 === 0,
  name: i % 5 === 1 ? null : `city ${i % 7} ü🦜`,
  gap: i % 10 === 9 ? null : i,
  flag: i % 4 === 1 ? null : i % 2 === 0,
  big: i % 6 === 1 ? null : -BigInt(i),
}));

afterEach(() => {
  const { usedBytes } = arena;
  arena = Arena.create({ capacityBytes: 64 << 20 });
  expect(usedBytes).toBe(0); // each test frees what it made
});

describe("toArrowTable", () => {
  it("does not copy numbers: the table views the arena where the columns are", async () => {
    const set = store(rows);
    const table = await toArrowTable(set, arena);
    const fields = readerOf(set, arena).fields;
    for (const name of ["rank", "id", "gap", "big"]) {
      const values = table.getChild(name)!.data[0]!.values as Float64Array;
      const column = fields.find((field) => field.name === name)!.values as Float64Array;
      expect(values.buffer, name).toBe(arena.memory.buffer);
      expect(values.byteOffset, name).toBe(column.byteOffset);
      expect(values.length, name).toBe(rows.length);
    }
    freeColumns(arena, set);
  });

  it.each(["file", "stream"] as const)("says the same to other readers, written as a %s", async (format) => {
    const set = store(rows);
    const table = throughBytes(await toArrowTable(set, arena), format);
    const read = table.toArray().map((row: arrow.StructRowProxy) => row.toJSON());
    deepStrictEqual(
      read.map((row) => ({ ...row })),
      rows,
    );
    expect(table.schema.fields.map((field) => [field.name, `${field.type}`, field.nullable])).toEqual([
      ["rank", "Float64", false],
      ["id", "Int64", false],
      ["on", "Bool", false],
      ["name", "Utf8", true],
      ["gap", "Float64", true],
      ["flag", "Bool", true],
      ["big", "Int64", true],
    ]);
    freeColumns(arena, set);
  });

  it("names scalars, and puts several sets side by side", async () => {
    const rank = store([1.5, 2.5]);
    const user = store([
      { name: "a", age: 1 },
      { name: "b", age: 2 },
    ]);
    expect((await toArrowTable(rank, arena)).schema.names).toEqual(["value"]);
    const table = throughBytes(await toArrowTable({ rank, user }, arena));
    deepStrictEqual(
      table.toArray().map((row: arrow.StructRowProxy) => ({ ...row.toJSON() })),
      [
        { rank: 1.5, "user.name": "a", "user.age": 1 },
        { rank: 2.5, "user.name": "b", "user.age": 2 },
      ],
    );
    freeColumns(arena, rank);
    freeColumns(arena, user);
  });

  it("F42b: survives one column given twice, and columns that touch or overlap", async () => {
    const ref = arena.allocate("float64", 30);
    arena.view(ref).set(Array.from({ length: 30 }, (_, i) => i));
    const part = (from: number, to: number): ColumnSet => ({
      schema: schemaOf(1),
      length: to - from,
      columns: [{ kind: "fixed", data: arena.slice(ref, from, to) }],
    });
    const table = throughBytes(
      await toArrowTable({ a: part(0, 8), b: part(8, 16), c: part(0, 8), d: part(4, 12) }, arena),
    );
    expect([...(table.getChild("a") as arrow.Vector)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...(table.getChild("b") as arrow.Vector)]).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    expect([...(table.getChild("c") as arrow.Vector)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...(table.getChild("d") as arrow.Vector)]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    arena.free(ref);
  });

  it("keeps narrow number columns narrow", async () => {
    const types = ["int32", "uint32", "float32", "uint8"] as const;
    const refs = types.map((type) => arena.allocate(type, 3));
    refs.forEach((ref) => arena.view(ref).set([1, 2, 3]));
    const sets = Object.fromEntries(
      refs.map((data) => [data.type, { schema: schemaOf(1), length: 3, columns: [{ kind: "fixed" as const, data }] }]),
    );
    const table = throughBytes(await toArrowTable(sets, arena));
    expect(table.schema.fields.map((field) => `${field.type}`)).toEqual(["Int32", "Uint32", "Float32", "Uint8"]);
    for (const type of types) expect([...(table.getChild(type) as arrow.Vector)]).toEqual([1, 2, 3]);
    refs.forEach((ref) => arena.free(ref));
  });

  it("refuses values of any type, lengths that differ, and names given twice", async () => {
    const any = store([[1], [2]]);
    const one = store([1]);
    const pair = store([1, 2]);
    const two = store([{ "b.c": 1 }]);
    const nested = store([{ c: 1 }]);
    await expect(toArrowTable({ any }, arena)).rejects.toMatchObject({
      code: "TYPE_MISMATCH",
      details: { column: "any" },
    });
    await expect(toArrowTable({ one, pair }, arena)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(toArrowTable({ "a.b": nested, a: two }, arena)).rejects.toThrow(/"a.b.c" twice/);
    for (const set of [one, pair, two, nested]) freeColumns(arena, set);
  });

  it("takes an empty set", async () => {
    const set: ColumnSet = { schema: schemaOf(1), length: 0, columns: allocateColumns(arena, schemaOf(1), 0, "test") };
    expect(throughBytes(await toArrowTable(set, arena)).numRows).toBe(0);
    freeColumns(arena, set);
  });
});

describe("fromArrowTable", () => {
  function expectRows(table: arrow.Table, expected: unknown[]): ColumnSet {
    const set = fromArrowTable(table, arena);
    deepStrictEqual(readAll(set), expected);
    return set;
  }

  it("gives back what toArrowTable made, also over bytes and in several batches", async () => {
    const set = store(rows);
    const table = await toArrowTable(set, arena);
    freeColumns(arena, expectRows(table, rows));
    freeColumns(arena, expectRows(throughBytes(table), rows));
    const batches = new arrow.Table([...table.batches, ...table.batches, ...table.slice(13, 57).batches]);
    freeColumns(arena, expectRows(throughBytes(batches), [...rows, ...rows, ...rows.slice(13, 57)]));
    freeColumns(arena, set);
  });

  it("reads columns that lack values in some batches only", () => {
    const full = new arrow.Table({ x: arrow.vectorFromArray([1, 2], new arrow.Float64()) });
    const gaps = new arrow.Table({ x: arrow.vectorFromArray([null, 4], new arrow.Float64()) });
    const schema = new arrow.Schema([new arrow.Field("x", new arrow.Float64(), true)]);
    const table = new arrow.Table(schema, [...full.batches, ...gaps.batches, ...full.batches]);
    freeColumns(
      arena,
      expectRows(
        table,
        [1, 2, null, 4, 1, 2].map((x) => ({ x })),
      ),
    );
  });

  it("reads slices at any offset, where bits and values start elsewhere", async () => {
    const set = store(rows);
    const table = await toArrowTable(set, arena);
    for (const [from, to] of [
      [0, 1],
      [1, 100],
      [7, 9],
      [8, 64],
      [33, 33],
    ] as const) {
      freeColumns(arena, expectRows(table.slice(from, to), rows.slice(from, to)));
    }
    freeColumns(arena, set);
  });

  it("reads all widths of integers and floats, and dictionaries, as written by the library", () => {
    const values = [1, 0, 3];
    const table = new arrow.Table({
      i8: arrow.vectorFromArray([-1, 0, 127], new arrow.Int8()),
      u8: arrow.vectorFromArray([255, 0, 1], new arrow.Uint8()),
      i16: arrow.vectorFromArray([-300, 0, 1], new arrow.Int16()),
      u16: arrow.vectorFromArray([65535, 0, 1], new arrow.Uint16()),
      i32: arrow.vectorFromArray([-(2 ** 31), 0, 1], new arrow.Int32()),
      u32: arrow.vectorFromArray([2 ** 32 - 1, 0, 1], new arrow.Uint32()),
      f32: arrow.vectorFromArray([0.5, 0, 1], new arrow.Float32()),
      f64: arrow.vectorFromArray([0.1, null, 1], new arrow.Float64()),
      i64: arrow.vectorFromArray([-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n], new arrow.Int64()),
      u64: arrow.vectorFromArray([2n ** 63n - 1n, 0n, null], new arrow.Uint64()),
      dict: arrow.vectorFromArray(["b", null, "a"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())),
      dict8: arrow.vectorFromArray(["b", "b", "a"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint8())),
      large: arrow.vectorFromArray(["x", "", null], new arrow.LargeUtf8()),
      ok: arrow.vectorFromArray([true, null, false], new arrow.Bool()),
      plain: arrow.vectorFromArray(values, new arrow.Float64()),
    });
    const expected = [
      {
        i8: -1,
        u8: 255,
        i16: -300,
        u16: 65535,
        i32: -(2 ** 31),
        u32: 2 ** 32 - 1,
        f32: 0.5,
        f64: 0.1,
        i64: -(2n ** 63n),
        u64: 2n ** 63n - 1n,
        dict: "b",
        dict8: "b",
        large: "x",
        ok: true,
        plain: 1,
      },
      {
        i8: 0,
        u8: 0,
        i16: 0,
        u16: 0,
        i32: 0,
        u32: 0,
        f32: 0,
        f64: null,
        i64: 2n ** 63n - 1n,
        u64: 0n,
        dict: null,
        dict8: "b",
        large: "",
        ok: null,
        plain: 0,
      },
      {
        i8: 127,
        u8: 1,
        i16: 1,
        u16: 1,
        i32: 1,
        u32: 1,
        f32: 1,
        f64: 1,
        i64: 2n ** 53n + 1n,
        u64: null,
        dict: "a",
        dict8: "a",
        large: null,
        ok: false,
        plain: 3,
      },
    ];
    const set = expectRows(throughBytes(table), expected);
    expect(
      set.schema.kind === "record" && set.schema.fields.filter(({ nullable }) => nullable).map(({ name }) => name),
    ).toEqual(["f64", "u64", "dict", "large", "ok"]);
    freeColumns(arena, set);
  });

  it("refuses other types by name, and integers beyond 64 signed bits", () => {
    const tables = {
      date: arrow.vectorFromArray([new Date(0)], new arrow.DateMillisecond()),
      list: arrow.vectorFromArray([[1]], new arrow.List(new arrow.Field("item", new arrow.Float64()))),
      half: arrow.vectorFromArray([1], new arrow.Float16()),
      huge: arrow.vectorFromArray([2n ** 63n], new arrow.Uint64()),
      coded: arrow.vectorFromArray([1, 1], new arrow.Dictionary(new arrow.Float64(), new arrow.Int32())),
    };
    for (const [name, vector] of Object.entries(tables)) {
      const table = new arrow.Table({
        good: arrow.vectorFromArray([...vector].map(Number), new arrow.Float64()),
        [name]: vector,
      });
      expect(() => fromArrowTable(table, arena), name).toThrow(
        expect.objectContaining({
          code: "TYPE_MISMATCH",
          details: expect.objectContaining({ column: name }) as unknown,
        }),
      );
    }
  });

  it("F86: refuses buffers that contradict one another", () => {
    const column = (data: arrow.Data): arrow.Table => {
      const fields = [new arrow.Field("x", data.type, true)];
      const struct = arrow.makeData({
        type: new arrow.Struct(fields),
        length: data.length,
        nullCount: 0,
        children: [data],
      });
      return new arrow.Table([new arrow.RecordBatch(new arrow.Schema(fields), struct)]);
    };
    const utf8 = (offsets: number[], length: number): arrow.Table =>
      column(
        arrow.makeData({
          type: new arrow.Utf8(),
          length,
          nullCount: 0,
          valueOffsets: new Int32Array(offsets),
          data: new Uint8Array(4),
        }),
      );
    const dictionary = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32());
    const coded = (code: number): arrow.Table =>
      column(
        arrow.makeData({
          type: dictionary,
          length: 1,
          nullCount: 0,
          data: new Int32Array([code]),
          dictionary: arrow.vectorFromArray(["a"], new arrow.Utf8()),
        }),
      );
    const damaged = {
      "too few numbers": column(
        arrow.makeData({ type: new arrow.Float64(), length: 3, nullCount: 0, data: new Float64Array(2) }),
      ),
      "too few bits": column(
        arrow.makeData({ type: new arrow.Bool(), length: 9, nullCount: 0, data: new Uint8Array(1) }),
      ),
      "too short a validity": column(
        arrow.makeData({
          type: new arrow.Float64(),
          length: 9,
          nullCount: 1,
          nullBitmap: new Uint8Array(1),
          data: new Float64Array(9),
        }),
      ),
      "descending offsets": utf8([0, 3, 1], 2),
      "offsets beyond the bytes": utf8([0, 5], 1),
      "negative offsets": utf8([-1, 1], 1),
      "too few offsets": utf8([0, 1], 2),
      "a code beyond its dictionary": coded(1),
      "a negative code": coded(-1),
    };
    for (const [what, table] of Object.entries(damaged)) {
      expect(() => fromArrowTable(table, arena), what).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
    }
  });

  it("frees what it had when the arena is full", () => {
    const small = Arena.create({ capacityBytes: 65536 });
    const vector = arrow.makeVector(new Float64Array(5000));
    expect(() => fromArrowTable(new arrow.Table({ a: vector, b: vector }), small)).toThrow(
      expect.objectContaining({ code: "OUT_OF_MEMORY" }),
    );
    expect(small.usedBytes).toBe(0);
  });
});
