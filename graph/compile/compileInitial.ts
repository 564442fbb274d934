/**
 * The vertex program over all vertices, none of which received a message, as a compiled loop. The clear form is the text of
 * `superstep/apply.ts`.
 */
import { Calls } from "../../core/compile/calls.ts";
import { assembleLoop, type CompiledLoop } from "../../core/compile/compiledLoop.ts";
import { constantValue } from "../../core/compile/constantValue.ts";
import { denseLoop } from "../../core/compile/lanes/denseLoop.ts";
import { LoopParams } from "../../core/compile/loopParams.ts";
import { refusable, type Refusal } from "../../core/compile/refused.ts";
import { dataOf } from "../../core/compile/shapes.ts";
import { binary, get, i32 } from "../../core/compile/tree.ts";
import type { ApplyInput } from "../superstep/apply.ts";
import { ApplyRow } from "./applyRow.ts";

/** Compiles an apply to vertices "first" + ["from", "to") without messages. Parameters else as `ApplyRow` has them. */
export function compileInitial(apply: ApplyInput): CompiledLoop | Refusal {
  return refusable("vertexProgram", () => {
    const params = new LoopParams();
    const calls = new Calls();
    const { builder } = calls;
    const applying = new ApplyRow(apply, params);
    applying.begin(calls);
    const row = builder.variable("i32", "row");
    builder.assign(row, params.get("from"));
    denseLoop(builder, row, params.get("to"), () => {
      const index = builder.pin(binary("i32.add", params.get("first"), get(row)), "target");
      const merged = dataOf(constantValue(apply.program.noMessage), builder);
      applying.add({ index, has: i32(0), merged }, calls);
    });
    return assembleLoop(params, builder.statements, {});
  });
}
