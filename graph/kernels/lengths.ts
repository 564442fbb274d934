/**
 * Lengths of edges as kernels find them: whether they are what a kernel can do with, and in how many bytes each fits.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import type { Scratch } from "../partition/scratch.ts";
import type { TaskRunner } from "../partition/taskRunner.ts";
import { joinCrew, type Phase } from "./crew.ts";
import { chunkCount, evenChunks } from "./flatRows.ts";
import { kernelsOf } from "./kernels.ts";
import { runKernel, type KernelShared } from "./runKernel.ts";

/** What is made of a vertex's number and the length of an edge: their sum, or the greater of them. */
export type LengthKind = "add" | "bound";

/** What lengths are. */
export interface Survey {
  /** To be added: all are finite and >= 0. Bounds: none is NaN or -0. */
  readonly areGood: boolean;
  readonly mean: number;
  /** Bytes that hold each exactly: 1 or 2, an integer; 4 or 8, a float. */
  readonly width: number;
}

interface SurveyShared extends KernelShared {
  readonly kind: LengthKind;
  readonly lengths: ColumnRef<"float64">;
  /** One word of 64 bits: what some length is not. */
  readonly state: ColumnRef<"int64">;
  /** Sums of lengths, one a chunk. */
  readonly sums: ColumnRef<"float64">;
}

/** Looks at all lengths. */
export function surveyLengths(
  runner: TaskRunner,
  kind: LengthKind,
  lengths: ColumnRef<"float64">,
  scratch: Scratch,
  signal: AbortSignal | undefined,
): Promise<Survey> {
  const shared: Omit<SurveyShared, "control"> = {
    kind,
    lengths,
    state: scratch.allocate("int64", 1),
    sums: scratch.allocate("float64", Math.max(1, chunkCount(lengths.length))),
  };
  const operator = operatorRef(import.meta.url, "surveyAll");
  return runKernel<Survey>(runner, { name: "survey lengths", operator, shared, signal }, scratch);
}

/** Operator: a member of the crew. */
export function surveyAll(shared: SurveyShared, _member: number, task: TaskContext): Survey | undefined {
  const { kind, lengths, state } = shared;
  const kernels = kernelsOf(task);
  const sums = task.arena.view(shared.sums);
  const chunks = evenChunks(lengths.length);
  const look: Phase = (chunk) => {
    const [from, to] = [chunks.from(chunk), chunks.from(chunk + 1)];
    if (kind === "bound") kernels.surveyBounds(lengths.offset, from, to, state.offset);
    else sums[chunk] = kernels.surveyWeights(lengths.offset, from, to, state.offset);
  };
  return joinCrew(shared.control, task, { look }, (run) => {
    const flags = task.arena.view(state);
    flags[0] = 0n;
    run("look", chunks.numChunks);
    const isNot = Number(flags[0]);
    if (kind === "bound") return { areGood: isNot === 0, mean: 0, width: 8 };
    let total = 0;
    for (const sum of sums.subarray(0, chunks.numChunks)) total += sum;
    const width = !(isNot & 2) ? 1 : !(isNot & 4) ? 2 : !(isNot & 8) ? 4 : 8;
    return { areGood: !(isNot & 1), mean: total / lengths.length, width };
  });
}
