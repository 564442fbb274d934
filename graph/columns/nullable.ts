import type { Schema } from "../../core/column/types.ts";

/** The same schema with every field nullable. */
export function nullable(schema: Schema): Schema {
  if (schema.kind === "scalar") return { kind: "scalar", field: { ...schema.field, nullable: true } };
  return { kind: "record", fields: schema.fields.map((field) => ({ ...field, nullable: true })) };
}
