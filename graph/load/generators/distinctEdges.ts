/**
 * The first different edges of an endless random sequence.
 */
import type { ColumnRef } from "../../../core/column/types.ts";
import { invalidArgument } from "../../../core/errors.ts";
import { operatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { EdgeRun } from "../../partition/edgeRun.ts";
import { orderEdges, type OrderedEdges } from "../../partition/orderEdges.ts";
import { Scratch } from "../../partition/scratch.ts";
import { cutEvenly, taskCount } from "../../partition/sections.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { EdgeChunk } from "../edgeChunk.ts";
import { chunkLength, cutChunks, openChunk, type ChunkRange } from "./generatedGraph.ts";
import { generateQuadrants, type QuadrantEdges } from "./quadrants.ts";

interface MarkShared extends OrderedEdges {
  /** A byte a candidate: 1 if no equal one came before it. */
  readonly isFirst: ColumnRef<"uint8">;
}

interface CopyShared {
  readonly candidates: readonly EdgeChunk[];
  readonly isFirst: ColumnRef<"uint8">;
}

/** Of one chunk of candidates, the first `limit` that are marked. */
interface CopyTask {
  readonly index: number;
  readonly limit: number;
}

/** Beyond so many draws the edges that are still missing are too unlikely to be found. */
const maxCandidates = 2 ** 31;

/** Candidates that will repeat others, about: half the pairs of them, times the chance that two are equal. */
export function duplicatesExpected({ chances, scale }: QuadrantEdges, numEdges: number): number {
  const { a, b, c, d } = chances;
  const equal = (a * a + b * b + c * c + d * d) ** scale;
  return Math.ceil(Math.min(numEdges, (numEdges * numEdges * equal) / 2));
}

/**
 * The first `numEdges` different edges of the sequence, in its order. `spare`: how many more candidates to draw at first.
 *
 * Cost: draws candidates, sorts them to find repeated ones, and draws more until there are enough.
 */
export async function distinctEdges(
  runner: TaskRunner,
  source: QuadrantEdges,
  numEdges: number,
  numVertices: number,
  spare: number,
): Promise<EdgeChunk[]> {
  let candidates: EdgeChunk[] = [];
  let wanted = numEdges + spare;
  for (;;) {
    if (wanted > maxCandidates) {
      throw invalidArgument("rmat", "edges", "few enough to be found among the likely ones", numEdges);
    }
    const whole = candidates.filter((chunk) => chunk.numEdges === chunkLength);
    const ranges = cutChunks(wanted).slice(whole.length);
    candidates = [...whole, ...(await generateQuadrants(runner, "an R-MAT graph", source, ranges))];
    const chosen = await chooseFirst(runner, candidates, numEdges, numVertices);
    if (chosen.kind === "enough") return chosen.chunks;
    // As many again as are missing at the present rate, at least a quarter more in all.
    const rate = Math.max(chosen.numDistinct, 1) / wanted;
    wanted = Math.ceil(Math.max(1.25 * wanted, wanted + (numEdges - chosen.numDistinct) / rate));
  }
}

type Chosen =
  { readonly kind: "enough"; readonly chunks: EdgeChunk[] } | { readonly kind: "tooFew"; readonly numDistinct: number };

async function chooseFirst(
  runner: TaskRunner,
  candidates: readonly EdgeChunk[],
  numEdges: number,
  numVertices: number,
): Promise<Chosen> {
  const scratch = new Scratch(runner.arena, "distinct edges");
  try {
    const runs = candidates.map(({ numEdges: count, src, dst }): EdgeRun => {
      if (src.kind !== "uint32" || dst.kind !== "uint32") throw new Error("generated ids are 32-bit");
      return { kind: "columns", numEdges: count, src: src.values, dst: dst.values };
    });
    const ordered = await orderEdges(runner, { runs, numVertices, withOrder: true }, scratch);
    const isFirst = scratch.allocate("uint8", ordered.neighbours.length);
    await runner.runTasks({
      name: "find repeated edges",
      operator: operatorRef(import.meta.url, "markFirst"),
      shared: { ...ordered, isFirst } satisfies MarkShared,
      tasks: cutEvenly(numVertices, taskCount(ordered.neighbours.length, runner.numThreads)),
    });
    const counts = await runner.runTasks<number>({
      name: "count distinct edges",
      operator: operatorRef(import.meta.url, "countFirst"),
      shared: isFirst,
      tasks: cutChunks(ordered.neighbours.length),
    });
    let missing = numEdges;
    const tasks = counts.map((count, index): CopyTask => {
      const limit = Math.min(count, missing);
      missing -= limit;
      return { index, limit };
    });
    if (missing > 0) return { kind: "tooFew", numDistinct: numEdges - missing };
    const chunks = await runner.runTasks<EdgeChunk>({
      name: "copy distinct edges",
      operator: operatorRef(import.meta.url, "copyFirst"),
      shared: { candidates, isFirst } satisfies CopyShared,
      tasks: tasks.filter(({ limit }) => limit > 0),
    });
    return { kind: "enough", chunks };
  } finally {
    scratch.freeAll();
  }
}

/** Operator: marks, of the edges into vertices [from, to), each that has no equal before it. */
export function markFirst(shared: MarkShared, { from, to }: { from: number; to: number }, task: TaskContext): void {
  const { arena } = task;
  const rowStart = arena.view(shared.rowStart);
  const neighbours = arena.view(shared.neighbours);
  const order = arena.view(shared.order!);
  const isFirst = arena.view(shared.isFirst);
  for (let vertex = from; vertex < to; vertex++) {
    const start = rowStart[vertex]!;
    const end = rowStart[vertex + 1]!;
    for (let edge = start; edge < end; edge++) {
      if (edge === start || neighbours[edge] !== neighbours[edge - 1]) isFirst[order[edge]!] = 1;
    }
  }
}

/** Operator: how many of a chunk of candidates are marked. */
export function countFirst(isFirst: ColumnRef<"uint8">, { from, to }: ChunkRange, task: TaskContext): number {
  task.throwIfCancelled();
  const marks = task.arena.view(isFirst);
  let count = 0;
  for (let edge = from; edge < to; edge++) count += marks[edge]!;
  return count;
}

/** Operator: the first marked ones of a chunk of candidates. */
export function copyFirst(
  { candidates, isFirst }: CopyShared,
  { index, limit }: CopyTask,
  task: TaskContext,
): EdgeChunk {
  task.throwIfCancelled();
  const marks = task.arena.view(isFirst).subarray(index * chunkLength);
  const { src, dst } = candidates[index]!;
  const copy = openChunk(limit);
  if (src.kind !== "uint32" || dst.kind !== "uint32") throw new Error("generated ids are 32-bit");
  for (let edge = 0, at = 0; at < limit; edge++) {
    if (marks[edge] === 0) continue;
    copy.src[at] = src.values[edge]!;
    copy.dst[at] = dst.values[edge]!;
    at++;
  }
  return copy.chunk;
}
