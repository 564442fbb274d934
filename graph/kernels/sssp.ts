/**
 * Shortest distances from one source over weights >= 0.
 *
 * Method      Delta-stepping with two lists. Vertices whose best distance so far lies in the present band wait in the near
 *             list, the others in the far list. All threads relax the edges of the near list until it is empty: the band is
 *             settled; the far list is then split at the end of the next band that has vertices. The first band is as wide
 *             as the mean weight divided by twice the mean degree; bands widen twofold when the far list is far longer than
 *             what is taken from it, so that splitting never outweighs relaxing. Distances only fall, by compare and swap,
 *             and each ends at the least sum along a path, added from the source on: the same bits in any order.
 *             Rows by source read weights out of order. Those that one or two bytes or a 32-bit float hold exactly are
 *             brought into the order of the rows first.
 * Cost        each edge about once, some again inside a band; 25 bytes a vertex besides the distances, and up to 8 an edge
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
import { runKernel, type KernelShared } from "./runKernel.ts";

/** From where, along which edges. */
export interface DistanceOptions {
  /** By index. */
  readonly source: number;
  readonly direction: "out" | "in" | "either";
  /** By edge position. */
  readonly weights: ColumnRef<"float64">;
  readonly signal?: AbortSignal | undefined;
}

/** Distances, Infinity out of reach: a column of the caller's; and how many bands held vertices. */
export interface FoundDistances {
  readonly data: ColumnRef<"float64">;
  readonly bands: number;
}

interface SurveyShared extends KernelShared {
  readonly weights: ColumnRef<"float64">;
  /** One word of 64 bits: what some weight is not. */
  readonly state: ColumnRef<"int64">;
  /** Sums of weights, one a chunk. */
  readonly sums: ColumnRef<"float64">;
}

interface Survey {
  readonly areGood: boolean;
  readonly mean: number;
  /** Bytes that hold each weight exactly: 1 or 2, an integer; 4 or 8, a float. */
  readonly width: number;
}

/** Rows, and where their weights are: `width` bytes each, by entry, or by position if `positions` is not 0. */
interface WeightedRows {
  readonly flat: FlatRows;
  readonly weights: Address;
  readonly width: number;
  readonly positions: Address;
}

interface DistanceShared extends KernelShared {
  readonly numVertices: number;
  /** One set of rows, or two to go both ways. */
  readonly rows: readonly WeightedRows[];
  /** What the weights of the last set are made of, if they are brought into its order. */
  readonly narrow: ColumnRef<"uint8"> | undefined;
  readonly source: number;
  readonly weights: ColumnRef<"float64">;
  readonly meanWeight: number;
  readonly distances: ColumnRef<"float64">;
  readonly flags: ColumnRef<"uint8">;
  /** Near and next near, far and next far. */
  readonly lists: readonly ColumnRef<"uint32">[];
  /** Two a member. */
  readonly buffers: ColumnRef<"uint32">;
  /** Entries of the near and of the far list, and the least distance in the latter. */
  readonly state: ColumnRef<"int64">;
}

