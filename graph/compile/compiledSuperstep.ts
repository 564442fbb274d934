/**
 * Task half of compiled supersteps: compiles once a thread, runs over the columns of the arena.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import type { LoopHooks, RunnableLoop } from "../../core/compile/compiledLoop.ts";
import { compiledPaths, refusedPaths, type FunctionPath } from "../../core/compile/functionPath.ts";
import { assert } from "../../core/errors.ts";
import { isRefusal, notAsked, refusalOfAll, type Refusal } from "../../core/compile/refused.ts";
import type { TaskContext } from "../../core/host/task.ts";
import type { Bindings } from "../columns/accessors.ts";
import { runLoop } from "../columns/loop.ts";
import type { EdgeRows } from "../partition/topology.ts";
import { applyText, type ApplyInput } from "../superstep/apply.ts";
import type { ScanCounts, ScanInput, ScanRows, SentColumns } from "../superstep/scan.ts";
import { columnsKey } from "./columnsKey.ts";
import {
  compileScan,
  compileSuperstep,
  type CompiledScan,
  type CompiledSuperstep,
  type FusedSuperstep,
} from "./compileSuperstep.ts";
import { putColumns, putIds, putRows, putSent, putTiles, type LoopValues } from "./loopOffsets.ts";
import { runnableLoop, runRounds, type RoundBounds } from "./rounds.ts";

/** Of a walk over tiles, whose edges take less than a nanosecond each, by segments of sources. */
const walkBounds: RoundBounds = { rows: Infinity, edges: 2 ** 19 };

const ofScan: readonly string[] = ["sendMessage", "mergeMessage"];

/** Why loops over rows of an explicit vertex cut run as JavaScript. */
export const ofCut: Refusal = refusalOfAll("supersteps over an explicit vertex cut do not compile");

/** The compiled form of a superstep, or why it has none. Kept by the thread. */
export function compiledSuperstep(
  scan: ScanInput,
  apply: ApplyInput,
  rows: ScanRows,
  task: TaskContext,
): CompiledSuperstep | Refusal {
  const refusal = refusalAtOnce(scan, rows);
  if (refusal !== undefined) return refusal;
  return task.memo(superstepKey(scan, apply, rows), () => compileSuperstep(scan, apply, rows));
}

/** All that the code of a superstep depends on. */
export function superstepKey(scan: ScanInput, apply: ApplyInput, rows: ScanRows): string {
  return `superstep ${scanKey(scan, rows)} ${applyKey(apply)}`;
}

/** The compiled form of a scan whose targets go to a hook, or why it has none. Kept by the thread. */
export function compiledScan(scan: ScanInput, rows: ScanRows, task: TaskContext): CompiledScan | Refusal {
  const refusal = refusalAtOnce(scan, rows);
  if (refusal !== undefined) return refusal;
  return task.memo(`scan ${scanKey(scan, rows)}`, () => compileScan(scan, rows, false));
}

/** How the functions of a scan run whose targets go elsewhere. */
export function scanPaths(compiled: CompiledScan | Refusal): readonly FunctionPath[] {
  return isRefusal(compiled) ? refusedPaths(ofScan, compiled) : compiledPaths(ofScan);
}

/** How the functions of a superstep run. */
export function superstepPaths(
  compiled: CompiledSuperstep | Refusal,
  { program }: Pick<ApplyInput, "program">,
): readonly FunctionPath[] {
  const ofApply = ["vertexProgram", ...Object.keys(program.aggregators)];
  if (isRefusal(compiled)) return refusedPaths([...ofScan, ...ofApply], compiled);
  if ("loop" in compiled) return compiledPaths([...ofScan, ...ofApply]);
  return [...compiledPaths(ofScan), ...refusedPaths(ofApply, compiled.applyRefused)];
}

/** How the functions of a sparse superstep run. */
export function sparsePaths(program: ApplyInput["program"]): readonly FunctionPath[] {
  return compiledPaths([...ofScan, "vertexProgram", ...Object.keys(program.aggregators)]);
}

