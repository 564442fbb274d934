/**
 * The apply of a sparse superstep: a compiled loop over a list of vertices, and what aggregators make of them.
 */
import { ExactSum } from "../../../core/exactSum.ts";
import type { RunnableLoop } from "../../../core/compile/compiledLoop.ts";
import type { ColumnRef } from "../../../core/column/types.ts";
import type { TaskContext } from "../../../core/host/task.ts";
import { MissingValue, throwMissing } from "../../columns/output.ts";
import { putColumns, putIds, type LoopValues } from "../../compile/loopOffsets.ts";
import type { ApplyInput } from "../apply.ts";
import type { GlobalValues } from "../carrier.ts";
import type { Shares } from "../globals.ts";

/** Entries of a list that one call of a loop takes: an engine exchanges slow code for fast between calls only. */
export const entriesPerCall = 4096;

/** Runs programs on the vertices of lists, and keeps what aggregators bring together until it is taken. */
export class ListedApply {
  readonly #apply: ApplyInput;
  readonly #loop: RunnableLoop;
  readonly #task: TaskContext;
  readonly #values: LoopValues;
  #sums: Record<string, ExactSum> = {};
  #maxima: Record<string, number> = {};

  /** `loop` as `compiledSparse` has it; `slots`: the columns of merged messages. */
  constructor(apply: ApplyInput, loop: RunnableLoop, slots: readonly ColumnRef[], task: TaskContext) {
    this.#apply = apply;
    this.#loop = loop;
    this.#task = task;
    const values: LoopValues = { marks: apply.received.offset };
    putColumns(values, "before", apply.vertices);
    putColumns(values, "after", apply.output);
    putIds(values, apply.ids);
    slots.forEach(({ offset }, at) => (values[`slot${at}`] = offset));
    this.#values = values;
  }

  /** Applies entries [first, last) of a list; false if a value is missing where there is no room for it. */
  run(list: ColumnRef<"uint32">, first: number, last: number, globals: GlobalValues): boolean {
    const values = this.#values;
    const hooks: Record<string, (...args: number[]) => void> = { missing: throwMissing };
    const aggregators = Object.entries(this.#apply.program.aggregators);
    aggregators.forEach(([name, { kind }], at) => {
      if (kind === "sum") {
        const sum = (this.#sums[name] ??= new ExactSum());
        hooks[`sum${at}`] = (x) => sum.add(x!);
      } else values[`total${at}`] = this.#maxima[name] ?? -Infinity;
    });
    for (const [name, value] of Object.entries(globals)) values[`global ${name}`] = value;
    values["list"] = list.offset;
    try {
      for (let from = first; from < last; from += entriesPerCall) {
        this.#task.throwIfCancelled();
        values["from"] = from;
        values["to"] = Math.min(last, from + entriesPerCall);
        const results = this.#loop.run(values, hooks);
        aggregators.forEach(([name, { kind }], at) => {
          if (kind === "max") this.#maxima[name] = values[`total${at}`] = results[`total${at}`]!;
        });
      }
    } catch (error) {
      if (!(error instanceof MissingValue)) throw error;
      return false;
    }
    return true;
  }

  /** What the aggregators brought together since the last call. */
  take(): Shares {
    const shares: Record<string, readonly number[]> = {};
    for (const [name, { kind }] of Object.entries(this.#apply.program.aggregators)) {
      if (kind === "sum") shares[name] = this.#sums[name]?.partials() ?? [];
      else shares[name] = [this.#maxima[name] ?? -Infinity];
    }
    this.#sums = {};
    this.#maxima = {};
    return shares;
  }
}
