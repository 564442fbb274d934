/**
 * Explicit vertex cuts: edges are spread over parts by a strategy, and each part has its own rows.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { excerpt, SuperstepError } from "../../core/errors.ts";
import type { ShippedFunction } from "../../core/function/ship.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { placeCounts } from "./counting.ts";
import { cutRows, openRows, type RowRange } from "./cutRows.ts";
import { hashIds } from "./hashIds.ts";
import { idReader } from "./idColumn.ts";
import { checkNumPartitions } from "./partitionRows.ts";
import { partRows, type PartColumns } from "./partRows.ts";
import { Scratch } from "./scratch.ts";
import { edgePartitioner, type StrategyFunction, type StrategyName } from "./strategy.ts";
import { halfWordsOf } from "./sharedWords.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { CutPart, IdColumn, Topology } from "./topology.ts";

interface AssignShared {
  readonly topology: Topology;
  readonly numParts: number;
  /** The part of each edge, two bytes. */
  readonly parts: ColumnRef<"uint8">;
  readonly strategy: StrategyName | ShippedFunction<StrategyFunction>;
  /** Hashes by vertex; absent for a function. */
  readonly hashes: ColumnRef<"uint32"> | undefined;
}

interface ScatterShared {
  readonly topology: Topology;
  readonly parts: ColumnRef<"uint8">;
  readonly columns: PartColumns;
}

interface ScatterTask {
  readonly range: RowRange;
  /** By part, where the first edge of the range goes. */
  readonly cursors: Uint32Array;
}

/**
 * Cuts the edges of a topology into parts, by a named strategy or by the user's function, shipped. Part p holds the
 * edges of which the strategy says p; `positions` say which edge of the topology an entry is. Freed by `freeCutParts`.
 *
 * Memory: 16 bytes an edge, and 8 for each vertex of each part, twice; 10 bytes an edge more while it runs.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless `numParts` is an integer from 1 to 65536, or if the function returns
 *   no integer in [0, numParts).
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full.
 */
export async function cutTopology(
  runner: TaskRunner,
  topology: Topology,
  strategy: StrategyName | ShippedFunction<StrategyFunction>,
  numParts: number,
): Promise<CutPart[]> {
  checkNumPartitions("partitionBy", numParts);
  const { numEdges } = topology;
  const scratch = new Scratch(runner.arena, "vertex cut");
  try {
    const hashes = typeof strategy === "string" ? await hashIds(runner, topology, scratch) : undefined;
    const parts = scratch.allocate("uint8", 2 * numEdges);
    const ranges = cutRows(topology, runner.arena, runner.numThreads);
    const counts = await runner.runTasks<Uint32Array>({
      name: "choose the part of each edge",
      operator: operatorRef(import.meta.url, "assignParts"),
      shared: { topology, numParts, parts, strategy, hashes } satisfies AssignShared,
      tasks: ranges,
    });
    if (hashes) scratch.free(hashes);
    const { starts, cursors } = placeCounts(counts, numParts);
    const columns: PartColumns = {
      src: scratch.allocate("uint32", numEdges),
      dst: scratch.allocate("uint32", numEdges),
      positions: scratch.allocate("uint32", numEdges),
    };
    await runner.runTasks({
      name: "move edges to their part",
      operator: operatorRef(import.meta.url, "scatterParts"),
      shared: { topology, parts, columns } satisfies ScatterShared,
      tasks: ranges.map((range, task): ScatterTask => ({ range, cursors: cursors[task]! })),
    });
    scratch.free(parts);
    return await partRows(runner, columns, starts, scratch);
  } finally {
    scratch.freeAll();
  }
}

/** Frees what `cutTopology` returned: its rows are slices of eight columns. */
export function freeCutParts(arena: Arena, parts: readonly CutPart[]): void {
  for (const column of cutColumns(parts)) arena.free(column);
}

/** The columns that the rows of parts are slices of. */
export function cutColumns(parts: readonly CutPart[]): ColumnRef[] {
  return (["inRows", "outRows"] as const).flatMap((side) =>
    (["neighbours", "positions", "offsets", "targets"] as const).map((name): ColumnRef => {
      const length = parts.reduce((sum, part) => sum + part[side][name]!.length, 0);
      return { ...parts[0]![side][name]!, length };
    }),
  );
}

/** Operator: writes the part of each edge of a range; returns the edges of each part. */
export async function assignParts(shared: AssignShared, range: RowRange, task: TaskContext): Promise<Uint32Array> {
  const { topology, numParts } = shared;
  const { offsets, neighbours, firstRow, firstEdge } = openRows(
    topology.partitions[range.partition]!.inRows,
    task.arena,
  );
  const parts = halfWordsOf(task.arena.view(shared.parts));
  const partOf = await edgePart(shared, task);
  const counts = new Uint32Array(numParts);
  for (let row = range.from; row < range.to; row++) {
    if (row % 1024 === 0) task.throwIfCancelled();
    const end = offsets[row + 1]!;
    for (let entry = offsets[row]!; entry < end; entry++) {
      const part = partOf(neighbours[entry]!, firstRow + row);
      parts[firstEdge + entry] = part;
      counts[part]!++;
    }
  }
  return counts;
}

/** Operator: moves the edges of a range to their part. */
export function scatterParts(shared: ScatterShared, { range, cursors }: ScatterTask, task: TaskContext): void {
  const { arena } = task;
  const rows = openRows(shared.topology.partitions[range.partition]!.inRows, arena);
  const { offsets, neighbours, firstRow, firstEdge } = rows;
  const parts = halfWordsOf(arena.view(shared.parts));
  const src = arena.view(shared.columns.src);
  const dst = arena.view(shared.columns.dst);
  const positions = arena.view(shared.columns.positions);
  const next = cursors.slice();
  for (let row = range.from; row < range.to; row++) {
    const end = offsets[row + 1]!;
    for (let entry = offsets[row]!; entry < end; entry++) {
      const at = next[parts[firstEdge + entry]!]!++;
      src[at] = neighbours[entry]!;
      dst[at] = firstRow + row;
      positions[at] = firstEdge + entry;
    }
  }
}

/** The part of an edge, given its ends by index. */
async function edgePart(
  { topology, numParts, strategy, hashes }: AssignShared,
  task: TaskContext,
): Promise<(src: number, dst: number) => number> {
  if (typeof strategy !== "string") {
    return checkedPart(topology.ids, numParts, await task.revive(strategy), task.arena);
  }
  const words = task.arena.view(hashes!);
  const partOf = edgePartitioner(strategy, numParts);
  return (src, dst) => partOf(words[2 * src + 1]!, words[2 * src]!, words[2 * dst + 1]!, words[2 * dst]!);
}

/** The user's function on ids, its result checked. */
function checkedPart(
  ids: IdColumn,
  numParts: number,
  fn: StrategyFunction,
  arena: Arena,
): (src: number, dst: number) => number {
  const idOf = idReader(ids, arena);
  return (src, dst) => {
    const srcId = idOf(src);
    const dstId = idOf(dst);
    const part = fn(srcId, dstId, numParts);
    if (Number.isInteger(part) && part >= 0 && part < numParts) return part;
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `partitionBy: strategy must return an integer in [0, ${numParts}), got ${excerpt(part)} ` +
        `for the edge ${excerpt(srcId, 40)} -> ${excerpt(dstId, 40)}`,
      { details: { numParts, srcId: String(srcId), dstId: String(dstId) } },
    );
  };
}