/**
 * Runs a compiled superstep. `bindings`: what `ApplyRows.bind` bound.
 *
 * @throws MissingValue if a value is missing where there is no room for it.
 */
export function runCompiledSuperstep(
  compiled: CompiledSuperstep,
  scan: ScanInput,
  apply: ApplyInput,
  rows: ScanRows,
  bindings: Bindings,
  counts: ScanCounts,
  task: TaskContext,
): void {
  if ("scan" in compiled) {
    const target = targetHook(compiled.scan, applyText(apply, "message"), bindings, task);
    runCompiledScan(compiled.scan, scan, rows, target, counts, task);
    return;
  }
  compiledRun(compiled, scan, apply, bindings, counts, task)(rows);
}

/**
 * Makes ready to run a compiled superstep over some partitions, one after the other. With tiles, each is given a column of
 * numbers, at least one a row, that nobody else uses.
 *
 * @throws MissingValue (what it returns) as `runCompiledSuperstep`.
 */
export function compiledRun(
  { loop, walk }: FusedSuperstep,
  scan: ScanInput,
  apply: ApplyInput,
  bindings: Bindings,
  counts: ScanCounts,
  task: TaskContext,
): (rows: ScanRows, sums?: ColumnRef<"float64">) => void {
  const values = scanValues(scan);
  putColumns(values, "before", apply.vertices);
  putColumns(values, "after", apply.output);
  putSent(values, apply.nextSent, "Next");
  values["marks"] = apply.received.offset;
  for (const [name, value] of Object.entries(apply.globals)) values[`global ${name}`] = value;
  const hooks: Record<string, LoopHooks[string]> = { missing: bindings["afterMissing"] as () => void };
  const aggregators = Object.values(apply.program.aggregators);
  aggregators.forEach(({ kind }, at) => {
    if (kind === "max") values[`total${at}`] = (bindings[`total${at}`] as { value: number }).value;
    else hooks[`sum${at}`] = (x) => (bindings[`total${at}`] as { add(x: number): void }).add(x!);
  });
  const carried = aggregators.flatMap(({ kind }, at) => (kind === "max" ? [`total${at}`] : []));
  const runnable = runnableLoop(loop, task);
  const walking = walk && runnableLoop(walk.loop, task);
  return (rows, sums) => {
    putScanRows(values, rows);
    if (walk && walking) walkTiles(walking, walk.identity, rows, sums, values, task);
    const results = run(runnable, rows, values, carried, hooks, task);
    counts.messages += results["messages"] ?? 0;
    counts.edgesScanned += results["edgesScanned"] ?? 0;
    (bindings["applyCounts"] as { received: number }).received += results["received"] ?? 0;
    aggregators.forEach(({ kind }, at) => {
      const total = bindings[`total${at}`] as { value: number };
      if (kind === "max") total.value = results[`total${at}`] ?? total.value;
    });
  };
}

/** Merges what the sources of a block's tiles send, in `sums` by slot. */
function walkTiles(
  walk: RunnableLoop,
  identity: number,
  { inRows, tiles }: ScanRows,
  sums: ColumnRef<"float64"> | undefined,
  values: LoopValues,
  task: TaskContext,
): void {
  assert(inRows && tiles && sums && sums.length >= inRows.numRows, "a walk over tiles has nowhere to put its sums");
  putTiles(values, tiles, sums);
  task.arena.view(sums).fill(identity, 0, inRows.numRows);
  const starts = task.arena.view(tiles.starts);
  runRounds(walk, starts.length - 1, [starts], values, [], {}, task, walkBounds);
}

/** Runs a compiled scan: `target` is called with each target, 1 if messages came to it, and what its message is made of. */
export function runCompiledScan(
  { loop }: CompiledScan,
  scan: ScanInput,
  rows: ScanRows,
  target: LoopHooks[string],
  counts: ScanCounts,
  task: TaskContext,
): void {
  const values = scanValues(scan);
  putScanRows(values, rows);
  const results = run(runnableLoop(loop, task), rows, values, [], { target }, task);
  counts.messages += results["messages"] ?? 0;
  counts.edgesScanned += results["edgesScanned"] ?? 0;
}

