/**
 * The vertices that stay of a graph, numbered anew in the same order.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { copyIds } from "./idColumn.ts";
import type { Scratch } from "./scratch.ts";
import { cutEvenly, taskCount } from "./sections.ts";
import type { TaskRunner } from "./taskRunner.ts";
import { noIndex, type IdColumn } from "./topology.ts";

/** Columns of the scratch. */
export interface SelectedIds {
  readonly numVertices: number;
  readonly ids: IdColumn;
  /** Old index by new one. */
  readonly vertexMap: ColumnRef<"uint32">;
  /** New index by old one, `noIndex` for vertices that go; absent if all stay. */
  readonly vertexRank: ColumnRef<"uint32"> | undefined;
}

type Flags = ColumnRef<"uint8" | "boolean">;

interface CountShared {
  readonly keep: Flags | undefined;
  readonly ids: IdColumn;
}

/** Vertices, and bytes of string ids, that stay. */
interface Kept {
  readonly vertices: number;
  readonly bytes: number;
}

interface VertexRange {
  readonly from: number;
  readonly to: number;
}

interface WriteShared extends CountShared {
  readonly newIds: IdColumn | undefined;
  readonly vertexMap: ColumnRef<"uint32">;
  readonly vertexRank: ColumnRef<"uint32"> | undefined;
}

interface WriteTask extends VertexRange {
  /** What stays of the vertices before. */
  readonly before: Kept;
}

/** Selects the vertices whose flag is not 0; all of them without flags. */
export async function selectIds(
  runner: TaskRunner,
  ids: IdColumn,
  oldVertices: number,
  keep: Flags | undefined,
  scratch: Scratch,
): Promise<SelectedIds> {
  const ranges = cutEvenly(oldVertices, taskCount(oldVertices, runner.numThreads));
  const counts = await runner.runTasks<Kept>({
    name: "count vertices that stay",
    operator: operatorRef(import.meta.url, "countKept"),
    shared: { keep, ids } satisfies CountShared,
    tasks: ranges,
  });
  let numVertices = 0;
  let numBytes = 0;
  const tasks = ranges.map((range, task): WriteTask => {
    const before = { vertices: numVertices, bytes: numBytes };
    numVertices += counts[task]!.vertices;
    numBytes += counts[task]!.bytes;
    return { ...range, before };
  });
  const areAll = numVertices === oldVertices;
  const newIds = areAll ? copyIds(runner.arena, ids, scratch) : allocateIds(ids.kind, numVertices, numBytes, scratch);
  const vertexMap = scratch.allocate("uint32", numVertices);
  const vertexRank = areAll ? undefined : scratch.allocate("uint32", oldVertices);
  await runner.runTasks({
    name: "number vertices that stay",
    operator: operatorRef(import.meta.url, "writeKept"),
    shared: { keep, ids, newIds: areAll ? undefined : newIds, vertexMap, vertexRank } satisfies WriteShared,
    tasks,
  });
  if (!areAll && newIds.kind === "string") runner.arena.view(newIds.offsets)[numVertices] = numBytes;
  return { numVertices, ids: newIds, vertexMap, vertexRank };
}

/** Operator: what stays of the vertices [from, to). */
export function countKept({ keep, ids }: CountShared, { from, to }: VertexRange, task: TaskContext): Kept {
  const flags = keep && task.arena.view(keep);
  const offsets = ids.kind === "string" ? task.arena.view(ids.offsets) : undefined;
  let vertices = 0;
  let bytes = 0;
  for (let vertex = from; vertex < to; vertex++) {
    if (flags && flags[vertex] === 0) continue;
    vertices++;
    if (offsets) bytes += offsets[vertex + 1]! - offsets[vertex]!;
  }
  return { vertices, bytes };
}

/** Operator: writes both maps, and ids unless they are copied whole, for the vertices [from, to). */
export function writeKept(shared: WriteShared, { from, to, before }: WriteTask, task: TaskContext): void {
  const { arena } = task;
  const flags = shared.keep && arena.view(shared.keep);
  const vertexMap = arena.view(shared.vertexMap);
  const vertexRank = shared.vertexRank && arena.view(shared.vertexRank);
  const { ids, newIds } = shared;
  let index = before.vertices;
  for (let vertex = from; vertex < to; vertex++) {
    const stays = !flags || flags[vertex] !== 0;
    if (vertexRank) vertexRank[vertex] = stays ? index : noIndex;
    if (stays) vertexMap[index++] = vertex;
  }
  if (!newIds) return;
  const kept = vertexMap.subarray(before.vertices, index);
  if (ids.kind === "string" && newIds.kind === "string") {
    const offsets = arena.view(ids.offsets);
    const bytes = arena.view(ids.bytes);
    const newOffsets = arena.view(newIds.offsets);
    const newBytes = arena.view(newIds.bytes);
    let at = before.bytes;
    kept.forEach((vertex, place) => {
      newOffsets[before.vertices + place] = at;
      for (let byte = offsets[vertex]!; byte < offsets[vertex + 1]!; byte++) newBytes[at++] = bytes[byte]!;
    });
  } else if (ids.kind === "int64" && newIds.kind === "int64") {
    const values = arena.view(ids.ids);
    const output = arena.view(newIds.ids);
    kept.forEach((vertex, place) => (output[before.vertices + place] = values[vertex]!));
  } else if (ids.kind === "uint32" && newIds.kind === "uint32") {
    const values = arena.view(ids.ids);
    const output = arena.view(newIds.ids);
    kept.forEach((vertex, place) => (output[before.vertices + place] = values[vertex]!));
  }
}

function allocateIds(kind: IdColumn["kind"], numVertices: number, numBytes: number, scratch: Scratch): IdColumn {
  switch (kind) {
    case "uint32":
      return { kind, ids: scratch.allocate("uint32", numVertices) };
    case "int64":
      return { kind, ids: scratch.allocate("int64", numVertices) };
    case "string":
      return { kind, offsets: scratch.allocate("uint32", numVertices + 1), bytes: scratch.allocate("uint8", numBytes) };
  }
}
