/**
 * Task half of ordered runs: a program is looked at, lengths of edges are computed.
 */
import type { ColumnSet } from "../../../core/column/types.ts";
import type { CompiledLoop } from "../../../core/compile/compiledLoop.ts";
import type { Refusal } from "../../../core/compile/refused.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../../core/host/task.ts";
import { columnsKey } from "../../compile/columnsKey.ts";
import { compileRelaxation, type CompiledRelaxation } from "../../compile/compileRelaxation.ts";
import { putColumns, putIds, putRows, type LoopValues } from "../../compile/loopOffsets.ts";
import { runnableLoop, runRounds } from "../../compile/rounds.ts";
import type { IdColumn, TopologyPartition } from "../../partition/topology.ts";
import type { ApplyProgram } from "../program.ts";
import type { ScanInput } from "../scan.ts";

/** A program over columns of these types. */
export interface Recognisable {
  readonly scan: ScanInput;
  readonly vertexProgram: ApplyProgram["vertexProgram"];
}

/** What computes lengths. */
export interface LengthsInput {
  readonly loop: CompiledLoop;
  readonly ids: IdColumn;
  readonly edges: ColumnSet;
  /** One number an edge, written. */
  readonly output: ColumnSet;
}

export const recogniseRef: OperatorRef = operatorRef(import.meta.url, "recognise");
export const computeLengthsRef: OperatorRef = operatorRef(import.meta.url, "computeLengths");

/** Task: the relaxation that a program is, or why it is none. */
export function recognise(
  { scan, vertexProgram }: Recognisable,
  _nothing: unknown,
  task: TaskContext,
): CompiledRelaxation | Refusal {
  const { program, ids, edges } = scan;
  const functions = [program.sendMessage.id, program.mergeMessage.id, vertexProgram.id];
  const { src, dst, edge } = program.reads;
  const key = JSON.stringify([functions, program.activeDirection, [src, dst, edge], ids.kind, columnsKey(edges)]);
  return task.memo(`relaxation ${key}`, () => compileRelaxation(scan, { vertexProgram }));
}

/** Task: the lengths of a partition's edges. */
export function computeLengths(
  { loop, ids, edges, output }: LengthsInput,
  { from, to, inRows }: TopologyPartition,
  task: TaskContext,
): void {
  const values: LoopValues = { first: from };
  putIds(values, ids);
  putColumns(values, "edge", edges);
  putColumns(values, "out", output);
  putRows(values, "in", inRows);
  const offsets = [task.arena.view(inRows.offsets)];
  runRounds(runnableLoop(loop, task), to - from, offsets, values, [], {}, task);
}
