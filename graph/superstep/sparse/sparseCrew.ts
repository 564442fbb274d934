/**
 * Task half of sparse supersteps: a crew of threads that goes from superstep to superstep without the driver, each at the
 * cost of its active vertices and their edges.
 *
 * What vertices hold is copied once, and changed in place: the messages of a superstep are all merged before the first
 * program runs. So a run that a thread's death ends early leaves its start as it was.
 */
import type { RunnableLoop } from "../../../core/compile/compiledLoop.ts";
import { assert } from "../../../core/errors.ts";
import type { ColumnRef, ColumnSet } from "../../../core/column/types.ts";
import { isRefusal, type Refusal } from "../../../core/compile/refused.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { HasPositions } from "../../compile/activeScan.ts";
import { compiledSparse, type CompiledSparse } from "../../compile/compiledSparse.ts";
import { putColumns, putIds, type LoopValues } from "../../compile/loopOffsets.ts";
import { runnableLoop } from "../../compile/rounds.ts";
import { joinCrew, type Phase, type RunPhase } from "../../kernels/crew.ts";
import { chunkCount, evenChunks, flattenPhase, listPart, type FlatRows } from "../../kernels/flatRows.ts";
import { kernelsOf, type Kernels } from "../../kernels/kernels.ts";
import type { KernelShared } from "../../kernels/runKernel.ts";
import type { ApplyInput } from "../apply.ts";
import type { GlobalValues } from "../carrier.ts";
import { gatherGlobals, type Shares } from "../globals.ts";
import type { ScanInput } from "../scan.ts";
import type { Walk } from "../walks.ts";
import { entriesPerCall, ListedApply } from "./listedApply.ts";

/** What a program is made of: what `prepare` compiles to see whether it can. */
export interface SparseProgram {
  /** `vertices` are the columns that are changed, `active` the marks. */
  readonly scan: ScanInput;
  /** `vertices` and `output` are the same columns. */
  readonly apply: ApplyInput;
  readonly hasPositions: HasPositions;
}

/** What a run needs besides the program. */
export interface SparseShared extends KernelShared, SparseProgram {
  /** What vertices hold before, and the marks of who received. */
  readonly start: { readonly columns: ColumnSet; readonly received: ColumnRef<"uint8"> };
  readonly numVertices: number;
  readonly rows: { readonly in?: FlatRows; readonly out?: FlatRows };
  /** Edge attributes by entry of the rows by source, of which then none has a position. */
  readonly edgesBySource?: ColumnSet;
  /** True if an earlier run has written the `rowStart` of the rows. */
  readonly areRowsFlat: boolean;
  /** Active vertices, and those that receive. */
  readonly lists: readonly [ColumnRef<"uint32">, ColumnRef<"uint32">];
  readonly touched: ColumnRef<"uint32">;
  readonly summary: ColumnRef<"uint32">;
  readonly slots: readonly ColumnRef[];
  /** For rows that are pushed along: the least and the largest target of each block of active vertices. */
  readonly spans: Readonly<Partial<Record<Walk["side"], ColumnRef<"uint32">>>>;
  /** Messages and edges of each chunk of a scan, and whether a value was missing: 2 a chunk and 1. */
  readonly counts: ColumnRef<"float64">;
  /** Ascending vertices, from 0 to `numVertices`: where chunks of targets begin and end. Multiples of 1024 inside. */
  readonly bounds: readonly number[];
  /** Ends before a superstep with more active vertices plus edges in their rows than this. */
  readonly maxWork: number;
  /** Supersteps at most. */
  readonly atMost: number;
  /** Ends after the first superstep that ends later than so many milliseconds, or than eight times its set-up took. */
  readonly sliceMs: number;
}

/** What one superstep did. */
export interface SparseStep {
  readonly active: number;
  readonly messages: number;
  readonly edgesScanned: number;
  readonly aggregates: Shares;
  readonly ms: number;
}

/** How a run ended. */
export interface SparseEnd {
  readonly steps: readonly SparseStep[];
  /** True if a value was missing in the superstep after `steps`, where there is no room for that: none of them counts. */
  readonly metMissing: boolean;
  /** True if the next superstep would scan too much. */
  readonly isDense: boolean;
}

