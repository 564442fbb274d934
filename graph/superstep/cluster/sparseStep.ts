/**
 * A superstep of few active vertices on one executor: their rows alone are walked, and all it costs is in proportion to them.
 *
 * It writes the generation that holds what vertices were one superstep earlier still: so what the last superstep changed is
 * copied there, and nothing else, before programs write what this one changes.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef, ColumnSet } from "../../../core/column/types.ts";
import { isRefusal } from "../../../core/compile/refused.ts";
import { assert } from "../../../core/errors.ts";
import type { TaskContext } from "../../../core/host/task.ts";
import type { HasPositions } from "../../compile/activeScan.ts";
import { compiledSparse } from "../../compile/compiledSparse.ts";
import { putColumns, putIds, type LoopValues } from "../../compile/loopOffsets.ts";
import { runnableLoop } from "../../compile/rounds.ts";
import { kernelsOf } from "../../kernels/kernels.ts";
import { lowerBound } from "../combine.ts";
import type { ScanCounts, ScanInput } from "../scan.ts";
import { entriesPerCall, ListedApply } from "../sparse/listedApply.ts";
import type { SuperstepInput, SuperstepReport } from "../superstep.ts";
import { listed, markedIn, setListed, setUnderWay, type HostLists, type Turn } from "./hostLists.ts";
import type { WalkedRows } from "./hostRows.ts";
import type { Mirrors } from "./mirrors.ts";
import { carryRows } from "./packet.ts";
import type { PlacedRange } from "./placeValues.ts";

/** What all executors share in supersteps that may be sparse. Columns are at the same places, with each one's own content. */
export interface SparseInput {
  readonly turn: Turn;
  /** Of the generations that this superstep reads and writes: whether there may be lists of who received in them. */
  readonly hasLists: { readonly before: boolean; readonly after: boolean };
  readonly lists: HostLists;
  readonly rows: readonly WalkedRows[];
  readonly hasPositions: HasPositions;
  /** The active vertices whose edges are walked: own ones and mirrors. */
  readonly active: ColumnRef<"uint32">;
  /** A bit a vertex, a bit for each word of these, and merged messages. */
  readonly touched: ColumnRef<"uint32">;
  readonly summary: ColumnRef<"uint32">;
  readonly slots: readonly ColumnRef[];
}

/** What a task knows of its host. */
export interface SparseShare {
  /** The host's vertices. */
  readonly from: number;
  readonly to: number;
  /** Active vertices plus edges in their rows, above which all rows are scanned. */
  readonly maxWork: number;
  /** True for one task of the host: it does the whole superstep, if that is sparse. */
  readonly leads: boolean;
  /** All partitions of the host, in order: the first one, and where each ends. */
  readonly firstPartition: number;
  readonly ends: readonly number[];
}

/** A superstep that may be sparse. */
export interface SparseSuperstep extends SuperstepInput {
  readonly sparse: SparseInput;
}

/** Sends what changed of a partition: the vertices `received`, ascending. */
export type ShipReceived = (partition: PlacedRange, received: Uint32Array) => void;

/**
 * The superstep of this task's host, if it is sparse: the reports of the task, none where another one does it all. Undefined if
 * the task is to scan the rows of its partitions.
 */
export function sparseSuperstep(
  input: SparseSuperstep,
  share: SparseShare,
  route: Mirrors | undefined,
  shipReceived: ShipReceived,
  task: TaskContext,
): readonly SuperstepReport[] | undefined {
  const { lists, turn } = input.sparse;
  const step = new SparseStep(input, share, route, task);
  if (step.work <= share.maxWork) return share.leads ? [step.run(shipReceived)] : [];
  if (share.leads) setListed(task.arena, lists, "own", turn.after, undefined);
  return undefined;
}

/**
 * Mirrors that differ between the generation that is read and the one that is written, and those that are marked in that one.
 * Absent where it is not known: then all may.
 */
export function mirrorsToMend(
  arena: Arena,
  { turn, hasLists, lists }: SparseInput,
): { readonly changed?: Uint32Array; readonly marked?: Uint32Array } {
  const changed = hasLists.before ? listed(arena, lists, "mirrored", turn.before) : undefined;
  const marked = hasLists.after ? listed(arena, lists, "mirrored", turn.after) : undefined;
  return { ...(changed && { changed }), ...(marked && { marked }) };
}

class SparseStep {
  readonly #input: SuperstepInput;
  readonly #sparse: SparseInput;
  readonly #share: SparseShare;
  readonly #task: TaskContext;
  /** Active vertices, ascending: of the host, and mirrors. */
  readonly #own: Uint32Array;
  readonly #mirrored: Uint32Array;

  /** `route`: what the host mirrors. */
  constructor(input: SparseSuperstep, share: SparseShare, route: Mirrors | undefined, task: TaskContext) {
    const { sparse } = input;
    this.#input = input;
    this.#sparse = sparse;
    this.#share = share;
    this.#task = task;
    const { arena } = task;
    const { lists, turn, hasLists } = sparse;
    assert(input.scan.active, "a superstep that may be sparse knows who is active");
    const marks = arena.view(input.scan.active);
    const known = (kind: "own" | "mirrored"): Uint32Array | undefined =>
      hasLists.before ? listed(arena, lists, kind, turn.before) : undefined;
    this.#own = known("own") ?? markedIn(marks, share.from, share.to);
    const mirrors = (): Uint32Array => (route ? arena.view(route.vertices) : new Uint32Array(0));
    this.#mirrored = known("mirrored")?.slice().sort() ?? mirrors().filter((vertex) => marks[vertex] !== 0);
  }

