/**
 * Functions over rows, run compiled and run as JavaScript, over the same columns.
 */
import { Arena } from "../../../core/column/arena.ts";
import { allocateColumns, freeColumns, readerOf } from "../../../core/column/columnSet.ts";
import type { ColumnRef, ColumnSet, Schema } from "../../../core/column/types.ts";
import { RunnableLoop } from "../../../core/compile/compiledLoop.ts";
import { isRefusal, type Refusal } from "../../../core/compile/refused.ts";
import { revive } from "../../../core/function/revive.ts";
import { ship, type AnyFunction, type ShippedFunction } from "../../../core/function/ship.ts";
import { compileRows } from "./compileRows.ts";
import { NeedsNullable, writerFor } from "../../reference/columnWriter.ts";

const environment = { importModule: (url: string) => import(url) as Promise<Record<string, unknown>> };

/** Columns that hold these values. */
export function columnsOf(arena: Arena, schema: Schema, values: readonly unknown[]): ColumnSet {
  const columns = allocateColumns(arena, schema, values.length, "test");
  const writer = writerFor(schema, arena, columns, 0, values.length);
  values.forEach((value, row) => writer.set(row, value));
  return { schema, length: values.length, columns };
}

/** Every byte of fixed columns, as hexadecimal. */
export function bytesOf(arena: Arena, { columns }: ColumnSet): string {
  return columns
    .flatMap((column) => {
      if (column.kind === "encoded") return ["encoded"];
      const refs: ColumnRef[] = column.validity ? [column.data, column.validity] : [column.data];
      return refs.map((ref) => {
        const { buffer, byteOffset, byteLength } = arena.view(ref);
        return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
      });
    })
    .join("|");
}

/** Where the columns of a set begin, as parameters of a loop. */
export function offsetsOf(name: string, { columns }: ColumnSet): Record<string, number> {
  const offsets: Record<string, number> = {};
  columns.forEach((column, at) => {
    if (column.kind === "encoded") return;
    offsets[`${name}${at}`] = column.data.offset;
    if (column.validity) offsets[`${name}${at}v`] = column.validity.offset;
  });
  return offsets;
}

/** What a function made of rows: the bytes of the columns, or that it met a missing value. */
export type Outcome = string;

/** Columns by name: rows of them are arguments. */
export type Arguments = Readonly<Record<string, { readonly schema: Schema; readonly values: readonly unknown[] }>>;

type Outcomes = {
  readonly compiled: Outcome;
  /** Compiled too, one row at a time. */
  readonly oneByOne: Outcome;
  readonly asJavaScript: Outcome;
  /** True if the compiled loop takes two rows at a time. */
  readonly isInLanes: boolean;
};

/** Runs `fn` over the rows both ways; the refusal if it does not compile. */
export async function runBoth(fn: AnyFunction, args: Arguments, output: Schema): Promise<Outcomes | Refusal> {
  const shipped = ship(fn, "test", "fn");
  return compareBoth(shipped, await revive(shipped, environment), args, output);
}

const arena = Arena.create({ capacityBytes: 1 << 24 });

/** As `runBoth`, for a function that was taken apart already, and what it is in this thread. */
export function compareBoth(
  shipped: Pick<ShippedFunction, "nodes" | "argument">,
  fn: AnyFunction,
  args: Arguments,
  output: Schema,
): Outcomes | Refusal {
  const sets = Object.entries(args).map(
    ([name, { schema, values }]) => [name, columnsOf(arena, schema, values)] as const,
  );
  const { length } = Object.values(args)[0]!.values;
  const [first, second, third] = [1, 2, 3].map((): ColumnSet => ({
    schema: output,
    length,
    columns: allocateColumns(arena, output, length, "test"),
  }));
  try {
    const spec = { fn: shipped, args: Object.fromEntries(sets), output: first! };
    const [loop, slowLoop] = [compileRows(spec), compileRows({ ...spec, oneByOne: true })];
    if (isRefusal(loop)) return loop;
    if (isRefusal(slowLoop)) return slowLoop;
    const offsets = [...sets, ["out", first!] as const].map(([name, set]) => offsetsOf(name, set));
    const params = Object.assign({ from: 0, to: length }, ...offsets) as Record<string, number>;
    const missing = (): never => {
      throw new NeedsNullable(0, "");
    };
    const compiled = outcome(first!, () => void new RunnableLoop(loop, arena.memory).run(params, { missing }));
    const ofThird = { ...params, ...offsetsOf("out", third!) };
    const oneByOne = outcome(third!, () => void new RunnableLoop(slowLoop, arena.memory).run(ofThird, { missing }));

    const run = fn as (...values: unknown[]) => unknown;
    const readers = sets.map(([, set]) => readerOf(set, arena));
    const writer = writerFor(output, arena, second!.columns, 0, length);
    const asJavaScript = outcome(second!, () => {
      for (let row = 0; row < length; row++) writer.set(row, run(...readers.map((reader) => reader.get(row))));
    });
    return { compiled, oneByOne, asJavaScript, isInLanes: Buffer.compare(loop.bytes, slowLoop.bytes) !== 0 };
  } finally {
    for (const set of [first!, second!, third!, ...sets.map(([, set]) => set)]) freeColumns(arena, set);
  }
}

function outcome(set: ColumnSet, run: () => void): Outcome {
  try {
    run();
  } catch (error) {
    if (error instanceof NeedsNullable) return "a missing value";
    throw error;
  }
  return bytesOf(arena, set);
}

export const number: Schema = scalar("number");
export const boolean: Schema = scalar("boolean");
export const nullableNumber: Schema = scalar("number", true);

export function scalar(type: "number" | "boolean" | "bigint", nullable = false): Schema {
  return { kind: "scalar", field: { name: "", type, nullable } };
}

/** `record({ x: "number", n: "number?" })`. */
export function record(fields: Readonly<Record<string, string>>): Schema {
  return {
    kind: "record",
    fields: Object.entries(fields).map(([name, type]) => ({
      name,
      type: type.replace("?", "") as "number",
      nullable: type.endsWith("?"),
    })),
  };
}

/** Numbers at which arithmetic goes its own ways. */
export const specialNumbers: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  0.49999999999999994,
  2.5,
  3,
  -7,
  100,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  -5e-324,
  2.2250738585072014e-308,
  1e-310,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.EPSILON,
  2 ** 31,
  -(2 ** 31),
  2 ** 31 - 1,
  2 ** 32,
  2 ** 32 - 1,
  2 ** 32 + 5,
  2 ** 52 + 1,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 53) - 2,
  2 ** 63,
  2 ** 64 + 2 ** 12,
  -(2 ** 70),
  1e21,
  123456789.123,
];

/** The function that `source` is, with `captured` around it. */
export function functionFrom(source: string, captured: Readonly<Record<string, unknown>> = {}): AnyFunction {
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is the test's own
  const make = new Function(...Object.keys(captured), `"use strict"; return ${source};`) as (
    ...values: unknown[]
  ) => AnyFunction;
  return make(...Object.values(captured));
}