/** What there is to know of a program before it runs. */
export interface PreparedSparse extends Pick<CompiledSparse, "slotTypes"> {
  /** Edge columns that walks along rows by source read. */
  readonly edgesRead: readonly number[];
}

export const prepareRef: OperatorRef = operatorRef(import.meta.url, "prepare");
export const runSparseRef: OperatorRef = operatorRef(import.meta.url, "runSparse");

/** Task: compiles a program; what it needs, or why it does not compile. */
export function prepare(
  { scan, apply, hasPositions }: SparseProgram,
  _nothing: unknown,
  task: TaskContext,
): PreparedSparse | Refusal {
  const compiled = compiledSparse(scan, apply, hasPositions, task);
  if (isRefusal(compiled)) return compiled;
  const bySource = compiled.walks.flatMap(({ walk, loop }) => (walk.side === "out" ? loop.params : []));
  const edgesRead = scan.edges.columns.flatMap((_, at) => (bySource.includes(`edge${at}`) ? [at] : []));
  return { slotTypes: compiled.slotTypes, edgesRead };
}

/** Task: a member of the crew. */
export function runSparse(shared: SparseShared, _member: number, task: TaskContext): SparseEnd | undefined {
  const work = new SparseWork(shared, task);
  return joinCrew(shared.control, task, work.phases(), (run) => new Leader(shared, task, work, run).toEnd());
}

type Step = "flattenIn" | "flattenOut" | "copy" | "spans" | "scan" | "apply";

/** Active vertices whose targets are known together: a call of a loop costs as much as some of them. */
export const verticesPerBlock = 256;

interface Runnable {
  readonly loop: RunnableLoop;
  readonly values: LoopValues;
}

/** The phases, as each member of the crew does its chunks of them. */
class SparseWork {
  readonly #shared: SparseShared;
  readonly #task: TaskContext;
  readonly #kernels: Kernels;
  readonly #walks: readonly (Runnable & { readonly walk: Walk })[];
  readonly #apply: ListedApply;
  readonly #lists: readonly Uint32Array[];
  readonly #counts: Float64Array;
  /** Programs run without aggregators, and are given no results of them. */
  readonly isPlain: boolean;
  /** Results of aggregators as programs see them. */
  globals: GlobalValues;

