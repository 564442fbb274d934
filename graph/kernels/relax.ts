/**
 * Relaxation: the least number that each vertex can be offered along edges, which make it greater or leave it.
 *
 *   number(v) = min of what v starts with and, over edges u -> v, number(u) + length(u -> v), or max(number(u), length(u -> v))
 *
 * Method      Delta-stepping with two lists. Vertices whose best number so far lies in the present band wait in the near
 *             list, the others in the far list. All threads relax the edges of the near list until it is empty: the band is
 *             settled; the far list is then split at the end of the next band that has vertices. The first band is as wide
 *             as the mean length divided by twice the mean degree, or as the one length there is; bands widen twofold when
 *             the far list is far longer than what is taken from it, so that splitting never outweighs relaxing. Numbers
 *             only fall, by compare and swap, and each ends at the least that any path gives, made from its start on: the
 *             same bits in any order.
 *             Rows by source read lengths out of order. Those that one or two bytes or a 32-bit float hold exactly are
 *             brought into the order of the rows first.
 * Cost        each edge about once, some again inside a band; 25 bytes a vertex besides the numbers, and up to 8 an edge
 * Reference   Meyer, Sanders: Delta-stepping (2003); the two lists: Davidson, Baxter, Garland, Owens: Work-Efficient
 *             Parallel GPU Methods for Single-Source Shortest Paths (2014)
 */
import { uncleared } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { Scratch } from "../partition/scratch.ts";
import type { TaskRunner } from "../partition/taskRunner.ts";
import type { EdgeRows } from "../partition/topology.ts";
import type { SearchableRows } from "./bfs.ts";
import { joinCrew, type Phase, type RunPhase } from "./crew.ts";
import { bufferWords, chunkCount, evenChunks, flatRows, flattenPhase, listPart, type FlatRows } from "./flatRows.ts";
import { kernelsOf, type Address } from "./kernels.ts";
import { surveyLengths, type LengthKind, type Survey } from "./lengths.ts";
import { runKernel, type KernelShared } from "./runKernel.ts";

/** What edges offer along one direction. `isTurned`: bounds are minus what the column has. */
export type EdgeLengths =
  | { readonly kind: LengthKind; readonly column: ColumnRef<"float64">; readonly isTurned?: boolean }
  /** To be added: finite, and >= 0. A bound: neither NaN nor -0. */
  | { readonly kind: LengthKind; readonly constant: number };

/** What vertices start with: 0 at one and Infinity elsewhere, or what a column has, and at most `initial`. */
export type RelaxationStart =
  | { readonly source: number }
  /** `isTurned`: it starts with minus what the column has, and so ends. */
  | { readonly values: ColumnRef<"float64">; readonly initial: number; readonly isTurned: boolean };

/** What is relaxed. */
export interface RelaxOptions {
  /** Shown to users. */
  readonly name: string;
  readonly start: RelaxationStart;
  /** Along edges, and against them. */
  readonly out?: EdgeLengths;
  readonly in?: EdgeLengths;
  readonly signal?: AbortSignal | undefined;
}

/** What vertices came to: a column of the caller's; and how many bands held vertices. */
export interface Relaxed {
  readonly data: ColumnRef<"float64">;
  readonly bands: number;
}

/** Rows, and what is made of the lengths of their edges: `width` bytes each, by entry, or by position if `positions` is not 0. */
interface LongRows {
  readonly flat: FlatRows;
  /** 0: the sum; 1: the greater; 2: the greater, of minus the length. */
  readonly kind: 0 | 1 | 2;
  readonly lengths: Address;
  /** 0 if all are `constant`. */
  readonly width: number;
  readonly constant: number;
  readonly positions: Address;
}

/** Lengths to be brought into the order of rows: from where, and over where. */
interface Narrowed {
  readonly lengths: ColumnRef<"float64">;
  readonly byPosition: ColumnRef<"uint8">;
  readonly rows: LongRows;
}

