/**
 * Runs of edges as vertex indices, in the forms in which builders meet them, read block by block.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import type { Address, Kernels } from "../kernels/kernels.ts";
import type { EdgeRows } from "./topology.ts";
import type { Words } from "./words.ts";

/** Consecutive edges, in input order. Plain data. */
export type EdgeRun =
  /** Columns of indices, or of codes if there are ranks: the index of code c is rank[c]. */
  | {
      readonly kind: "columns";
      readonly numEdges: number;
      readonly src: Words;
      readonly dst: Words;
      readonly srcRank?: ColumnRef<"uint32"> | undefined;
      readonly dstRank?: ColumnRef<"uint32"> | undefined;
    }
  /** Rows by destination, as a topology has them. `swap`: read as edges in the other direction. */
  | { readonly kind: "rows"; readonly numEdges: number; readonly rows: EdgeRows; readonly swap: boolean }
  /** The same with ranks for vertices, each edge led from the higher rank to the lower. */
  | {
      readonly kind: "ranked";
      readonly numEdges: number;
      readonly rows: EdgeRows;
      readonly ranks: ColumnRef<"uint32">;
    };

/** Where blocks are read. */
export interface BlockReading {
  readonly arena: Arena;
  readonly kernels: Kernels;
  /** `blockWords` words of the reader alone. */
  readonly buffer: ColumnRef<"uint32">;
}

/** Gives edges [from, to) of a run, at most `blockEdges` of them, as words in the arena: valid until the next call. */
export type BlockReader = (from: number, to: number) => Address;

/** Edges a block: its two columns of indices stay in the first cache. */
export const blockEdges = 2048;
/** Words of the buffer of a reader. */
export const blockWords: number = 2 * blockEdges;

/** Reads one end of the edges of a run. */
export function endReader(run: EdgeRun, end: "src" | "dst", reading: BlockReading): BlockReader {
  if (run.kind === "columns") {
    const [values, rank] = end === "src" ? [run.src, run.srcRank] : [run.dst, run.dstRank];
    return rankReader(wordReader(values, reading), rank, reading);
  }
  if (run.kind === "ranked") return rankedReader(run.rows, run.ranks, end === "src", reading);
  const isNeighbour = (end === "src") !== run.swap;
  return isNeighbour ? wordReader(run.rows.neighbours, reading) : rowReader(run.rows, reading);
}

/** Calls `visit` with consecutive blocks of [from, to). */
export function forEachBlock(from: number, to: number, visit: (at: number, end: number) => void): void {
  for (let at = from; at < to; at += blockEdges) visit(at, Math.min(to, at + blockEdges));
}

/** Words as they are: copied to the buffer unless they are in the arena. */
export function wordReader(words: Words, { arena, buffer }: Omit<BlockReading, "kernels">): BlockReader {
  if (!(words instanceof Uint32Array)) return (from) => words.offset + 4 * from;
  const copy = arena.view(buffer);
  return (from, to) => {
    copy.set(words.subarray(from, to));
    return buffer.offset;
  };
}

/** The ranks of codes, in the second half of the buffer. */
function rankReader(codes: BlockReader, rank: ColumnRef<"uint32"> | undefined, reading: BlockReading): BlockReader {
  if (rank === undefined) return codes;
  const { kernels, buffer } = reading;
  const out = buffer.offset + 4 * blockEdges;
  return (from, to) => {
    kernels.gatherWords(codes(from, to), rank.offset, to - from, out);
    return out;
  };
}

/** The vertices whose rows hold the edges. */
function rowReader(rows: EdgeRows, { arena, kernels, buffer }: BlockReading): BlockReader {
  const offsets = arena.view(rows.offsets);
  const targets = rows.targets?.offset ?? 0;
  return (from, to) => {
    const row = rowOf(offsets, rows.numRows, from);
    kernels.writeRowVertices(rows.offsets.offset, row, from, to, rows.firstRow, targets, buffer.offset);
    return buffer.offset;
  };
}

/** The higher or the lower ranks of the ends of edges, in the second half of the buffer. */
function rankedReader(
  rows: EdgeRows,
  ranks: ColumnRef<"uint32">,
  isHigher: boolean,
  reading: BlockReading,
): BlockReader {
  const { kernels, buffer } = reading;
  const vertices = rowReader(rows, reading);
  const out = buffer.offset + 4 * blockEdges;
  return (from, to) => {
    kernels.rankEnds(rows.neighbours.offset + 4 * from, vertices(from, to), ranks.offset, to - from, isHigher, out);
    return out;
  };
}

/** The row that holds entry `entry`: the last one that starts at or before it. */
function rowOf(offsets: Uint32Array, numRows: number, entry: number): number {
  let low = 0;
  let high = numRows;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[middle + 1]! <= entry) low = middle + 1;
    else high = middle;
  }
  return low;
}
