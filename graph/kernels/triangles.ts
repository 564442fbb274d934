/**
 * Triangles at each vertex.
 *
 * Method      Vertices are ranked by degree, and each pair of neighbours is kept once, at the end of lower rank: so even a
 *             hub's list is short. For each vertex the ranks in its list are marked in a bit set, then the lists of those
 *             are looked through for marked ones: every hit is a triangle, found at its lowest corner and counted at all
 *             three. Parallel edges and opposite ones fall together by the same marks; self-loops are left out.
 * Cost        by the sum over kept pairs of the length of the upper end's list, at most numEdges ^ 1.5; 4 bytes an edge,
 *             20 bytes a vertex and 8 more for each thread, besides out-degrees
 * Reference   Schank, Wagner: Finding, Counting and Listing All Triangles in Large Graphs (2005), "forward" by degree
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { Scratch } from "../partition/scratch.ts";
import type { TaskRunner } from "../partition/taskRunner.ts";
import type { Topology } from "../partition/topology.ts";
import { joinCrew, type Phase } from "./crew.ts";
import { chunkCount, evenChunks, flatRows, flattenPhase, rowChunks, type FlatRows } from "./flatRows.ts";
import { kernelsOf } from "./kernels.ts";
import { runKernel, type KernelShared } from "./runKernel.ts";

/** A graph's rows and the edges out of each vertex. */
export interface CountableRows {
  readonly topology: Topology;
  outDegrees(): Promise<ColumnRef<"uint32">>;
}

interface TriangleShared extends KernelShared {
  readonly numVertices: number;
  readonly numThreads: number;
  readonly rows: FlatRows;
  readonly outDegrees: ColumnRef<"uint32">;
  readonly ranks: ColumnRef<"uint32">;
  /** By rank: the next place in the list while lists are filled, then where each ends. */
  readonly cursors: ColumnRef<"uint32">;
  readonly starts: ColumnRef<"uint32">;
  /** The lists: of each pair of neighbours the higher rank. */
  readonly higher: ColumnRef<"uint32">;
  /** Bits by rank, one set a member. */
  readonly marks: ColumnRef<"uint32">;
  /** Triangles by rank, one set a member. */
  readonly counts: ColumnRef<"int64">;
  readonly totals: ColumnRef<"float64">;
}

/** How many triangles each vertex is a corner of. The column belongs to the caller. */
export async function trianglesAt(
  runner: TaskRunner,
  rows: CountableRows,
  signal?: AbortSignal,
): Promise<{ readonly data: ColumnRef<"float64"> }> {
  const { numVertices, numEdges, partitions } = rows.topology;
  const { numThreads, arena } = runner;
  const outDegrees = await rows.outDegrees();
  const scratch = new Scratch(arena, "triangleCount");
  const words = (length: number): ColumnRef<"uint32"> => scratch.allocate("uint32", length);
  try {
    const shared: Omit<TriangleShared, "control"> = {
      numVertices,
      numThreads,
      rows: flatRows(
        partitions.map(({ inRows }) => inRows),
        numVertices,
        scratch,
      ),
      outDegrees,
      ranks: words(numVertices),
      cursors: words(numVertices + 1),
      starts: words(numVertices + 1),
      higher: words(numEdges),
      marks: words(wordsOfMarks(numVertices) * numThreads),
      counts: scratch.allocate("int64", numVertices * numThreads),
      totals: scratch.allocate("float64", numVertices),
    };
    const operator = operatorRef(import.meta.url, "countAll");
    await runKernel<true>(runner, { name: "triangleCount", operator, shared, signal }, scratch);
    return { data: scratch.keep(shared.totals) };
  } finally {
    scratch.freeAll();
  }
}

function wordsOfMarks(numVertices: number): number {
  return 16 * Math.ceil(numVertices / 512);
}

/** Operator: a member of the crew. True on its leader. */
export function countAll(shared: TriangleShared, _member: number, task: TaskContext): true | undefined {
  const { arena } = task;
  const { rows, numVertices, numThreads } = shared;
  const kernels = kernelsOf(task);
  const [rowStart, outDegrees, ranks] = [rows.rowStart.offset, shared.outDegrees.offset, shared.ranks.offset];
  const [cursors, starts, higher] = [shared.cursors.offset, shared.starts.offset, shared.higher.offset];
  const [counts, totals] = [shared.counts.offset, shared.totals.offset];
  const byEdges = rowChunks(arena.view(rows.rowStart), rows.numEdges);
  const byLists = rowChunks(arena.view(shared.starts), rows.numEdges);
  const byVertices = evenChunks(numVertices);
  const marksOf = (member: number): number => shared.marks.offset + 4 * wordsOfMarks(numVertices) * member;
  const countsOf = (member: number): number => counts + 8 * numVertices * member;
  const phases: Record<Step, Phase> = {
    flatten: flattenPhase(rows, kernels, arena),
    clear: (member) => {
      kernels.clear(marksOf(member), 4 * wordsOfMarks(numVertices));
      kernels.clear(countsOf(member), 8 * numVertices);
    },
    rank: () => kernels.rankByDegree(rowStart, outDegrees, numVertices, cursors, ranks),
    measure: (chunk) =>
      kernels.countHigher(rowStart, rows.neighbours, byEdges.from(chunk), byEdges.from(chunk + 1), ranks, cursors),
    start: () => kernels.startLists(cursors, numVertices, starts),
    fill: (chunk) => {
      const [from, to] = [byEdges.from(chunk), byEdges.from(chunk + 1)];
      kernels.fillHigher(rowStart, rows.neighbours, from, to, ranks, cursors, higher);
    },
    dropRepeated: (chunk, member) => {
      const [from, to] = [byLists.from(chunk), byLists.from(chunk + 1)];
      kernels.dropRepeated(from, to, starts, cursors, higher, marksOf(member));
    },
    count: (chunk, member) => {
      const [from, to] = [byLists.from(chunk), byLists.from(chunk + 1)];
      kernels.countTriangles(from, to, starts, cursors, higher, marksOf(member), countsOf(member));
    },
    sum: (chunk) => {
      const [from, to] = [byVertices.from(chunk), byVertices.from(chunk + 1)];
      kernels.sumCounts(counts, 8 * numVertices, numThreads, ranks, totals, from, to);
    },
  };
  return joinCrew(shared.control, task, phases, (run) => {
    run("flatten", rows.partitions.length);
    run("clear", numThreads);
    run("rank", 1);
    kernels.clear(cursors, 4 * (numVertices + 1));
    run("measure", byEdges.numChunks);
    run("start", 1);
    run("fill", byEdges.numChunks);
    run("dropRepeated", byLists.numChunks);
    run("count", byLists.numChunks);
    run("sum", chunkCount(numVertices));
    return true;
  });
}

type Step = "flatten" | "clear" | "rank" | "measure" | "start" | "fill" | "dropRepeated" | "count" | "sum";
