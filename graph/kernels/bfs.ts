/**
 * Breadth-first search that changes its direction.
 *
 * Method      From few vertices the search looks along their edges (top-down); while the level is large, every vertex not
 *             reached yet looks for a neighbour in it instead, and stops at the first (bottom-up). It turns bottom-up when
 *             the edges out of the level exceed 1/15 of those out of what was not reached, and back when levels shrink
 *             below 1/18 of the vertices. Top-down along edges needs rows by source. Where they are not built, the search
 *             stays bottom-up until it has looked at four times as many edges as there are, and then asks for them. A
 *             search against edges goes bottom-up only where rows by source are there already.
 * Cost        at most each edge once top-down; bottom-up usually a small part of them; 21 bytes a vertex
 * Reference   Beamer, Asanović, Patterson: Direction-Optimizing Breadth-First Search (2012)
 */
import { uncleared } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { Scratch } from "../partition/scratch.ts";
import type { TaskRunner } from "../partition/taskRunner.ts";
import type { EdgeRows, Topology } from "../partition/topology.ts";
import { joinCrew, type Phase, type RunPhase } from "./crew.ts";
import {
  bufferWords,
  chunkCount,
  evenChunks,
  listPart,
  flatRows,
  flattenPhase,
  rowChunks,
  type FlatRows,
} from "./flatRows.ts";
import { kernelsOf } from "./kernels.ts";
import { runKernel, type KernelShared } from "./runKernel.ts";

/** A graph's rows, those by source on demand. */
export interface SearchableRows {
  readonly topology: Topology;
  readonly hasOutRows: boolean;
  outRows(): Promise<readonly EdgeRows[]>;
}

/** What is searched. */
export interface SearchOptions {
  /** By index. */
  readonly source: number;
  /** Along edges, against them, or both ways. */
  readonly direction: "out" | "in" | "either";
  readonly maxDepth: number;
  readonly signal?: AbortSignal | undefined;
}

/** Depths, Infinity out of reach: a column of the caller's; and how far the search went. */
export interface Search {
  readonly data: ColumnRef<"float64">;
  readonly depth: number;
  /** False if `maxDepth` was reached. */
  readonly converged: boolean;
}

interface SearchShared extends KernelShared {
  readonly numVertices: number;
  readonly inRows: FlatRows;
  readonly outRows: FlatRows | undefined;
  readonly direction: "out" | "in" | "either";
  readonly source: number;
  readonly maxDepth: number;
  /** The depth to go on from; undefined at the start. */
  readonly reached: number | undefined;
  readonly depths: ColumnRef<"uint32">;
  /** Two lists of vertices, and two sets of bits. */
  readonly lists: readonly ColumnRef<"uint32">[];
  readonly bits: readonly ColumnRef<"uint32">[];
  /** One a member. */
  readonly buffers: ColumnRef<"uint32">;
  /** Found vertices, their edges, and edges scanned bottom-up. */
  readonly state: ColumnRef<"int64">;
  readonly data: ColumnRef<"float64">;
}

interface SearchEnd {
  readonly depth: number;
  readonly converged: boolean;
  readonly needsOutRows: boolean;
}

/** Runs the search. */
export async function search(runner: TaskRunner, rows: SearchableRows, options: SearchOptions): Promise<Search> {
  const { source, direction, maxDepth, signal } = options;
  const { numVertices, partitions } = rows.topology;
  const scratch = new Scratch(runner.arena, "bfs");
  const flat = (some: readonly EdgeRows[]): FlatRows => flatRows(some, numVertices, scratch);
  const outgoing = async (): Promise<FlatRows> => flat(await rows.outRows());
  const words = (length: number): ColumnRef<"uint32"> => scratch.allocate("uint32", length, uncleared);
  try {
    const shared: Omit<SearchShared, "control" | "outRows" | "reached"> = {
      numVertices,
      direction,
      source,
      maxDepth,
      inRows: flat(partitions.map(({ inRows }) => inRows)),
      depths: words(numVertices),
      lists: [words(numVertices), words(numVertices)],
      bits: [words(2 * Math.ceil(numVertices / 64)), words(2 * Math.ceil(numVertices / 64))],
      buffers: words(bufferWords * runner.numThreads),
      state: scratch.allocate("int64", 3),
      data: scratch.allocate("float64", numVertices, uncleared),
    };
    const run = (outRows: FlatRows | undefined, reached: number | undefined): Promise<SearchEnd> =>
      runKernel<SearchEnd>(
        runner,
        {
          name: "bfs",
          operator: operatorRef(import.meta.url, "searchLevels"),
          shared: { ...shared, outRows, reached },
          signal,
        },
        scratch,
      );
    const first = direction === "either" || rows.hasOutRows ? await outgoing() : undefined;
    let end = await run(first, undefined);
    if (end.needsOutRows) end = await run(await outgoing(), end.depth);
    return { data: scratch.keep(shared.data), depth: end.depth, converged: end.converged };
  } finally {
    scratch.freeAll();
  }
}

