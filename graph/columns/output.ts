/**
 * Where a loop writes its rows: typed arrays in the arena for fields of fixed width, plain arrays for the others until
 * they are encoded. The writing text checks each value's type.
 */
import type { Arena } from "../../core/column/arena.ts";
import { encodeValues } from "../../core/column/codec.ts";
import type { ColumnSet, EncodedChunk, Field, PlacedValues, Schema, StoredColumn } from "../../core/column/types.ts";
import { ValueHeap } from "../../core/column/valueHeap.ts";
import { describeSchema, fieldsOf } from "../../core/column/schema.ts";
import { formOf } from "../../core/column/shippable.ts";
import type { FunctionPath } from "../../core/compile/functionPath.ts";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import type { Bindings } from "./accessors.ts";

/** Thrown by a loop that met a missing value where the schema has none: the job runs again with nullable fields. */
export class MissingValue extends Error {}

/** Throws `MissingValue`. */
export function throwMissing(): never {
  throw new MissingValue();
}

/** What was missing where the schema has no room for it: a value, or the field of a record; or a whole record. */
export type Missing = "value" | "record";

/** What a task that writes columns reports: chunks for encoded columns, or that something was missing. */
export interface WrittenRows {
  /** One entry a column, set for encoded ones. */
  readonly chunks: readonly (EncodedChunk | undefined)[];
  readonly metMissing?: Missing;
  /** How the function ran that made them; the first partition alone tells. */
  readonly functions?: readonly FunctionPath[];
}

/** The rows [from, to) of a column set that a task writes. */
export class RowOutput {
  readonly #set: ColumnSet;
  readonly #from: number;
  readonly #to: number;
  readonly #gathered: (unknown[] | undefined)[];
  #arena: Arena | undefined;
  #describe: (index: number) => string = (index) => `row ${index}`;
  #operation = "";
  #lacksRecord = false;

  constructor(set: ColumnSet, from: number, to: number) {
    this.#set = set;
    this.#from = from;
    this.#to = to;
    this.#gathered = set.columns.map((column) => {
      if (column.kind === "fixed") return undefined;
      return Array.from<unknown>({ length: to - from }).fill(column.placed ? unwritten : undefined);
    });
  }

  /**
   * Binds what text made by `writeStatements` needs. `describe` names row `index` in an error: "vertex 12".
   */
  bind(bindings: Bindings, name: string, arena: Arena, describe: (index: number) => string, operation: string): void {
    const { schema, columns } = this.#set;
    this.#arena = arena;
    this.#describe = describe;
    this.#operation = operation;
    columns.forEach((column, at) => {
      bindings[`${name}${at}`] = column.kind === "fixed" ? arena.view(column.data) : this.#gathered[at];
      if (column.kind === "fixed" && column.validity) bindings[`${name}${at}v`] = arena.view(column.validity);
    });
    bindings[`${name}Base`] = this.#from;
    bindings[`${name}Fail`] = (index: number, value: unknown, at: number): never => {
      throw mismatch(operation, describe(index), schema, at, value);
    };
    if (schema.kind === "record") {
      // Not thrown at once: all records are checked first, so that it does not matter which comes first.
      bindings[`${name}NoRecord`] = (): void => {
        this.#lacksRecord = true;
      };
      const names = new Set(schema.fields.map((field) => field.name));
      bindings[`${name}Check`] = (index: number, value: object): void => {
        if (!["object", "bareObject"].includes(formOf(value)))
          throw mismatch(operation, describe(index), schema, -1, value);
        const extra = Object.keys(value).find((key) => !names.has(key));
        if (extra === undefined) return;
        const got = (value as Record<string, unknown>)[extra];
        throw wrongValue(operation, describe(index), extra, "absent, as in the first value", got);
      };
    }
    bindings[`${name}Missing`] = throwMissing;
  }

  /**
   * Encodes what was gathered. Rows never written are undefined; of placed columns, they keep their places.
   *
   * @throws SuperstepError NOT_SHIPPABLE if a value cannot travel; the error names its row.
   */
  finish(): WrittenRows {
    const chunks = this.#gathered.map((values, at): EncodedChunk | undefined => {
      const column = this.#set.columns[at];
      if (values === undefined || column?.kind !== "encoded") return undefined;
      if (column.placed !== undefined) {
        this.#place(values, column.placed);
        return undefined;
      }
      const bytes = this.#told(this.#from, () => sharedCopy(encodeValues(values)));
      return { from: this.#from, to: this.#to, bytes };
    });
    return this.#lacksRecord ? { chunks, metMissing: "record" } : { chunks };
  }

  #place(values: readonly unknown[], placed: PlacedValues): void {
    const heap = new ValueHeap(this.#arena!, placed.heap);
    const places = this.#arena!.view(placed.places);
    values.forEach((value, at) => {
      const row = this.#from + at;
      if (value !== unwritten) places[row] = this.#told(row, () => heap.put(value, places[row]));
    });
  }

  /** What `encode` gives; if a value cannot travel, the error tells its row: `first` is that of the first value. */
  #told<R>(first: number, encode: () => R): R {
    try {
      return encode();
    } catch (error) {
      if (!(error instanceof SuperstepError && error.code === "NOT_SHIPPABLE")) throw error;
      const path = error.details["path"] as string;
      const row = this.#describe(first + (error.details["index"] as number));
      const part = path.replace(/^\[\d+\]\.?/, "");
      const where = part === "" ? row : `${row}, at ${excerpt(part)}`;
      throw new SuperstepError(
        "NOT_SHIPPABLE",
        `${this.#operation}: the value of ${where}: ${error.message.slice(path.length + 2)}`,
        { details: { ...error.details, operation: this.#operation, row } },
      );
    }
  }
}