/** The distances; undefined if a weight is not a finite number >= 0. Builds rows by source, unless against edges. */
export async function shortestDistances(
  runner: TaskRunner,
  shape: SearchableRows,
  { source, direction, weights, signal }: DistanceOptions,
): Promise<FoundDistances | undefined> {
  const { numVertices, partitions } = shape.topology;
  const scratch = new Scratch(runner.arena, "sssp");
  const flat = (some: readonly EdgeRows[]): FlatRows => flatRows(some, numVertices, scratch);
  const words = (length: number): ColumnRef<"uint32"> => scratch.allocate("uint32", length, uncleared);
  try {
    const { areGood, mean, width } = await survey(runner, weights, scratch, signal);
    if (!areGood) return undefined;
    const incoming = direction === "out" ? undefined : flat(partitions.map(({ inRows }) => inRows));
    const outgoing = direction === "in" ? undefined : flat(await shape.outRows());
    const isNarrow = outgoing !== undefined && width < 8;
    const bytes = (): ColumnRef<"uint8"> => scratch.allocate("uint8", width * weights.length, uncleared);
    const byEntry = isNarrow ? bytes() : undefined;
    const stored = { weights: weights.offset, width: 8 };
    const shared: Omit<DistanceShared, "control"> = {
      numVertices,
      rows: [
        ...(incoming ? [{ flat: incoming, ...stored, positions: incoming.positions }] : []),
        ...(outgoing && !byEntry ? [{ flat: outgoing, ...stored, positions: outgoing.positions }] : []),
        ...(outgoing && byEntry ? [{ flat: outgoing, weights: byEntry.offset, width, positions: 0 }] : []),
      ],
      narrow: isNarrow ? bytes() : undefined,
      source,
      weights,
      meanWeight: mean,
      distances: scratch.allocate("float64", numVertices, uncleared),
      flags: scratch.allocate("uint8", numVertices, uncleared),
      lists: Array.from({ length: 4 }, () => words(numVertices)),
      buffers: words(2 * bufferWords * runner.numThreads),
      state: scratch.allocate("int64", 3),
    };
    const operator = operatorRef(import.meta.url, "findDistances");
    const bands = await runKernel<number>(runner, { name: "sssp", operator, shared, signal }, scratch);
    return { data: scratch.keep(shared.distances), bands };
  } finally {
    scratch.freeAll();
  }
}

async function survey(
  runner: TaskRunner,
  weights: ColumnRef<"float64">,
  scratch: Scratch,
  signal: AbortSignal | undefined,
): Promise<Survey> {
  const shared: Omit<SurveyShared, "control"> = {
    weights,
    state: scratch.allocate("int64", 1),
    sums: scratch.allocate("float64", Math.max(1, chunkCount(weights.length))),
  };
  const operator = operatorRef(import.meta.url, "surveyAll");
  return runKernel<Survey>(runner, { name: "survey weights", operator, shared, signal }, scratch);
}

/** Operator: a member of the crew. */
export function surveyAll(shared: SurveyShared, _member: number, task: TaskContext): Survey | undefined {
  const { weights, state } = shared;
  const kernels = kernelsOf(task);
  const sums = task.arena.view(shared.sums);
  const chunks = evenChunks(weights.length);
  const look: Phase = (chunk) => {
    sums[chunk] = kernels.surveyWeights(weights.offset, chunks.from(chunk), chunks.from(chunk + 1), state.offset);
  };
  return joinCrew(shared.control, task, { look }, (run) => {
    const flags = task.arena.view(state);
    flags[0] = 0n;
    run("look", chunks.numChunks);
    let total = 0;
    for (const sum of sums.subarray(0, chunks.numChunks)) total += sum;
    const isNot = Number(flags[0]);
    const width = !(isNot & 2) ? 1 : !(isNot & 4) ? 2 : !(isNot & 8) ? 4 : 8;
    return { areGood: !(isNot & 1), mean: total / weights.length, width };
  });
}

/** Operator: a member of the crew. The number of bands on its leader. */
export function findDistances(shared: DistanceShared, _member: number, task: TaskContext): number | undefined {
  return joinCrew(shared.control, task, distancePhases(shared, task), (run) => new Leader(shared, task, run).toEnd());
}

type Step = "flatten" | "flattenOther" | "narrow" | "gather" | "init" | "relax" | "split";

