/**
 * What generators make: edges and vertices in the form in which readers hand them on, ready for `buildTopology`.
 *
 * All generators are functions of their options alone: chunks have a fixed size, and each draws from a random stream of
 * its own, so threads and partitions change nothing. They run on all threads.
 */
import { invalidArgument } from "../../../core/errors.ts";
import type { OperatorRef, TaskContext } from "../../../core/host/task.ts";
import { operatorRef } from "../../../core/host/task.ts";
import { sharedWords } from "../../partition/sharedWords.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { EdgeChunk, RawColumn, VertexChunk } from "../edgeChunk.ts";

/** A graph before it is built. */
export interface GeneratedGraph {
  readonly edges: readonly EdgeChunk[];
  /** All vertices, also those without edges, by ascending id, with the attributes that the generator defines. */
  readonly vertices: readonly VertexChunk[];
}

/** The seed of all generators unless the caller gives one. */
export const defaultSeed = 1;

/** One random stream a generator, so that two of them with one seed are unrelated. */
export const streams = { rmat: 1, kronecker: 2, relabel: 3, uniform: 4, randomEdges: 5, logNormal: 6 } as const;

/** Edges, or vertices, a chunk; part of what seeded generators are defined by. */
export const chunkLength = 262144;

/** Elements [from, to) of what is generated. */
export interface ChunkRange {
  /** Counted from 0. */
  readonly chunk: number;
  readonly from: number;
  readonly to: number;
}

/** The largest number of edges, and one more than the largest id. */
const maxCount = 2 ** 32 - 1;

/** @throws SuperstepError INVALID_ARGUMENT unless `count` is an integer from `least` to 2^32 - 1. */
export function checkCount(where: string, what: string, count: unknown, least = 1): asserts count is number {
  if (Number.isInteger(count) && (count as number) >= least && (count as number) <= maxCount) return;
  throw invalidArgument(where, what, `an integer from ${least} to ${maxCount}`, count);
}

/** @throws SuperstepError INVALID_ARGUMENT unless `seed` is a finite number. */
export function checkSeed(where: string, seed: unknown): asserts seed is number {
  if (!Number.isFinite(seed)) throw invalidArgument(where, "seed", "a finite number", seed);
}

/** Ranges of `length` elements, the last shorter, that cut [0, total). */
export function cutChunks(total: number, length: number = chunkLength): ChunkRange[] {
  return Array.from({ length: Math.ceil(total / length) }, (_, chunk) => ({
    chunk,
    from: chunk * length,
    to: Math.min(total, (chunk + 1) * length),
  }));
}

/** What a generator's operator fills. */
export interface OpenChunk {
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
  readonly chunk: EdgeChunk;
}

/** A chunk of `numEdges` edges 0 -> 0, to be filled. */
export function openChunk(numEdges: number): OpenChunk {
  const src = sharedWords(numEdges);
  const dst = sharedWords(numEdges);
  const chunk: EdgeChunk = {
    numEdges,
    src: { kind: "uint32", values: src },
    dst: { kind: "uint32", values: dst },
    attrs: [],
  };
  return { src, dst, chunk };
}

/** Runs an operator, `(shared, ChunkRange) => EdgeChunk`, for each chunk of `numEdges` edges. */
export function generateEdges(
  runner: TaskRunner,
  name: string,
  operator: OperatorRef,
  shared: unknown,
  numEdges: number,
): Promise<EdgeChunk[]> {
  return runner.runTasks<EdgeChunk>({ name: `generate ${name}`, operator, shared, tasks: cutChunks(numEdges) });
}

/** Vertices 0 to numVertices - 1, without attributes. */
export function consecutiveVertices(runner: TaskRunner, numVertices: number): Promise<VertexChunk[]> {
  return runner.runTasks<VertexChunk>({
    name: "number vertices",
    operator: operatorRef(import.meta.url, "consecutiveChunk"),
    tasks: cutChunks(numVertices),
  });
}

/** Operator: vertices [from, to). */
export function consecutiveChunk(_shared: undefined, { from, to }: ChunkRange, task: TaskContext): VertexChunk {
  task.throwIfCancelled();
  return vertexChunk(from, to, []);
}

/** Vertices [from, to) with attributes. */
export function vertexChunk(from: number, to: number, attrs: readonly RawColumn[]): VertexChunk {
  const values = sharedWords(to - from);
  for (let row = 0; row < values.length; row++) values[row] = from + row;
  return { numVertices: to - from, ids: { kind: "uint32", values }, attrs };
}

/** `length` numbers in shared memory. */
export function numberColumn(name: string, length: number): RawColumn & { type: "number" } {
  return { name, type: "number", values: new Float64Array(new SharedArrayBuffer(8 * length)) };
}
