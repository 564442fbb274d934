/**
 * The incoming edges of a topology as tiles, for scans that read one message a source and merge it into one number a
 * target. A tile has the edges from a segment of sources, whose messages fit the second cache, into a block of targets. It
 * has them strip by strip: of targets whose sums fit the first cache, in order of their source. So messages come from the
 * second cache and beyond in order, once a block, and sums stay in the first. Per target that is the order of its row.
 *
 * The first strip reads each line of messages about twice, so that it comes in order and is there for the strips after it,
 * which have fewer edges.
 *
 * After Zhang, Kiriansky, Mendis, Amarasinghe, Zaharia: Making Caches Work for Graph Analytics (2017), with blocks of
 * targets for their segments of sources, since merging must follow the order of sources; within a block, targets of high
 * degree lie together, after Faldu, Diamond, Grot: A Closer Look at Lightweight Graph Reordering (2019).
 */
import { uncleared, type Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { kernelsOf } from "../kernels/kernels.ts";
import { Scratch } from "./scratch.ts";
import { cutEvenly, taskCount } from "./sections.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { EdgeRows, Topology } from "./topology.ts";

/** Sources of a segment: their numbers within it take 16 bits. */
export const segmentSources = 65536;
/** Targets of a block: their slots take 16 bits. */
export const maxBlockTargets = 65536;
/** Messages of a line of the cache. */
const lineSources = 8;
/** Edges of a block's first strip, at least, for each line of messages. */
const firstStripEdges = 2;

/** The edges into the vertices [from, to). */
export interface TileBlock {
  readonly from: number;
  readonly to: number;
  /** The same edges in rows, whose offsets count from the first edge of their partition. */
  readonly rows: EdgeRows;
  readonly tiles: TileRows;
}

/** The tiles of a block. */
export interface TileRows {
  /** numSegments + 1 indices into `entries`: where the tile of each segment of sources begins. */
  readonly starts: ColumnRef<"uint32">;
  /** Of all blocks; an edge is its source within its segment, times 65536, plus the slot of its target. */
  readonly entries: ColumnRef<"uint32">;
  /** A row of the block has its sum in this slot, below the number of rows. */
  readonly slots: ColumnRef<"uint32">;
}

/** All blocks of a topology, in order; none spans two partitions. */
export interface Tiles {
  readonly blocks: readonly TileBlock[];
  /** The columns that the blocks have slices of. */
  readonly columns: readonly ColumnRef[];
}

/** Some blocks, and words in which to sort them. */
interface TileTask {
  readonly blocks: readonly TileBlock[];
  readonly minFirstEdges: number;
  readonly spare: ColumnRef<"uint32">;
  readonly counters: ColumnRef<"uint32">;
}

const numCounters = 4096;

/**
 * Builds the tiles of a topology. Freed by `freeTiles`.
 *
 * Memory: 4 bytes an edge and a vertex; while it runs, for each task, 4 bytes an edge, or vertex, of its largest block.
 *
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full.
 */
export async function buildTiles(runner: TaskRunner, topology: Topology): Promise<Tiles> {
  const { arena } = runner;
  const { numVertices, numEdges } = topology;
  const scratch = new Scratch(arena, "edge tiles");
  try {
    const numSegments = Math.ceil(numVertices / segmentSources);
    const cuts = topology.partitions.flatMap(({ inRows }) => cutRowsEvenly(inRows, arena));
    const entries = scratch.allocate("uint32", numEdges, uncleared);
    const slots = scratch.allocate("uint32", numVertices, uncleared);
    const starts = scratch.allocate("uint32", cuts.length * (numSegments + 1), uncleared);
    const blocks = cuts.map((rows, block): TileBlock => {
      const [from, to] = [rows.firstRow, rows.firstRow + rows.numRows];
      const own = arena.slice(starts, block * (numSegments + 1), (block + 1) * (numSegments + 1));
      return { from, to, rows, tiles: { starts: own, entries, slots: arena.slice(slots, from, to) } };
    });
    const ranges = cutEvenly(blocks.length, Math.min(blocks.length, taskCount(numEdges, runner.numThreads)));
    const minFirstEdges = firstStripEdges * Math.ceil(numVertices / lineSources);
    const tasks = ranges.map(({ from, to }): TileTask => {
      const own = blocks.slice(from, to);
      const most = own.reduce((max, { rows }) => Math.max(max, rows.numRows, numEdgesOf(rows, arena)), 0);
      const spare = scratch.allocate("uint32", most, uncleared);
      return { blocks: own, minFirstEdges, spare, counters: scratch.allocate("uint32", numCounters) };
    });
    await runner.runTasks({
      name: "lay out edges as tiles",
      operator: operatorRef(import.meta.url, "tileBlocks"),
      tasks,
    });
    return { blocks, columns: [entries, slots, starts].map((column) => scratch.keep(column)) };
  } finally {
    scratch.freeAll();
  }
}

/** Frees what `buildTiles` returned. */
export function freeTiles(arena: Arena, { columns }: Tiles): void {
  for (const column of columns) arena.free(column);
}

/** Operator: lays out some blocks. */
export function tileBlocks(_shared: undefined, tileTask: TileTask, task: TaskContext): void {
  const { blocks, minFirstEdges, spare, counters } = tileTask;
  const kernels = kernelsOf(task);
  for (const { rows, tiles } of blocks) {
    task.throwIfCancelled();
    const { starts, slots, entries } = tiles;
    const first = rows.firstEdge + task.arena.view(rows.offsets)[0]!;
    // prettier-ignore
    kernels.tileBlock(
      rows.offsets.offset, rows.neighbours.offset, rows.numRows, starts.length - 1, first, minFirstEdges, slots.offset,
      starts.offset, entries.offset, spare.offset, counters.offset,
    );
  }
}

/** Rows of a partition in blocks of the same number of them, but for one. */
function cutRowsEvenly(rows: EdgeRows, arena: Arena): EdgeRows[] {
  const numBlocks = Math.ceil(rows.numRows / maxBlockTargets);
  return cutEvenly(rows.numRows, numBlocks).map(({ from, to }) => ({
    ...rows,
    numRows: to - from,
    firstRow: rows.firstRow + from,
    offsets: arena.slice(rows.offsets, from, to + 1),
  }));
}

function numEdgesOf({ offsets }: EdgeRows, arena: Arena): number {
  const bounds = arena.view(offsets);
  return bounds[bounds.length - 1]! - bounds[0]!;
}
