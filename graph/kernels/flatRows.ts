/**
 * The rows of all partitions as one pair of arrays, as kernels walk them.
 */
import { uncleared, type Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { assert } from "../../core/errors.ts";
import type { Scratch } from "../partition/scratch.ts";
import type { EdgeRows } from "../partition/topology.ts";
import type { Phase } from "./crew.ts";
import type { Address, Kernels } from "./kernels.ts";

/** Row v holds entries [rowStart[v], rowStart[v + 1]) of `neighbours`. */
export interface FlatRows {
  /** One entry a partition, in order: what `rowStart` is made of. */
  readonly partitions: readonly {
    readonly offsets: Address;
    readonly from: number;
    readonly numRows: number;
    readonly firstEdge: number;
  }[];
  /** numVertices + 1 words, written by `flattenPhase`. */
  readonly rowStart: ColumnRef<"uint32">;
  /** One word an edge. */
  readonly neighbours: Address;
  /** One word an edge, its position; 0 where entry e is edge e. */
  readonly positions: Address;
  readonly numEdges: number;
}

/** Describes rows whose partitions lie one after the other in the arena. `rowStart` belongs to the scratch. */
export function flatRows(rows: readonly EdgeRows[], numVertices: number, scratch: Scratch): FlatRows {
  const first = rows[0]!;
  let numEdges = 0;
  const partitions = rows.map(({ offsets, firstRow, numRows, neighbours, positions, firstEdge }) => {
    const isNext =
      firstEdge === numEdges &&
      neighbours.offset === first.neighbours.offset + 4 * numEdges &&
      positions?.offset === (first.positions && first.positions.offset + 4 * numEdges);
    assert(isNext, "the rows of partitions must lie one after the other");
    numEdges += neighbours.length;
    return { offsets: offsets.offset, from: firstRow, numRows, firstEdge };
  });
  return {
    partitions,
    rowStart: scratch.allocate("uint32", numVertices + 1, uncleared),
    neighbours: first.neighbours.offset,
    positions: first.positions?.offset ?? 0,
    numEdges,
  };
}

/** The phase that writes `rowStart`: one chunk a partition. */
export function flattenPhase(rows: FlatRows, kernels: Kernels, arena: Arena): Phase {
  const last = rows.rowStart.length - 1;
  return (chunk) => {
    const { offsets, from, numRows, firstEdge } = rows.partitions[chunk]!;
    kernels.flattenOffsets(offsets, numRows, firstEdge, rows.rowStart.offset + 4 * from);
    if (chunk === rows.partitions.length - 1) arena.view(rows.rowStart)[last] = rows.numEdges;
  };
}

/** Vertices plus edges of a chunk: some ten microseconds of work, well above what a phase costs. */
const elementsPerChunk = 32768;
const maxChunks = 512;

/** How many chunks to make of so many elements; 0 of none. */
export function chunkCount(numElements: number): number {
  return Math.min(maxChunks, Math.ceil(numElements / elementsPerChunk));
}

/** Chunks of [0, numRows) with about as many rows plus entries each, which start at multiples of 64. */
export interface RowChunks {
  readonly numChunks: number;
  from(chunk: number): number;
}

/** Cuts [0, length) evenly. */
export function evenChunks(length: number): RowChunks {
  const numChunks = chunkCount(length);
  const from = (chunk: number): number =>
    chunk >= numChunks ? length : Math.floor((length * chunk) / numChunks) & ~63;
  return { numChunks, from };
}

/** Cuts rows evenly by `rowStart`, as it stands when a chunk is asked for. */
export function rowChunks(rowStart: Uint32Array, numEdges: number): RowChunks {
  const numRows = rowStart.length - 1;
  const total = numRows + numEdges;
  const numChunks = chunkCount(total);
  return {
    numChunks,
    from: (chunk) => {
      if (chunk >= numChunks) return numRows;
      const weight = (total * chunk) / numChunks;
      let low = 0;
      let high = numRows;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (middle + rowStart[middle]! < weight) low = middle + 1;
        else high = middle;
      }
      return low & ~63;
    },
  };
}

/** Entries [from, to) of chunk `chunk` of a list. */
export function listPart(length: number, chunk: number, numChunks: number): [from: number, to: number] {
  return [Math.floor((length * chunk) / numChunks), Math.floor((length * (chunk + 1)) / numChunks)];
}

/** Words that a member gathers before it appends them to a list; as in `words.as.ts`. */
export const bufferWords = 1024;
