/**
 * The apply before the first superstep: the program of every vertex, with the initial message.
 */
import { isRefusal, notAsked } from "../../core/compile/refused.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import type { Bindings } from "../columns/accessors.ts";
import { runLoop } from "../columns/loop.ts";
import { throwMissing } from "../columns/output.ts";
import { applyKey } from "../compile/compiledSuperstep.ts";
import { compileInitial } from "../compile/compileInitial.ts";
import { putColumns, putIds, type LoopValues } from "../compile/loopOffsets.ts";
import { runnableLoop, runRounds } from "../compile/rounds.ts";
import { ApplyRows, applyText, type ApplyInput } from "./apply.ts";
import { reportOf, type SuperstepReport } from "./superstep.ts";

/** What all tasks share. `apply` is of a program for all vertices, without aggregators; its `noMessage` is the initial message. */
export interface InitialInput {
  readonly apply: ApplyInput;
  /** True if nothing is to be compiled. */
  readonly asJavaScript: boolean;
}

export const applyInitialRef: OperatorRef = operatorRef(import.meta.url, "applyInitial");

/** Task: applies the program to the vertices [from, to), compiled where it can be. */
export async function applyInitial(
  { apply, asJavaScript }: InitialInput,
  { from, to }: { readonly from: number; readonly to: number },
  task: TaskContext,
): Promise<SuperstepReport> {
  const target = new ApplyRows(apply, from, to);
  const bindings: Bindings = { from, to };
  await target.bind(bindings, from, to, task);
  const compiled = asJavaScript ? notAsked : task.memo(`initial ${applyKey(apply)}`, () => compileInitial(apply));
  return reportOf(target, { messages: 0, edgesScanned: 0 }, () => {
    if (isRefusal(compiled)) {
      const body = `for (let t = from; t < to; t++) { const has = false; ${applyText(apply, "noMessage")} }`;
      runLoop(bindings, { declarations: "", body }, task);
      return;
    }
    const values: LoopValues = { first: from, marks: apply.received.offset };
    putColumns(values, "before", apply.vertices);
    putColumns(values, "after", apply.output);
    putIds(values, apply.ids);
    runRounds(runnableLoop(compiled, task), to - from, [], values, [], { missing: throwMissing }, task);
  });
}
