/**
 * Rows of typed columns: made, read and freed.
 */
import { assert, SuperstepError } from "../errors.ts";
import type { AllocateOptions, Arena } from "./arena.ts";
import { decodeValues } from "./codec.ts";
import { fieldsOf } from "./schema.ts";
import type {
  ColumnRef,
  ColumnSet,
  EncodedChunk,
  Field,
  FieldType,
  FixedType,
  PlacedValues,
  Schema,
  StoredColumn,
} from "./types.ts";
import { ValueHeap } from "./valueHeap.ts";

/** Numbers as stored: Float64Array as a rule, a narrower array where a column is. */
export type NumberArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/** A column to read. */
export interface FieldReader {
  readonly name: string;
  readonly type: FieldType;
  /**
   * The values by row. "number": a NumberArray; "boolean": a Uint8Array of 0 and 1; "bigint": a BigInt64Array, all three
   * over the arena. "string" and "object": a plain array, decoded whole when asked for.
   */
  readonly values: NumberArray | BigInt64Array | readonly unknown[];
  /** One byte a row, 1 where there is a value; absent if the column has no room for missing ones, or is encoded. */
  readonly validity?: Uint8Array;
  /** The value of a row; null where it is missing. Decodes only the chunk that it is in. */
  read(row: number): unknown;
}

/** Reads rows in [0, length). */
export interface ColumnReader<T> {
  readonly length: number;
  readonly fields: readonly FieldReader[];
  /** The value of a row: a fresh object for a record. */
  get(row: number): T;
}

/** The array element type by field type. */
const storedTypes: Readonly<Record<"number" | "boolean" | "bigint", FixedType>> = {
  number: "float64",
  boolean: "boolean",
  bigint: "int64",
};

/** Reads the rows of `set`. `T` is what the caller knows its schema to describe. */
export function readerOf<T>(set: ColumnSet, arena: Arena): ColumnReader<T> {
  const fields = fieldsOf(set.schema).map((field, column): FieldReader => {
    const stored = set.columns[column];
    assert(stored !== undefined, `a column set lacks its column ${column}`);
    if (stored.kind === "fixed") return fixedReader(field, stored, arena);
    if (stored.placed !== undefined) return new PlacedReader(field, stored.placed, arena);
    return new EncodedReader(field, stored.chunks, set.length);
  });
  const { length } = set;
  const [only] = fields;
  if (set.schema.kind === "scalar") return { length, fields, get: (row) => only!.read(row) as T };
  return { length, fields, get: (row) => readRecord(fields, row) as T };
}

/**
 * Columns for `length` rows: those of fixed width in the arena, all 0 (and all missing, where nullable), the encoded ones
 * without chunks yet. With `uncleared`, for columns whose every row is written before it is read, those without room for
 * missing values hold anything.
 *
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full; nothing stays allocated then.
 */
export function allocateColumns(
  arena: Arena,
  schema: Schema,
  length: number,
  owner: string,
  options: AllocateOptions = {},
): StoredColumn[] {
  const columns: StoredColumn[] = [];
  try {
    for (const { type, nullable } of fieldsOf(schema)) {
      if (type === "string" || type === "object") {
        columns.push({ kind: "encoded", chunks: [] });
        continue;
      }
      const data = arena.allocate(storedTypes[type], length, owner, nullable ? {} : options);
      columns.push({ kind: "fixed", data });
      if (nullable)
        columns[columns.length - 1] = { kind: "fixed", data, validity: arena.allocate("uint8", length, owner) };
    }
  } catch (error) {
    freeColumns(arena, { columns });
    throw error;
  }
  return columns;
}

/** Frees the columns of `set` in the arena. */
export function freeColumns(arena: Arena, set: Pick<ColumnSet, "columns">): void {
  for (const column of set.columns) {
    if (column.kind === "encoded") continue;
    arena.free(column.data);
    if (column.validity) arena.free(column.validity);
  }
}