  constructor(shared: SparseShared, task: TaskContext) {
    this.#shared = shared;
    this.#task = task;
    this.#kernels = kernelsOf(task);
    const { scan, apply, hasPositions, lists, counts } = shared;
    const compiled = compiledSparse(scan, apply, hasPositions, task);
    assert(!isRefusal(compiled), "a sparse superstep that was prepared does not compile");
    this.#walks = compiled.walks.map(({ walk, loop }) => ({
      loop: runnableLoop(loop, task),
      values: this.#walkValues(walk.side),
      walk,
    }));
    this.#apply = new ListedApply(apply, runnableLoop(compiled.apply, task), shared.slots, task);
    this.#lists = lists.map((list) => task.arena.view(list));
    this.#counts = task.arena.view(counts);
    this.globals = apply.globals;
    this.isPlain = Object.keys(apply.globals).length + Object.keys(apply.program.aggregators).length === 0;
  }

  phases(): Record<Step, Phase> {
    const { rows, numVertices } = this.#shared;
    const { arena } = this.#task;
    const byVertices = evenChunks(numVertices);
    const flatten = (some: FlatRows | undefined): Phase => (some ? flattenPhase(some, this.#kernels, arena) : () => {});
    return {
      flattenIn: flatten(rows.in),
      flattenOut: flatten(rows.out),
      copy: (chunk) => this.#copy(byVertices.from(chunk), byVertices.from(chunk + 1)),
      spans: (chunk, _member, [length, current, numChunks]) => this.#spans(chunk, length!, current!, numChunks!),
      scan: (chunk, _member, [length, current, numChunks]) => this.#scan(chunk, length!, current!, numChunks!),
      apply: (chunk, _member, [length, current, numChunks]) => {
        this.#applyPart(...listPart(length!, chunk, numChunks!), current!);
      },
    };
  }

  /** What the aggregators brought together since the last call. */
  takeAggregates(): Shares {
    return this.#apply.take();
  }

  /** Scans the edges of all active vertices that send into the targets of a chunk, or into all. */
  #scan(chunk: number, length: number, current: number, numChunks: number): void {
    const { bounds, numVertices } = this.#shared;
    const [low, end] = numChunks === 1 ? [0, numVertices] : [bounds[chunk]!, bounds[chunk + 1]!];
    const list = this.#lists[current]!.subarray(0, length);
    let messages = 0;
    let edgesScanned = 0;
    for (const { loop, values, walk } of this.#walks) {
      values["list"] = this.#shared.lists[current]!.offset;
      values["low"] = low;
      values["end"] = end;
      for (const [first, last] of this.#entriesOf(walk, list, low, end, numChunks)) {
        for (let from = first; from < last; from += entriesPerCall) {
          this.#task.throwIfCancelled();
          values["from"] = from;
          values["to"] = Math.min(last, from + entriesPerCall);
          const counted = loop.run(values);
          messages += counted["messages"]!;
          edgesScanned += counted["edgesScanned"]!;
        }
      }
    }
    this.#counts[2 * chunk] = messages;
    this.#counts[2 * chunk + 1] = edgesScanned;
  }

  /** Ascending ranges of the list that have all vertices from whose rows a walk sends to targets in [low, end). */
  #entriesOf(
    { side, way }: Walk,
    list: Uint32Array,
    low: number,
    end: number,
    numChunks: number,
  ): readonly (readonly [from: number, to: number])[] {
    if (way === "pull") return [[lowerBound(list, low), lowerBound(list, end)]];
    if (numChunks === 1) return [[0, list.length]];
    const spans = this.#task.arena.view(this.#shared.spans[side]!);
    const ranges: [number, number][] = [];
    for (let from = 0, block = 0; from < list.length; from += verticesPerBlock, block++) {
      if (spans[2 * block + 1]! < low || spans[2 * block]! >= end) continue;
      const to = Math.min(list.length, from + verticesPerBlock);
      const before = ranges.at(-1);
      if (before?.[1] === from) before[1] = to;
      else ranges.push([from, to]);
    }
    return ranges;
  }

  /** Writes the spans of a part of the active vertices, by whole blocks. */
  #spans(chunk: number, length: number, current: number, numChunks: number): void {
    const { lists, spans, rows } = this.#shared;
    const [from, to] = listPart(Math.ceil(length / verticesPerBlock), chunk, numChunks);
    for (const side of ["in", "out"] as const) {
      const [written, walked] = [spans[side], rows[side]];
      if (written === undefined || walked === undefined) continue;
      const { rowStart, neighbours } = walked;
      const list = lists[current]!.offset;
      this.#kernels.writeSpans(list, length, from, to, verticesPerBlock, rowStart.offset, neighbours, written.offset);
    }
  }

  #applyPart(first: number, last: number, current: number): void {
    const isDone = this.#apply.run(this.#shared.lists[current]!, first, last, this.globals);
    if (!isDone) this.#counts[this.#counts.length - 1] = 1;
  }

  #copy(from: number, to: number): void {
    const { start, apply } = this.#shared;
    const { arena } = this.#task;
    const copy = (source: ColumnRef, target: ColumnRef): void =>
      (arena.view(target) as Uint8Array).set((arena.view(source) as Uint8Array).subarray(from, to), from);
    start.columns.columns.forEach((column, at) => {
      const target = apply.output.columns[at]!;
      assert(column.kind === "fixed" && target.kind === "fixed", "sparse supersteps are of columns of fixed width");
      copy(column.data, target.data);
      if (column.validity && target.validity) copy(column.validity, target.validity);
    });
    copy(start.received, apply.received);
  }

  #walkValues(side: "in" | "out"): LoopValues {
    const { scan, rows } = this.#shared;
    const { rowStart, neighbours, positions } = rows[side]!;
    const values: LoopValues = { rowStart: rowStart.offset, neighbours, positions, active: scan.active!.offset };
    putColumns(values, "vertex", scan.vertices);
    putColumns(values, "edge", (side === "out" && this.#shared.edgesBySource) || scan.edges);
    putIds(values, scan.ids);
    values["touched"] = this.#shared.touched.offset;
    values["summary"] = this.#shared.summary.offset;
    this.#shared.slots.forEach(({ offset }, at) => (values[`slot${at}`] = offset));
    return values;
  }
}

