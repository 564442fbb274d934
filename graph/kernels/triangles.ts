/**
 * Triangles at each vertex.
 *
 * Method      Vertices are ranked by degree, and each pair of neighbours is kept once, in the list of the lower rank: so even
 *             a hub's list is short. For each vertex as the middle one of three, the ranks in its list are marked; then, in
 *             each list that it stands in, the ranks after it are looked through for marked ones. Every hit is a triangle,
 *             counted at all three corners. The ranks after it are few where the vertex is a hub, and its own list is
 *             short where it is none. Parallel edges and opposite ones fall together; self-loops are left out.
 * Cost        by the sum over lists of half their length squared, at most numEdges ^ 1.5; 12 bytes an edge, 4 of them
 *             only where there is no opposite one, 24 bytes a vertex and 5 more for each thread, besides out-degrees
 * Reference   Schank, Wagner: Finding, Counting and Listing All Triangles in Large Graphs (2005), "forward" by degree;
 *             which corner to mark: Ortmann, Brandes: Triangle Listing Algorithms: Back from the Diversion (2014)
 */
import { uncleared } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import type { EdgeRun } from "../partition/edgeRun.ts";
import { orderEdges } from "../partition/orderEdges.ts";
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

/** Rows as three columns see them: row v holds entries [rowStart[v], rowStart[v + 1]). */
interface Lists {
  readonly rowStart: ColumnRef<"uint32">;
  readonly neighbours: ColumnRef<"uint32">;
}

interface RankShared extends KernelShared {
  readonly rows: FlatRows;
  readonly outDegrees: ColumnRef<"uint32">;
  readonly buckets: ColumnRef<"uint32">;
  readonly ranks: ColumnRef<"uint32">;
}

interface DistinctShared extends KernelShared {
  /** By rank the higher ranks among its neighbours, ascending, with repetitions and itself. */
  readonly repeated: Lists;
  readonly counts: ColumnRef<"uint32">;
  /** The same without. */
  readonly higher: Lists;
}

interface CountShared extends KernelShared {
  readonly numThreads: number;
  readonly ranks: ColumnRef<"uint32">;
  readonly higher: Lists;
  /** By rank the ranks in whose lists it stands, and where. */
  readonly lower: Lists & { readonly order: ColumnRef<"uint32"> };
  /** A byte a rank, one set a member. */
  readonly marks: ColumnRef<"uint8">;
  /** Triangles by rank, one set a member. */
  readonly counts: ColumnRef<"uint32">;
  readonly totals: ColumnRef<"float64">;
}

/** How many triangles each vertex is a corner of. The column belongs to the caller. */
export async function trianglesAt(
  runner: TaskRunner,
  rows: CountableRows,
  signal?: AbortSignal,
): Promise<{ readonly data: ColumnRef<"float64"> }> {
  const { numVertices } = rows.topology;
  const { numThreads } = runner;
  const outDegrees = await rows.outDegrees();
  const scratch = new Scratch(runner.arena, "triangleCount");
  const on = cancelledBy(runner, signal);
  try {
    const ranks = await rankVertices(on, rows.topology, outDegrees, scratch);
    const higher = await listHigher(on, rows.topology, ranks, scratch);
    const lower = await listLower(on, numVertices, higher, scratch);
    const shared: Omit<CountShared, "control"> = {
      numThreads,
      ranks,
      higher,
      lower,
      marks: scratch.allocate("uint8", strideOf(numVertices) * numThreads, uncleared),
      counts: scratch.allocate("uint32", strideOf(numVertices) * numThreads, uncleared),
      totals: scratch.allocate("float64", numVertices, uncleared),
    };
    const operator = operatorRef(import.meta.url, "countAll");
    await runKernel<true>(on, { name: "triangleCount", operator, shared, signal }, scratch);
    return { data: scratch.keep(shared.totals) };
  } finally {
    scratch.freeAll();
  }
}

/** The runner, each of whose jobs `signal` cancels. */
function cancelledBy(runner: TaskRunner, signal: AbortSignal | undefined): TaskRunner {
  if (signal === undefined) return runner;
  const { numThreads, arena } = runner;
  return { numThreads, arena, runTasks: (spec, options) => runner.runTasks(spec, { ...options, signal }) };
}

async function rankVertices(
  runner: TaskRunner,
  { numVertices, partitions }: Topology,
  outDegrees: ColumnRef<"uint32">,
  scratch: Scratch,
): Promise<ColumnRef<"uint32">> {
  const inRows = partitions.map((partition) => partition.inRows);
  const shared: Omit<RankShared, "control"> = {
    rows: flatRows(inRows, numVertices, scratch),
    outDegrees,
    buckets: scratch.allocate("uint32", numVertices + 1, uncleared),
    ranks: scratch.allocate("uint32", numVertices, uncleared),
  };
  const operator = operatorRef(import.meta.url, "rankAll");
  await runKernel<true>(runner, { name: "rank vertices by degree", operator, shared }, scratch);
  scratch.free(shared.rows.rowStart);
  scratch.free(shared.buckets);
  return shared.ranks;
}

/** Operator: a member of the crew. True on its leader. */
export function rankAll(shared: RankShared, _member: number, task: TaskContext): true | undefined {
  const { rows, outDegrees, buckets, ranks } = shared;
  const kernels = kernelsOf(task);
  const phases = {
    flatten: flattenPhase(rows, kernels, task.arena),
    rank: (): void =>
      kernels.rankByDegree(rows.rowStart.offset, outDegrees.offset, ranks.length, buckets.offset, ranks.offset),
  };
  return joinCrew(shared.control, task, phases, (run) => {
    run("flatten", rows.partitions.length);
    run("rank", 1);
    return true;
  });
}

