/**
 * A compiled superstep over several partitions, made ready once.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import type { TaskContext } from "../../core/host/task.ts";
import type { Bindings } from "../columns/accessors.ts";
import { compiledRun } from "../compile/compiledSuperstep.ts";
import type { FusedSuperstep } from "../compile/compileSuperstep.ts";
import { ApplyRows } from "./apply.ts";
import { carryInactive } from "./carrySent.ts";
import type { ScanCounts } from "./scan.ts";
import { reportOf, type SuperstepInput, type SuperstepPartition, type SuperstepReport } from "./superstep.ts";

/** Runs partitions as they come, to one report. `sums`: with tiles, a number for each target of a block. */
export async function inOneLoop(
  compiled: FusedSuperstep,
  { scan, apply }: SuperstepInput,
  partitions: Iterable<SuperstepPartition>,
  sums: ColumnRef<"float64"> | undefined,
  task: TaskContext,
): Promise<SuperstepReport> {
  const counts: ScanCounts = { messages: 0, edgesScanned: 0 };
  const target = new ApplyRows(apply, 0, 0);
  const bindings: Bindings = {};
  await target.bind(bindings, 0, 0, task);
  const run = compiledRun(compiled, scan, apply, bindings, counts, task);
  return reportOf(target, counts, () => {
    for (const { from, to, rows } of partitions) {
      target.start(from, to, task.arena);
      carryInactive(scan, apply, from, to, task.arena);
      run(rows, sums);
    }
  });
}
