/**
 * Random edges of a recursive matrix: the adjacency matrix is cut in four again and again, and each edge chooses a
 * quadrant at every level. By Chakrabarti, Zhan and Faloutsos, R-MAT: A Recursive Model for Graph Mining (2004).
 */
import { invalidArgument } from "../../../core/errors.ts";
import { operatorRef, type TaskContext } from "../../../core/host/task.ts";
import { randomFor } from "../../../core/random.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { EdgeChunk } from "../edgeChunk.ts";
import { openChunk, type ChunkRange } from "./generatedGraph.ts";
import { relabel, relabeling } from "./relabel.ts";

/** Chances of the quadrants: neither end in the upper half of ids, only dst, only src, both. */
export interface QuadrantChances {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** A source of random edges among ids [firstId, firstId + 2^scale). Plain data. */
export interface QuadrantEdges {
  readonly seed: number;
  readonly stream: number;
  readonly scale: number;
  readonly chances: QuadrantChances;
  readonly firstId: number;
  /** Whether ids are permuted, so that they say nothing of degrees. */
  readonly isRelabeled: boolean;
}

/** @throws SuperstepError INVALID_ARGUMENT unless the chances are >= 0 and sum to 1, but for rounding. */
export function checkChances(where: string, { a, b, c, d }: QuadrantChances): void {
  const areChances = [a, b, c, d].every((chance) => chance >= 0) && Math.abs(a + b + c + d - 1) < 1e-9;
  if (!areChances) throw invalidArgument(where, "a, b, c, d", "numbers >= 0 with sum 1", [a, b, c, d]);
}

/** Chunks of edges of the endless sequence of `source`. */
export function generateQuadrants(
  runner: TaskRunner,
  name: string,
  source: QuadrantEdges,
  ranges: readonly ChunkRange[],
): Promise<EdgeChunk[]> {
  const operator = operatorRef(import.meta.url, "quadrantChunk");
  return runner.runTasks<EdgeChunk>({ name: `generate ${name}`, operator, shared: source, tasks: ranges });
}

/** Operator: edges [from, to); edge i of the sequence is the same however many are asked for. */
export function quadrantChunk(
  shared: QuadrantEdges,
  { chunk: number, from, to }: ChunkRange,
  task: TaskContext,
): EdgeChunk {
  task.throwIfCancelled();
  const { seed, stream, scale, chances, firstId } = shared;
  const random = randomFor(seed, stream, number);
  const belowB = chances.a * 2 ** 32;
  const belowC = (chances.a + chances.b) * 2 ** 32;
  const belowD = (chances.a + chances.b + chances.c) * 2 ** 32;
  const { src, dst, chunk } = openChunk(to - from);
  for (let edge = 0; edge < to - from; edge++) {
    let source = 0;
    let target = 0;
    for (let level = 0; level < scale; level++) {
      const draw = random.nextUint32();
      source = 2 * source + (draw >= belowC ? 1 : 0);
      target = 2 * target + (draw >= belowD || (draw >= belowB && draw < belowC) ? 1 : 0);
    }
    src[edge] = firstId + source;
    dst[edge] = firstId + target;
  }
  if (shared.isRelabeled) {
    const labels = relabeling(seed, scale);
    for (const ends of [src, dst])
      for (let edge = 0; edge < ends.length; edge++) ends[edge] = relabel(labels, ends[edge]!);
  }
  return chunk;
}
