import { operatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { EdgeChunk, VertexChunk } from "../edgeChunk.ts";
import {
  checkCount,
  cutChunks,
  numberColumn,
  openChunk,
  vertexChunk,
  type ChunkRange,
  type GeneratedGraph,
} from "./generatedGraph.ts";

interface Size {
  readonly rows: number;
  readonly cols: number;
}

/**
 * A grid: vertex r * cols + c at row r and column c, with the attributes `row` and `col`, and edges to the right and
 * downwards.
 *
 * @throws SuperstepError INVALID_ARGUMENT unless rows and cols are integers >= 1, of at most 2^31 vertices.
 */
export async function grid(runner: TaskRunner, rows: number, cols: number): Promise<GeneratedGraph> {
  checkCount("grid", "rows", rows);
  checkCount("grid", "cols", cols);
  checkCount("grid", "number of edges, about 2 * rows * cols,", 2 * rows * cols);
  const shared: Size = { rows, cols };
  const tasks = cutChunks(rows * cols);
  const edges = await runner.runTasks<EdgeChunk>({
    name: "generate a grid",
    operator: operatorRef(import.meta.url, "gridEdges"),
    shared,
    tasks,
  });
  const vertices = await runner.runTasks<VertexChunk>({
    name: "number vertices",
    operator: operatorRef(import.meta.url, "gridVertices"),
    shared,
    tasks,
  });
  return { edges, vertices };
}

/** Operator: edges that start at vertices [from, to): to the right, then downwards. */
export function gridEdges({ rows, cols }: Size, { from, to }: ChunkRange, task: TaskContext): EdgeChunk {
  task.throwIfCancelled();
  const isLastCol = (vertex: number): boolean => vertex % cols === cols - 1;
  const lastRow = (rows - 1) * cols;
  let numEdges = 0;
  for (let vertex = from; vertex < to; vertex++) numEdges += (isLastCol(vertex) ? 0 : 1) + (vertex < lastRow ? 1 : 0);
  const { src, dst, chunk } = openChunk(numEdges);
  let edge = 0;
  for (let vertex = from; vertex < to; vertex++) {
    if (!isLastCol(vertex)) {
      src[edge] = vertex;
      dst[edge++] = vertex + 1;
    }
    if (vertex < lastRow) {
      src[edge] = vertex;
      dst[edge++] = vertex + cols;
    }
  }
  return chunk;
}

/** Operator: vertices [from, to) with their row and column. */
export function gridVertices({ cols }: Size, { from, to }: ChunkRange, task: TaskContext): VertexChunk {
  task.throwIfCancelled();
  const row = numberColumn("row", to - from);
  const col = numberColumn("col", to - from);
  for (let vertex = from; vertex < to; vertex++) {
    row.values[vertex - from] = Math.floor(vertex / cols);
    col.values[vertex - from] = vertex % cols;
  }
  return vertexChunk(from, to, [row, col]);
}