function distancePhases(shared: DistanceShared, task: TaskContext): Record<Step, Phase> {
  const { arena } = task;
  const { rows, numVertices, narrow } = shared;
  const kernels = kernelsOf(task);
  const [weights, found, flags] = [shared.weights.offset, shared.distances.offset, shared.flags.offset];
  const state = shared.state.offset;
  const lists = shared.lists.map(({ offset }) => offset);
  const byVertices = evenChunks(numVertices);
  const byEdges = evenChunks(shared.weights.length);
  const bufferOf = (member: number): number => shared.buffers.offset + 8 * bufferWords * member;
  const last = rows.at(-1)!;
  return {
    flatten: flattenPhase(rows[0]!.flat, kernels, arena),
    flattenOther: rows[1] ? flattenPhase(rows[1].flat, kernels, arena) : () => {},
    narrow: (chunk) => {
      const [from, to] = [byEdges.from(chunk), byEdges.from(chunk + 1)];
      kernels.narrowWeights(weights, from, to, last.width, narrow!.offset);
    },
    gather: (chunk) => {
      const [from, to] = [byEdges.from(chunk), byEdges.from(chunk + 1)];
      kernels.gatherWeights(narrow!.offset, last.flat.positions, from, to, last.width, last.weights);
    },
    init: (chunk) => kernels.initDistances(found, flags, byVertices.from(chunk), byVertices.from(chunk + 1)),
    relax: (chunk, member, [length, numChunks, bound, current, currentFar]) => {
      const [from, to] = listPart(length!, chunk, numChunks!);
      const [list, near, far] = [lists[current!]!, lists[1 - current!]!, lists[2 + currentFar!]!];
      rows.forEach(({ flat, positions, weights: own, width }, at) => {
        // prettier-ignore
        kernels.relax(
          list, from, to, flat.rowStart.offset, flat.neighbours, positions, own, width, found, flags, bound!, near, far,
          state, bufferOf(member), at === 0,
        );
      });
    },
    split: (chunk, member, [length, numChunks, settled, bound, currentFar]) => {
      const [from, to] = listPart(length!, chunk, numChunks!);
      const [far, kept] = [lists[2 + currentFar!]!, lists[3 - currentFar!]!];
      const buffer = bufferOf(member);
      kernels.split(far, from, to, found, flags, settled!, bound!, lists[0]!, kept, state, buffer);
    },
  };
}

/** How many times longer the far list may be than what a band takes from it, before bands widen. */
const patience = 16;

/** Goes from band to band, on the leader of the crew. */
class Leader {
  readonly #shared: DistanceShared;
  readonly #task: TaskContext;
  readonly #run: RunPhase<Step>;
  readonly #counts: BigInt64Array;
  readonly #least: Float64Array;
  readonly #elementsPerVertex: number;
  #numNear = 0;
  #numFar = 0;
  #current = 0;
  #currentFar = 0;

  constructor(shared: DistanceShared, task: TaskContext, run: RunPhase<Step>) {
    const { state, rows, numVertices } = shared;
    this.#shared = shared;
    this.#task = task;
    this.#run = run;
    this.#counts = task.arena.view(state);
    this.#least = task.arena.view({ type: "float64", offset: state.offset + 16, length: 1 });
    this.#elementsPerVertex = 1 + rows.reduce((sum, { flat }) => sum + flat.numEdges, 0) / numVertices;
  }

  toEnd(): number {
    const { rows, weights, numVertices, narrow } = this.#shared;
    this.#counts.fill(0n);
    this.#run("flatten", rows[0]!.flat.partitions.length);
    this.#run("flattenOther", rows[1]?.flat.partitions.length ?? 0);
    if (narrow !== undefined) {
      this.#run("narrow", chunkCount(weights.length));
      this.#run("gather", chunkCount(weights.length));
    }
    this.#run("init", chunkCount(numVertices));
    this.#start();
    let width = this.#firstWidth();
    let bound = width;
    let bands = 0;
    while (this.#numNear > 0) {
      bands++;
      while (this.#numNear > 0) this.#relax(bound);
      while (this.#numFar > 0 && this.#numNear === 0) {
        const settled = bound;
        bound += width;
        this.#split(settled, bound);
        if (this.#numNear > 0 || this.#numFar === 0) break;
        // a band without vertices: the next one starts where there are some
        bound = Math.max(this.#least[0]! + width, this.#least[0]! * (1 + 2 ** -50));
        this.#split(settled, bound);
      }
      if (this.#numFar > patience * this.#numNear + 1024) width *= 2;
    }
    return bands;
  }

  #start(): void {
    const { source, distances, flags, lists } = this.#shared;
    const { arena } = this.#task;
    arena.view(distances)[source] = 0;
    arena.view(flags)[source] = 1;
    arena.view(lists[0]!)[0] = source;
    this.#numNear = 1;
  }

  #firstWidth(): number {
    const width = this.#shared.meanWeight / (2 * this.#elementsPerVertex);
    return width > 0 && width < Infinity ? width : 1;
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
