/**
 * Column sets as Apache Arrow tables, and back. The library is loaded on first use: it takes a fifth of a second.
 */
import type * as Arrow from "apache-arrow";
import { excerpt, SuperstepError } from "../errors.ts";
import type { Arena } from "./arena.ts";
import { readArrowColumn } from "./arrowColumn.ts";
import { type FieldReader, freeColumns, readerOf } from "./columnSet.ts";
import { encodeStrings } from "./strings.ts";
import type { ColumnSet, Field, StoredColumn } from "./types.ts";

/** What becomes a table: a column set, or several of one length by name. */
export type ArrowSource = ColumnSet | Readonly<Record<string, ColumnSet>>;

/**
 * The rows as a table of one batch. A record gives a column per field, a scalar one named "value"; of named sets, a
 * scalar takes the name, and the fields of a record are named `name.field`.
 *
 * Numbers, also bigints (Int64), are not copied: the table views the arena, and must be let go before the columns are
 * freed. An array that comes twice, or overlaps another, is copied, for Arrow's writer would merge the two. Booleans and
 * validity become bits; strings become Utf8.
 *
 * @throws SuperstepError TYPE_MISMATCH if a column holds values of any type, which Arrow has no column for.
 * @throws SuperstepError INVALID_INPUT if a string has a lone surrogate.
 * @throws SuperstepError INVALID_ARGUMENT if lengths differ, or two columns have one name.
 */
export async function toArrowTable(source: ArrowSource, arena: Arena): Promise<Arrow.Table> {
  const arrow = await import("apache-arrow");
  const columns = namedColumns(source, arena);
  const length = columns[0]?.length ?? 0;
  const views: ArrayBufferView[] = [];
  const names = new Set<string>();
  const fields: Arrow.Field[] = [];
  const children: Arrow.Data[] = [];
  for (const { name, reader, length: rows } of columns) {
    if (rows !== length) throw invalid(`columns must be of one length, got ${length} and ${rows} (${excerpt(name)})`);
    if (names.has(name)) throw invalid(`columns must have names of their own, got ${excerpt(name)} twice`);
    names.add(name);
    const data = toData(arrow, name, reader, length, views);
    fields.push(new arrow.Field(name, data.type, data.nullCount > 0));
    children.push(data);
  }
  const schema = new arrow.Schema(fields);
  const struct = arrow.makeData({ type: new arrow.Struct(fields), length, nullCount: 0, children });
  return new arrow.Table(schema, new arrow.RecordBatch(schema, struct));
}

/**
 * The table as a column set in the arena, a record with a field per column; the caller frees it. Arrow's numbers up to 32
 * bits and floats become numbers, 64-bit integers bigints, Bool booleans, Utf8 (also large, also dictionary-coded)
 * strings; columns with missing values are nullable. Copied batch by batch.
 *
 * @throws SuperstepError TYPE_MISMATCH if a column is of another type, or holds an integer beyond signed 64 bits.
 * @throws SuperstepError INVALID_INPUT if buffers, offsets or codes of a column contradict one another.
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full; nothing stays allocated then.
 */
export function fromArrowTable(table: Arrow.Table, arena: Arena, owner = "arrow table"): ColumnSet {
  const columns: StoredColumn[] = [];
  const fields: Field[] = [];
  try {
    table.schema.fields.forEach(({ name, type }, index) => {
      if (fields.some((field) => field.name === name) || name === "__proto__") {
        throw new SuperstepError("INVALID_INPUT", `arrow: a column cannot be named ${excerpt(name)} here, or twice so`);
      }
      const parts = table.batches.map((batch) => batch.data.children[index]!);
      const { field, column } = readArrowColumn(name, type as Arrow.DataType, parts, table.numRows, arena, owner);
      fields.push(field);
      columns.push(column);
    });
  } catch (error) {
    freeColumns(arena, { columns });
    throw error;
  }
  return { schema: { kind: "record", fields }, length: table.numRows, columns };
}

interface NamedColumn {
  readonly name: string;
  readonly reader: FieldReader;
  readonly length: number;
}

