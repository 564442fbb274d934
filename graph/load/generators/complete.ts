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
 * The complete graph of n vertices: i -> j for all i and j that differ, ascending by i, then j.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless n is an integer from 1 to 65536.
 */
export async function complete(runner: TaskRunner, n: number): Promise<GeneratedGraph> {
  checkCount("complete", "n", n);
  checkCount("complete", "number of edges, n * (n - 1),", n * (n - 1), 0);
  const operator = operatorRef(import.meta.url, "completeChunk");
  const edges = await generateEdges(runner, "a complete graph", operator, n, n * (n - 1));
  return { edges, vertices: await consecutiveVertices(runner, n) };
}

/** Operator: edges [from, to) of the complete graph of n vertices. */
export function completeChunk(n: number, { from, to }: ChunkRange, task: TaskContext): EdgeChunk {
  task.throwIfCancelled();
  const { src, dst, chunk } = openChunk(to - from);
  for (let edge = 0; edge < to - from; edge++) {
    const source = Math.floor((from + edge) / (n - 1));
    const target = (from + edge) % (n - 1);
    src[edge] = source;
    dst[edge] = target < source ? target : target + 1;
  }
  return chunk;
}
