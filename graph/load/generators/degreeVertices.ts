/**
 * Vertices with their out-degree as attribute.
 */
import type { ColumnRef } from "../../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../../core/host/task.ts";
import { once } from "../../partition/once.ts";
import { Scratch } from "../../partition/scratch.ts";
import { sharedWords } from "../../partition/sharedWords.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { EdgeChunk, VertexChunk } from "../edgeChunk.ts";
import { cutChunks, numberColumn, type ChunkRange } from "./generatedGraph.ts";

interface Shared {
  readonly edges: readonly EdgeChunk[];
  /** By id. */
  readonly outDegrees: ColumnRef<"uint32">;
  /** By id: 1 if an edge starts or ends there. */
  readonly isTouched: ColumnRef<"uint8">;
  /** A byte a chunk of edges. */
  readonly progress: ColumnRef<"uint8">;
  /** Whether vertices without edges are among the result. */
  readonly hasAll: boolean;
}

/** Vertices 0 to numVertices - 1, or those of them that have an edge, with the attribute `outDegree`. */
export async function degreeVertices(
  runner: TaskRunner,
  edges: readonly EdgeChunk[],
  numVertices: number,
  hasAll: boolean,
): Promise<VertexChunk[]> {
  const scratch = new Scratch(runner.arena, "degrees");
  try {
    const outDegrees = scratch.allocate("uint32", numVertices);
    const isTouched = scratch.allocate("uint8", numVertices);
    const progress = scratch.allocate("uint8", edges.length);
    const shared: Shared = { edges, outDegrees, isTouched, progress, hasAll };
    await runner.runTasks({
      name: "count outgoing edges",
      operator: operatorRef(import.meta.url, "countChunk"),
      shared,
      tasks: edges.map((_, chunk) => chunk),
    });
    return await runner.runTasks<VertexChunk>({
      name: "number vertices",
      operator: operatorRef(import.meta.url, "degreeChunk"),
      shared,
      tasks: cutChunks(numVertices),
    });
  } finally {
    scratch.freeAll();
  }
}

/** Operator: counts the edges of a chunk. Tasks count in the same column: sums do not depend on who comes first. */
export function countChunk(shared: Shared, chunk: number, task: TaskContext): void {
  task.throwIfCancelled();
  const outDegrees = task.arena.view(shared.outDegrees);
  const isTouched = task.arena.view(shared.isTouched);
  const { src, dst } = shared.edges[chunk]!;
  if (src.kind !== "uint32" || dst.kind !== "uint32") throw new Error("generated ids are 32-bit");
  const sources = src.values;
  const targets = dst.values;
  once(task.arena.view(shared.progress), chunk, () => {
    for (const id of sources) {
      Atomics.add(outDegrees, id, 1);
      isTouched[id] = 1;
    }
    for (const id of targets) isTouched[id] = 1;
  });
}

/** Operator: vertices [from, to), or those of them that have an edge. */
export function degreeChunk(shared: Shared, { from, to }: ChunkRange, task: TaskContext): VertexChunk {
  task.throwIfCancelled();
  const outDegrees = task.arena.view(shared.outDegrees);
  const isTouched = task.arena.view(shared.isTouched);
  let numVertices = 0;
  for (let id = from; id < to; id++) if (shared.hasAll || isTouched[id] === 1) numVertices++;
  const values = sharedWords(numVertices);
  const degrees = numberColumn("outDegree", numVertices);
  for (let id = from, row = 0; id < to; id++) {
    if (!shared.hasAll && isTouched[id] === 0) continue;
    values[row] = id;
    degrees.values[row] = outDegrees[id]!;
    row++;
  }
  return { numVertices, ids: { kind: "uint32", values }, attrs: [degrees] };
}
