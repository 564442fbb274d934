/**
 * One superstep on the threads of one process: each takes partitions, in order, until none is left.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { isRefusal } from "../../core/compile/refused.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { compiledSuperstep, superstepPaths } from "../compile/compiledSuperstep.ts";
import { takePieces } from "./claims.ts";
import { partitionAt, type PartitionTable } from "./partitionTable.ts";
import { inOneLoop } from "./inOneLoop.ts";
import { superstep, type SuperstepInput, type SuperstepPartition, type SuperstepReport } from "./superstep.ts";

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
        ? await inOneLoop(compiled, input, theRest(input.partitions, partition, pieces), sums, task)
        : await superstep(input, partition, task);
    reports.push({ first, report: { ...report, ...functions } });
  }
  return reports;
}

/** A partition and those of further pieces. */
function* theRest(
  table: PartitionTable,
  partition: SuperstepPartition,
  further: Iterable<number>,
): Generator<SuperstepPartition> {
  yield partition;
  for (const piece of further) yield partitionAt(table, piece);
}
