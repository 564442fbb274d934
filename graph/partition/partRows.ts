/**
 * The rows of the parts of a vertex cut, by destination and by source, from edges that stand part by part.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { radixSort } from "./radixSort.ts";
import type { Scratch } from "./scratch.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { CutPart, EdgeRows } from "./topology.ts";

/** Edges part by part. Columns of the scratch. */
export interface PartColumns {
  readonly src: ColumnRef<"uint32">;
  readonly dst: ColumnRef<"uint32">;
  readonly positions: ColumnRef<"uint32">;
}

interface Shared {
  /** In a part by destination, source and input order. */
  readonly byDst: PartColumns;
  /** In a part by source, destination and input order. */
  readonly bySrc: PartColumns;
}

/** Edges [from, to) are one part. */
interface PartRange {
  readonly from: number;
  readonly to: number;
}

/** Rows of a part, by destination and by source. */
interface RowCounts {
  readonly byDst: number;
  readonly bySrc: number;
}

/** Which rows there are, and where they start. */
interface RowHeads {
  readonly targets: ColumnRef<"uint32">;
  readonly offsets: ColumnRef<"uint32">;
}

interface HeadsTask extends PartRange {
  readonly byDst: RowHeads;
  readonly bySrc: RowHeads;
}

/** Makes the rows of each part. `starts`: numParts + 1 entries, where parts start. The columns are the caller's. */
export async function partRows(
  runner: TaskRunner,
  byDst: PartColumns,
  starts: Uint32Array,
  scratch: Scratch,
): Promise<CutPart[]> {
  const { arena } = runner;
  const numParts = starts.length - 1;
  const numEdges = starts[numParts]!;
  const bySrc: PartColumns = {
    src: scratch.allocate("uint32", numEdges),
    dst: scratch.allocate("uint32", numEdges),
    positions: scratch.allocate("uint32", numEdges),
  };
  const shared: Shared = { byDst, bySrc };
  const ranges = Array.from({ length: numParts }, (_, part): PartRange => {
    return { from: starts[part]!, to: starts[part + 1]! };
  });
  const counts = await runner.runTasks<RowCounts>({
    name: "order the edges of each part by source",
    operator: operatorRef(import.meta.url, "sortPart"),
    shared,
    tasks: ranges,
  });
  const inRows = allocateHeads(
    arena,
    counts.map((count) => count.byDst),
    scratch,
  );
  const outRows = allocateHeads(
    arena,
    counts.map((count) => count.bySrc),
    scratch,
  );
  await runner.runTasks({
    name: "make the rows of each part",
    operator: operatorRef(import.meta.url, "writeHeads"),
    shared,
    tasks: ranges.map((range, part): HeadsTask => ({
      ...range,
      byDst: inRows.heads[part]!,
      bySrc: outRows.heads[part]!,
    })),
  });
  const edges = [byDst.src, byDst.positions, bySrc.dst, bySrc.positions];
  for (const column of [...edges, ...inRows.columns, ...outRows.columns]) scratch.keep(column);
  return ranges.map(({ from, to }, part): CutPart => {
    const rowsOf = (heads: RowHeads, neighbours: ColumnRef<"uint32">, positions: ColumnRef<"uint32">): EdgeRows => ({
      numRows: heads.targets.length,
      firstRow: 0,
      ...heads,
      neighbours: arena.slice(neighbours, from, to),
      positions: arena.slice(positions, from, to),
      firstEdge: 0,
    });
    return {
      inRows: rowsOf(inRows.heads[part]!, byDst.src, byDst.positions),
      outRows: rowsOf(outRows.heads[part]!, bySrc.dst, bySrc.positions),
    };
  });
}

/** Operator: the edges of a part by source, and the numbers of its rows. */
export function sortPart({ byDst, bySrc }: Shared, { from, to }: PartRange, task: TaskContext): RowCounts {
  const { arena } = task;
  const numEdges = to - from;
  const read = (column: ColumnRef<"uint32">): Uint32Array => arena.view(column).subarray(from, to);
  const dst = read(byDst.dst);
  const rows = { major: read(byDst.src).slice(), minor: dst.slice(), payload: read(byDst.positions).slice() };
  task.throwIfCancelled();
  const spare = {
    major: new Uint32Array(numEdges),
    minor: new Uint32Array(numEdges),
    payload: new Uint32Array(numEdges),
  };
  const sorted = radixSort(rows, spare, numEdges);
  read(bySrc.src).set(sorted.major);
  read(bySrc.dst).set(sorted.minor);
  read(bySrc.positions).set(sorted.payload!);
  return { byDst: countRuns(dst), bySrc: countRuns(sorted.major) };
}

/** Operator: targets and offsets of the rows of a part. */
export function writeHeads(shared: Shared, { from, to, byDst, bySrc }: HeadsTask, task: TaskContext): void {
  const { arena } = task;
  task.throwIfCancelled();
  writeRuns(arena.view(shared.byDst.dst).subarray(from, to), byDst, arena);
  writeRuns(arena.view(shared.bySrc.src).subarray(from, to), bySrc, arena);
}

/** Heads of all parts, as slices of two columns of the scratch. */
function allocateHeads(
  arena: Arena,
  numRows: readonly number[],
  scratch: Scratch,
): { heads: RowHeads[]; columns: ColumnRef<"uint32">[] } {
  const total = numRows.reduce((sum, count) => sum + count, 0);
  const targets = scratch.allocate("uint32", total);
  const offsets = scratch.allocate("uint32", total + numRows.length);
  let at = 0;
  const heads = numRows.map((count, part) => {
    const from = at;
    at += count;
    return { targets: arena.slice(targets, from, at), offsets: arena.slice(offsets, from + part, at + part + 1) };
  });
  return { heads, columns: [targets, offsets] };
}

/** Runs of equal keys in ascending keys. */
function countRuns(keys: Uint32Array): number {
  let count = 0;
  for (let entry = 0; entry < keys.length; entry++) if (entry === 0 || keys[entry] !== keys[entry - 1]) count++;
  return count;
}

/** Writes each run of equal keys as a row. */
function writeRuns(keys: Uint32Array, heads: RowHeads, arena: Arena): void {
  const targets = arena.view(heads.targets);
  const offsets = arena.view(heads.offsets);
  let row = 0;
  for (let entry = 0; entry < keys.length; entry++) {
    if (entry !== 0 && keys[entry] === keys[entry - 1]) continue;
    targets[row] = keys[entry]!;
    offsets[row] = entry;
    row++;
  }
  offsets[row] = keys.length;
}
