/**
 * JavaScript text that reads and writes rows of columns: the pieces of the loops that are generated for each job, so
 * that every access is a plain typed-array access in a function of its own, and stays monomorphic.
 */
import type { Arena } from "../../core/column/arena.ts";
import { readerOf } from "../../core/column/columnSet.ts";
import type { ColumnSet, Field, StoredColumn } from "../../core/column/types.ts";

/**
 * The arrays behind a column set, as the generated text names them: `${name}0`, `${name}1`, …, validity `${name}0v`. Of
 * placed values it is their reader.
 */
export type Bindings = Record<string, unknown>;

/** Binds the arrays of `set` under `name` for text made by `readExpression`. */
export function bindReaders(bindings: Bindings, name: string, set: ColumnSet, arena: Arena): void {
  readerOf(set, arena).fields.forEach((field, column) => {
    bindings[`${name}${column}`] = isPlaced(set.columns[column]!) ? field : field.values;
    if (field.validity !== undefined) bindings[`${name}${column}v`] = field.validity;
  });
}

/**
 * An expression for row `index` of the columns bound as `name`: a value, or a fresh object for a record.
 * `wanted` limits a record to some of its fields; the others are left out.
 */
export function readExpression(set: ColumnSet, name: string, index: string, wanted?: ReadonlySet<string>): string {
  const { schema } = set;
  const read = (column: number, field: Field): string => {
    const stored = set.columns[column]!;
    if (isPlaced(stored)) return `${name}${column}.read(${index})`;
    const value =
      field.type === "boolean" && stored.kind === "fixed"
        ? `(${name}${column}[${index}] !== 0)`
        : `${name}${column}[${index}]`;
    const hasValidity = stored.kind === "fixed" && stored.validity !== undefined;
    return hasValidity ? `(${name}${column}v[${index}] !== 0 ? ${value} : null)` : value;
  };
  if (schema.kind === "scalar") return read(0, schema.field);
  const parts = schema.fields.flatMap((field, column) =>
    wanted === undefined || wanted.has(field.name) ? [`${keyText(field.name)}: ${read(column, field)}`] : [],
  );
  return `({ ${parts.join(", ")} })`;
}

/** True for values that are decoded one by one, as they are read. */
function isPlaced(stored: StoredColumn): boolean {
  return stored.kind === "encoded" && stored.placed !== undefined;
}

/** A key of an object literal; computed where a plain one would set the prototype. */
function keyText(name: string): string {
  return name === "__proto__" ? `["__proto__"]` : JSON.stringify(name);
}
