/**
 * Task half of dense supersteps: a crew of threads that goes from superstep to superstep without the driver. Each reads
 * what the one before wrote, in two generations of columns, in turn. A superstep that a thread's death ends early can begin
 * again: what it reads is there.
 */
import { assert } from "../../../core/errors.ts";
import { ExactSum } from "../../../core/exactSum.ts";
import type { ColumnRef } from "../../../core/column/types.ts";
import { isRefusal } from "../../../core/compile/refused.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../../core/host/task.ts";
import { MissingValue, throwMissing } from "../../columns/output.ts";
import { compiledRun, compiledSuperstep } from "../../compile/compiledSuperstep.ts";
import { joinCrew } from "../../kernels/crew.ts";
import type { KernelShared } from "../../kernels/runKernel.ts";
import { numPartitionsOf, partitionAt, type PartitionTable } from "../partitionTable.ts";
import type { ScanCounts, ScanRows } from "../scan.ts";
import type { SuperstepInput } from "../superstep.ts";
import { StepShares } from "./stepShares.ts";

/** What a run needs. */
export interface DenseShared extends KernelShared {
  /** The first superstep, which compiles as one loop and applies to all vertices; the second, which reads what that wrote. */
  readonly inTurn: readonly [SuperstepInput, SuperstepInput];
  readonly partitions: PartitionTable;
  /** By member; with tiles, a number for each target of a block. */
  readonly sums: readonly (ColumnRef<"float64"> | undefined)[];
  /** As `StepShares` has it. */
  readonly shares: ColumnRef<"float64">;
  /** Supersteps at most. */
  readonly atMost: number;
  /** Ends after the first superstep that ends later than so many milliseconds. */
  readonly sliceMs: number;
}

/** How a run ended; what it did stands in `shares`. */
export interface DenseEnd {
  /** False if a value was missing where there is no room for it: the superstep at hand has not ended then. */
  readonly hasEnded: boolean;
}

export const runDenseRef: OperatorRef = operatorRef(import.meta.url, "runDense");

/** Task: a member of the crew. */
export function runDense(shared: DenseShared, _member: number, task: TaskContext): DenseEnd | undefined {
  const work = new DenseWork(shared, task);
  const step = (chunk: number, member: number, [number]: Float64Array): void => work.piece(chunk, member, number!);
  return joinCrew(shared.control, task, { step }, (run): DenseEnd => {
    const { partitions, atMost, sliceMs } = shared;
    const begin = performance.now();
    work.shares.clearMembers();
    for (let number = work.shares.numEnded, before = begin; number < atMost && before - begin <= sliceMs; number++) {
      run("step", numPartitionsOf(partitions), number);
      if (work.shares.metMissing) return { hasEnded: false };
      const now = performance.now();
      work.shares.end(number, now - before);
      before = now;
    }
    return { hasEnded: true };
  });
}

/** The superstep at hand, as far as one thread takes part in it. */
class DenseWork {
  readonly shares: StepShares;
  readonly #shared: DenseShared;
  readonly #task: TaskContext;
  #number = -1;
  #run: (rows: ScanRows, sums?: ColumnRef<"float64">) => void = () => undefined;
  #counts: ScanCounts = { messages: 0, edgesScanned: 0 };
  #applied = { received: 0 };
  #totals: readonly (ExactSum | { value: number })[] = [];

  constructor(shared: DenseShared, task: TaskContext) {
    this.#shared = shared;
    this.#task = task;
    const { aggregators } = shared.inTurn[0].apply.program;
    this.shares = new StepShares(task.arena.view(shared.shares), aggregators, shared.sums.length);
  }

  /** Runs a superstep over one partition. */
  piece(chunk: number, member: number, number: number): void {
    const { inTurn, partitions, sums } = this.#shared;
    const { arena } = this.#task;
    const { from, to, rows } = partitionAt(partitions, chunk);
    if (number !== this.#number) this.#begin(number, rows);
    arena.view(inTurn[number % 2]!.apply.received).fill(0, from, to);
    try {
      this.#run(rows, sums[member]);
    } catch (error) {
      if (!(error instanceof MissingValue)) throw error;
      this.shares.meetMissing();
      return;
    }
    this.shares.writeMember(member, number, {
      ...this.#counts,
      ...this.#applied,
      aggregates: Object.fromEntries(
        Object.keys(inTurn[0].apply.program.aggregators).map((name, at) => {
          const total = this.#totals[at]!;
          return [name, total instanceof ExactSum ? total.partials() : [total.value]];
        }),
      ),
    });
  }

  #begin(number: number, rows: ScanRows): void {
    const { scan, apply } = this.#shared.inTurn[number % 2]!;
    const compiled = compiledSuperstep(scan, apply, rows, this.#task);
    assert(!isRefusal(compiled) && "loop" in compiled, "a superstep of a crew does not compile as one loop");
    const globals = number === 0 ? this.#shared.inTurn[0].apply.globals : this.shares.globalsAfter(number - 1);
    this.#number = number;
    this.#counts = { messages: 0, edgesScanned: 0 };
    this.#applied = { received: 0 };
    this.#totals = Object.values(apply.program.aggregators).map(({ kind }) => {
      return kind === "sum" ? new ExactSum() : { value: -Infinity };
    });
    const totals = Object.fromEntries(this.#totals.map((total, at) => [`total${at}`, total]));
    const bindings = { ...totals, applyCounts: this.#applied, afterMissing: throwMissing };
    this.#run = compiledRun(compiled, scan, { ...apply, globals }, bindings, this.#counts, this.#task);
  }
}