/** Operator: a member of the crew. */
export function searchLevels(shared: SearchShared, _member: number, task: TaskContext): SearchEnd | undefined {
  const phases = searchPhases(shared, task);
  return joinCrew(shared.control, task, phases, (run) => new Leader(shared, task, run).toEnd());
}

type Step = "flattenIn" | "flattenOut" | "init" | "collect" | "down" | "from" | "up" | "clear" | "toBits" | "write";

/** The rows along which vertices are reached (push), and in which they look for who reaches them (pull). */
function directed({ inRows, outRows, direction }: SearchShared): { push: FlatRows[]; pull: FlatRows[] } {
  const outgoing = outRows === undefined ? [] : [outRows];
  if (direction === "out") return { push: outgoing, pull: [inRows] };
  if (direction === "in") return { push: [inRows], pull: outgoing };
  return { push: [inRows, ...outgoing], pull: [inRows, ...outgoing] };
}

function searchPhases(shared: SearchShared, task: TaskContext): Record<Step, Phase> {
  const { arena } = task;
  const { numVertices, inRows, outRows } = shared;
  const kernels = kernelsOf(task);
  const { push, pull } = directed(shared);
  const [degreeStart, otherStart] = [push[0]?.rowStart.offset ?? 0, push[1]?.rowStart.offset ?? 0];
  const [depths, state, data] = [shared.depths.offset, shared.state.offset, shared.data.offset];
  const lists = shared.lists.map(({ offset }) => offset) as [number, number];
  const bits = shared.bits.map(({ offset }) => offset) as [number, number];
  const bufferOf = (member: number): number => shared.buffers.offset + 4 * bufferWords * member;
  const byVertices = evenChunks(numVertices);
  const byPull = pull.map(({ rowStart, numEdges }) => rowChunks(arena.view(rowStart), numEdges));
  const flatten = (rows: FlatRows | undefined): Phase => (rows ? flattenPhase(rows, kernels, arena) : () => {});
  return {
    flattenIn: flatten(inRows),
    flattenOut: flatten(outRows),
    init: (chunk) => kernels.initDepths(depths, byVertices.from(chunk), byVertices.from(chunk + 1)),
    collect: (chunk, member, [depth]) => {
      const [from, to] = [byVertices.from(chunk), byVertices.from(chunk + 1)];
      const buffer = bufferOf(member);
      kernels.collectLevel(from, to, depths, depth!, lists[0], state, buffer, degreeStart, otherStart);
    },
    down: (chunk, member, [depth, length, numChunks, current]) => {
      const [from, to] = listPart(length!, chunk, numChunks!);
      const [list, next] = current === 0 ? lists : [lists[1], lists[0]];
      const buffer = bufferOf(member);
      for (const { rowStart, neighbours } of push) {
        const start = rowStart.offset;
        // prettier-ignore
        kernels.searchDown(list, from, to, start, neighbours, depths, depth!, next, state, buffer, degreeStart, otherStart);
      }
    },
    from: (chunk) => {
      const rows = pull[0]!;
      const [from, to] = [byPull[0]!.from(chunk), byPull[0]!.from(chunk + 1)];
      const start = rows.rowStart.offset;
      kernels.searchFrom(shared.source, from, to, start, rows.neighbours, depths, 1, bits[1], state);
    },
    up: (chunk, member, [depth, at, current]) => {
      const rows = pull[at!]!;
      const [from, to] = [byPull[at!]!.from(chunk), byPull[at!]!.from(chunk + 1)];
      const [frontier, next] = current === 0 ? bits : [bits[1], bits[0]];
      const start = rows.rowStart.offset;
      // prettier-ignore
      kernels.searchUp(from, to, start, rows.neighbours, depths, depth!, frontier, next, at! > 0, state, degreeStart, otherStart, bufferOf(member));
    },
    clear: (chunk, _member, [current]) =>
      kernels.clearBits(bits[current!]!, byVertices.from(chunk), byVertices.from(chunk + 1)),
    toBits: (chunk, _member, [length, numChunks, fromList, toBits]) => {
      const [from, to] = listPart(length!, chunk, numChunks!);
      kernels.listToBits(lists[fromList!]!, from, to, bits[toBits!]!);
    },
    write: (chunk) => kernels.writeDepths(depths, data, byVertices.from(chunk), byVertices.from(chunk + 1)),
  };
}

/** Of Beamer's heuristics: how much smaller the other direction's work must be. */
const alpha = 15;
const beta = 18;
/** Edges looked at bottom-up, in times of all, before rows by source are worth building. */
const patience = 4;

