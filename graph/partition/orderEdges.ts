/**
 * Brings edges into the order of a topology: by destination index, then source index, then input order.
 *
 * Three steps, each on all threads. Edges are counted by bucket, a range of destinations that fits the cache; moved to
 * their bucket, which keeps input order; and each bucket is sorted by itself, its sources in the very column that
 * remains. Besides that column the work takes two bytes an edge, four more if the order is asked for,
 * and room for a few buckets.
 */
import { uncleared, type Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { SuperstepError } from "../../core/errors.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { placeCounts } from "./counting.ts";
import { kernelsOf } from "../kernels/kernels.ts";
import { blockWords, endReader, forEachBlock, type EdgeRun } from "./edgeRun.ts";
import { once } from "./once.ts";
import type { Scratch } from "./scratch.ts";
import { cutSections, taskCount, type Section } from "./sections.ts";
import type { TaskRunner } from "./taskRunner.ts";

/** Edges of a graph in order. Columns of the scratch that was given. */
export interface OrderedEdges {
  /** Source index of each edge. */
  readonly neighbours: ColumnRef<"uint32">;
  /** numVertices + 1 entries: where the edges into each vertex start. */
  readonly rowStart: ColumnRef<"uint32">;
  /** Where in the input each edge stood, if asked for. */
  readonly order?: ColumnRef<"uint32">;
}

/** What `orderEdges` orders. */
export interface OrderEdgesInput {
  readonly runs: readonly EdgeRun[];
  readonly numVertices: number;
  /** Whether to say where each edge stood. */
  readonly withOrder: boolean;
}

interface Shared {
  readonly runs: readonly EdgeRun[];
  readonly runStarts: readonly number[];
  /** The bucket of destination d is d >>> shift; at most 16, so that two bytes hold the rest. */
  readonly shift: number;
  readonly numBuckets: number;
  readonly numVertices: number;
  readonly neighbours: ColumnRef<"uint32">;
  /** Low 16 bits of destinations, two bytes an edge. */
  readonly lowDst: ColumnRef<"uint8">;
  readonly order: ColumnRef<"uint32"> | undefined;
  readonly rowStart: ColumnRef<"uint32">;
  /** A byte a bucket. */
  readonly progress: ColumnRef<"uint8">;
}

interface CountTask {
  readonly sections: readonly Section[];
  /** Blocks of the two ends of edges, one after the other, and a counter a bucket: of this task alone. */
  readonly buffer: ColumnRef<"uint32">;
}

interface ScatterTask extends CountTask {
  /** Per bucket, the place of this task's first edge. */
  readonly cursors: Uint32Array;
}

/** Buckets [from, to), and their numBuckets + 1 starts. */
interface SortTask {
  readonly from: number;
  readonly to: number;
  readonly starts: Uint32Array;
  /** Room for the largest bucket. */
  readonly spare: ColumnRef<"uint32">;
  readonly counters: ColumnRef<"uint32">;
}

/** Edges a bucket, about: two columns of them fit the second cache. */
const bucketEdges = 65536;
/** So many open ends of buckets are still served well by caches and address translation. */
const maxBuckets = 2048;
const maxShift = 16;
/** Counters that sorting a bucket needs at least: those of one digit. */
const minCounters = 2048;
const maxEdges = 2 ** 32 - 1;

/**
 * @throws SuperstepError INVALID_ARGUMENT beyond 2^32 - 1 edges; OUT_OF_MEMORY if the arena is full; HOST_LOST if a
 *   thread died while it sorted a bucket.
 */
export async function orderEdges(
  runner: TaskRunner,
  { runs, numVertices, withOrder }: OrderEdgesInput,
  scratch: Scratch,
): Promise<OrderedEdges> {
  const lengths = runs.map((run) => run.numEdges);
  const numEdges = lengths.reduce((sum, length) => sum + length, 0);
  checkEdgeCount(numEdges);
  const shift = bucketShift(numVertices, numEdges);
  const numBuckets = Math.max(1, Math.ceil(numVertices / 2 ** shift));
  const neighbours = scratch.allocate("uint32", numEdges, uncleared);
  const rowStart = scratch.allocate("uint32", numVertices + 1, uncleared);
  const order = withOrder ? scratch.allocate("uint32", numEdges, uncleared) : undefined;
  const lowDst = scratch.allocate("uint8", 2 * numEdges, uncleared);
  const progress = scratch.allocate("uint8", numBuckets);
  const runStarts = startsOf(lengths);
  const shared: Shared = {
    runs,
    runStarts,
    shift,
    numBuckets,
    numVertices,
    neighbours,
    lowDst,
    order,
    rowStart,
    progress,
  };

  const sections = cutSections(lengths, taskCount(numEdges, runner.numThreads));
  const tasks = sections.map((own): CountTask => {
    return { sections: own, buffer: scratch.allocate("uint32", 2 * blockWords + numBuckets) };
  });
  const counts = await runner.runTasks<Uint32Array>({
    name: "count edges by bucket",
    operator: operatorRef(import.meta.url, "countBuckets"),
    shared,
    tasks,
  });
  const { starts, cursors } = placeCounts(counts, numBuckets);
  await runner.runTasks({
    name: "move edges to their bucket",
    operator: operatorRef(import.meta.url, "scatterEdges"),
    shared,
    tasks: tasks.map((task, at): ScatterTask => ({ ...task, cursors: cursors[at]! })),
  });
  for (const { buffer } of tasks) scratch.free(buffer);
  const sorts = evenBuckets(starts, numBuckets, numVertices / numBuckets, runner.numThreads).map(
    ({ from, to }): SortTask => ({
      from,
      to,
      starts,
      spare: scratch.allocate("uint32", spareWords(largestBucket(starts, from, to)), uncleared),
      counters: scratch.allocate("uint32", Math.max(minCounters, 2 ** shift)),
    }),
  );
  await runner.runTasks({
    name: "sort edges in their bucket",
    operator: operatorRef(import.meta.url, "sortBuckets"),
    shared,
    tasks: sorts,
  });
  for (const column of sorts.flatMap(({ spare, counters }) => [spare, counters])) scratch.free(column);
  scratch.free(lowDst);
  scratch.free(progress);
  runner.arena.view(rowStart)[numVertices] = numEdges;
  return order ? { neighbours, rowStart, order } : { neighbours, rowStart };
}

/** @throws SuperstepError INVALID_ARGUMENT beyond 2^32 - 1 edges. */
export function checkEdgeCount(numEdges: number): void {
  if (numEdges <= maxEdges) return;
  throw new SuperstepError(
    "INVALID_ARGUMENT",
    `graph: at most ${maxEdges} edges fit one host, got ${numEdges}. Spread the graph over more hosts.`,
    { details: { numEdges, maxEdges } },
  );
}

/** Operator: counts of the edges in its sections, by bucket. */
export function countBuckets(shared: Shared, { sections, buffer }: CountTask, task: TaskContext): Uint32Array {
  const { runs, shift, numBuckets } = shared;
  const { arena } = task;
  const kernels = kernelsOf(task);
  const { targets, counters } = cutBuffer(arena, buffer, numBuckets);
  const counts = arena.view(counters).fill(0);
  for (const { item, from, to } of sections) {
    task.throwIfCancelled();
    const dst = endReader(runs[item]!, "dst", { arena, kernels, buffer: targets });
    forEachBlock(from, to, (at, end) => kernels.countKeys(dst(at, end), end - at, shift, counters.offset));
  }
  return counts.slice();
}

/** Operator: moves the edges in its sections to their bucket. */
export function scatterEdges(shared: Shared, { sections, buffer, cursors }: ScatterTask, task: TaskContext): void {
  const { runs, runStarts, shift, numBuckets, neighbours, lowDst, order } = shared;
  const { arena } = task;
  const kernels = kernelsOf(task);
  const { sources, targets, counters } = cutBuffer(arena, buffer, numBuckets);
  arena.view(counters).set(cursors);
  for (const { item, from, to } of sections) {
    task.throwIfCancelled();
    const run = runs[item]!;
    const src = endReader(run, "src", { arena, kernels, buffer: sources });
    const dst = endReader(run, "dst", { arena, kernels, buffer: targets });
    forEachBlock(from, to, (at, end) => {
      const [first, length] = [runStarts[item]! + at, end - at];
      const [sourcesAt, targetsAt] = [src(at, end), dst(at, end)];
      // prettier-ignore
      kernels.scatterEdges(
        sourcesAt, targetsAt, length, first, shift, counters.offset, neighbours.offset, lowDst.offset, order?.offset ?? 0,
      );
    });
  }
}

function cutBuffer(
  arena: Arena,
  buffer: ColumnRef<"uint32">,
  numBuckets: number,
): Readonly<Record<"sources" | "targets" | "counters", ColumnRef<"uint32">>> {
  return {
    sources: arena.slice(buffer, 0, blockWords),
    targets: arena.slice(buffer, blockWords, 2 * blockWords),
    counters: arena.slice(buffer, 2 * blockWords, 2 * blockWords + numBuckets),
  };
}

/**
 * Operator: sorts whole buckets in place, and writes where the rows of their vertices start.
 *
 * @throws SuperstepError HOST_LOST if an earlier attempt left a bucket half sorted.
 */
export function sortBuckets(shared: Shared, { from, to, starts, spare, counters }: SortTask, task: TaskContext): void {
  const { shift, numVertices, neighbours, lowDst, order, rowStart } = shared;
  const kernels = kernelsOf(task);
  const progress = task.arena.view(shared.progress);
  for (let bucket = from; bucket < to; bucket++) {
    task.throwIfCancelled();
    const firstVertex = bucket * 2 ** shift;
    const numRows = Math.min(numVertices - firstVertex, 2 ** shift);
    const [start, length] = [starts[bucket]!, starts[bucket + 1]! - starts[bucket]!];
    once(progress, bucket, () => {
      // prettier-ignore
      kernels.sortBucket(
        neighbours.offset, lowDst.offset, order?.offset ?? 0, start, length, firstVertex, numRows, rowStart.offset,
        spare.offset, counters.offset,
      );
    });
  }
}

/** Buckets of about `bucketEdges` edges, at most `maxBuckets` of them unless that would take more than 16 low bits. */
function bucketShift(numVertices: number, numEdges: number): number {
  const wanted = Math.min(maxBuckets, Math.max(1, Math.ceil(numEdges / bucketEdges)));
  let shift = 0;
  while (shift < maxShift && numVertices / 2 ** shift > wanted) shift++;
  return shift;
}

/** Words in which a bucket of `numEdges` edges is sorted: two words and a half word an edge. */
function spareWords(numEdges: number): number {
  return Math.ceil(2.5 * numEdges);
}

function largestBucket(starts: Uint32Array, from: number, to: number): number {
  let most = 0;
  for (let bucket = from; bucket < to; bucket++) most = Math.max(most, starts[bucket + 1]! - starts[bucket]!);
  return most;
}

/** Ranges of buckets with about the same number of edges and rows. */
function evenBuckets(
  starts: Uint32Array,
  numBuckets: number,
  rowsPerBucket: number,
  numThreads: number,
): { readonly from: number; readonly to: number }[] {
  const weight = (bucket: number): number => starts[bucket]! + bucket * rowsPerBucket;
  const total = weight(numBuckets);
  const numTasks = Math.min(numBuckets, taskCount(total, numThreads));
  const ranges: { from: number; to: number }[] = [];
  let from = 0;
  for (let task = 0; task < numTasks; task++) {
    let to = from;
    while (to < numBuckets && (weight(to) < (total * (task + 1)) / numTasks || task === numTasks - 1)) to++;
    if (to > from) ranges.push({ from, to });
    from = to;
  }
  return ranges;
}

/** Where each of consecutive pieces starts. */
function startsOf(lengths: readonly number[]): number[] {
  let at = 0;
  return lengths.map((length) => (at += length) - length);
}
