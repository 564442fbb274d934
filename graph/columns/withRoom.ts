import type { Schema } from "../../core/column/types.ts";
import type { Missing } from "./output.ts";

/**
 * The schema with room for what tasks missed, undefined if that was nothing: every field nullable, or, where whole
 * records are missing, any value at all.
 */
export function withRoom(schema: Schema, missing: readonly (Missing | undefined)[]): Schema | undefined {
  if (missing.includes("value")) {
    if (schema.kind === "scalar") return { kind: "scalar", field: { ...schema.field, nullable: true } };
    return { kind: "record", fields: schema.fields.map((field) => ({ ...field, nullable: true })) };
  }
  return missing.includes("record") ? anyValue : undefined;
}

/** Values of any kind, missing ones among them. */
export const anyValue: Schema = { kind: "scalar", field: { name: "", type: "object", nullable: true } };
