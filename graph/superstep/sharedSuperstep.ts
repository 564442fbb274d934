/**
 * One superstep on the threads of one process: each takes partitions, in order, until none is left.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { isRefusal } from "../../core/compile/refused.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import type { Bindings } from "../columns/accessors.ts";
import { compiledRun, compiledSuperstep, superstepPaths } from "../compile/compiledSuperstep.ts";
import type { FusedSuperstep } from "../compile/compileSuperstep.ts";
import { ApplyRows } from "./apply.ts";
import { carryInactive } from "./carrySent.ts";
import { takePieces } from "./claims.ts";
import { partitionAt, type PartitionTable } from "./partitionTable.ts";
import type { ScanCounts } from "./scan.ts";
import { reportOf, superstep, type SuperstepInput, type SuperstepReport } from "./superstep.ts";

/** What all tasks share. */
export interface SharedInput extends SuperstepInput {
  readonly partitions: PartitionTable;
  /** One word a partition: who takes it. See `takePieces`. */
  readonly owners: Int32Array;
}

/** What a task has for itself. */
export interface SharedTask {
  /** With tiles: a number for each target of a block. */
  readonly sums?: ColumnRef<"float64">;
}

/** What became of the partition `first`, or of it and others that the task took. */
export interface SharedReport {
  readonly first: number;
  readonly report: SuperstepReport;
}

export const sharedSuperstepRef: OperatorRef = operatorRef(import.meta.url, "sharedSuperstep");

/** Task: the superstep of the partitions that it takes. */
export async function sharedSuperstep(
  input: SharedInput,
  { sums }: SharedTask,
  task: TaskContext,
): Promise<readonly SharedReport[]> {
  const reports: SharedReport[] = [];
  const pieces = takePieces(input.owners, task.partition);
  for (const first of pieces) {
    const partition = partitionAt(input.partitions, first);
    const compiled = compiledSuperstep(input.scan, input.apply, partition.rows, task);
    const functions = first === 0 && { functions: superstepPaths(compiled, input.apply) };
    const report =
      !isRefusal(compiled) && "loop" in compiled
        ? await inOneLoop(compiled, input, first, pieces, sums, task)
        : await superstep(input, partition, task);
    reports.push({ first, report: { ...report, ...functions } });
  }
  return reports;
}

/** Runs the partition `first` and all further ones in a loop that is made ready once. */
async function inOneLoop(
  compiled: FusedSuperstep,
  { scan, apply, partitions }: SharedInput,
  first: number,
  further: Iterable<number>,
  sums: ColumnRef<"float64"> | undefined,
  task: TaskContext,
): Promise<SuperstepReport> {
  const counts: ScanCounts = { messages: 0, edgesScanned: 0 };
  const target = new ApplyRows(apply, 0, 0);
  const bindings: Bindings = {};
  await target.bind(bindings, 0, 0, task);
  const run = compiledRun(compiled, scan, apply, bindings, counts, task);
  const runOne = (piece: number): void => {
    const { from, to, rows } = partitionAt(partitions, piece);
    target.start(from, to, task.arena);
    carryInactive(scan, apply, from, to, task.arena);
    run(rows, sums);
  };
  return reportOf(target, counts, () => {
    runOne(first);
    for (const piece of further) runOne(piece);
  });
}
