/**
 * A compiled loop over rows, round by round: an engine changes to its fast code between calls only, and a cancelled task
 * stops between them.
 */
import { RunnableLoop, type CompiledLoop, type LoopHooks } from "../../core/compile/compiledLoop.ts";
import type { TaskContext } from "../../core/host/task.ts";
import type { LoopValues } from "./loopOffsets.ts";

/** How much a round has at most. */
export interface RoundBounds {
  readonly rows: number;
  /** But for those of one row. */
  readonly edges: number;
}

const usualBounds: RoundBounds = { rows: 4096, edges: 2 ** 17 };

/**
 * Runs a loop over rows [0, numRows). `offsets`: where the edges of rows begin, numRows + 1 entries, for each kind of rows
 * that it walks. `values` are its parameters; results in `carried` are parameters of the next round, others are added up.
 */
export function runRounds(
  loop: RunnableLoop,
  numRows: number,
  offsets: readonly Uint32Array[],
  values: LoopValues,
  carried: readonly string[],
  hooks: LoopHooks,
  task: TaskContext,
  bounds: RoundBounds = usualBounds,
): Readonly<Record<string, number>> {
  const totals: LoopValues = {};
  const given = { ...values };
  let from = 0;
  while (from < numRows) {
    task.throwIfCancelled();
    const to = endOfRound(from, numRows, offsets, bounds);
    given["from"] = from;
    given["to"] = to;
    const results = loop.run(given, hooks);
    for (const name in results) {
      const value = results[name]!;
      if (carried.includes(name)) totals[name] = values[name] = given[name] = value;
      else totals[name] = (totals[name] ?? 0) + value;
    }
    from = to;
  }
  return totals;
}

function endOfRound(
  from: number,
  numRows: number,
  offsets: readonly Uint32Array[],
  { rows, edges }: RoundBounds,
): number {
  let to = Math.min(numRows, from + rows);
  for (const each of offsets) {
    while (to > from + 1 && each[to]! - each[from]! > edges) to = from + ((to - from) >>> 1);
  }
  return to;
}

/** The loop in this thread: loops with the same code, under the same names, are one, whatever they were compiled for. */
export function runnableLoop(loop: CompiledLoop, task: TaskContext): RunnableLoop {
  const { bytes, params, results } = loop;
  const key = `wasm ${params.join()} ${results.join()} ${Buffer.from(bytes).toString("latin1")}`;
  return task.memo(key, () => new RunnableLoop(loop, task.arena.memory));
}
