/**
 * Cuts ordered edges into the vertex ranges of a topology, balanced by vertices and incoming edges.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { invalidArgument } from "../../core/errors.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import type { Scratch } from "./scratch.ts";
import { cutEvenly, taskCount } from "./sections.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { IdColumn, Topology, TopologyPartition } from "./topology.ts";

/** Vertices and edges a partition, unless the caller says how many partitions: a few milliseconds of work. */
const elementsPerPartition = 262144;
/** Enough partitions for any number of threads of one machine; more would only cost tasks. */
const maxDefaultPartitions = 64;
const maxPartitions = 65536;

/** Number of partitions of a graph of this size: depends on the graph alone, so that results need not be cut again. */
export function defaultNumPartitions(numVertices: number, numEdges: number): number {
  const wanted = Math.ceil((numVertices + numEdges) / elementsPerPartition);
  return Math.max(1, Math.min(maxDefaultPartitions, wanted));
}

/** @throws SuperstepError INVALID_ARGUMENT unless `numPartitions` is an integer from 1 to 65536, or undefined. */
export function checkNumPartitions(where: string, numPartitions: number | undefined): void {
  if (numPartitions === undefined) return;
  if (Number.isInteger(numPartitions) && numPartitions >= 1 && numPartitions <= maxPartitions) return;
  throw invalidArgument(where, "numPartitions", `an integer from 1 to ${maxPartitions}`, numPartitions);
}

/** Edges in order, as columns of the scratch. */
export interface RowsInput {
  readonly numVertices: number;
  readonly numEdges: number;
  readonly ids: IdColumn;
  readonly neighbours: ColumnRef<"uint32">;
  /** numVertices + 1 entries. Freed. */
  readonly rowStart: ColumnRef<"uint32">;
  /** Default: by the size of the graph. */
  readonly numPartitions?: number | undefined;
}

/** Makes a topology of edges in order. Its columns stay the scratch's until `keepTopology`. */
export async function partitionRows(runner: TaskRunner, input: RowsInput, scratch: Scratch): Promise<Topology> {
  const { numVertices, numEdges, ids, neighbours, rowStart } = input;
  const { arena } = runner;
  const numPartitions = input.numPartitions ?? defaultNumPartitions(numVertices, numEdges);
  const bounds = balancedBounds(arena.view(rowStart), numVertices, numPartitions);
  const { offsets, slices } = await cutOffsets(runner, rowStart, bounds, scratch);
  const starts = arena.view(rowStart);
  const partitions = slices.map((own, partition): TopologyPartition => {
    const from = bounds[partition]!;
    const to = bounds[partition + 1]!;
    const firstEdge = starts[from]!;
    const inRows = {
      numRows: to - from,
      firstRow: from,
      offsets: own,
      neighbours: arena.slice(neighbours, firstEdge, starts[to]!),
      firstEdge,
    };
    return { from, to, inRows };
  });
  scratch.free(rowStart);
  const columns = [neighbours, offsets, ...idColumns(ids)];
  return { numVertices, numEdges, ids, partitions, columns };
}

/** Hands the topology to the caller, who frees it from now on. */
export function keepTopology(scratch: Scratch, topology: Topology): Topology {
  for (const column of topology.columns) scratch.keep(column);
  return topology;
}

/** The columns that hold ids. */
export function idColumns(ids: IdColumn): ColumnRef[] {
  return ids.kind === "string" ? [ids.offsets, ids.bytes] : [ids.ids];
}

/** One column of offsets from 0 for each range of vertices, as slices of one column. */
export async function cutOffsets(
  runner: TaskRunner,
  rowStart: ColumnRef<"uint32">,
  bounds: readonly number[],
  scratch: Scratch,
): Promise<{ offsets: ColumnRef<"uint32">; slices: ColumnRef<"uint32">[] }> {
  const numPartitions = bounds.length - 1;
  const numVertices = bounds[numPartitions]!;
  const offsets = scratch.allocate("uint32", numVertices + numPartitions);
  const slices = Array.from({ length: numPartitions }, (_, partition) =>
    runner.arena.slice(offsets, bounds[partition]! + partition, bounds[partition + 1]! + partition + 1),
  );
  const numTasks = Math.min(numPartitions, taskCount(numVertices, runner.numThreads));
  await runner.runTasks({
    name: "cut edges into partitions",
    operator: operatorRef(import.meta.url, "writeOffsets"),
    shared: { rowStart, bounds, slices } satisfies OffsetsShared,
    tasks: cutEvenly(numPartitions, numTasks),
  });
  return { offsets, slices };
}

interface OffsetsShared {
  readonly rowStart: ColumnRef<"uint32">;
  readonly bounds: readonly number[];
  readonly slices: readonly ColumnRef<"uint32">[];
}

/** Operator: writes the offsets of partitions [from, to). */
export function writeOffsets(
  { rowStart, bounds, slices }: OffsetsShared,
  { from, to }: { from: number; to: number },
  task: TaskContext,
): void {
  const starts = task.arena.view(rowStart);
  for (let partition = from; partition < to; partition++) {
    task.throwIfCancelled();
    const first = bounds[partition]!;
    const offsets = task.arena.view(slices[partition]!);
    const base = starts[first]!;
    for (let row = 0; row < offsets.length; row++) offsets[row] = starts[first + row]! - base;
  }
}

/** numPartitions + 1 vertices that cut [0, numVertices), so that each range has about as many vertices plus edges. */
function balancedBounds(rowStart: Uint32Array, numVertices: number, numPartitions: number): number[] {
  const total = numVertices + rowStart[numVertices]!;
  const bounds = [0];
  for (let partition = 1; partition < numPartitions; partition++) {
    const wanted = (total * partition) / numPartitions;
    let low = bounds[partition - 1]!;
    let high = numVertices;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (middle + rowStart[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    bounds.push(low);
  }
  bounds.push(numVertices);
  return bounds;
}
