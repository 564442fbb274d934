/**
 * Combine: over a vertex cut, the messages to a vertex are merged in each part that holds some of its edges, then
 * across parts, in the order of the parts, where the vertex lives.
 */
import { decodeValues, encodeValues } from "../../core/column/codec.ts";
import { schemaOf, widen } from "../../core/column/schema.ts";
import type { ColumnRef, ColumnSet, Schema } from "../../core/column/types.ts";
import { excerpt } from "../../core/errors.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import type { FunctionPath } from "../../core/compile/functionPath.ts";
import { isRefusal } from "../../core/compile/refused.ts";
import type { Bindings } from "../columns/accessors.ts";
import { runLoop } from "../columns/loop.ts";
import { writeRows } from "../columns/writeColumns.ts";
import { RowOutput, sharedCopy, writeStatements, type WrittenRows } from "../columns/output.ts";
import { compiledScan, scanPaths, runCompiledScan, targetHook } from "../compile/compiledSuperstep.ts";
import { idReader } from "../partition/idColumn.ts";
import type { IdColumn } from "../partition/topology.ts";
import { ApplyRows, applyText, type ApplyInput } from "./apply.ts";
import type { ScanProgram } from "./program.ts";
import { bindScan, scanText, wrongMerge, type ScanCounts, type ScanInput, type ScanRows } from "./scan.ts";
import { reportOf, type SuperstepReport } from "./superstep.ts";

export const scanPartRef: OperatorRef = operatorRef(import.meta.url, "scanPart");
export const combineMessagesRef: OperatorRef = operatorRef(import.meta.url, "combineMessages");
export const combineAndApplyRef: OperatorRef = operatorRef(import.meta.url, "combineAndApply");

/** Merged messages of one part: their targets, ascending, and what came to each. */
export interface PartMessages {
  readonly targets: Uint32Array;
  /** One a target, as written by `encodeValues`. */
  readonly values: SharedArrayBuffer;
  /** What the first message is, nullable where later ones lack a value; absent if there is none. */
  readonly schema?: Schema;
}

/** What the scan of one part found. */
export interface ScannedPart extends PartMessages, ScanCounts {
  /** How the functions ran; the first part alone tells. */
  readonly functions?: readonly FunctionPath[];
}

/** What came to the targets of one part: one merged message each. */
export interface TargetMessages {
  readonly counts: ScanCounts;
  /** Ascending. */
  readonly targets: readonly number[];
  readonly merged: readonly unknown[];
  /** How the functions ran; the first part alone tells. */
  readonly functions?: readonly FunctionPath[];
}

/** Task: scans one part, and keeps the merged messages for the partitions where their targets live. */
export async function scanPart(input: ScanInput, rows: ScanRows, task: TaskContext): Promise<ScannedPart> {
  return scannedPart(await scanTargets(input, rows, task));
}

/** Task: scans one part in its clear form, with which the compiled one agrees to the bit. */
export async function scanPartAsJavaScript(input: ScanInput, rows: ScanRows, task: TaskContext): Promise<ScannedPart> {
  return scannedPart(await scanTargetsAsJavaScript(input, rows, task));
}

/** Scans one part, compiled where its functions allow it. */
export async function scanTargets(input: ScanInput, rows: ScanRows, task: TaskContext): Promise<TargetMessages> {
  const compiled = compiledScan(input, rows, task);
  const functions = task.partition === 0 ? { functions: scanPaths(compiled) } : {};
  if (isRefusal(compiled)) return { ...(await scanTargetsAsJavaScript(input, rows, task)), ...functions };
  const counts: ScanCounts = { messages: 0, edgesScanned: 0 };
  const targets: number[] = [];
  const merged: unknown[] = [];
  const target = targetHook(compiled, "targets.push(t); merges.push(message);", { targets, merges: merged }, task);
  runCompiledScan(compiled, input, rows, target, counts, task);
  return { counts, targets, merged, ...functions };
}

async function scanTargetsAsJavaScript(input: ScanInput, rows: ScanRows, task: TaskContext): Promise<TargetMessages> {
  const counts: ScanCounts = { messages: 0, edgesScanned: 0 };
  const targets: number[] = [];
  const merged: unknown[] = [];
  const bindings: Bindings = { targets, merges: merged };
  await bindScan(bindings, input, rows, counts, task);
  runLoop(bindings, scanText(input, rows, "if (has) { targets.push(t); merges.push(edge.merged); }"), task);
  return { counts, targets, merged };
}

function scannedPart({ counts, targets, merged, functions }: TargetMessages): ScannedPart {
  const shared = new Uint32Array(new SharedArrayBuffer(targets.length * 4));
  shared.set(targets);
  return {
    ...counts,
    targets: shared,
    values: sharedCopy(encodeValues(merged)),
    ...(merged.length > 0 && { schema: commonSchema(merged) }),
    ...(functions && { functions }),
  };
}