interface RelaxShared extends KernelShared {
  readonly numVertices: number;
  /** One set of rows, or two to go both ways. */
  readonly rows: readonly LongRows[];
  readonly narrowed: Narrowed | undefined;
  readonly start: RelaxationStart;
  readonly firstWidth: number;
  readonly numbers: ColumnRef<"float64">;
  readonly flags: ColumnRef<"uint8">;
  /** Near and next near, far and next far. */
  readonly lists: readonly ColumnRef<"uint32">[];
  /** Two a member. */
  readonly buffers: ColumnRef<"uint32">;
  /** Entries of the near and of the far list, the least number in the latter, and whether a vertex starts with none. */
  readonly state: ColumnRef<"int64">;
}

/**
 * What each vertex comes to. Builds rows by source, to go along edges. Undefined if a length to be added is not a finite number
 * >= 0, or a bound or what a vertex starts with is NaN or -0, or a vertex starts with less than all others.
 */
export async function relax(
  runner: TaskRunner,
  shape: SearchableRows,
  { name, start, out, in: against, signal }: RelaxOptions,
): Promise<Relaxed | undefined> {
  const { numVertices, numEdges, partitions } = shape.topology;
  const scratch = new Scratch(runner.arena, name);
  const flat = (some: readonly EdgeRows[]): FlatRows => flatRows(some, numVertices, scratch);
  const words = (length: number): ColumnRef<"uint32"> => scratch.allocate("uint32", length, uncleared);
  try {
    const surveys = new Map<number, Survey>();
    for (const lengths of [out, against]) {
      if (lengths === undefined || "constant" in lengths || surveys.has(lengths.column.offset)) continue;
      const survey = await surveyLengths(runner, lengths.kind, lengths.column, scratch, signal);
      if (!survey.areGood) return undefined;
      surveys.set(lengths.column.offset, survey);
    }
    const rows: LongRows[] = [];
    if (against !== undefined) rows.push(longRows(flat(partitions.map(({ inRows }) => inRows)), against));
    if (out !== undefined) rows.push(longRows(flat(await shape.outRows()), out));
    let narrowed: Narrowed | undefined;
    const width = out && "column" in out && out.kind === "add" ? surveys.get(out.column.offset)!.width : 8;
    if (out !== undefined && "column" in out && width < 8) {
      const bytes = (): ColumnRef<"uint8"> => scratch.allocate("uint8", width * numEdges, uncleared);
      const narrow: LongRows = { ...rows.pop()!, lengths: bytes().offset, width, positions: 0 };
      rows.push(narrow);
      narrowed = { lengths: out.column, byPosition: bytes(), rows: narrow };
    }
    const means = Array.from(surveys.values(), ({ mean }) => mean);
    const shared: Omit<RelaxShared, "control"> = {
      numVertices,
      rows,
      narrowed,
      start,
      firstWidth: firstWidth(rows, means, numVertices),
      numbers: scratch.allocate("float64", numVertices, uncleared),
      flags: scratch.allocate("uint8", numVertices, uncleared),
      lists: Array.from({ length: 4 }, () => words(numVertices)),
      buffers: words(2 * bufferWords * runner.numThreads),
      state: scratch.allocate("int64", 4),
    };
    const operator = operatorRef(import.meta.url, "relaxAll");
    const bands = await runKernel<number>(runner, { name, operator, shared, signal }, scratch);
    return bands < 0 ? undefined : { data: scratch.keep(shared.numbers), bands };
  } finally {
    scratch.freeAll();
  }
}

function longRows(flat: FlatRows, lengths: EdgeLengths): LongRows {
  const isBound = lengths.kind === "bound";
  if ("constant" in lengths) {
    const { constant } = lengths;
    return { flat, kind: isBound ? 1 : 0, lengths: 0, width: 0, constant, positions: 0 };
  }
  const kind = !isBound ? 0 : lengths.isTurned === true ? 2 : 1;
  return { flat, kind, lengths: lengths.column.offset, width: 8, constant: 0, positions: flat.positions };
}

