/**
 * Runs of edges as vertex indices, in the forms in which builders meet them, read block by block.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { EdgeRows } from "./topology.ts";
import { viewWords, type Words } from "./words.ts";

/** Consecutive edges, in input order. Plain data. */
export type EdgeRun =
  /** Columns of indices, or of codes if there are ranks: the index of code c is rank[c]. */
  | {
      readonly kind: "columns";
      readonly numEdges: number;
      readonly src: Words;
      readonly dst: Words;
      readonly srcRank?: Words | undefined;
      readonly dstRank?: Words | undefined;
    }
  /** Rows by destination, as a topology has them. `swap`: read as edges in the other direction. */
  | { readonly kind: "rows"; readonly numEdges: number; readonly rows: EdgeRows; readonly swap: boolean };

/** Receives `length` edges: their ends by index, and the place of the first in its run. */
export type BlockVisitor = (src: Uint32Array, dst: Uint32Array, length: number, first: number) => void;

/** Edges a block: its two columns of indices stay in the first cache. */
const blockEdges = 2048;

/** Calls `visit` with edges [from, to) of `run`, in order, in blocks. The arrays it sees are valid during the call. */
export function forEachBlock(run: EdgeRun, from: number, to: number, arena: Arena, visit: BlockVisitor): void {
  if (run.kind === "rows") {
    forEachRowBlock(run.rows, run.swap, from, to, arena, visit);
    return;
  }
  const src = viewWords(run.src, arena);
  const dst = viewWords(run.dst, arena);
  const readSrc = blockReader(src, run.srcRank && viewWords(run.srcRank, arena));
  const readDst = blockReader(dst, run.dstRank && viewWords(run.dstRank, arena));
  for (let at = from; at < to; at += blockEdges) {
    const end = Math.min(to, at + blockEdges);
    visit(readSrc(at, end), readDst(at, end), end - at, at);
  }
}

/** Reads [at, end) as indices. */
function blockReader(codes: Uint32Array, rank: Uint32Array | undefined): (at: number, end: number) => Uint32Array {
  if (!rank) return (at, end) => codes.subarray(at, end);
  const indices = new Uint32Array(blockEdges);
  return (at, end) => {
    for (let entry = at; entry < end; entry++) indices[entry - at] = rank[codes[entry]!]!;
    return indices;
  };
}

function forEachRowBlock(
  rows: EdgeRows,
  swap: boolean,
  from: number,
  to: number,
  arena: Arena,
  visit: BlockVisitor,
): void {
  const offsets = arena.view(rows.offsets);
  const neighbours = arena.view(rows.neighbours);
  const targets = rows.targets && arena.view(rows.targets);
  const ends = new Uint32Array(blockEdges);
  let row = rowOf(offsets, rows.numRows, from);
  for (let at = from; at < to; at += blockEdges) {
    const end = Math.min(to, at + blockEdges);
    for (let entry = at; entry < end;) {
      while (offsets[row + 1]! <= entry) row++;
      const rowEnd = Math.min(end, offsets[row + 1]!);
      ends.fill(targets ? targets[row]! : rows.firstRow + row, entry - at, rowEnd - at);
      entry = rowEnd;
    }
    const others = neighbours.subarray(at, end);
    visit(swap ? ends : others, swap ? others : ends, end - at, at);
  }
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