/** The schema of the first value, with nullable fields where later values lack one. */
function commonSchema(values: readonly unknown[]): Schema {
  let schema = schemaOf(values[0]);
  for (const value of values) schema = widen(schema, value) ?? schema;
  return schema;
}

/** What all partitions of a combine that writes messages share. */
export interface CombineInput {
  readonly operation: string;
  readonly mergeMessage: ShippedFunction<AnyFunction>;
  readonly ids: IdColumn;
  readonly output: ColumnSet;
  /** One byte a vertex, written: 1 for those that received a message. */
  readonly received: ColumnRef<"uint8">;
}

/** The vertices [from, to), and the parts' messages of which some may be for them. */
export interface CombinePartition {
  readonly from: number;
  readonly to: number;
  readonly parts: readonly PartMessages[];
}

/** Task: the merged message of each vertex of a partition, as columns; `metMissing` if it must run again with room for that. */
export async function combineMessages(
  input: CombineInput,
  { from, to, parts }: CombinePartition,
  task: TaskContext,
): Promise<WrittenRows> {
  const merge = (await task.revive(input.mergeMessage)) as Merge;
  const { has, merged } = mergeParts(parts.map(receivedOf), from, to, merge);
  const output = new RowOutput(input.output, from, to);
  const idOf = idReader(input.ids, task.arena);
  const bindings: Bindings = { has, merged, from, to, received: task.arena.view(input.received) };
  output.bind(bindings, "out", task.arena, (index) => `the message to vertex ${excerpt(idOf(index))}`, input.operation);
  const body = `
received.fill(0, from, to);
for (let t = from; t < to; t++) {
  if (has[t - from] === 0) continue;
  received[t] = 1;
  const value = merged[t - from];
  ${writeStatements(input.output, "out", "t", "value")}
}`;
  return writeRows(output, bindings, body, task);
}

/** What all partitions of a combine and apply share. */
export interface CombineApplyInput {
  readonly apply: ApplyInput;
  readonly scan: ScanProgram;
}

/** Task: combine and apply over one partition of a cut graph. */
export function combineAndApply(
  input: CombineApplyInput,
  { from, to, parts }: CombinePartition,
  task: TaskContext,
): Promise<SuperstepReport> {
  return applyReceived(input, { from, to }, parts.map(receivedOf), task);
}

/** Combines what the parts sent, in their order, and applies it to the vertices [from, to). */
export async function applyReceived(
  { apply, scan }: CombineApplyInput,
  { from, to }: { readonly from: number; readonly to: number },
  parts: readonly ReceivedMessages[],
  task: TaskContext,
): Promise<SuperstepReport> {
  const merge = (await task.revive(scan.mergeMessage)) as Merge;
  const idOf = idReader(apply.ids, task.arena);
  const fail = wrongMerge(scan);
  const check = (index: number, both: unknown): void => {
    if (scan.messageType !== undefined && typeof both !== scan.messageType) fail(idOf(index), both);
  };
  const { has, merged } = mergeParts(parts, from, to, merge, check);
  const target = new ApplyRows(apply, from, to);
  const bindings: Bindings = { received: undefined, hasMessage: has, merged, from, to };
  await target.bind(bindings, from, to, task);
  const body = `
for (let t = from; t < to; t++) {
  const has = hasMessage[t - from] !== 0;
  ${applyText(apply, "merged[t - from]")}
}`;
  return reportOf(target, { messages: 0, edgesScanned: 0 }, () => runLoop(bindings, { declarations: "", body }, task));
}

type Merge = (a: unknown, b: unknown) => unknown;

/** Merged messages of one part, decoded when they are first asked for. */
export interface ReceivedMessages {
  readonly targets: Uint32Array;
  readonly values: () => readonly unknown[];
}

function receivedOf({ targets, values }: PartMessages): ReceivedMessages {
  return { targets, values: () => decodeValues(new Uint8Array(values)) };
}

/** Left to right over the parts, in their order. `check` sees what two messages to a vertex merged to. */
function mergeParts(
  parts: readonly ReceivedMessages[],
  from: number,
  to: number,
  merge: Merge,
  check?: (index: number, both: unknown) => void,
): { has: Uint8Array; merged: unknown[] } {
  const has = new Uint8Array(to - from);
  const merged = Array.from<unknown>({ length: to - from });
  for (const part of parts) {
    const start = lowerBound(part.targets, from);
    const end = lowerBound(part.targets, to);
    if (start === end) continue;
    const values = part.values();
    for (let i = start; i < end; i++) {
      const row = part.targets[i]! - from;
      if (has[row] === 0) merged[row] = values[i];
      else {
        const both = merge(merged[row], values[i]);
        check?.(from + row, both);
        merged[row] = both;
      }
      has[row] = 1;
    }
  }
  return { has, merged };
}

/** The first position whose value is not below `value`; the length if there is none. */
export function lowerBound(ascending: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