/** The hook of a compiled scan that runs `onTarget`, text over `t`, `has`, `message` and what is bound. */
export function targetHook(
  { message, numLeaves }: CompiledScan,
  onTarget: string,
  bindings: Bindings,
  task: TaskContext,
): LoopHooks[string] {
  const leaves = Array.from({ length: numLeaves }, (_, at) => `m${at}`);
  const body = `
made.target = (${["t", "had", ...leaves].join(", ")}) => {
  const has = had !== 0;
  const message = ${message};
  ${onTarget}
};`;
  const made: { target?: LoopHooks[string] } = {};
  runLoop({ ...bindings, made }, { declarations: "", body }, task);
  return made.target!;
}

function run(
  loop: RunnableLoop,
  rows: ScanRows,
  values: LoopValues,
  carried: readonly string[],
  hooks: LoopHooks,
  task: TaskContext,
): Readonly<Record<string, number>> {
  const { arena } = task;
  const both = [rows.inRows, rows.outRows].filter((each) => each !== undefined);
  // After a walk over tiles a row has one sum, however many edges it has.
  const offsets = rows.tiles === undefined ? both.map((each) => arena.view(each.offsets)) : [];
  return runRounds(loop, both[0]!.numRows, offsets, values, carried, hooks, task);
}

function scanValues(scan: ScanInput): LoopValues {
  const values: LoopValues = {};
  putColumns(values, "vertex", scan.vertices);
  putColumns(values, "edge", scan.edges);
  putIds(values, scan.ids);
  if (scan.active) values["active"] = scan.active.offset;
  putSent(values, scan.sent);
  return values;
}

function putScanRows(values: LoopValues, { inRows, outRows }: ScanRows): void {
  if (inRows) putRows(values, "in", inRows);
  if (outRows) putRows(values, "out", outRows);
}

function refusalAtOnce({ asJavaScript }: ScanInput, rows: ScanRows): Refusal | undefined {
  return asJavaScript === true ? notAsked : isCut(rows) ? ofCut : undefined;
}

function isCut({ inRows, outRows }: ScanRows): boolean {
  return inRows?.targets !== undefined || outRows?.targets !== undefined;
}

/** All that the code of a scan depends on: shipped functions by their ids, which stand for what they capture too. */
export function scanKey({ program, ids, vertices, edges, active, sent }: ScanInput, rows: ScanRows): string {
  const { sendMessage, mergeMessage, messageType, activeDirection, reads } = program;
  const ofRows = (each: EdgeRows | undefined): string => (each === undefined ? "-" : each.positions ? "p" : "e");
  return JSON.stringify([
    sendMessage.id,
    mergeMessage.id,
    messageType ?? "",
    active ? activeDirection : "",
    [reads.src, reads.dst, reads.edge],
    ids.kind,
    columnsKey(vertices),
    columnsKey(edges),
    ofRows(rows.inRows),
    ofRows(rows.outRows),
    rows.tiles !== undefined,
    sentKey(sent),
  ]);
}

function sentKey(sent: SentColumns | undefined): unknown {
  return [sent?.in, sent?.out].map((side) => side && [side.columns.map(({ type }) => type), side.sends !== undefined]);
}

/** All that the code of an apply depends on. */
export function applyKey({ program, ids, vertices, output, nextSent, globals }: ApplyInput): string {
  const { vertexProgram, applyTo, noMessage, aggregators } = program;
  return JSON.stringify([
    vertexProgram.id,
    applyTo,
    constantKey(noMessage),
    Object.entries(aggregators).map(([name, { kind, of }]) => [name, kind, of.id]),
    ids.kind,
    columnsKey(vertices),
    columnsKey(output),
    sentKey(nextSent),
    Object.keys(globals),
  ]);
}

/** Tells constants apart that JSON does not. */
function constantKey(value: unknown): unknown {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return [typeof value, String(value)];
  return Object.entries(value).map(([name, item]) => [name, constantKey(item)]);
}
