/**
 * Connected components by sampling and union-find.
 *
 * Method      Afforest: hang every vertex below its first neighbour if that has a lower index, link it with one more, find
 *             the tree that most of a sample of vertices are in, then link with all neighbours; inside that largest tree
 *             an edge is only looked at. Trees are linked by compare and swap, the higher root below the lower, so a root
 *             is the lowest index of its component whatever the order of links.
 * Cost        one pass over the edges, none if the largest tree has all vertices; 8 bytes a vertex besides the labels
 * Reference   Sutton, Ben-Nun, Barak: Optimizing Parallel Graph Connectivity Computation via Subgraph Sampling (2018)
 */
import { uncleared } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { Scratch } from "../partition/scratch.ts";
import type { TaskRunner } from "../partition/taskRunner.ts";
import type { IdColumn, Topology } from "../partition/topology.ts";
import { joinCrew, type Phase } from "./crew.ts";
import { evenChunks, flatRows, flattenPhase, rowChunks, type FlatRows, type RowChunks } from "./flatRows.ts";
import { kernelsOf } from "./kernels.ts";
import { runKernel, type KernelShared } from "./runKernel.ts";

interface ComponentsShared extends KernelShared {
  readonly numVertices: number;
  readonly rows: FlatRows;
  readonly parents: ColumnRef<"uint32">;
  /** A bit a vertex, in whole words of 64: set outside of the largest tree. */
  readonly others: ColumnRef<"uint32">;
  /** A bit for each eight vertices of which one is outside. */
  readonly groups: ColumnRef<"uint32">;
  /** How many are. */
  readonly numOthers: ColumnRef<"int32">;
  /** Until they are written, a neighbour of each vertex. */
  readonly labels: ColumnRef<"float64">;
  /** Ids to write as labels; without them indices are written. */
  readonly ids?: ColumnRef<"uint32"> | ColumnRef<"int64">;
}

/** Vertices that are asked which tree they are in. */
const numAsked = 1024;

/**
 * The lowest index in the component of each vertex, or its id if `ids` are given: those of 64 bits must be exact as
 * doubles. The column belongs to the caller.
 */
export async function components(
  runner: TaskRunner,
  topology: Topology,
  ids: Exclude<IdColumn, { kind: "string" }> | undefined,
  signal?: AbortSignal,
): Promise<{ readonly data: ColumnRef<"float64"> }> {
  const { numVertices, partitions } = topology;
  const scratch = new Scratch(runner.arena, "connectedComponents");
  try {
    const shared: Omit<ComponentsShared, "control"> = {
      numVertices,
      rows: flatRows(
        partitions.map(({ inRows }) => inRows),
        numVertices,
        scratch,
      ),
      parents: scratch.allocate("uint32", numVertices, uncleared),
      others: scratch.allocate("uint32", 2 * Math.ceil(numVertices / 64), uncleared),
      groups: scratch.allocate("uint32", Math.ceil(numVertices / 256), uncleared),
      numOthers: scratch.allocate("int32", 1, uncleared),
      labels: scratch.allocate("float64", numVertices, uncleared),
      ...(ids && { ids: ids.ids }),
    };
    const operator = operatorRef(import.meta.url, "findComponents");
    await runKernel<true>(runner, { name: "connectedComponents", operator, shared, signal }, scratch);
    return { data: scratch.keep(shared.labels) };
  } finally {
    scratch.freeAll();
  }
}

/** Operator: a member of the crew. True on its leader. */
export function findComponents(shared: ComponentsShared, _member: number, task: TaskContext): true | undefined {
  const { arena } = task;
  const { rows, numVertices, ids } = shared;
  const kernels = kernelsOf(task);
  const [parents, others, labels] = [shared.parents.offset, shared.others.offset, shared.labels.offset];
  const rowStart = rows.rowStart.offset;
  const { neighbours } = rows;
  const byEdges = rowChunks(arena.view(rows.rowStart), rows.numEdges);
  const byVertices = evenChunks(numVertices);
  const groups = shared.groups.offset;
  const numOthers = arena.view(shared.numOthers);
  const over =
    (cuts: RowChunks) =>
    (work: (from: number, to: number) => void): Phase =>
    (chunk) =>
      work(cuts.from(chunk), cuts.from(chunk + 1));
  const [overRows, overVertices] = [over(byEdges), over(byVertices)];
  const phases: Record<Step, Phase> = {
    flatten: flattenPhase(rows, kernels, arena),
    hook: overRows((from, to) => kernels.hook(parents, rowStart, neighbours, labels, from, to)),
    link: overVertices((from, to) => kernels.linkSeconds(parents, labels, from, to)),
    compress: overVertices((from, to) => kernels.compress(parents, from, to)),
    mark: (chunk, _member, [largest]) => {
      const [from, to] = [byVertices.from(chunk), byVertices.from(chunk + 1)];
      Atomics.add(numOthers, 0, kernels.markOthers(parents, others, groups, from, to, largest!));
    },
    rest: overRows((from, to) => kernels.linkRest(parents, rowStart, neighbours, from, to, others, groups)),
    write: overVertices((from, to) => {
      if (ids === undefined) kernels.writeRoots(parents, labels, from, to);
      else if (ids.type === "uint32") kernels.writeIds32(parents, ids.offset, labels, from, to);
      else kernels.writeIds64(parents, ids.offset, labels, from, to);
    }),
  };
  return joinCrew(shared.control, task, phases, (run) => {
    run("flatten", rows.partitions.length);
    run("hook", byEdges.numChunks);
    run("compress", byVertices.numChunks);
    run("link", byVertices.numChunks);
    run("compress", byVertices.numChunks);
    numOthers[0] = 0;
    run("mark", byVertices.numChunks, largestTree(arena.view(shared.parents)));
    if (numOthers[0] > 0) {
      run("rest", byEdges.numChunks);
      run("compress", byVertices.numChunks);
    }
    run("write", byVertices.numChunks);
    return true;
  });
}

type Step = "flatten" | "hook" | "compress" | "link" | "mark" | "rest" | "write";

/** The tree that most of some evenly spread vertices are in. Parents must be roots. */
function largestTree(parents: Uint32Array): number {
  const counts = new Map<number, number>();
  let largest = 0;
  for (let asked = 0; asked < numAsked; asked++) {
    const root = parents[Math.floor((parents.length * asked) / numAsked)]!;
    const count = (counts.get(root) ?? 0) + 1;
    counts.set(root, count);
    if (count > (counts.get(largest) ?? 0)) largest = root;
  }
  return largest;
}