/** How wide the first band is: as the one length there is, or such that a vertex is seldom relaxed again inside it. */
function firstWidth(rows: readonly LongRows[], means: readonly number[], numVertices: number): number {
  const constant = Math.max(...rows.map((each) => (each.kind === 0 ? each.constant : 0)));
  const mean = means.reduce((sum, each) => sum + each, 0) / Math.max(1, means.length);
  const width = means.length === 0 ? constant : mean / (2 * elementsPerVertex(rows, numVertices));
  return width > 0 && width < Infinity ? width : 1;
}

function elementsPerVertex(rows: readonly LongRows[], numVertices: number): number {
  return 1 + rows.reduce((sum, { flat }) => sum + flat.numEdges, 0) / numVertices;
}

/** Operator: a member of the crew. The number of bands on its leader; -1 if a vertex starts with what does not compare. */
export function relaxAll(shared: RelaxShared, _member: number, task: TaskContext): number | undefined {
  return joinCrew(shared.control, task, phasesOf(shared, task), (run) => new Leader(shared, task, run).toEnd());
}

type Step = "flatten" | "flattenOther" | "narrow" | "gather" | "start" | "relax" | "split" | "turn";

function phasesOf(shared: RelaxShared, task: TaskContext): Record<Step, Phase> {
  const { arena } = task;
  const { rows, numVertices, narrowed, start } = shared;
  const kernels = kernelsOf(task);
  const [found, flags, state] = [shared.numbers.offset, shared.flags.offset, shared.state.offset];
  const lists = shared.lists.map(({ offset }) => offset);
  const byVertices = evenChunks(numVertices);
  const byEdges = evenChunks(narrowed?.lengths.length ?? 0);
  const bufferOf = (member: number): number => shared.buffers.offset + 8 * bufferWords * member;
  return {
    flatten: flattenPhase(rows[0]!.flat, kernels, arena),
    flattenOther: rows[1] ? flattenPhase(rows[1].flat, kernels, arena) : () => {},
    narrow: (chunk) => {
      const { lengths, byPosition, rows: into } = narrowed!;
      const [from, to] = [byEdges.from(chunk), byEdges.from(chunk + 1)];
      kernels.narrowWeights(lengths.offset, from, to, into.width, byPosition.offset);
    },
    gather: (chunk) => {
      const { byPosition, rows: into } = narrowed!;
      const [from, to] = [byEdges.from(chunk), byEdges.from(chunk + 1)];
      kernels.gatherWeights(byPosition.offset, into.flat.positions, from, to, into.width, into.lengths);
    },
    start: (chunk, member) => {
      const [from, to] = [byVertices.from(chunk), byVertices.from(chunk + 1)];
      if ("source" in start) {
        kernels.initDistances(found, flags, from, to);
        return;
      }
      const { values, isTurned, initial } = start;
      const [far, buffer] = [lists[2]!, bufferOf(member)];
      kernels.startDistances(values.offset, isTurned, initial, found, flags, from, to, far, state, buffer);
    },
    relax: (chunk, member, [length, numChunks, bound, current, currentFar]) => {
      const [from, to] = listPart(length!, chunk, numChunks!);
      const [list, near, far] = [lists[current!]!, lists[1 - current!]!, lists[2 + currentFar!]!];
      rows.forEach(({ flat, positions, lengths, width, constant, kind }, at) => {
        // prettier-ignore
        kernels.relax(
          list, from, to, flat.rowStart.offset, flat.neighbours, positions, lengths, width, constant, kind, found, flags,
          bound!, near, far, state, bufferOf(member), at === 0,
        );
      });
    },
    split: (chunk, member, [length, numChunks, settled, bound, currentFar]) => {
      const [from, to] = listPart(length!, chunk, numChunks!);
      const [far, kept] = [lists[2 + currentFar!]!, lists[3 - currentFar!]!];
      const buffer = bufferOf(member);
      kernels.split(far, from, to, found, flags, settled!, bound!, lists[0]!, kept, state, buffer);
    },
    turn: (chunk) => kernels.turnDistances(found, byVertices.from(chunk), byVertices.from(chunk + 1)),
  };
}

/** How many times longer the far list may be than what a band takes from it, before bands widen. */
const patience = 16;

