import { operatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { EdgeChunk } from "../edgeChunk.ts";
import {
  checkCount,
  consecutiveVertices,
  generateEdges,
  openChunk,
  type ChunkRange,
  type GeneratedGraph,
} from "./generatedGraph.ts";

/**
 * A star of n vertices: i -> 0 for every i from 1 to n - 1.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless n is an integer from 1 to 2^32 - 1.
 */
export async function star(runner: TaskRunner, n: number): Promise<GeneratedGraph> {
  checkCount("star", "n", n);
  const edges = await generateEdges(runner, "a star", operatorRef(import.meta.url, "starChunk"), undefined, n - 1);
  return { edges, vertices: await consecutiveVertices(runner, n) };
}

/** Operator: edges [from, to). */
export function starChunk(_shared: undefined, { from, to }: ChunkRange, task: TaskContext): EdgeChunk {
  task.throwIfCancelled();
  const { src, chunk } = openChunk(to - from); // every dst is 0 already
  for (let edge = 0; edge < to - from; edge++) src[edge] = from + edge + 1;
  return chunk;
}