/** The search itself, on the leader of the crew. */
class Leader {
  readonly #shared: SearchShared;
  readonly #run: RunPhase<Step>;
  readonly #push: readonly FlatRows[];
  readonly #pull: readonly FlatRows[];
  readonly #state: BigInt64Array;
  readonly #list: Uint32Array;
  readonly #depths: Uint32Array;
  readonly #byVertices: number;
  #depth: number;
  /** Vertices of the level reached last, and the edges out of them. */
  #numFound = 0;
  #edgesFound = 0;
  /** Edges out of vertices that no level had yet. */
  #edgesLeft: number;
  #edgesScanned = 0;
  /** Which of the two lists, or sets of bits, has the level. */
  #current = 0;

  constructor(shared: SearchShared, { arena }: TaskContext, run: RunPhase<Step>) {
    this.#shared = shared;
    this.#run = run;
    ({ push: this.#push, pull: this.#pull } = directed(shared));
    this.#state = arena.view(shared.state);
    this.#list = arena.view(shared.lists[0]!);
    this.#depths = arena.view(shared.depths);
    this.#byVertices = chunkCount(shared.numVertices);
    this.#depth = shared.reached ?? 0;
    this.#edgesLeft = this.#push.reduce((sum, { numEdges }) => sum + numEdges, 0);
  }

  toEnd(): SearchEnd {
    const { inRows, outRows, numVertices, maxDepth } = this.#shared;
    this.#run("flattenIn", inRows.partitions.length);
    this.#run("flattenOut", outRows?.partitions.length ?? 0);
    this.#start();
    let isUp = this.#push.length === 0;
    if (isUp) this.#searchFrom();
    while (this.#numFound > 0 && this.#depth < maxDepth) {
      this.#edgesLeft -= this.#edgesFound;
      const before = this.#numFound;
      if (!isUp && this.#pull.length > 0 && this.#edgesFound > this.#edgesLeft / alpha) {
        this.#listToBits();
        isUp = true;
      }
      if (!isUp) this.#searchDown();
      else {
        this.#searchUp();
        const isShrinking = this.#numFound < before && this.#numFound <= numVertices / beta;
        if (this.#push.length === 0) {
          if (this.#numFound > 0 && this.#edgesScanned > patience * inRows.numEdges) return this.#end(true);
        } else if (isShrinking) {
          this.#collect();
          isUp = false;
        }
      }
    }
    this.#run("write", this.#byVertices);
    return this.#end(false);
  }

  #end(needsOutRows: boolean): SearchEnd {
    const isDone = this.#numFound === 0;
    return { depth: isDone ? this.#depth - 1 : this.#depth, converged: isDone, needsOutRows };
  }

  /** Makes the first level, or brings together the one that was reached. */
  #start(): void {
    const { source, reached } = this.#shared;
    if (reached !== undefined) return this.#collect();
    this.#run("init", this.#byVertices);
    this.#depths[source] = 0;
    this.#list[0] = source;
    this.#numFound = 1;
    this.#edgesFound = 0; // of one vertex: searched along its edges first
  }

  #searchDown(): void {
    const numChunks = Math.min(this.#numFound, chunkCount(this.#numFound + this.#edgesFound));
    const length = this.#numFound;
    this.#state.fill(0n);
    this.#run("down", numChunks, ++this.#depth, length, numChunks, this.#current);
    this.#current = 1 - this.#current;
    this.#takeCounts();
  }

  /** The first level, where rows by source are not there: no bits are looked at for a single vertex. */
  #searchFrom(): void {
    const [rows] = this.#pull;
    this.#depth = 1;
    this.#state.fill(0n);
    this.#run("from", chunkCount(this.#shared.numVertices + rows!.numEdges));
    this.#current = 1;
    this.#takeCounts();
    this.#edgesScanned += Number(this.#state[2]);
  }

  #searchUp(): void {
    this.#depth++;
    this.#state.fill(0n);
    this.#pull.forEach((rows, at) => {
      this.#run("up", chunkCount(this.#shared.numVertices + rows.numEdges), this.#depth, at, this.#current);
    });
    this.#current = 1 - this.#current;
    this.#takeCounts();
    this.#edgesScanned += Number(this.#state[2]);
  }

  #listToBits(): void {
    const numChunks = chunkCount(this.#numFound);
    this.#run("clear", this.#byVertices, this.#current);
    this.#run("toBits", numChunks, this.#numFound, numChunks, this.#current, this.#current);
  }

  /** The level in list 0. */
  #collect(): void {
    this.#state.fill(0n);
    this.#run("collect", this.#byVertices, this.#depth);
    this.#current = 0;
    this.#takeCounts();
  }

  #takeCounts(): void {
    this.#numFound = Number(this.#state[0]);
    this.#edgesFound = Number(this.#state[1]);
  }
}
