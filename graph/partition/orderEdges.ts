/**
 * Brings edges into the order of a topology: by destination index, then source index, then input order.
 *
 * Three steps, each on all threads. Edges are counted by bucket, a range of destinations that fits the cache; moved to
 * their bucket, which keeps input order; and each bucket is sorted by itself, its sources in the very column that
 * remains. Besides that column the work takes two bytes an edge, and four more if the order is asked for.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { SuperstepError } from "../../core/errors.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { placeCounts } from "./counting.ts";
import { forEachBlock, type EdgeRun } from "./edgeRun.ts";
import { once } from "./once.ts";
import { radixSort } from "./radixSort.ts";
import type { Scratch } from "./scratch.ts";
import { cutSections, taskCount, type Section } from "./sections.ts";
import { halfWordsOf } from "./sharedWords.ts";
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

interface ScatterTask {
  readonly sections: readonly Section[];
  /** Per bucket, the place of this task's first edge. */
  readonly cursors: Uint32Array;
}

/** Buckets [from, to), and their numBuckets + 1 starts. */
interface SortTask {
  readonly from: number;
  readonly to: number;
  readonly starts: Uint32Array;
}

/** Edges a bucket, about: two columns of them fit the second cache. */
const bucketEdges = 65536;
/** So many open ends of buckets are still served well by caches and address translation. */
const maxBuckets = 2048;
const maxShift = 16;
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
  const neighbours = scratch.allocate("uint32", numEdges);
  const rowStart = scratch.allocate("uint32", numVertices + 1);
  const order = withOrder ? scratch.allocate("uint32", numEdges) : undefined;
  const lowDst = scratch.allocate("uint8", 2 * numEdges);
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
  const counts = await runner.runTasks<Uint32Array>({
    name: "count edges by bucket",
    operator: operatorRef(import.meta.url, "countBuckets"),
    shared,
    tasks: sections,
  });
  const { starts, cursors } = placeCounts(counts, numBuckets);
  await runner.runTasks({
    name: "move edges to their bucket",
    operator: operatorRef(import.meta.url, "scatterEdges"),
    shared,
    tasks: sections.map((own, task): ScatterTask => ({ sections: own, cursors: cursors[task]! })),
  });
  await runner.runTasks({
    name: "sort edges in their bucket",
    operator: operatorRef(import.meta.url, "sortBuckets"),
    shared,
    tasks: evenBuckets(starts, numBuckets, numVertices / numBuckets, runner.numThreads),
  });
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
export function countBuckets(shared: Shared, sections: readonly Section[], task: TaskContext): Uint32Array {
  const { runs, shift, numBuckets } = shared;
  const counts = new Uint32Array(numBuckets);
  for (const { item, from, to } of sections) {
    task.throwIfCancelled();
    forEachBlock(runs[item]!, from, to, task.arena, (_src, dst, length) => {
      for (let edge = 0; edge < length; edge++) counts[dst[edge]! >>> shift]!++;
    });
  }
  return counts;
}

/** Operator: moves the edges in its sections to their bucket. */
export function scatterEdges(shared: Shared, { sections, cursors }: ScatterTask, task: TaskContext): void {
  const { runs, runStarts, shift } = shared;
  const { arena } = task;
  const next = cursors.slice();
  const neighbours = arena.view(shared.neighbours);
  const lowDst = halfWordsOf(arena.view(shared.lowDst));
  const order = shared.order && arena.view(shared.order);
  for (const { item, from, to } of sections) {
    task.throwIfCancelled();
    const runStart = runStarts[item]!;
    forEachBlock(runs[item]!, from, to, arena, (src, dst, length, first) => {
      if (order) scatterWithOrder(src, dst, length, runStart + first, next, shift, neighbours, lowDst, order);
      else scatter(src, dst, length, next, shift, neighbours, lowDst);
    });
  }
}

/**
 * Operator: sorts whole buckets in place, and writes where the rows of their vertices start.
 *
 * @throws SuperstepError HOST_LOST if an earlier attempt left a bucket half sorted.
 */
