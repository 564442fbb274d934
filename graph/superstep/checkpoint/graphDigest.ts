/**
 * What a graph is, in a few characters: to tell whether a run that starts again has the graph that it had. Independent
 * of partitions and threads, but for those of an explicit vertex cut, which decide the order in which messages merge.
 */
import { crc32 } from "node:zlib";
import type { Driver } from "../../../core/cluster/driver.ts";
import type { Arena } from "../../../core/column/arena.ts";
import { decodeValues, encodeValues } from "../../../core/column/codec.ts";
import type { ColumnRef, ColumnSet, EncodedChunk } from "../../../core/column/types.ts";
import { sha256 } from "../../../core/function/functionDigest.ts";
import { operatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { EdgeRows, IdColumn, Topology } from "../../partition/topology.ts";
import type { Shape } from "../../shape.ts";

/** A digest each of what a run's result depends on. */
export interface GraphDigest {
  readonly ids: string;
  readonly edges: string;
  readonly vertexAttributes: string;
  readonly edgeAttributes: string;
}

/** One task's share: a piece of a column, the rows of some vertices, or an encoded column. */
export type DigestTask =
  | { readonly of: keyof GraphDigest; readonly kind: "column"; readonly column: ColumnRef }
  | {
      readonly of: keyof GraphDigest;
      readonly kind: "rows";
      /** Vertices [from, to), and the rows in which they may be. */
      readonly from: number;
      readonly to: number;
      readonly rows: readonly EdgeRows[];
    }
  | { readonly of: keyof GraphDigest; readonly kind: "encoded"; readonly chunks: readonly EncodedChunk[] };

/** Elements of a column, vertices of rows, values of an encoded column that are looked at in one go. */
const windowLength = 1 << 20;

/**
 * Digests of a graph: CRC-32 of each 2^20 rows, brought together by SHA-256.
 *
 * Cost: one pass over ids, rows and attributes, on all threads; encoded attributes are decoded.
 */
export async function graphDigest(
  driver: Driver,
  { topology, cut }: Shape,
  vertices: ColumnSet,
  edges: ColumnSet,
): Promise<GraphDigest> {
  const tasks: DigestTask[] = [
    ...idTasks(topology.ids, driver.arena),
    ...rowTasks(topology),
    ...(cut ?? []).flatMap(({ inRows, outRows }) => [
      ...cutTasks(inRows, driver.arena),
      ...cutTasks(outRows, driver.arena),
    ]),
    ...attributeTasks("vertexAttributes", vertices, driver.arena),
    ...attributeTasks("edgeAttributes", edges, driver.arena),
  ];
  const operator = operatorRef(import.meta.url, "digestPiece");
  const digests = await driver.runTasks<readonly number[]>({ name: "checkpoint: digest", operator, tasks });
  const { numVertices, numEdges } = topology;
  const of = (part: keyof GraphDigest, more: unknown): string =>
    sha256(JSON.stringify([more, digests.filter((_crcs, at) => tasks[at]!.of === part)])).slice(0, 32);
  return {
    ids: of("ids", [numVertices, topology.ids.kind]),
    edges: of("edges", [numVertices, numEdges, cut?.length ?? 0]),
    vertexAttributes: of("vertexAttributes", [vertices.schema, vertices.length]),
    edgeAttributes: of("edgeAttributes", [edges.schema, edges.length]),
  };
}

/** Task: CRC-32s of a piece. */
export function digestPiece(_shared: undefined, piece: DigestTask, task: TaskContext): number[] {
  switch (piece.kind) {
    case "column":
      return [crc32(bytesOf(task.arena, piece.column))];
    case "rows":
      return digestRows(piece, task);
    case "encoded":
      return digestEncoded(piece.chunks, task);
  }
}

/** In-degrees, then neighbours, so that it does not matter where partitions begin. */
function digestRows({ from, to, rows }: DigestTask & { kind: "rows" }, task: TaskContext): number[] {
  const degrees = new Uint32Array(to - from);
  let neighboursCrc = 0;
  for (const { firstRow, numRows, offsets, neighbours } of rows) {
    task.throwIfCancelled();
    const [first, end] = [Math.max(from, firstRow), Math.min(to, firstRow + numRows)];
    if (first >= end) continue;
    const starts = task.arena.view(offsets);
    for (let vertex = first; vertex < end; vertex++) {
      degrees[vertex - from] = starts[vertex - firstRow + 1]! - starts[vertex - firstRow]!;
    }
    const slice = task.arena.slice(neighbours, starts[first - firstRow]!, starts[end - firstRow]!);
    neighboursCrc = crc32(bytesOf(task.arena, slice), neighboursCrc);
  }
  return [crc32(new Uint8Array(degrees.buffer)), neighboursCrc];
}

/** Values anew in windows of their own, whatever chunks they come in. */
function digestEncoded(chunks: readonly EncodedChunk[], task: TaskContext): number[] {
  const crcs: number[] = [];
  let pending: unknown[] = [];
  for (const { bytes } of chunks) {
    task.throwIfCancelled();
    for (const value of decodeValues(new Uint8Array(bytes))) {
      pending.push(value);
      if (pending.length < windowLength) continue;
      crcs.push(crc32(encodeValues(pending)));
      pending = [];
    }
  }
  crcs.push(crc32(encodeValues(pending)));
  return crcs;
}

function idTasks(ids: IdColumn, arena: Arena): DigestTask[] {
  const columns = ids.kind === "string" ? [ids.offsets, ids.bytes] : [ids.ids];
  return columns.flatMap((column) => columnTasks("ids", column, arena));
}

function rowTasks({ numVertices, partitions }: Topology): DigestTask[] {
  const tasks: DigestTask[] = [];
  for (let from = 0; from < numVertices; from += windowLength) {
    const to = Math.min(numVertices, from + windowLength);
    const within = partitions.filter((partition) => partition.from < to && partition.to > from);
    tasks.push({ of: "edges", kind: "rows", from, to, rows: within.map(({ inRows }) => inRows) });
  }
  return tasks;
}

function cutTasks({ targets, offsets, neighbours }: EdgeRows, arena: Arena): DigestTask[] {
  const columns = [offsets, neighbours, ...(targets === undefined ? [] : [targets])];
  return columns.flatMap((column) => columnTasks("edges", column, arena));
}

function attributeTasks(of: "vertexAttributes" | "edgeAttributes", { columns }: ColumnSet, arena: Arena): DigestTask[] {
  return columns.flatMap((column): DigestTask[] => {
    if (column.kind === "encoded") return [{ of, kind: "encoded", chunks: column.chunks }];
    const validity = column.validity === undefined ? [] : columnTasks(of, column.validity, arena);
    return [...columnTasks(of, column.data, arena), ...validity];
  });
}

function columnTasks(of: keyof GraphDigest, column: ColumnRef, arena: Arena): DigestTask[] {
  const tasks: DigestTask[] = [];
  for (let from = 0; from < column.length; from += windowLength) {
    const to = Math.min(column.length, from + windowLength);
    tasks.push({ of, kind: "column", column: arena.slice(column, from, to) });
  }
  return tasks;
}

function bytesOf(arena: Arena, column: ColumnRef): Uint8Array {
  const { buffer, byteOffset, byteLength } = arena.view(column);
  return new Uint8Array(buffer, byteOffset, byteLength);
}