  /** Active vertices and edges in their rows. */
  get work(): number {
    let work = this.#own.length + this.#mirrored.length;
    for (const { walk, rowStart } of this.#sparse.rows) {
      const starts = this.#task.arena.view(rowStart);
      const lists = walk.way === "push" ? [this.#own, this.#mirrored] : [this.#own];
      for (const list of lists) for (const vertex of list) work += starts[vertex + 1]! - starts[vertex]!;
    }
    return work;
  }

  /** Does it all. May be done again after an attempt that did not end. */
  run(shipReceived: ShipReceived): SuperstepReport {
    const { arena } = this.#task;
    const { lists, turn, touched, summary } = this.#sparse;
    const { scan, apply } = this.#input;
    const wasUnderWay = setUnderWay(arena, lists, true);
    if (wasUnderWay) for (const column of [touched, summary]) arena.view(column).fill(0);
    this.#mend(wasUnderWay);
    setListed(arena, lists, "own", turn.after, undefined);
    const compiled = compiledSparse(scan, apply, this.#sparse.hasPositions, this.#task);
    assert(!isRefusal(compiled), "a sparse superstep that was prepared does not compile");
    const counts = this.#scan(compiled.walks.map(({ loop }) => runnableLoop(loop, this.#task)));
    const list = lists.own[turn.after];
    const kernels = kernelsOf(this.#task);
    const received = kernels.listTouched(summary.offset, summary.length, touched.offset, list.offset);
    const applied = new ListedApply(apply, runnableLoop(compiled.apply, this.#task), this.#sparse.slots, this.#task);
    const isDone = applied.run(list, 0, received, apply.globals);
    if (isDone) {
      this.#ship(arena.view(list).subarray(0, received), shipReceived);
      setListed(arena, lists, "own", turn.after, received);
    }
    setUnderWay(arena, lists, false);
    const report = { ...counts, rows: { chunks: [] }, isSparse: true } as const;
    if (!isDone) return { ...report, received: 0, aggregates: {}, metMissing: "value" };
    return { ...report, received, aggregates: applied.take() };
  }

  /** The generation that is written gets what vertices are now, and no marks. */
  #mend(areAllMarked: boolean): void {
    const { arena } = this.#task;
    const { lists, turn, hasLists } = this.#sparse;
    const { vertices, output, received } = this.#input.apply;
    carryColumns(arena, vertices, output, this.#own);
    const marks = arena.view(received);
    const marked = hasLists.after && !areAllMarked ? listed(arena, lists, "own", turn.after) : undefined;
    if (marked === undefined) marks.fill(0, this.#share.from, this.#share.to);
    else for (const vertex of marked) marks[vertex] = 0;
  }

  #scan(loops: readonly ReturnType<typeof runnableLoop>[]): ScanCounts {
    const { arena } = this.#task;
    const { from, to } = this.#share;
    const { active, rows } = this.#sparse;
    // mirrors are of other hosts, whose vertices come before or after this one's
    const before = lowerBound(this.#mirrored, from);
    const list = arena.view(active);
    list.set(this.#mirrored.subarray(0, before));
    list.set(this.#own, before);
    list.set(this.#mirrored.subarray(before), before + this.#own.length);
    const ends = { pull: [before, before + this.#own.length], push: [0, this.#own.length + this.#mirrored.length] };
    const counts: ScanCounts = { messages: 0, edgesScanned: 0 };
    for (const [at, loop] of loops.entries()) {
      const walked = rows[at]!;
      const [first, last] = ends[walked.walk.way];
      const values = this.#valuesOf(walked, this.#input.scan);
      values["low"] = from;
      values["end"] = to;
      for (let entry = first!; entry < last!; entry += entriesPerCall) {
        this.#task.throwIfCancelled();
        values["from"] = entry;
        values["to"] = Math.min(last!, entry + entriesPerCall);
        const counted = loop.run(values);
        counts.messages += counted["messages"]!;
        counts.edgesScanned += counted["edgesScanned"]!;
      }
    }
    return counts;
  }

  #valuesOf({ rowStart, neighbours, positions }: WalkedRows, scan: ScanInput): LoopValues {
    const { active, touched, summary, slots } = this.#sparse;
    const values: LoopValues = { rowStart: rowStart.offset, neighbours, positions, active: scan.active!.offset };
    putColumns(values, "vertex", scan.vertices);
    putColumns(values, "edge", scan.edges);
    putIds(values, scan.ids);
    values["list"] = active.offset;
    values["touched"] = touched.offset;
    values["summary"] = summary.offset;
    slots.forEach(({ offset }, at) => (values[`slot${at}`] = offset));
    return values;
  }

  #ship(received: Uint32Array, shipReceived: ShipReceived): void {
    const { firstPartition, ends, from } = this.#share;
    let first = 0;
    for (let at = 0; first < received.length; at++) {
      const to = ends[at]!;
      if (received[first]! >= to) continue;
      const last = lowerBound(received, to);
      shipReceived({ partition: firstPartition + at, from: ends[at - 1] ?? from, to }, received.subarray(first, last));
      first = last;
    }
  }
}

/** Copies rows of fixed columns of the same schema. */
function carryColumns(arena: Arena, from: ColumnSet, to: ColumnSet, vertices: Uint32Array): void {
  to.columns.forEach((column, at) => carryRows(arena, from.columns[at]!, column, vertices));
}
