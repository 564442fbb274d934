/**
 * Writes values to rows of columns, checking each: the clear form of the writers that the graph layer generates.
 */
import { assert, excerpt, SuperstepError } from "../../core/errors.ts";
import type { Arena } from "../../core/column/arena.ts";
import { encodeValues } from "../../core/column/codec.ts";
import { arrayOf } from "../../core/column/flatColumns.ts";
import { describeSchema, fieldsOf } from "../../core/column/schema.ts";
import { formOf } from "../../core/column/shippable.ts";
import type { EncodedChunk, Field, Schema, StoredColumn } from "../../core/column/types.ts";

/** Writes the rows [from, to) of columns. Rows never written are 0, false, or missing; "" or undefined if encoded. */
export interface ColumnWriter {
  /**
   * Writes a value to a row in [from, to). Null and undefined are one in a nullable field, and read back as null.
   *
   * @throws SuperstepError TYPE_MISMATCH if it is not what the schema says; details: row, field, expected, got.
   * @throws NeedsNullable if it is missing in a field that is not nullable.
   */
  set(row: number, value: unknown): void;
  /**
   * Encodes what was gathered: one entry a column, undefined for those of fixed width.
   *
   * @throws SuperstepError NOT_SHIPPABLE if a value cannot travel; details: row, field, path.
   */
  finish(): (EncodedChunk | undefined)[];
}

/** A signal, not a failure: a value is missing where the schema has no room for it. Widen the schema and run again. */
export class NeedsNullable extends Error {
  readonly row: number;
  /** Name of the field, "" for a scalar. */
  readonly field: string;

  constructor(row: number, field: string) {
    super(`row ${row} has no value for ${field === "" ? "a column" : JSON.stringify(field)} that is not nullable`);
    this.name = "NeedsNullable";
    this.row = row;
    this.field = field;
  }
}

/** Writes rows [from, to) of columns that `allocateColumns` made for this schema. Writers of disjoint rows can run at once. */
export function writerFor(
  schema: Schema,
  arena: Arena,
  columns: readonly StoredColumn[],
  from: number,
  to: number,
): ColumnWriter {
  const fields = fieldsOf(schema);
  assert(columns.length === fields.length, `${fields.length} fields need as many columns, not ${columns.length}`);
  const writers = fields.map((field, column) => fieldWriter(field, columns[column]!, arena, from, to));
  const finish = (): (EncodedChunk | undefined)[] => writers.map((writer) => writer.finish());
  if (schema.kind === "scalar") return { set: writers[0]!.set, finish };
  return { set: (row, value) => setRecord(schema, writers, row, value), finish };
}

interface FieldWriter {
  readonly name: string;
  readonly set: (row: number, value: unknown) => void;
  readonly finish: () => EncodedChunk | undefined;
}

function setRecord(schema: Schema, writers: readonly FieldWriter[], row: number, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw mismatch(row, "", describeSchema(schema), value);
  const record = value as Record<string, unknown>;
  let numFound = 0;
  let isPlain = false;
  for (const writer of writers) {
    const part = record[writer.name];
    if (part === undefined) {
      // A Map or a Promise is no record that lacks all fields.
      isPlain ||= ["object", "bareObject"].includes(formOf(value));
      if (!isPlain) throw mismatch(row, "", describeSchema(schema), value);
    }
    if (part !== undefined || Object.hasOwn(record, writer.name)) numFound++;
    writer.set(row, part);
  }
  const keys = Object.keys(record);
  if (keys.length === numFound) return;
  const extra = keys.find((key) => !writers.some(({ name }) => name === key)) ?? "";
  throw mismatch(row, extra, "absent, as in the first value", record[extra]);
}

function fieldWriter(field: Field, column: StoredColumn, arena: Arena, from: number, to: number): FieldWriter {
  const { name, type } = field;
  if (type === "string" || type === "object") {
    assert(column.kind === "encoded", `a field of type ${type} has an encoded column`);
    return encodedWriter(field, from, to);
  }
  assert(column.kind === "fixed", `a field of type ${type} has a column in the arena`);
  const validity = column.validity && arena.view(column.validity);
  const store = storeFor(type, arena.view(column.data));
  const set = (row: number, value: unknown): void => {
    if (value === null || value === undefined) {
      if (validity === undefined) throw new NeedsNullable(row, name);
      validity[row] = 0;
    } else {
      if (!store(row, value)) throw mismatch(row, name, expectation[type], value);
      if (validity !== undefined) validity[row] = 1;
    }
  };
  return { name, set, finish: () => undefined };
}

const expectation: Readonly<Record<Field["type"], string>> = {
  number: "a number",
  boolean: "a boolean",
  bigint: "a bigint of 64 bits",
  string: "a string",
  object: "any value",
};

/** Stores a value and returns true if it is of the type; else false. */
function storeFor(
  type: "number" | "boolean" | "bigint",
  view: { [row: number]: number | bigint },
): (row: number, value: unknown) => boolean {
  switch (type) {
    case "number":
      return (row, value) => {
        if (typeof value !== "number") return false;
        view[row] = value === value ? value : NaN; // one pattern for all NaNs
        return true;
      };
    case "boolean":
      return (row, value) => {
        if (typeof value !== "boolean") return false;
        view[row] = value ? 1 : 0;
        return true;
      };
    case "bigint":
      return (row, value) => {
        if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) return false;
        view[row] = value;
        return true;
      };
  }
}

function encodedWriter({ name, type, nullable }: Field, from: number, to: number): FieldWriter {
  const gathered = arrayOf<unknown>(to - from);
  for (let i = 0; i < to - from; i++) gathered[i] = type === "object" ? undefined : nullable ? null : "";
  const set = (row: number, value: unknown): void => {
    if (type === "object") gathered[row - from] = value;
    else if (typeof value === "string") gathered[row - from] = value;
    else if (value !== null && value !== undefined) throw mismatch(row, name, expectation.string, value);
    else if (!nullable) throw new NeedsNullable(row, name);
    else gathered[row - from] = null;
  };
  return { name, set, finish: () => ({ from, to, bytes: encodeRows(gathered, name, from) }) };
}

function encodeRows(values: readonly unknown[], field: string, from: number): SharedArrayBuffer {
  try {
    return encodeValues(values).buffer;
  } catch (error) {
    if (!(error instanceof SuperstepError) || error.code !== "NOT_SHIPPABLE") throw error;
    const row = from + (error.details["index"] as number);
    const path = error.details["path"] as string;
    const inField = path.replace(/^\[\d+\]/, field === "" ? "value" : field);
    const problem = error.message.slice(path.length + 2);
    throw new SuperstepError("NOT_SHIPPABLE", `row ${row}: ${inField}: ${problem}`, {
      details: { row, field, path: inField },
    });
  }
}

function mismatch(row: number, field: string, expected: string, value: unknown): SuperstepError {
  const got = excerpt(value);
  const what = field === "" ? "the value" : excerpt(field, 60);
  return new SuperstepError("TYPE_MISMATCH", `row ${row}: ${what} must be ${expected}, got ${got}`, {
    details: { row, field, expected, got },
  });
}
