/**
 * The compiled kernels in a thread: one WebAssembly instance over the thread's arena.
 *
 * Addresses are byte offsets in the arena, below 2^32. What the functions do stands in the `.as.ts` file that has them.
 */
import { readFileSync } from "node:fs";
import type { TaskContext } from "../../core/host/task.ts";

/** A byte offset in the arena. */
export type Address = number;

/** The exports of the module. Rows are `rowStart`, numVertices + 1 words, and `neighbours`, one word an edge. */
export interface Kernels {
  flattenOffsets(offsets: Address, numRows: number, firstEdge: number, rowStart: Address): void;

  largestWord(words: Address, length: number, least: number): number;
  markWords(words: Address, length: number, marks: Address): void;
  countMarks(marks: Address, from: number, to: number): number;
  numberMarks(marks: Address, from: number, to: number, index: number, ids: Address, ranks: Address): void;

  gatherWords(codes: Address, table: Address, length: number, out: Address): void;
  writeRowVertices(
    offsets: Address,
    row: number,
    from: number,
    to: number,
    firstRow: number,
    targets: Address,
    out: Address,
  ): void;
  countKeys(keys: Address, length: number, shift: number, counts: Address): void;
  scatterEdges(
    src: Address,
    dst: Address,
    length: number,
    first: number,
    shift: number,
    next: Address,
    neighbours: Address,
    lowDst: Address,
    order: Address,
  ): void;
  sortBucket(
    neighbours: Address,
    lowDst: Address,
    order: Address,
    start: number,
    length: number,
    firstVertex: number,
    numRows: number,
    rowStart: Address,
    spare: Address,
    counters: Address,
  ): void;

  listMarked(marks: Address, numVertices: number, list: Address): number;
  listTouched(summary: Address, numWords: number, bits: Address, list: Address): number;
  unmark(list: Address, count: number, marks: Address): void;
  countEntries(list: Address, count: number, rowStart: Address): number;
  writeSpans(
    list: Address,
    count: number,
    from: number,
    to: number,
    blockLength: number,
    rowStart: Address,
    neighbours: Address,
    spans: Address,
  ): void;

  hook(parents: Address, rowStart: Address, neighbours: Address, seconds: Address, from: number, to: number): void;
  linkSeconds(parents: Address, seconds: Address, from: number, to: number): void;
  markOthers(parents: Address, others: Address, groups: Address, from: number, to: number, largest: number): number;
  linkRest(
    parents: Address,
    rowStart: Address,
    neighbours: Address,
    from: number,
    to: number,
    others: Address,
    groups: Address,
  ): void;
  compress(parents: Address, from: number, to: number): void;
  writeRoots(parents: Address, labels: Address, from: number, to: number): void;
  writeIds32(parents: Address, ids: Address, labels: Address, from: number, to: number): void;
  writeIds64(parents: Address, ids: Address, labels: Address, from: number, to: number): void;

  initDepths(depths: Address, from: number, to: number): void;
  searchDown(
    list: Address,
    from: number,
    to: number,
    rowStart: Address,
    neighbours: Address,
    depths: Address,
    depth: number,
    next: Address,
    state: Address,
    buffer: Address,
    degreeStart: Address,
    otherStart: Address,
  ): void;
  searchUp(
    from: number,
    to: number,
    rowStart: Address,
    neighbours: Address,
    depths: Address,
    depth: number,
    frontier: Address,
    next: Address,
    isMore: boolean,
    state: Address,
    degreeStart: Address,
    otherStart: Address,
    spare: Address,
  ): void;
  searchFrom(
    source: number,
    from: number,
    to: number,
    rowStart: Address,
    neighbours: Address,
    depths: Address,
    depth: number,
    next: Address,
    state: Address,
  ): void;
  clearBits(bits: Address, from: number, to: number): void;
  listToBits(list: Address, from: number, to: number, bits: Address): void;
  collectLevel(
    from: number,
    to: number,
    depths: Address,
    depth: number,
    list: Address,
    state: Address,
    buffer: Address,
    degreeStart: Address,
    otherStart: Address,
  ): void;
  writeDepths(depths: Address, values: Address, from: number, to: number): void;

  surveyWeights(weights: Address, from: number, to: number, state: Address): number;
  narrowWeights(weights: Address, from: number, to: number, width: number, out: Address): void;
  gatherWeights(narrow: Address, positions: Address, from: number, to: number, width: number, out: Address): void;
  surveyBounds(lengths: Address, from: number, to: number, state: Address): void;
  initDistances(distances: Address, flags: Address, from: number, to: number): void;
  startDistances(
    values: Address,
    isTurned: boolean,
    initial: number,
    distances: Address,
    flags: Address,
    from: number,
    to: number,
    far: Address,
    state: Address,
    buffer: Address,
  ): void;
  turnDistances(distances: Address, from: number, to: number): void;
  relax(
    list: Address,
    from: number,
    to: number,
    rowStart: Address,
    neighbours: Address,
    positions: Address,
    weights: Address,
    width: number,
    constant: number,
    kind: number,
    distances: Address,
    flags: Address,
    bound: number,
    near: Address,
    far: Address,
    state: Address,
    buffer: Address,
    isFirst: boolean,
  ): void;
  split(
    far: Address,
    from: number,
    to: number,
    distances: Address,
    flags: Address,
    settled: number,
    bound: number,
    near: Address,
    kept: Address,
    state: Address,
    buffer: Address,
  ): void;

  clear(address: Address, numBytes: number): void;
  rankByDegree(rowStart: Address, outDegrees: Address, numVertices: number, buckets: Address, ranks: Address): void;
  rankEnds(a: Address, b: Address, ranks: Address, length: number, isHigher: boolean, out: Address): void;
  countDistinct(rowStart: Address, neighbours: Address, from: number, to: number, counts: Address): void;
  startLists(counts: Address, numRows: number, starts: Address): void;
  copyDistinct(
    rowStart: Address,
    neighbours: Address,
    from: number,
    to: number,
    starts: Address,
    higher: Address,
  ): void;
  countTriangles(
    from: number,
    to: number,
    starts: Address,
    higher: Address,
    lowerStart: Address,
    lowers: Address,
    entries: Address,
    marks: Address,
    counts: Address,
  ): number;
  sumCounts(
    counts: Address,
    stride: number,
    numThreads: number,
    ranks: Address,
    totals: Address,
    from: number,
    to: number,
  ): void;

  tileBlock(
    offsets: Address,
    neighbours: Address,
    numRows: number,
    numSegments: number,
    firstEntry: number,
    minFirstEdges: number,
    slots: Address,
    starts: Address,
    entries: Address,
    spare: Address,
    counters: Address,
  ): void;
}

let compiled: WebAssembly.Module | undefined;

/** The kernels of this thread, compiled at the first call. */
export function kernelsOf(task: TaskContext): Kernels {
  return task.memo("graph/kernels", () => {
    compiled ??= new WebAssembly.Module(readFileSync(new URL("./kernels.wasm", import.meta.url)));
    return new WebAssembly.Instance(compiled, { env: { memory: task.arena.memory } }).exports as unknown as Kernels;
  });
}