function readRecord(fields: readonly FieldReader[], row: number): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    if (field.name !== "__proto__") record[field.name] = field.read(row);
    else {
      const value = field.read(row);
      Object.defineProperty(record, field.name, { value, enumerable: true, writable: true, configurable: true });
    }
  }
  return record;
}

function fixedReader(
  { name, type }: Field,
  stored: { readonly data: ColumnRef; readonly validity?: ColumnRef<"uint8"> },
  arena: Arena,
): FieldReader {
  const values = arena.view(stored.data);
  const value = type === "boolean" ? (row: number) => values[row] !== 0 : (row: number) => values[row];
  if (stored.validity === undefined) return { name, type, values, read: value };
  const validity = arena.view(stored.validity);
  return { name, type, values, validity, read: (row) => (validity[row] !== 0 ? value(row) : null) };
}

/** Decodes chunks as rows of them are read. */
class EncodedReader implements FieldReader {
  readonly name: string;
  readonly type: FieldType;
  readonly #chunks: readonly EncodedChunk[];
  readonly #decoded: (readonly unknown[] | undefined)[] = [];
  #all: readonly unknown[] | undefined;
  /** The chunk read last. */
  #current = 0;

  constructor(field: Field, chunks: readonly EncodedChunk[], length: number) {
    assertCover(chunks, length);
    this.name = field.name;
    this.type = field.type;
    this.#chunks = chunks;
  }

  get values(): readonly unknown[] {
    this.#all ??=
      this.#chunks.length === 1 ? this.#chunk(0) : this.#chunks.flatMap((_chunk, index) => this.#chunk(index));
    return this.#all;
  }

  read(row: number): unknown {
    if (this.#all) return this.#all[row];
    let chunk = this.#chunks[this.#current];
    if (chunk === undefined || row < chunk.from || row >= chunk.to) {
      this.#current = this.#chunks.findIndex(({ from, to }) => row >= from && row < to);
      chunk = this.#chunks[this.#current];
      if (chunk === undefined) return undefined;
    }
    return (this.#decoded[this.#current] ?? this.#chunk(this.#current))[row - chunk.from];
  }

  #chunk(index: number): readonly unknown[] {
    const known = this.#decoded[index];
    if (known) return known;
    const { from, to, bytes } = this.#chunks[index]!;
    const values = decodeValues(new Uint8Array(bytes));
    if (values.length !== to - from) {
      throw new SuperstepError(
        "BLOCK_CORRUPT",
        `column ${JSON.stringify(this.name)}: rows ${from} to ${to} must hold ${to - from} values, got ${values.length}`,
        { details: { field: this.name, from, to, values: values.length } },
      );
    }
    this.#decoded[index] = values;
    return values;
  }
}

/** Decodes values as they are read: a row twice gives the same value twice. */
class PlacedReader implements FieldReader {
  readonly name: string;
  readonly type: FieldType;
  readonly #places: Uint32Array;
  readonly #heap: ValueHeap;
  readonly #decoded: Map<number, unknown> = new Map();

  constructor({ name, type }: Field, { places, heap }: PlacedValues, arena: Arena) {
    this.name = name;
    this.type = type;
    this.#places = arena.view(places);
    this.#heap = new ValueHeap(arena, heap);
  }

  get values(): readonly unknown[] {
    return Array.from(this.#places, (_place, row) => this.read(row));
  }

  read(row: number): unknown {
    let value = this.#decoded.get(row);
    if (value !== undefined) return value;
    value = this.#heap.read(this.#places[row]!);
    this.#decoded.set(row, value);
    return value;
  }
}

function assertCover(chunks: readonly EncodedChunk[], length: number): void {
  let row = 0;
  for (const { from, to } of chunks) {
    assert(from === row && to >= from, `an encoded column continues with rows [${from}, ${to}) after row ${row}`);
    row = to;
  }
  assert(row === length, `an encoded column ends after ${row} of ${length} rows`);
}
