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
 * A path of n vertices: 0 -> 1 -> 2 -> … -> n - 1.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless n is an integer from 1 to 2^32 - 1.
 */
export async function path(runner: TaskRunner, n: number): Promise<GeneratedGraph> {
  checkCount("path", "n", n);
  const edges = await generateEdges(runner, "a path", operatorRef(import.meta.url, "pathChunk"), undefined, n - 1);
  return { edges, vertices: await consecutiveVertices(runner, n) };
}

/** Operator: edges [from, to). */
export function pathChunk(_shared: undefined, { from, to }: ChunkRange, task: TaskContext): EdgeChunk {
  task.throwIfCancelled();
  const { src, dst, chunk } = openChunk(to - from);
  for (let edge = 0; edge < to - from; edge++) {
    src[edge] = from + edge;
    dst[edge] = from + edge + 1;
  }
  return chunk;
}
