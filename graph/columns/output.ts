/**
 * Where a loop writes its rows: typed arrays in the arena for fields of fixed width, plain arrays for the others until
 * they are encoded. The writing text checks each value's type.
 */
import type { Arena } from "../../core/column/arena.ts";
import { encodeValues } from "../../core/column/codec.ts";
import type { ColumnSet, EncodedChunk, Field, Schema, StoredColumn } from "../../core/column/types.ts";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import { fieldsOf } from "../../core/column/schema.ts";
import type { Bindings } from "./accessors.ts";

/** Thrown by a loop that met a missing value where the schema has none: the job runs again with nullable fields. */
export class MissingValue extends Error {}

/** What a task that writes columns reports: chunks for encoded columns, or that a value was missing. */
export interface WrittenRows {
  /** One entry a column, set for encoded ones. */
  readonly chunks: readonly (EncodedChunk | undefined)[];
  readonly metMissing?: boolean;
}

/** The rows [from, to) of a column set that a task writes. */
export class RowOutput {
  readonly #set: ColumnSet;
  readonly #from: number;
  readonly #to: number;
  readonly #gathered: (unknown[] | undefined)[];

  constructor(set: ColumnSet, from: number, to: number) {
    this.#set = set;
    this.#from = from;
    this.#to = to;
    this.#gathered = set.columns.map((column) =>
      column.kind === "encoded" ? Array.from<unknown>({ length: to - from }) : undefined,
    );
  }

  /**
   * Binds what text made by `writeStatements` needs. `describe` names row `index` in an error: "vertex 12".
   */
  bind(bindings: Bindings, name: string, arena: Arena, describe: (index: number) => string, operation: string): void {
    const { schema, columns } = this.#set;
    columns.forEach((column, at) => {
      bindings[`${name}${at}`] = column.kind === "fixed" ? arena.view(column.data) : this.#gathered[at];
      if (column.kind === "fixed" && column.validity) bindings[`${name}${at}v`] = arena.view(column.validity);
    });
    bindings[`${name}Base`] = this.#from;
    bindings[`${name}Fail`] = (index: number, value: unknown, at: number): never => {
      throw mismatch(operation, describe(index), schema, at, value);
    };
    bindings[`${name}Missing`] = (): never => {
      throw new MissingValue();
    };
  }

  /** Encodes what was gathered. Rows never written are undefined. */
  finish(): WrittenRows {
    const chunks = this.#gathered.map((values): EncodedChunk | undefined => {
      if (values === undefined) return undefined;
      const bytes = encodeValues(values);
      return { from: this.#from, to: this.#to, bytes: sharedCopy(bytes) };
    });
    return { chunks };
  }
}

/** Bytes as a SharedArrayBuffer of exactly their size; no copy if they are one already. */
export function sharedCopy(bytes: Uint8Array): SharedArrayBuffer {
  if (bytes.buffer instanceof SharedArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer;
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}

/** Statements that write `value` (an expression without side effects) to row `index` of the columns bound as `name`. */
export function writeStatements(set: ColumnSet, name: string, index: string, value: string): string {
  const { schema } = set;
  if (schema.kind === "scalar") return writeField(set, name, 0, schema.field, index, value);
  const lines = schema.fields.map((field, column) => {
    const local = `${name}Field${column}`;
    return `const ${local} = ${value}[${JSON.stringify(field.name)}];\n${writeField(set, name, column, field, index, local)}`;
  });
  return `if (typeof ${value} !== "object" || ${value} === null) ${name}Fail(${index}, ${value}, -1);
let ${name}Keys = 0; for (const key in ${value}) ${name}Keys++;
if (${name}Keys !== ${schema.fields.length}) ${name}Fail(${index}, ${value}, -1);
{ ${lines.join("\n")} }`;
}

function writeField(set: ColumnSet, name: string, column: number, field: Field, index: string, value: string): string {
  const stored = set.columns[column]!;
  const at = stored.kind === "encoded" ? `${index} - ${name}Base` : index;
  const target = `${name}${column}[${at}]`;
  const fail = `${name}Fail(${index}, ${value}, ${column})`;
  const isNullable = stored.kind === "fixed" && stored.validity !== undefined;
  const whenMissing = isNullable ? `${name}${column}v[${index}] = 0` : `${name}Missing()`;
  const mark = isNullable ? `${name}${column}v[${index}] = 1; ` : "";
  const missing = `else if (${value} === null || ${value} === undefined) ${whenMissing};\n`;
  switch (field.type) {
    case "number":
      // One NaN pattern, so that equal results have equal bits.
      return `if (typeof ${value} === "number") { ${mark}${target} = ${value} === ${value} ? ${value} : NaN; }\n${missing}else ${fail};`;
    case "boolean":
      return `if (typeof ${value} === "boolean") { ${mark}${target} = ${value} ? 1 : 0; }\n${missing}else ${fail};`;
    case "bigint":
      return `if (typeof ${value} === "bigint" && BigInt.asIntN(64, ${value}) === ${value}) { ${mark}${target} = ${value}; }\n${missing}else ${fail};`;
    case "string":
      return `if (typeof ${value} === "string") ${target} = ${value};
else if (${value} === null || ${value} === undefined) { ${field.nullable ? `${target} = null` : `${name}Missing()`}; }
else ${fail};`;
    case "object":
      return `${target} = ${value};`;
  }
}

function mismatch(operation: string, row: string, schema: Schema, column: number, value: unknown): SuperstepError {
  const field = fieldsOf(schema)[column];
  const expected =
    field === undefined
      ? `a record { ${fieldsOf(schema)
          .map((each) => each.name)
          .join(", ")} }`
      : `a ${field.type}`;
  const where = field === undefined || field.name === "" || schema.kind === "scalar" ? "" : ` field "${field.name}"`;
  return new SuperstepError(
    "TYPE_MISMATCH",
    `${operation}: the value of ${row}${where} must be ${expected}, as the first value was, got ${excerpt(value)}`,
    { details: { operation, row, field: field?.name ?? "", expected, got: excerpt(value) } },
  );
}

/** `set` with the chunks that its tasks wrote, in the order of their rows. */
export function withChunks(set: ColumnSet, written: readonly WrittenRows[]): ColumnSet {
  const columns = set.columns.map((column, at): StoredColumn => {
    if (column.kind === "fixed") return column;
    return { kind: "encoded", chunks: written.flatMap((rows) => rows.chunks[at] ?? []) };
  });
  return { ...set, columns };
}