/** Goes from band to band, on the leader of the crew. */
class Leader {
  readonly #shared: RelaxShared;
  readonly #task: TaskContext;
  readonly #run: RunPhase<Step>;
  readonly #counts: BigInt64Array;
  readonly #least: Float64Array;
  readonly #elementsPerVertex: number;
  #numNear = 0;
  #numFar = 0;
  #current = 0;
  #currentFar = 0;

  constructor(shared: RelaxShared, task: TaskContext, run: RunPhase<Step>) {
    const { state, rows, numVertices } = shared;
    this.#shared = shared;
    this.#task = task;
    this.#run = run;
    this.#counts = task.arena.view(state);
    this.#least = task.arena.view({ type: "float64", offset: state.offset + 16, length: 1 });
    this.#elementsPerVertex = elementsPerVertex(rows, numVertices);
  }

  toEnd(): number {
    const { rows, numVertices, narrowed, start, firstWidth: width } = this.#shared;
    this.#run("flatten", rows[0]!.flat.partitions.length);
    this.#run("flattenOther", rows[1]?.flat.partitions.length ?? 0);
    if (narrowed !== undefined) {
      this.#run("narrow", chunkCount(narrowed.lengths.length));
      this.#run("gather", chunkCount(narrowed.lengths.length));
    }
    this.#counts.fill(0n);
    this.#least[0] = Infinity;
    this.#run("start", chunkCount(numVertices));
    if (this.#counts[3] !== 0n) return -1;
    const bands = "source" in start ? this.#fromSource(start.source, width) : this.#fromFar(-Infinity, width);
    if ("values" in start && start.isTurned) this.#run("turn", chunkCount(numVertices));
    return bands;
  }

  #fromSource(source: number, width: number): number {
    const { numbers, flags, lists } = this.#shared;
    const { arena } = this.#task;
    arena.view(numbers)[source] = 0;
    arena.view(flags)[source] = 1;
    arena.view(lists[0]!)[0] = source;
    this.#numNear = 1;
    while (this.#numNear > 0) this.#relax(width);
    return 1 + this.#fromFar(width, width);
  }

  /** Bands of what waits in the far list, all below `settled` being settled; returns how many there are. */
  #fromFar(settled: number, firstWidth: number): number {
    let width = firstWidth;
    let bound = settled;
    let bands = 0;
    this.#numFar = Number(this.#counts[1]);
    while (this.#numFar > 0) {
      bound = this.#nextBand(bound, width);
      if (this.#numNear === 0) continue;
      bands++;
      if (this.#numFar > patience * this.#numNear + 1024) width *= 2;
      while (this.#numNear > 0) this.#relax(bound);
    }
    return bands;
  }

  /** Splits the far list where the next band ends that has vertices, and returns that. */
  #nextBand(settled: number, width: number): number {
    if (settled > -Infinity) {
      const bound = settled + width;
      this.#split(settled, bound);
      if (this.#numNear > 0 || this.#numFar === 0) return bound;
    }
    // a band without vertices: the next one starts where there are some
    const least = this.#least[0]!;
    const bound = Math.max(least + width, least + Math.abs(least) * 2 ** -50);
    this.#split(settled, bound);
    return bound;
  }

  #relax(bound: number): void {
    const numChunks = Math.min(this.#numNear, chunkCount(this.#numNear * this.#elementsPerVertex));
    this.#counts[0] = 0n;
    this.#run("relax", numChunks, this.#numNear, numChunks, bound, this.#current, this.#currentFar);
    this.#current = 1 - this.#current;
    this.#takeCounts();
  }

  #split(settled: number, bound: number): void {
    const numChunks = chunkCount(this.#numFar);
    const length = this.#numFar;
    this.#counts[0] = 0n;
    this.#counts[1] = 0n;
    this.#least[0] = Infinity;
    this.#run("split", numChunks, length, numChunks, settled, bound, this.#currentFar);
    this.#current = 0;
    this.#currentFar = 1 - this.#currentFar;
    this.#takeCounts();
  }

  #takeCounts(): void {
    this.#numNear = Number(this.#counts[0]);
    this.#numFar = Number(this.#counts[1]);
  }
}
