/**
 * Shortest distances from one source over weights >= 0.
 *
 * Method      Delta-stepping with two lists. Vertices whose best distance so far lies in the present band wait in the near
 *             list, the others in the far list. All threads relax the edges of the near list until it is empty: the band is
 *             settled; the far list is then split at the end of the next band that has vertices. The first band is as wide
 *             as the mean weight divided by twice the mean degree; bands widen twofold when the far list is far longer than
 *             what is taken from it, so that splitting never outweighs relaxing. Distances only fall, by compare and swap,
 *             and each ends at the least sum along a path, added from the source on: the same bits in any order.
 * Cost        each edge about once, some again inside a band; 25 bytes a vertex besides the distances
 * Reference   Meyer, Sanders: Delta-stepping (2003); the two lists: Davidson, Baxter, Garland, Owens: Work-Efficient
 *             Parallel GPU Methods for Single-Source Shortest Paths (2014)
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { Scratch } from "../partition/scratch.ts";
import type { TaskRunner } from "../partition/taskRunner.ts";
import type { EdgeRows } from "../partition/topology.ts";
import type { SearchableRows } from "./bfs.ts";
import { joinCrew, type Phase, type RunPhase } from "./crew.ts";
import { bufferWords, chunkCount, evenChunks, flatRows, flattenPhase, listPart, type FlatRows } from "./flatRows.ts";
import { kernelsOf } from "./kernels.ts";
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

interface DistanceShared extends KernelShared {
  readonly numVertices: number;
  /** One set of rows, or two to go both ways. */
  readonly rows: readonly FlatRows[];
  readonly source: number;
  readonly weights: ColumnRef<"float64">;
  readonly distances: ColumnRef<"float64">;
  readonly flags: ColumnRef<"uint8">;
  /** Near and next near, far and next far. */
  readonly lists: readonly ColumnRef<"uint32">[];
  /** Two a member. */
  readonly buffers: ColumnRef<"uint32">;
  /** Entries of the near and of the far list, the least distance in the latter, and whether a weight is bad. */
  readonly state: ColumnRef<"int64">;
  /** Sums of weights, one a chunk. */
  readonly sums: ColumnRef<"float64">;
}

interface DistanceEnd {
  readonly bands: number;
  readonly areWeightsGood: boolean;
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
  const list = (): ColumnRef<"uint32"> => scratch.allocate("uint32", numVertices);
  try {
    const shared: Omit<DistanceShared, "control"> = {
      numVertices,
      rows: [
        ...(direction !== "out" ? [flat(partitions.map(({ inRows }) => inRows))] : []),
        ...(direction !== "in" ? [flat(await shape.outRows())] : []),
      ],
      source,
      weights,
      distances: scratch.allocate("float64", numVertices),
      flags: scratch.allocate("uint8", numVertices),
      lists: [list(), list(), list(), list()],
      buffers: scratch.allocate("uint32", 2 * bufferWords * runner.numThreads),
      state: scratch.allocate("int64", 4),
      sums: scratch.allocate("float64", Math.max(1, chunkCount(weights.length))),
    };
    const operator = operatorRef(import.meta.url, "findDistances");
    const end = await runKernel<DistanceEnd>(runner, { name: "sssp", operator, shared, signal }, scratch);
    return end.areWeightsGood ? { data: scratch.keep(shared.distances), bands: end.bands } : undefined;
  } finally {
    scratch.freeAll();
  }
}

/** Operator: a member of the crew. */
export function findDistances(shared: DistanceShared, _member: number, task: TaskContext): DistanceEnd | undefined {
  return joinCrew(shared.control, task, distancePhases(shared, task), (run) => new Leader(shared, task, run).toEnd());
}

type Step = "check" | "flatten" | "flattenOther" | "init" | "relax" | "split";

function distancePhases(shared: DistanceShared, task: TaskContext): Record<Step, Phase> {
  const { arena } = task;
  const { rows, numVertices } = shared;
  const kernels = kernelsOf(task);
  const [weights, found, flags] = [shared.weights.offset, shared.distances.offset, shared.flags.offset];
  const state = shared.state.offset;
  const sums = arena.view(shared.sums);
  const lists = shared.lists.map(({ offset }) => offset);
  const byVertices = evenChunks(numVertices);
  const byWeights = evenChunks(shared.weights.length);
  const bufferOf = (member: number): number => shared.buffers.offset + 8 * bufferWords * member;
  return {
    check: (chunk) => {
      sums[chunk] = kernels.checkWeights(weights, byWeights.from(chunk), byWeights.from(chunk + 1), state);
    },
    flatten: flattenPhase(rows[0]!, kernels, arena),
    flattenOther: rows[1] ? flattenPhase(rows[1], kernels, arena) : () => {},
    init: (chunk) => kernels.initDistances(found, flags, byVertices.from(chunk), byVertices.from(chunk + 1)),
    relax: (chunk, member, [length, numChunks, bound, current, currentFar]) => {
      const [from, to] = listPart(length!, chunk, numChunks!);
      const [list, near, far] = [lists[current!]!, lists[1 - current!]!, lists[2 + currentFar!]!];
      rows.forEach(({ rowStart: { offset: start }, neighbours, positions }, at) => {
        // prettier-ignore
        kernels.relax(
          list, from, to, start, neighbours, positions, weights, found, flags, bound!, near, far, state,
          bufferOf(member), at === 0,
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
    this.#elementsPerVertex = 1 + rows.reduce((sum, { numEdges }) => sum + numEdges, 0) / numVertices;
  }

  toEnd(): DistanceEnd {
    const { rows, weights, numVertices } = this.#shared;
    this.#counts.fill(0n);
    this.#run("check", chunkCount(weights.length));
    if (this.#counts[3] !== 0n) return { bands: 0, areWeightsGood: false };
    this.#run("flatten", rows[0]!.partitions.length);
    this.#run("flattenOther", rows[1]?.partitions.length ?? 0);
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
    return { bands, areWeightsGood: true };
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
    const { weights, sums } = this.#shared;
    let total = 0;
    for (const sum of this.#task.arena.view(sums).subarray(0, chunkCount(weights.length))) total += sum;
    const width = total / weights.length / (2 * this.#elementsPerVertex);
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
