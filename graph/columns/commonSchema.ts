import type { Field, Schema } from "../../core/column/types.ts";
import { anyValue } from "./withRoom.ts";

/**
 * The schema of values that come in several parts, as it is when they come in one: the first value says what all are,
 * fields that later ones lack are nullable. A part that does not fit is left to the writer, which names the value.
 * Without any values: a number.
 */
export function commonSchema(parts: readonly { readonly schema?: Schema }[]): Schema {
  let common: Schema | undefined;
  for (const { schema } of parts) {
    if (schema !== undefined) common = common === undefined ? schema : widened(common, schema);
  }
  return common ?? { kind: "scalar", field: { name: "", type: "number", nullable: false } };
}

function widened(common: Schema, later: Schema): Schema {
  if (common.kind === "scalar") {
    return later.kind === "scalar" ? { kind: "scalar", field: widenedField(common.field, later.field) } : common;
  }
  if (later.kind === "scalar") return later.field.type === "object" && later.field.nullable ? anyValue : common;
  const byName = new Map(later.fields.map((field) => [field.name, field]));
  return { kind: "record", fields: common.fields.map((field) => widenedField(field, byName.get(field.name))) };
}

/** `later`: undefined if the first record of the part lacks the field. */
function widenedField(field: Field, later: Field | undefined): Field {
  if (field.type === "object" || field.nullable) return field;
  return later === undefined || later.nullable ? { ...field, nullable: true } : field;
}
