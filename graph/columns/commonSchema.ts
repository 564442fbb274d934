import { describeSchema, sameSchema } from "../../core/column/schema.ts";
import type { Schema } from "../../core/column/types.ts";
import { SuperstepError } from "../../core/errors.ts";
import { nullable } from "./nullable.ts";

/**
 * The schema of values that come in several parts, nullable if that is all they differ in. Without any: a number.
 *
 * @throws SuperstepError TYPE_MISMATCH if they differ in more.
 */
export function commonSchema(operation: string, parts: readonly { readonly schema?: Schema }[]): Schema {
  let common: Schema | undefined;
  for (const { schema } of parts) {
    if (schema === undefined) continue;
    if (common === undefined || sameSchema(common, schema)) common ??= schema;
    else if (sameSchema(nullable(common), nullable(schema))) common = nullable(common);
    else {
      const [expected, got] = [describeSchema(common), describeSchema(schema)];
      throw new SuperstepError(
        "TYPE_MISMATCH",
        `${operation}: values must all be of one type, got ${expected} and ${got}`,
        {
          details: { operation, expected, got },
        },
      );
    }
  }
  return common ?? { kind: "scalar", field: { name: "", type: "number", nullable: false } };
}
