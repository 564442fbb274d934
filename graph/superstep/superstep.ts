/**
 * One superstep over the default layout, where edges live with their destination: scan and apply in one pass over a
 * partition's rows, since every message to a vertex meets in its own partition. Over a vertex cut the two are stages
 * of their own, with `combine` between them.
 */
import { assert } from "../../core/errors.ts";
import type { TaskContext } from "../../core/host/task.ts";
import type { FunctionPath } from "../../core/compile/functionPath.ts";
import { isRefusal } from "../../core/compile/refused.ts";
import type { Bindings } from "../columns/accessors.ts";
import { runLoop } from "../columns/loop.ts";
import { MissingValue, type Missing } from "../columns/output.ts";
import { compiledSuperstep, runCompiledSuperstep, superstepPaths } from "../compile/compiledSuperstep.ts";
import { ApplyRows, applyText, type ApplyInput, type ApplyReport } from "./apply.ts";
import { carryInactive } from "./carrySent.ts";
import { bindScan, scanText, type ScanCounts, type ScanInput, type ScanRows } from "./scan.ts";

/** What all partitions of a superstep share. */
export interface SuperstepInput {
  readonly scan: ScanInput;
  readonly apply: ApplyInput;
}

/** The vertices [from, to) and their rows. */
export interface SuperstepPartition {
  readonly from: number;
  readonly to: number;
  readonly rows: ScanRows;
}

/** What one partition's superstep reports; `metMissing` if it must run again with room for that. */
export interface SuperstepReport extends ApplyReport, ScanCounts {
  readonly metMissing?: Missing;
  /** How the functions ran; the first partition alone tells. */
  readonly functions?: readonly FunctionPath[];
  /** Of the heap of placed values, where there is one. */
  readonly heap?: HeapUse;
  /** True if rows of active vertices alone were walked. */
  readonly isSparse?: boolean;
}

/** Bytes that a host's placed values take before and after; more than the heap has if some found no room. */
export interface HeapUse {
  readonly host: number;
  readonly startBytes: number;
  readonly endBytes: number;
}

/** One partition's superstep, compiled where its functions allow it. */
export async function superstep(
  input: SuperstepInput,
  partition: SuperstepPartition,
  task: TaskContext,
): Promise<SuperstepReport> {
  const { scan, apply } = input;
  const { from, to, rows } = partition;
  const compiled = compiledSuperstep(scan, apply, rows, task);
  const functions = task.partition === 0 ? { functions: superstepPaths(compiled, apply) } : {};
  assert(apply.nextSent === undefined || "loop" in compiled, "a superstep is to write down messages, and cannot");
  if (isRefusal(compiled)) return { ...(await superstepAsJavaScript(input, partition, task)), ...functions };
  const counts: ScanCounts = { messages: 0, edgesScanned: 0 };
  const target = new ApplyRows(apply, from, to);
  const bindings: Bindings = {};
  await target.bind(bindings, from, to, task);
  carryInactive(scan, apply, from, to, task.arena);
  const run = (): void => runCompiledSuperstep(compiled, scan, apply, rows, bindings, counts, task);
  return { ...reportOf(target, counts, run), ...functions };
}

/** One partition's superstep in its clear form, with which the compiled one agrees to the bit. */
export async function superstepAsJavaScript(
  { scan, apply }: SuperstepInput,
  { from, to, rows }: SuperstepPartition,
  task: TaskContext,
): Promise<SuperstepReport> {
  const counts: ScanCounts = { messages: 0, edgesScanned: 0 };
  const target = new ApplyRows(apply, from, to);
  const bindings: Bindings = {};
  await bindScan(bindings, scan, rows, counts, task);
  await target.bind(bindings, from, to, task);
  return reportOf(target, counts, () => runLoop(bindings, scanText(scan, rows, applyText(apply, "edge.merged")), task));
}

/** Runs `run`, and reports what `target` wrote, or that it met a missing value. */
export function reportOf(target: ApplyRows, counts: ScanCounts, run: () => void): SuperstepReport {
  try {
    run();
  } catch (error) {
    if (!(error instanceof MissingValue)) throw error;
    return { ...counts, received: 0, rows: { chunks: [] }, aggregates: {}, metMissing: "value" };
  }
  const report = target.report();
  const { metMissing } = report.rows;
  return { ...counts, ...report, ...(metMissing && { metMissing }) };
}