/** Each pair of neighbours, once, in the list of the lower rank. */
async function listHigher(
  runner: TaskRunner,
  { numVertices, numEdges, partitions }: Topology,
  ranks: ColumnRef<"uint32">,
  scratch: Scratch,
): Promise<Lists> {
  const runs = partitions.map(({ inRows }): EdgeRun => {
    return { kind: "ranked", numEdges: inRows.neighbours.length, rows: inRows, ranks };
  });
  const repeated = await orderEdges(runner, { runs, numVertices, withOrder: false }, scratch);
  const shared: Omit<DistinctShared, "control"> = {
    repeated,
    counts: scratch.allocate("uint32", numVertices, uncleared),
    higher: {
      rowStart: scratch.allocate("uint32", numVertices + 1, uncleared),
      neighbours: scratch.allocate("uint32", numEdges, uncleared),
    },
  };
  const operator = operatorRef(import.meta.url, "dropRepeated");
  const numPairs = await runKernel<number>(runner, { name: "drop repeated edges", operator, shared }, scratch);
  for (const column of [repeated.rowStart, repeated.neighbours, shared.counts]) scratch.free(column);
  const { rowStart, neighbours } = shared.higher;
  return { rowStart, neighbours: runner.arena.slice(neighbours, 0, numPairs) };
}

/** Operator: a member of the crew. The number of entries that are left on its leader. */
export function dropRepeated(shared: DistinctShared, _member: number, task: TaskContext): number | undefined {
  const { arena } = task;
  const kernels = kernelsOf(task);
  const { repeated, higher, counts } = shared;
  const [rowStart, neighbours] = [repeated.rowStart.offset, repeated.neighbours.offset];
  const byEdges = rowChunks(arena.view(repeated.rowStart), repeated.neighbours.length);
  const phases: Record<"count" | "start" | "copy", Phase> = {
    count: (chunk) =>
      kernels.countDistinct(rowStart, neighbours, byEdges.from(chunk), byEdges.from(chunk + 1), counts.offset),
    start: () => kernels.startLists(counts.offset, counts.length, higher.rowStart.offset),
    copy: (chunk) => {
      const [from, to] = [byEdges.from(chunk), byEdges.from(chunk + 1)];
      kernels.copyDistinct(rowStart, neighbours, from, to, higher.rowStart.offset, higher.neighbours.offset);
    },
  };
  return joinCrew(shared.control, task, phases, (run) => {
    run("count", byEdges.numChunks);
    run("start", 1);
    run("copy", byEdges.numChunks);
    return arena.view(higher.rowStart).at(-1)!;
  });
}

/** For each rank the lists that hold it. */
async function listLower(
  runner: TaskRunner,
  numVertices: number,
  { rowStart, neighbours }: Lists,
  scratch: Scratch,
): Promise<CountShared["lower"]> {
  const rows = { numRows: numVertices, firstRow: 0, offsets: rowStart, neighbours, firstEdge: 0 };
  const runs: EdgeRun[] = [{ kind: "rows", numEdges: neighbours.length, rows, swap: true }];
  const { order, ...lists } = await orderEdges(runner, { runs, numVertices, withOrder: true }, scratch);
  return { ...lists, order: order! };
}

/** Entries of a set of marks or counts: a multiple of 64, so that members share no line of the cache. */
function strideOf(numVertices: number): number {
  return 64 * Math.ceil(numVertices / 64);
}

/** Operator: a member of the crew. True on its leader. */
export function countAll(shared: CountShared, _member: number, task: TaskContext): true | undefined {
  const { arena } = task;
  const { numThreads, ranks, higher, lower, totals } = shared;
  const kernels = kernelsOf(task);
  const stride = strideOf(ranks.length);
  const byLists = rowChunks(arena.view(lower.rowStart), lower.neighbours.length);
  const byVertices = evenChunks(ranks.length);
  const marksOf = (member: number): number => shared.marks.offset + stride * member;
  const countsOf = (member: number): number => shared.counts.offset + 4 * stride * member;
  const phases: Record<"clear" | "count" | "sum", Phase> = {
    clear: (member) => {
      kernels.clear(marksOf(member), stride);
      kernels.clear(countsOf(member), 4 * stride);
    },
    count: (chunk, member) => {
      const [from, to] = [byLists.from(chunk), byLists.from(chunk + 1)];
      const [starts, pairs] = [higher.rowStart.offset, higher.neighbours.offset];
      const [lowerStart, lowers, entries] = [lower.rowStart.offset, lower.neighbours.offset, lower.order.offset];
      // prettier-ignore
      kernels.countTriangles(
        from, to, starts, pairs, lowerStart, lowers, entries, marksOf(member), countsOf(member),
      );
    },
    sum: (chunk) => {
      const [from, to] = [byVertices.from(chunk), byVertices.from(chunk + 1)];
      kernels.sumCounts(countsOf(0), 4 * stride, numThreads, ranks.offset, totals.offset, from, to);
    },
  };
  return joinCrew(shared.control, task, phases, (run) => {
    run("clear", numThreads);
    run("count", byLists.numChunks);
    run("sum", chunkCount(ranks.length));
    return true;
  });
}
