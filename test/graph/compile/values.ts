import type { Schema } from "../../../core/column/types.ts";
import { specialNumbers } from "../../core/compile/rows.ts";
import { integersFrom } from "../../support/graphs.ts";

/** Values of a schema by row, from a seed: special numbers, small ones and fractions, some missing where they may be. */
export function valuesOf(schema: Schema, seed: number): (row: number) => unknown {
  const next = integersFrom(seed);
  const numberAt = (): number => {
    const kind = next(4);
    return kind === 0 ? specialNumbers[next(specialNumbers.length)]! : kind === 1 ? next(10) : next(1000) / 1000;
  };
  const one = (type: string, nullable: boolean): unknown => {
    if (nullable && next(3) === 0) return null;
    if (type === "number") return numberAt();
    return type === "boolean" ? next(2) === 1 : type === "bigint" ? BigInt(next(1 << 30)) - 5n : `v${next(9)}`;
  };
  if (schema.kind === "scalar") return () => one(schema.field.type, schema.field.nullable);
  return () => Object.fromEntries(schema.fields.map(({ name, type, nullable }) => [name, one(type, nullable)]));
}