function namedColumns(source: ArrowSource, arena: Arena): NamedColumn[] {
  if (isColumnSet(source)) {
    const { fields, length } = readerOf(source, arena);
    return fields.map((reader) => ({ name: source.schema.kind === "scalar" ? "value" : reader.name, reader, length }));
  }
  return Object.entries(source).flatMap(([name, set]) =>
    readerOf(set, arena).fields.map((reader) => ({
      name: set.schema.kind === "scalar" ? name : `${name}.${reader.name}`,
      reader,
      length: set.length,
    })),
  );
}

function isColumnSet(source: ArrowSource): source is ColumnSet {
  return Array.isArray(source["columns"]);
}

function toData(
  arrow: typeof Arrow,
  name: string,
  reader: FieldReader,
  length: number,
  views: ArrayBufferView[],
): Arrow.Data {
  const { values } = reader;
  switch (reader.type) {
    case "string":
      return stringData(arrow, values as readonly unknown[], length);
    case "boolean":
      return arrow.makeData({
        type: new arrow.Bool(),
        length,
        data: toBits(values as Uint8Array),
        ...nulls(reader.validity),
      });
    case "number":
    case "bigint": {
      const data = apart(values as Float64Array, views);
      return arrow.makeData({ type: numberType(arrow, data), length, data, ...nulls(reader.validity) } as never);
    }
    case "object":
      throw new SuperstepError(
        "TYPE_MISMATCH",
        `arrow: column ${excerpt(name)} holds values of any type, and Arrow has no column for these. ` +
          "Map it to numbers, booleans, bigints or strings first.",
        { details: { column: name } },
      );
  }
}

function numberType(arrow: typeof Arrow, view: ArrayBufferView): Arrow.DataType {
  if (view instanceof Float64Array) return new arrow.Float64();
  if (view instanceof BigInt64Array) return new arrow.Int64();
  if (view instanceof Float32Array) return new arrow.Float32();
  if (view instanceof Int32Array) return new arrow.Int32();
  return view instanceof Uint32Array ? new arrow.Uint32() : new arrow.Uint8();
}

/** The view itself, or a copy if it shares bytes with one before it. */
function apart(view: Float64Array, before: ArrayBufferView[]): Float64Array {
  const overlaps = before.some(
    (other) =>
      other.buffer === view.buffer &&
      other.byteOffset < view.byteOffset + view.byteLength &&
      view.byteOffset < other.byteOffset + other.byteLength,
  );
  const data = overlaps ? view.slice() : view;
  before.push(data);
  return data;
}

function stringData(arrow: typeof Arrow, values: readonly unknown[], length: number): Arrow.Data {
  const validity = new Uint8Array(length);
  const texts = values.map((value, row) => {
    if (typeof value !== "string") return "";
    validity[row] = 1;
    return value;
  });
  const { offsets, bytes } = encodeStrings(texts);
  const missing = validity.includes(0) ? nulls(validity) : nulls(undefined);
  if (bytes.length < 2 ** 31) {
    return arrow.makeData({
      type: new arrow.Utf8(),
      length,
      valueOffsets: new Int32Array(offsets.buffer),
      data: bytes,
      ...missing,
    });
  }
  return arrow.makeData({
    type: new arrow.LargeUtf8(),
    length,
    valueOffsets: BigInt64Array.from(offsets, BigInt),
    data: bytes,
    ...missing,
  });
}

function nulls(validity: Uint8Array | undefined): { nullCount: number; nullBitmap?: Uint8Array } {
  if (validity === undefined) return { nullCount: 0 };
  let present = 0;
  for (const byte of validity) if (byte !== 0) present++;
  return present === validity.length
    ? { nullCount: 0 }
    : { nullCount: validity.length - present, nullBitmap: toBits(validity) };
}

/** A bit for each byte, set where it is not 0, low bits first; padded to 8 bytes. */
function toBits(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(bytes.length / 64) * 8);
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) bits[i >>> 3]! |= 1 << (i & 7);
  return bits;
}

function invalid(rule: string): SuperstepError {
  return new SuperstepError("INVALID_ARGUMENT", `toArrowTable: ${rule}`);
}