/** Stands in a placed column for a row that keeps its value. */
const unwritten = Symbol("unwritten");

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
  const locals = schema.fields.map((_field, column) => `${name}Field${column}`);
  const reads = schema.fields.map((field, column) => `${locals[column]} = ${value}[${JSON.stringify(field.name)}]`);
  const writes = schema.fields.map((field, column) => writeField(set, name, column, field, index, locals[column]!));
  // A value with as many keys as there are fields, and something in each field, is a record of these fields, unless it
  // is an array and they are called as what arrays have. Without fields, nothing can be told so.
  const isSuspect = [`${name}Keys !== ${schema.fields.length}`, ...locals.map((local) => `${local} === undefined`)];
  if (schema.fields.every((field) => isOfArrays(field.name))) {
    isSuspect.push(`Array.isArray(${value})`, `ArrayBuffer.isView(${value})`);
  }
  if (schema.fields.length === 0) isSuspect.push("true");
  return `if (${value} === null || ${value} === undefined) ${name}NoRecord();
else {
if (typeof ${value} !== "object") ${name}Fail(${index}, ${value}, -1);
let ${name}Keys = 0; for (const key in ${value}) ${name}Keys++;
${reads.length > 0 ? `const ${reads.join(", ")};` : ""}
if (${isSuspect.join(" || ")}) ${name}Check(${index}, ${value});
${writes.join("\n")}
}`;
}

function isOfArrays(name: string): boolean {
  return /^\d+$/.test(name) || name in Array.prototype || name in Float64Array.prototype;
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
  if (field === undefined || field.type === "object")
    return wrongValue(operation, row, "", describeSchema(schema), value);
  const expected = field.type === "bigint" ? "a bigint of 64 bits" : `a ${field.type}`;
  return wrongValue(operation, row, field.name, `${expected}, as the first value was`, value);
}

function wrongValue(operation: string, row: string, field: string, expected: string, value: unknown): SuperstepError {
  const where = field === "" ? "" : ` field ${excerpt(field, 60)}`;
  const got = excerpt(value);
  return new SuperstepError(
    "TYPE_MISMATCH",
    `${operation}: the value of ${row}${where} must be ${expected}, got ${got}`,
    { details: { operation, row, field, expected, got } },
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