/** Goes from superstep to superstep. */
class Leader {
  readonly #shared: SparseShared;
  readonly #task: TaskContext;
  readonly #work: SparseWork;
  readonly #run: RunPhase<Step>;
  readonly #kernels: Kernels;
  readonly #counts: Float64Array;
  /** Which list has the active vertices, and how many they are; what scanning their rows takes. */
  #current = 0;
  #numActive = 0;
  #toScan = 0;

  constructor(shared: SparseShared, task: TaskContext, work: SparseWork, run: RunPhase<Step>) {
    this.#shared = shared;
    this.#task = task;
    this.#work = work;
    this.#run = run;
    this.#kernels = kernelsOf(task);
    this.#counts = task.arena.view(shared.counts);
  }

  toEnd(): SparseEnd {
    const { rows, areRowsFlat, numVertices, start, lists, maxWork, atMost, sliceMs } = this.#shared;
    const { arena } = this.#task;
    const begin = performance.now();
    if (!areRowsFlat) {
      this.#run("flattenIn", rows.in?.partitions.length ?? 0);
      this.#run("flattenOut", rows.out?.partitions.length ?? 0);
    }
    this.#listed(this.#kernels.listMarked(start.received.offset, numVertices, lists[0].offset));
    if (this.#toScan > maxWork) return this.#end([], false);
    this.#run("copy", Math.max(1, chunkCount(numVertices)));
    arena.view(this.#shared.touched).fill(0);
    arena.view(this.#shared.summary).fill(0);
    this.#counts.fill(0);
    const slice = Math.max(sliceMs, 8 * (performance.now() - begin));
    const steps: SparseStep[] = [];
    for (let before = begin; ;) {
      const step = this.#step(before);
      if (step === undefined) return this.#end(steps, true);
      steps.push(step);
      before += step.ms;
      if (step.messages === 0 || steps.length >= atMost || before - begin > slice || this.#toScan > maxWork) break;
    }
    return this.#end(steps, false);
  }

  #end(steps: readonly SparseStep[], metMissing: boolean): SparseEnd {
    return { steps, metMissing, isDense: this.#toScan > this.#shared.maxWork };
  }

  /** One superstep, that began at `before`; undefined if a value is missing where there is no room for that. */
  #step(before: number): SparseStep | undefined {
    const { bounds, lists, touched, summary, apply } = this.#shared;
    const numChunks = chunkCount(this.#toScan) > 1 ? bounds.length - 1 : 1;
    const active = lists[this.#current]!.offset;
    if (numChunks > 1) {
      const numParts = chunkCount(this.#toScan);
      this.#run("spans", numParts, this.#numActive, this.#current, numParts);
    }
    this.#run("scan", numChunks, this.#numActive, this.#current, numChunks);
    let messages = 0;
    let edgesScanned = 0;
    for (let chunk = 0; chunk < numChunks; chunk++) {
      messages += this.#counts[2 * chunk]!;
      edgesScanned += this.#counts[2 * chunk + 1]!;
    }
    this.#kernels.unmark(active, this.#numActive, apply.received.offset);
    this.#current = 1 - this.#current;
    const list = lists[this.#current]!.offset;
    this.#listed(this.#kernels.listTouched(summary.offset, summary.length, touched.offset, list));
    const numParts = this.#work.isPlain ? chunkCount(this.#numActive) : 1;
    this.#run("apply", numParts, this.#numActive, this.#current, numParts);
    if (this.#counts[this.#counts.length - 1] !== 0) return undefined;
    const aggregates = this.#work.takeAggregates();
    // A scan that found nothing is no superstep: the last one's results stand.
    if (this.#numActive > 0) this.#work.globals = gatherGlobals(apply.program.aggregators, [aggregates]);
    return { active: this.#numActive, messages, edgesScanned, aggregates, ms: performance.now() - before };
  }

  #listed(numActive: number): void {
    const { rows, lists } = this.#shared;
    this.#numActive = numActive;
    this.#toScan = numActive;
    for (const side of [rows.in, rows.out]) {
      if (side === undefined) continue;
      this.#toScan += this.#kernels.countEntries(lists[this.#current]!.offset, numActive, side.rowStart.offset);
    }
  }
}

/** How many entries of an ascending list are below `vertex`. */
function lowerBound(list: Uint32Array, vertex: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < vertex) low = middle + 1;
    else high = middle;
  }
  return low;
}
