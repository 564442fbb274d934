/**
 * The row writer that is generated for each schema against the clear one, on random schemas and values.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../../core/column/arena.ts";
import { allocateColumns, freeColumns, readerOf } from "../../../core/column/columnSet.ts";
import { NeedsNullable, writerFor } from "../../reference/columnWriter.ts";
import { joinChunks } from "../../reference/joinChunks.ts";
import { schemaOf } from "../../../core/column/schema.ts";
import type { ColumnSet, Schema } from "../../../core/column/types.ts";
import { hasCode, type SuperstepError } from "../../../core/errors.ts";
import type { TaskContext } from "../../../core/host/task.ts";
import { bindReaders, readExpression, type Bindings } from "../../../graph/columns/accessors.ts";
import { runLoop } from "../../../graph/columns/loop.ts";
import { MissingValue, RowOutput, withChunks, writeStatements } from "../../../graph/columns/output.ts";
import { withRoom } from "../../../graph/columns/withRoom.ts";

const arena = Arena.create({ capacityBytes: 1 << 20 });
const task = { arena, memo: <T>(_key: string, make: () => T): T => make() } as unknown as TaskContext;

/** What became of writing: the schema in the end and the rows as they read, or the row that was refused. */
type Outcome = { readonly schema: Schema; readonly rows: unknown[] } | { readonly refused: number };

function outcomeOf(
  schema: Schema,
  values: readonly unknown[],
  write: (set: ColumnSet) => ColumnSet | "missing",
): Outcome {
  const set = { schema, length: values.length, columns: allocateColumns(arena, schema, values.length, "test") };
  try {
    const written = write(set);
    if (written === "missing") return outcomeOf(withRoom(schema, ["value"])!, values, write);
    const reader = readerOf<unknown>(written, arena);
    return { schema, rows: values.map((_value, row) => reader.get(row)) };
  } catch (error) {
    if (!hasCode(error, "TYPE_MISMATCH")) throw error;
    return { refused: Number(/\d+/.exec((error as SuperstepError).message)![0]) };
  } finally {
    freeColumns(arena, set);
  }
}

const clear = (schema: Schema, values: readonly unknown[]): Outcome =>
  outcomeOf(schema, values, (set) => {
    const writer = writerFor(set.schema, arena, set.columns, 0, values.length);
    try {
      values.forEach((value, row) => writer.set(row, value));
    } catch (error) {
      if (error instanceof NeedsNullable) return "missing";
      throw error;
    }
    return { ...set, columns: joinChunks(set.columns, [writer.finish()]) };
  });

const generated = (schema: Schema, values: readonly unknown[]): Outcome =>
  outcomeOf(schema, values, (set) => {
    const rows = new RowOutput(set, 0, values.length);
    const bindings: Bindings = { values };
    rows.bind(bindings, "out", arena, (row) => `row ${row}`, "test");
    const write = writeStatements(set, "out", "r", "value");
    const body = `for (let r = 0; r < values.length; r++) { const value = values[r]; ${write} }`;
    try {
      runLoop(bindings, { declarations: "", body }, task);
    } catch (error) {
      if (error instanceof MissingValue) return "missing";
      throw error;
    }
    return withChunks(set, [rows.finish()]);
  });

class Point {
  a = 1;
  b = "x";
}

const name = fc.constantFrom("a", "b", "c", "0", "1", "length", "a b", "ä", '"');
const scalar = fc.oneof(
  fc.double(),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: "binary", maxLength: 5 }),
);
const anything = fc.oneof(
  { weight: 12, arbitrary: scalar },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      null,
      undefined,
      2n ** 63n,
      [],
      [1],
      [1, 2],
      Float64Array.of(1),
      new Map([["a", 1]]),
      new Date(0),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>({}, { a: 1 }, new Point(), new Set([1])) },
);
const record = fc.dictionary(name, anything, { minKeys: 1, maxKeys: 4, noNullPrototype: false });

