/**
 * A sparse superstep as compiled loops: the walks of its scan, and the apply over a list of vertices.
 */
import { Calls } from "../../core/compile/calls.ts";
import { assembleLoop, type CompiledLoop } from "../../core/compile/compiledLoop.ts";
import { countedLoop } from "../../core/compile/countedLoop.ts";
import { LoopParams } from "../../core/compile/loopParams.ts";
import { refusable, type Refusal } from "../../core/compile/refused.ts";
import { get, i32, load } from "../../core/compile/tree.ts";
import type { Data } from "../../core/compile/value.ts";
import type { FixedType } from "../../core/column/types.ts";
import type { TaskContext } from "../../core/host/task.ts";
import type { ApplyInput } from "../superstep/apply.ts";
import type { ScanInput } from "../superstep/scan.ts";
import { walksOf, type Walk } from "../superstep/walks.ts";
import { ActiveScan, slotValue, type HasPositions } from "./activeScan.ts";
import { ApplyRow } from "./applyRow.ts";
import { applyKey, scanKey } from "./compiledSuperstep.ts";

/** The loops of a sparse superstep. */
export interface CompiledSparse {
  /** In the order in which they run. */
  readonly walks: readonly { readonly walk: Walk; readonly loop: CompiledLoop }[];
  readonly apply: CompiledLoop;
  /** The columns in which messages are merged. */
  readonly slotTypes: readonly FixedType[];
}

/** The compiled form of a sparse superstep, or why it has none. Kept by the thread. */
export function compiledSparse(
  scan: ScanInput,
  apply: ApplyInput,
  hasPositions: HasPositions,
  task: TaskContext,
): CompiledSparse | Refusal {
  const key = `sparse ${hasPositions.in} ${hasPositions.out} ${hasPositions.pushed} ${scanKey(scan, {})} ${applyKey(apply)}`;
  return task.memo(key, () =>
    refusable("vertexProgram", () => {
      const scanning = new ActiveScan(scan, hasPositions);
      const walks = walksOf(scan.program).map((walk) => ({ walk, loop: scanning.compile(walk) }));
      return { walks, apply: compileApply(apply, scanning.message), slotTypes: scanning.slotTypes };
    }),
  );
}

/**
 * Compiles the apply over entries ["from", "to") of "list", whose messages stand in the columns "slot0", …. Parameters else as
 * `ApplyRow` has them.
 */
function compileApply(apply: ApplyInput, message: Data): CompiledLoop {
  const params = new LoopParams();
  const calls = new Calls();
  const { builder } = calls;
  const applying = new ApplyRow(apply, params);
  applying.begin(calls);
  const at = builder.variable("i32", "at");
  builder.assign(at, params.get("from"));
  countedLoop(builder, at, params.get("to"), () => {
    const index = builder.pin(load("uint32", params.get("list"), get(at)), "target");
    const merged = builder.pinned(slotValue(message, index, params), "merged") as Data;
    applying.add({ index, has: i32(1), merged }, calls);
  });
  return assembleLoop(params, builder.statements, applying.results());
}
