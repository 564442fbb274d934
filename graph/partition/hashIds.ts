/**
 * Hashes of all vertex ids, as vertex cuts use them.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import type { Scratch } from "./scratch.ts";
import { cutEvenly, taskCount } from "./sections.ts";
import { wordsOf } from "./sharedWords.ts";
import { hashOfInteger } from "./strategy.ts";
import type { TaskRunner } from "./taskRunner.ts";
import type { IdColumn, Topology } from "./topology.ts";
import { hashUtf8, type Words64 } from "./words64.ts";

interface Shared {
  readonly ids: IdColumn;
  readonly hashes: ColumnRef<"uint32">;
}

/** The hash of each vertex as two words, the low one first. A column of the scratch. */
export async function hashIds(
  runner: TaskRunner,
  { ids, numVertices }: Topology,
  scratch: Scratch,
): Promise<ColumnRef<"uint32">> {
  const hashes = scratch.allocate("uint32", 2 * numVertices);
  await runner.runTasks({
    name: "hash vertex ids",
    operator: operatorRef(import.meta.url, "hashRange"),
    shared: { ids, hashes } satisfies Shared,
    tasks: cutEvenly(numVertices, taskCount(numVertices, runner.numThreads)),
  });
  return hashes;
}

/** Operator: hashes the ids of vertices [from, to). */
export function hashRange(shared: Shared, { from, to }: { from: number; to: number }, task: TaskContext): void {
  const hashes = task.arena.view(shared.hashes);
  const hashOf = hasher(shared.ids, task);
  for (let vertex = from; vertex < to; vertex++) {
    const { high, low } = hashOf(vertex);
    hashes[2 * vertex] = low;
    hashes[2 * vertex + 1] = high;
  }
}

function hasher(ids: IdColumn, task: TaskContext): (vertex: number) => Words64 {
  switch (ids.kind) {
    case "uint32": {
      const values = task.arena.view(ids.ids);
      return (vertex) => hashOfInteger({ high: 0, low: values[vertex]! });
    }
    case "int64": {
      const words = wordsOf(task.arena.view(ids.ids));
      return (vertex) => hashOfInteger({ high: words[2 * vertex + 1]!, low: words[2 * vertex]! });
    }
    case "string": {
      const offsets = task.arena.view(ids.offsets);
      const bytes = task.arena.view(ids.bytes);
      return (vertex) => hashUtf8(bytes, offsets[vertex]!, offsets[vertex + 1]!);
    }
  }
}