export function sortBuckets(shared: Shared, { from, to, starts }: SortTask, task: TaskContext): void {
  const { shift, numVertices } = shared;
  const { arena } = task;
  const neighbours = arena.view(shared.neighbours);
  const lowDst = halfWordsOf(arena.view(shared.lowDst));
  const order = shared.order && arena.view(shared.order);
  const rowStart = arena.view(shared.rowStart);
  const progress = arena.view(shared.progress);
  let most = 0;
  for (let bucket = from; bucket < to; bucket++) most = Math.max(most, starts[bucket + 1]! - starts[bucket]!);
  const dst = new Uint32Array(most);
  const spare = {
    major: new Uint32Array(most),
    minor: new Uint32Array(most),
    payload: order && new Uint32Array(most),
  };
  for (let bucket = from; bucket < to; bucket++) {
    task.throwIfCancelled();
    once(progress, bucket, () => {
      const start = starts[bucket]!;
      const end = starts[bucket + 1]!;
      const numEdges = end - start;
      for (let edge = 0; edge < numEdges; edge++) dst[edge] = lowDst[start + edge]!;
      const rows = { major: dst, minor: neighbours.subarray(start, end), payload: order?.subarray(start, end) };
      const sorted = radixSort(rows, spare, numEdges);
      if (sorted !== rows) {
        rows.minor.set(sorted.minor.subarray(0, numEdges));
        if (sorted.payload) rows.payload?.set(sorted.payload.subarray(0, numEdges));
      }
      const firstVertex = bucket * 2 ** shift;
      const endVertex = Math.min(numVertices, firstVertex + 2 ** shift);
      writeRowStarts(sorted.major, numEdges, start, firstVertex, endVertex, rowStart);
    });
  }
}

/** `rowStart[v]` for v in [from, to), whose edges stand from `start` on in ascending order of v. */
function writeRowStarts(
  dst: Uint32Array,
  numEdges: number,
  start: number,
  from: number,
  to: number,
  rowStart: Uint32Array,
): void {
  const low = from & 0xffff; // not 0 only where a bucket is less than 2^16 wide
  const numRows = to - from;
  let edge = 0;
  for (let row = 0; row < numRows; row++) {
    const target = low + row;
    while (edge < numEdges && dst[edge]! < target) edge++;
    rowStart[from + row] = start + edge;
  }
}

function scatter(
  src: Uint32Array,
  dst: Uint32Array,
  length: number,
  next: Uint32Array,
  shift: number,
  neighbours: Uint32Array,
  lowDst: Uint16Array,
): void {
  for (let edge = 0; edge < length; edge++) {
    const target = dst[edge]!;
    const at = next[target >>> shift]!++;
    neighbours[at] = src[edge]!;
    lowDst[at] = target;
  }
}

function scatterWithOrder(
  src: Uint32Array,
  dst: Uint32Array,
  length: number,
  first: number,
  next: Uint32Array,
  shift: number,
  neighbours: Uint32Array,
  lowDst: Uint16Array,
  order: Uint32Array,
): void {
  for (let edge = 0; edge < length; edge++) {
    const target = dst[edge]!;
    const at = next[target >>> shift]!++;
    neighbours[at] = src[edge]!;
    lowDst[at] = target;
    order[at] = first + edge;
  }
}

/** Buckets of about `bucketEdges` edges, at most `maxBuckets` of them unless that would take more than 16 low bits. */
function bucketShift(numVertices: number, numEdges: number): number {
  const wanted = Math.min(maxBuckets, Math.max(1, Math.ceil(numEdges / bucketEdges)));
  let shift = 0;
  while (shift < maxShift && numVertices / 2 ** shift > wanted) shift++;
  return shift;
}

/** Tasks of consecutive buckets with about the same number of edges and rows. */
function evenBuckets(starts: Uint32Array, numBuckets: number, rowsPerBucket: number, numThreads: number): SortTask[] {
  const weight = (bucket: number): number => starts[bucket]! + bucket * rowsPerBucket;
  const total = weight(numBuckets);
  const numTasks = Math.min(numBuckets, taskCount(total, numThreads));
  const tasks: SortTask[] = [];
  let from = 0;
  for (let task = 0; task < numTasks; task++) {
    let to = from;
    while (to < numBuckets && (weight(to) < (total * (task + 1)) / numTasks || task === numTasks - 1)) to++;
    if (to > from) tasks.push({ from, to, starts });
    from = to;
  }
  return tasks;
}

/** Where each of consecutive pieces starts. */
function startsOf(lengths: readonly number[]): number[] {
  let at = 0;
  return lengths.map((length) => (at += length) - length);
}
