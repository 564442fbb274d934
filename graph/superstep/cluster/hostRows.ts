/**
 * The rows that sparse supersteps walk on one executor: those of its partitions as they are, for vertices of its own that take
 * all their messages at once; and the same edges by their other end, for active vertices, its own and mirrors, that push.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef } from "../../../core/column/types.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../../core/host/task.ts";
import { kernelsOf, type Address } from "../../kernels/kernels.ts";
import type { EdgeRows } from "../../partition/topology.ts";
import type { ScanRows } from "../scan.ts";
import type { Walk } from "../walks.ts";

/** A walk, and the rows it takes: row v holds entries [rowStart[v], rowStart[v + 1]). */
export interface WalkedRows {
  readonly walk: Walk;
  /** A word a vertex, and one more. Of a pull, those of the host's own vertices alone mean something. */
  readonly rowStart: ColumnRef<"uint32">;
  /** One word an entry: the vertex at the other end. */
  readonly neighbours: Address;
  /** One word an entry, its edge; 0 where entry e is edge e. */
  readonly positions: Address;
}

/** What the tasks that build rows share: each has columns of these for itself, in the arena of its host. */
export interface HostRowsInput {
  readonly walks: readonly WalkedRows[];
  readonly numVertices: number;
  /** Columns to be filled with zeros. */
  readonly cleared: readonly ColumnRef<"uint32">[];
}

/** Rows of the partitions of one host, in order. */
export interface HostRowsTask {
  readonly rows: readonly ScanRows[];
}

export const buildHostRowsRef: OperatorRef = operatorRef(import.meta.url, "buildHostRows");

/** Which rows of its partitions a host makes those of a walk from: the ones whose own vertices are sent to. */
export function rowsRead({ side, way }: Walk): "inRows" | "outRows" {
  return (way === "pull") === (side === "in") ? "inRows" : "outRows";
}

/** Vertices between two looks whether the task was cancelled. */
const rowsPerLook = 2 ** 16;

/**
 * Task: writes the rows of one host.
 *
 * Cost: two passes over its edges for each walk that pushes, one over its vertices for others.
 */
export function buildHostRows(
  { walks, numVertices, cleared }: HostRowsInput,
  own: HostRowsTask,
  task: TaskContext,
): void {
  const { arena } = task;
  for (const column of cleared) arena.view(column).fill(0);
  for (const rows of walks) {
    const { way } = rows.walk;
    const read = rowsRead(rows.walk);
    const parts = own.rows.flatMap((part) => part[read] ?? []);
    if (way === "pull") flatten(parts, rows, task);
    else turnRound(parts, rows, numVertices, task);
  }
}

function flatten(parts: readonly EdgeRows[], { rowStart }: WalkedRows, task: TaskContext): void {
  const kernels = kernelsOf(task);
  for (const { offsets, numRows, firstEdge, firstRow, neighbours } of parts) {
    kernels.flattenOffsets(offsets.offset, numRows, firstEdge, rowStart.offset + 4 * firstRow);
    task.arena.view(rowStart)[firstRow + numRows] = firstEdge + neighbours.length;
  }
}

/** The edges by their other end: neighbours ascend, parallel edges stay in their order. */
function turnRound(parts: readonly EdgeRows[], turned: WalkedRows, numVertices: number, task: TaskContext): void {
  const { arena } = task;
  const next = arena.view(turned.rowStart);
  next.fill(0);
  let numEdges = 0;
  for (const { neighbours } of parts) {
    const others = arena.view(neighbours);
    for (let entry = 0; entry < others.length; entry++) next[others[entry]! + 1]!++;
    numEdges += others.length;
    task.throwIfCancelled();
  }
  for (let vertex = 0; vertex < numVertices; vertex++) next[vertex + 1]! += next[vertex]!;
  const neighbours = words(arena, turned.neighbours, numEdges);
  const positions = words(arena, turned.positions, numEdges);
  for (const part of parts) {
    const offsets = arena.view(part.offsets);
    const others = arena.view(part.neighbours);
    const edges = part.positions && arena.view(part.positions);
    for (let row = 0; row < part.numRows; row++) {
      if (row % rowsPerLook === 0) task.throwIfCancelled();
      for (let entry = offsets[row]!; entry < offsets[row + 1]!; entry++) {
        const at = next[others[entry]!]!++;
        neighbours[at] = part.firstRow + row;
        positions[at] = edges === undefined ? part.firstEdge + entry : edges[entry]!;
      }
    }
  }
  // each word is now where its row ends
  next.copyWithin(1, 0, numVertices);
  next[0] = 0;
}

function words(arena: Arena, offset: Address, length: number): Uint32Array {
  return arena.view({ type: "uint32", offset, length });
}
