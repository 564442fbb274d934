/**
 * Rows of columns as values of compiled functions, read where they are used, and results written to rows.
 */
import { fieldsOf } from "../column/schema.ts";
import type { ColumnSet, Field, StoredColumn } from "../column/types.ts";
import type { Builder } from "./builder.ts";
import type { LoopParams } from "./loopParams.ts";
import { Refused } from "./refused.ts";
import { binary, choose, f64, i32, load, type Callee, type Expr, type Statement } from "./tree.ts";
import { describeValue, type Data, type Scalar, type Value } from "./value.ts";

/**
 * Row `index` of columns whose bytes begin at the parameters `${name}0`, `${name}0v`, …: column and validity by number. A
 * missing value is null. Strings and objects are refused where they are used.
 */
export function columnValue(set: ColumnSet, name: string, index: Expr, params: LoopParams): Value {
  const { schema, columns } = set;
  const values = fieldsOf(schema).map((field, at) => fieldValue(field, columns[at]!, `${name}${at}`, index, params));
  if (schema.kind === "scalar") return values[0]!;
  return { kind: "record", fields: new Map(schema.fields.map((field, at) => [field.name, values[at]!] as const)) };
}

function fieldValue(field: Field, stored: StoredColumn, name: string, index: Expr, params: LoopParams): Value {
  if (stored.kind === "encoded" || field.type === "string" || field.type === "object") {
    return { kind: "refused", why: field.type === "string" ? "strings do not compile" : "it can be any value" };
  }
  const { data, validity } = stored;
  // Parameters are asked for only where the value is read.
  const value = (): Scalar => {
    const expr = load(data.type, params.get(name), index);
    switch (field.type as "number" | "boolean" | "bigint") {
      case "number": {
        const isInteger = data.type === "int32" || data.type === "uint32" || data.type === "uint8";
        return { kind: "number", form: !isInteger ? "f64" : data.type === "int32" ? "s32" : "u32", expr };
      }
      case "boolean":
        return { kind: "boolean", expr: binary("i32.ne", expr, i32(0)) };
      case "bigint":
        return { kind: "bigint", expr };
    }
  };
  return {
    kind: "input",
    name: field.name === "" ? name : field.name,
    get value() {
      if (validity === undefined) return value();
      const present = binary("i32.ne", load("uint8", params.get(`${name}v`), index), i32(0));
      return { kind: "optional", present, value: value(), as: "null" } as const;
    },
  };
}

/** Called where a value is missing that the schema has no room for. It must not return. */
export const missingCallee: Callee = { name: "missing", params: [] };

/**
 * Writes a value to row `index` of columns whose bytes begin at the parameters `${name}0`, `${name}0v`, …, as loops in
 * JavaScript do: one NaN for all, and nothing but its mark where a value is missing.
 *
 * @throws Refused if the value is not what the schema says, or a column is encoded.
 */
export function writeRow(
  set: ColumnSet,
  name: string,
  index: Expr,
  value: Data,
  builder: Builder,
  params: LoopParams,
): void {
  const { schema, columns } = set;
  if (schema.kind === "scalar") {
    writeField(schema.field, columns[0]!, `${name}0`, index, value, builder, params);
    return;
  }
  const names = new Set(schema.fields.map((field) => field.name));
  if (
    value.kind !== "record" ||
    value.fields.size !== names.size ||
    !Array.from(value.fields.keys()).every((key) => names.has(key))
  ) {
    throw new Refused(
      `its result must be a record of ${Array.from(names).join(", ")}, as the first value was, and is ${describeValue(value)}`,
    );
  }
  schema.fields.forEach((field, at) => {
    writeField(field, columns[at]!, `${name}${at}`, index, value.fields.get(field.name)!, builder, params);
  });
}

function writeField(
  field: Field,
  stored: StoredColumn,
  name: string,
  index: Expr,
  value: Data,
  builder: Builder,
  params: LoopParams,
): void {
  if (stored.kind === "encoded")
    throw new Refused(`its result has a ${field.type}${field.name === "" ? "" : ` in ${field.name}`}`);
  const { data, validity } = stored;
  const mark = (isPresent: 0 | 1): Statement[] =>
    validity === undefined
      ? []
      : [{ do: "store", column: "uint8", base: params.get(`${name}v`), index, value: i32(isPresent) }];
  const whenMissing = (): Statement[] =>
    validity === undefined ? [{ do: "call", callee: missingCallee, args: [] }] : mark(0);
  const write = (scalar: Scalar): Statement[] => [
    ...mark(1),
    { do: "store", column: data.type, base: params.get(name), index, value: stored64(scalar, builder) },
  ];
  if (value.kind === "missing") {
    whenMissing().forEach((statement) => builder.add(statement));
    return;
  }
  const scalar = value.kind === "optional" ? value.value : value;
  if (scalar.kind !== field.type || (scalar.kind === "number" && data.type !== "float64")) {
    const where = field.name === "" ? "its result" : `${field.name} of its result`;
    throw new Refused(`${where} must be a ${field.type}, as the first value was, and is ${describeValue(value)}`);
  }
  if (value.kind !== "optional") {
    write(value as Scalar).forEach((statement) => builder.add(statement));
    return;
  }
  const present = builder.pin(value.present);
  const then = builder.nest(() => write(scalar as Scalar).forEach((statement) => builder.add(statement))).statements;
  builder.add({ do: "if", test: present, whenTrue: then, whenFalse: whenMissing() });
}

/** What a column of 64 bits, or one byte, holds of a scalar. */
function stored64(scalar: Scalar, builder: Builder): Expr {
  if (scalar.kind !== "number") return scalar.expr;
  if (scalar.form !== "f64") {
    return {
      op: "unary",
      type: "f64",
      code: scalar.form === "s32" ? "f64.convert_i32_s" : "f64.convert_i32_u",
      a: scalar.expr,
    };
  }
  const x = builder.pin(scalar.expr);
  return x.op === "const" ? x : choose(binary("f64.eq", x, x), x, f64(NaN));
}
