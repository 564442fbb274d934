/**
 * A function over rows, compiled with the plainest loop around it: columns in, columns out.
 */
import type { ColumnSet } from "../../../core/column/types.ts";
import type { ShippedFunction } from "../../../core/function/ship.ts";
import { Calls } from "../../../core/compile/calls.ts";
import { countedLoop } from "../../../core/compile/countedLoop.ts";
import { denseLoop } from "../../../core/compile/lanes/denseLoop.ts";
import { columnValue, writeRow } from "../../../core/compile/columnValues.ts";
import { assembleLoop, type CompiledLoop } from "../../../core/compile/compiledLoop.ts";
import { sourceOfShipped } from "../../../core/compile/functionSource.ts";
import { LoopParams } from "../../../core/compile/loopParams.ts";
import { refusable, type Refusal } from "../../../core/compile/refused.ts";
import { dataOf } from "../../../core/compile/shapes.ts";
import { get } from "../../../core/compile/tree.ts";

/** A loop over rows [from, to): `output` row by row what `fn` returns for the row of each of `args`. */
export interface RowsSpec {
  readonly fn: Pick<ShippedFunction, "nodes" | "argument">;
  /** Columns by name; a row of them is an argument. Where they lie is not looked at. */
  readonly args: Readonly<Record<string, ColumnSet>>;
  readonly output: ColumnSet;
  /** True if the loop is to take one row at a time, whatever its body. */
  readonly oneByOne?: boolean;
}

/**
 * Compiles a function over rows. Parameters: "from" and "to", and where columns begin, `${name}0`, `${name}0v`, …, "out0",
 * "out0v", …. Hook: "missing", for a value that `output` has no room for; it must throw.
 */
export function compileRows({ fn, args, output, oneByOne }: RowsSpec): CompiledLoop | Refusal {
  return refusable(fn.argument, () => {
    const params = new LoopParams();
    const calls = new Calls();
    const { builder } = calls;
    const row = builder.variable("i32", "row");
    builder.assign(row, params.get("from"));
    const loop = oneByOne === true ? countedLoop : denseLoop;
    loop(builder, row, params.get("to"), () => {
      const index = get(row);
      const values = Object.entries(args).map(([name, set]) => columnValue(set, name, index, params));
      const result = dataOf(calls.call(sourceOfShipped(fn), values, "value"), builder);
      writeRow(output, "out", index, result, builder, params);
    });
    return assembleLoop(params, builder.statements, {});
  });
}
