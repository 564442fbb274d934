/**
 * What columns the values of an attribute or message need: found from a first value, widened by later ones.
 */
import type { Field, FieldType, Schema } from "./types.ts";

/**
 * The schema of values like this one.
 *
 * A number, boolean, bigint of 64 bits or string is a scalar of that type, its field named "". A plain object is a record
 * with a field per key, each of one of these types, or "object" for any other value; a field that is missing (null or
 * undefined) is a nullable "object", since nothing says what it will be. Anything else is a scalar of type "object",
 * nullable if it is null or undefined; so are plain objects with getters, symbol keys, or a key "__proto__".
 */
export function schemaOf(value: unknown): Schema {
  if (!isFlatRecord(value)) return { kind: "scalar", field: fieldOf("", value) };
  return { kind: "record", fields: Object.keys(value).map((name) => fieldOf(name, value[name])) };
}

/** The type of field that holds this value. */
export function fieldTypeOf(value: unknown): FieldType {
  switch (typeof value) {
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "string":
      return "string";
    case "bigint":
      return BigInt.asIntN(64, value) === value ? "bigint" : "object";
    default:
      return "object";
  }
}

/** The schema as a TypeScript type: `{ rank: number, name: string | null }`; "object" is any value. */
export function describeSchema(schema: Schema): string {
  if (schema.kind === "scalar") return describeField(schema.field);
  if (schema.fields.length === 0) return "{}";
  return `{ ${schema.fields.map((field) => `${describeName(field.name)}: ${describeField(field)}`).join(", ")} }`;
}

/**
 * The schema that holds `value` too: `schema` itself if it fits, else one with the fields nullable that the value lacks.
 * Undefined if it differs in more, and where no nullable field would help: a record that is missing as a whole.
 */
export function widen(schema: Schema, value: unknown): Schema | undefined {
  if (schema.kind === "scalar") {
    const field = widenField(schema.field, value);
    return field === schema.field ? schema : field && { kind: "scalar", field };
  }
  if (!isFlatRecord(value)) return undefined;
  const { fields } = schema;
  let numFound = 0;
  let widened: Field[] | undefined;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    const part = value[field.name];
    if (part !== undefined || Object.hasOwn(value, field.name)) numFound++;
    const wide = widenField(field, part);
    if (wide === undefined) return undefined;
    if (wide !== field) (widened ??= [...fields])[i] = wide;
  }
  if (Object.keys(value).length !== numFound) return undefined;
  return widened ? { kind: "record", fields: widened } : schema;
}

/** The fields of a schema, in the order of its columns. */
export function fieldsOf(schema: Schema): readonly Field[] {
  return schema.kind === "scalar" ? [schema.field] : schema.fields;
}

function fieldOf(name: string, value: unknown): Field {
  return { name, type: fieldTypeOf(value), nullable: value === null || value === undefined };
}

function widenField(field: Field, value: unknown): Field | undefined {
  if (field.type === "object") return field;
  if (value === null || value === undefined) return field.nullable ? field : { ...field, nullable: true };
  return fieldTypeOf(value) === field.type ? field : undefined;
}

function isFlatRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(value)) {
    if (key === "__proto__" || Object.getOwnPropertyDescriptor(value, key)?.get !== undefined) return false;
  }
  return Object.getOwnPropertySymbols(value).length === 0;
}

function describeField({ type, nullable }: Field): string {
  return nullable && type !== "object" ? `${type} | null` : type;
}

function describeName(name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name);
}
