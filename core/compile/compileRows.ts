/**
 * A function over rows, compiled with the loop around it: columns in, columns out.
 */
import type { ColumnSet } from "../column/types.ts";
import type { ShippedFunction } from "../function/ship.ts";
import { Calls } from "./callFunction.ts";
import { columnValue, writeRow } from "./columnValues.ts";
import { assembleLoop, type CompiledLoop } from "./compiledLoop.ts";
import { sourceOfShipped } from "./functionSource.ts";
import { LoopParams } from "./loopParams.ts";
import { Refused, type Refusal } from "./refused.ts";
import { dataOf } from "./shapes.ts";
import { binary, get, i32, type Label, type Local } from "./tree.ts";

/** A loop over rows [from, to): `output` row by row what `fn` returns for the row of each of `args`. */
export interface RowsSpec {
  readonly fn: Pick<ShippedFunction, "nodes" | "argument">;
  /** Columns by name; a row of them is an argument. Where they lie is not looked at. */
  readonly args: Readonly<Record<string, ColumnSet>>;
  readonly output: ColumnSet;
}

/**
 * Compiles a function over rows. Parameters: "from" and "to", and where columns begin, `${name}0`, `${name}0v`, …, "out0",
 * "out0v", …. Hook: "missing", for a value that `output` has no room for; it must throw.
 */
export function compileRows({ fn, args, output }: RowsSpec): CompiledLoop | Refusal {
  return refusable(fn.argument, () => {
    const params = new LoopParams();
    const calls = new Calls();
    const { builder } = calls;
    const row = builder.variable("i32", "row");
    builder.assign(row, params.get("from"));
    countedLoop(calls, row, params.get("to"), () => {
      const index = get(row);
      const values = Object.entries(args).map(([name, set]) => columnValue(set, name, index, params));
      const result = dataOf(calls.call(sourceOfShipped(fn), values, "value"), builder);
      writeRow(output, "out", index, result, builder, params);
    });
    return assembleLoop(params, builder.statements, {});
  });
}

/** Runs `body` for `index` from its present value to `end`, in a nested list of statements. */
export function countedLoop({ builder }: Calls, index: Local, end: ReturnType<typeof get>, body: () => void): void {
  const [out, again]: Label[] = [{ name: "out" }, { name: "again" }];
  const { statements } = builder.nest(() => {
    builder.add({ do: "leave", label: out!, test: binary("i32.ge_u", get(index), end) });
    body();
    builder.assign(index, binary("i32.add", get(index), i32(1)));
    builder.add({ do: "leave", label: again! });
  });
  builder.effects++;
  builder.add({ do: "block", label: out!, body: [{ do: "loop", label: again!, body: statements }] });
}

/** What `compile` gives, or why it was refused. */
export function refusable<T>(argument: string, compile: () => T): T | Refusal {
  try {
    return compile();
  } catch (error) {
    if (error instanceof Refused) return error.refusalOf(argument);
    throw error;
  }
}

/** True if something did not compile. */
export function isRefusal(result: object): result is Refusal {
  return "why" in result;
}
