import { operatorRef, type TaskContext } from "../../../core/host/task.ts";
import { randomFor } from "../../../core/random.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { EdgeChunk } from "../edgeChunk.ts";
import {
  checkCount,
  checkSeed,
  consecutiveVertices,
  defaultSeed,
  generateEdges,
  openChunk,
  streams,
  type ChunkRange,
  type GeneratedGraph,
} from "./generatedGraph.ts";

/** What `uniform` generates. */
export interface UniformOptions {
  /** Vertices 0 to vertices - 1. */
  readonly vertices: number;
  readonly edges: number;
  /** Default: 1. */
  readonly seed?: number | undefined;
}

interface Shared {
  readonly seed: number;
  readonly stream: number;
  /** Ids below this are drawn. */
  readonly numIds: number;
  /** The source of all edges; drawn too if absent. */
  readonly src: number | undefined;
}

/**
 * Random edges: both ends of each are drawn from all vertices alike. Self-loops and parallel edges occur.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless `vertices` is an integer from 1 and `edges` from 0, up to 2^32 - 1.
 */
export async function uniform(runner: TaskRunner, options: UniformOptions): Promise<GeneratedGraph> {
  const { vertices, edges, seed = defaultSeed } = options;
  checkCount("uniform", "vertices", vertices);
  checkCount("uniform", "edges", edges, 0);
  checkSeed("uniform", seed);
  const shared: Shared = { seed, stream: streams.uniform, numIds: vertices, src: undefined };
  const operator = operatorRef(import.meta.url, "uniformChunk");
  const chunks = await generateEdges(runner, "random edges", operator, shared, edges);
  return { edges: chunks, vertices: await consecutiveVertices(runner, vertices) };
}

/**
 * `count` edges from vertex `src` to ids drawn from [0, maxId).
 *
 * @throws SuperstepError INVALID_ARGUMENT unless `src` and `count` are integers >= 0 and `maxId` is one >= 1.
 */
export function randomEdges(
  runner: TaskRunner,
  src: number,
  count: number,
  maxId: number,
  seed: number = defaultSeed,
): Promise<EdgeChunk[]> {
  checkCount("randomEdges", "src", src, 0);
  checkCount("randomEdges", "count", count, 0);
  checkCount("randomEdges", "maxId", maxId);
  checkSeed("randomEdges", seed);
  const shared: Shared = { seed, stream: streams.randomEdges, numIds: maxId, src };
  return generateEdges(runner, "random edges", operatorRef(import.meta.url, "uniformChunk"), shared, count);
}

/** Operator: edges [from, to). */
export function uniformChunk(shared: Shared, { chunk: number, from, to }: ChunkRange, task: TaskContext): EdgeChunk {
  task.throwIfCancelled();
  const { seed, stream, numIds } = shared;
  const random = randomFor(seed, stream, number, shared.src ?? -1);
  const { src, dst, chunk } = openChunk(to - from);
  for (let edge = 0; edge < to - from; edge++) {
    src[edge] = shared.src ?? random.nextInt(numIds);
    dst[edge] = random.nextInt(numIds);
  }
  return chunk;
}
