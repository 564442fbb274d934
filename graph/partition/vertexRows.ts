/**
 * Which row of a vertex table belongs to which vertex.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import type { IndexColumn } from "./numbering.ts";
import type { Scratch } from "./scratch.ts";
import { cutSections, taskCount, type Section } from "./sections.ts";
import type { TaskRunner } from "./taskRunner.ts";
import { noIndex } from "./topology.ts";
import { viewWords } from "./words.ts";

/** Rows are counted from 0 over all chunks of the table. */
export interface VertexRows {
  /** The vertex of each row. */
  readonly vertices: ColumnRef<"uint32">;
  /** The first row of each vertex, or `noIndex`: a vertex known from edges only. */
  readonly rows: ColumnRef<"uint32">;
  /** How many vertices have no row, and the lowest index among them, if any. */
  readonly numWithoutRow: number;
  readonly firstWithoutRow: number | undefined;
}

interface WriteShared {
  readonly columns: readonly IndexColumn[];
  readonly starts: readonly number[];
  readonly vertices: ColumnRef<"uint32">;
}

interface FirstShared {
  readonly vertices: ColumnRef<"uint32">;
  readonly rows: ColumnRef<"uint32">;
}

type Missing = Pick<VertexRows, "numWithoutRow" | "firstWithoutRow">;

/** Relates the rows, given as columns of indices, to vertices. Columns of the scratch. */
export async function findVertexRows(
  runner: TaskRunner,
  columns: readonly IndexColumn[],
  numVertices: number,
  scratch: Scratch,
): Promise<VertexRows> {
  const lengths = columns.map(({ values }) => values.length);
  let numRows = 0;
  const starts = lengths.map((length) => (numRows += length) - length);
  const vertices = scratch.allocate("uint32", numRows);
  const rows = scratch.allocate("uint32", numVertices);
  await runner.runTasks({
    name: "find the vertex of each row",
    operator: operatorRef(import.meta.url, "writeVertices"),
    shared: { columns, starts, vertices } satisfies WriteShared,
    tasks: cutSections(lengths, taskCount(numRows, runner.numThreads)),
  });
  const [missing] = await runner.runTasks<Missing>({
    name: "find the row of each vertex",
    operator: operatorRef(import.meta.url, "findFirstRows"),
    shared: { vertices, rows } satisfies FirstShared,
    tasks: [undefined],
  });
  return { vertices, rows, ...missing! };
}

/** Hands the columns to the caller. */
export function keepVertexRows(scratch: Scratch, vertexRows: VertexRows): VertexRows {
  scratch.keep(vertexRows.vertices);
  scratch.keep(vertexRows.rows);
  return vertexRows;
}

/** Operator: the vertices of the rows in its sections. */
export function writeVertices(shared: WriteShared, sections: readonly Section[], task: TaskContext): void {
  const vertices = task.arena.view(shared.vertices);
  for (const { item, from, to } of sections) {
    task.throwIfCancelled();
    const column = shared.columns[item]!;
    const values = viewWords(column.values, task.arena);
    const rank = column.rank && viewWords(column.rank, task.arena);
    const start = shared.starts[item]!;
    for (let row = from; row < to; row++) vertices[start + row] = rank ? rank[values[row]!]! : values[row]!;
  }
}

/** Operator: the first row of every vertex; one task, since the order of rows decides. */
export function findFirstRows(shared: FirstShared, _params: undefined, task: TaskContext): Missing {
  const vertices = task.arena.view(shared.vertices);
  const rows = task.arena.view(shared.rows);
  rows.fill(noIndex);
  for (let row = vertices.length - 1; row >= 0; row--) rows[vertices[row]!] = row;
  let numWithoutRow = 0;
  let firstWithoutRow: number | undefined;
  for (let vertex = 0; vertex < rows.length; vertex++) {
    if (rows[vertex] !== noIndex) continue;
    firstWithoutRow ??= vertex;
    numWithoutRow++;
  }
  return { numWithoutRow, firstWithoutRow };
}