/** A first value, and others that are mostly like it. */
const values = fc.oneof(scalar, record).chain((first) => {
  const isRecord = typeof first === "object";
  const like = isRecord
    ? fc.record(
        Object.fromEntries(
          Object.entries(first).map(([key, value]) => [
            key,
            fc.oneof({ weight: 8, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: anything }),
          ]),
        ),
        { noNullPrototype: true },
      )
    : fc.constant(first);
  const other = isRecord
    ? fc.oneof(
        { weight: 8, arbitrary: like },
        { weight: 1, arbitrary: record },
        { weight: 1, arbitrary: anything.filter((value) => value !== null && value !== undefined) },
        {
          weight: 2,
          arbitrary: fc
            .subarray(Object.keys(first))
            .map((keys) => Object.fromEntries(keys.map((key) => [key, first[key]]))),
        },
        { weight: 2, arbitrary: fc.constant(Object.fromEntries(Object.entries(first).reverse())) },
        { weight: 1, arbitrary: fc.constant(Object.values(first)) },
      )
    : fc.oneof({ weight: 6, arbitrary: like }, { weight: 1, arbitrary: anything });
  return fc.array(other, { maxLength: 8 }).map((rest): unknown[] => [first, ...rest]);
});

describe("writeStatements", () => {
  it("writes and refuses what the clear writer does, on random schemas and values", () => {
    const kinds = { refused: 0, missing: 0, plain: 0 };
    fc.assert(
      fc.property(values, (rows) => {
        const schema = schemaOf(rows[0]);
        const expected = clear(schema, rows);
        expect(generated(schema, rows)).toEqual(expected);
        kinds["refused" in expected ? "refused" : expected.schema === schema ? "plain" : "missing"]++;
      }),
      { numRuns: 3000, seed: 7 },
    );
    expect(Math.min(...Object.values(kinds)), JSON.stringify(kinds)).toBeGreaterThan(100);
    expect(arena.usedBytes).toBe(0);
  });

  it("makes one NaN of all", () => {
    const other = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0]!;
    const schema = schemaOf(0);
    const set = { schema, length: 1, columns: allocateColumns(arena, schema, 1, "test") };
    const bindings: Bindings = { other };
    new RowOutput(set, 0, 1).bind(bindings, "out", arena, String, "test");
    runLoop(bindings, { declarations: "", body: writeStatements(set, "out", "0", "other") }, task);
    const [column] = set.columns;
    const { buffer, byteOffset } = arena.view(column!.kind === "fixed" ? column!.data : (undefined as never));
    expect(new BigUint64Array(buffer, byteOffset, 1)[0]).toBe(0x7ff8_0000_0000_0000n);
    freeColumns(arena, set);
  });

  it("says which row cannot travel, and why", () => {
    const schema = schemaOf([1]);
    const set = { schema, length: 2, columns: allocateColumns(arena, schema, 2, "test") };
    const rows = new RowOutput(set, 0, 2);
    const bindings: Bindings = { values: [[1], [() => 1]] };
    rows.bind(bindings, "out", arena, (row) => `vertex ${row + 10}`, "mapVertices");
    const body = `for (let r = 0; r < 2; r++) { ${writeStatements(set, "out", "r", "values[r]")} }`;
    runLoop(bindings, { declarations: "", body }, task);
    expect(() => rows.finish()).toThrow(
      expect.objectContaining({
        code: "NOT_SHIPPABLE",
        message: expect.stringMatching(/^mapVertices: the value of vertex 11, at "\[0\]": function/),
      }),
    );
  });
});

describe("readExpression", () => {
  it("reads what was written, as fresh records, whole or in part; also fields called __proto__", () => {
    const field = (fieldName: string) => ({ name: fieldName, type: "number", nullable: true }) as const;
    const schema: Schema = { kind: "record", fields: [field("a"), field("__proto__"), field('x"y')] };
    const set: ColumnSet = { schema, length: 2, columns: allocateColumns(arena, schema, 2, "test") };
    set.columns.forEach((column, at) => {
      if (column.kind !== "fixed") return;
      arena.view(column.data)[1] = at + 1;
      arena.view(column.validity!)[1] = 1;
    });
    const read = (wanted?: ReadonlySet<string>): unknown[] => {
      const found: unknown[] = [];
      const bindings: Bindings = { found };
      bindReaders(bindings, "in", set, arena);
      const body = `for (let r = 0; r < 2; r++) found.push(${readExpression(set, "in", "r", wanted)});`;
      runLoop(bindings, { declarations: "", body }, task);
      return found;
    };
    const entries = read().map((value) => Object.entries(value as object));
    expect(entries).toEqual([
      [
        ["a", null],
        ["__proto__", null],
        ['x"y', null],
      ],
      [
        ["a", 1],
        ["__proto__", 2],
        ['x"y', 3],
      ],
    ]);
    expect(read(new Set(['x"y']))).toEqual([{ 'x"y': null }, { 'x"y': 3 }]);
    freeColumns(arena, set);
  });
});
