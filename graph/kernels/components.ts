/**
 * Connected components by sampling and union-find.
 *
 * Method      Afforest: link every vertex with its first two neighbours, find the tree that most of a sample of vertices
 *             are in, then link with the other neighbours; inside that largest tree an edge is only looked at. Trees are
 *             linked by compare and swap, the higher root below the lower, so a root is the lowest index of its component
 *             whatever the order of links.
 * Cost        one pass over the edges; 8 bytes a vertex besides the labels
 * Reference   Sutton, Ben-Nun, Barak: Optimizing Parallel Graph Connectivity Computation via Subgraph Sampling (2018)
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import { Scratch } from "../partition/scratch.ts";
import type { TaskRunner } from "../partition/taskRunner.ts";
import type { IdColumn, Topology } from "../partition/topology.ts";
import { joinCrew, type Phase } from "./crew.ts";
import { evenChunks, flatRows, flattenPhase, rowChunks, type FlatRows } from "./flatRows.ts";
import { kernelsOf } from "./kernels.ts";
import { runKernel, type KernelShared } from "./runKernel.ts";

interface ComponentsShared extends KernelShared {
  readonly numVertices: number;
  readonly rows: FlatRows;
  readonly parents: ColumnRef<"uint32">;
  /** A bit a vertex, in whole words of 64: set outside of the largest tree. */
  readonly others: ColumnRef<"uint32">;
  readonly labels: ColumnRef<"float64">;
  /** Ids to write as labels; without them indices are written. */
  readonly ids?: ColumnRef<"uint32"> | ColumnRef<"int64">;
}

/** Neighbours of each vertex that are linked before the largest tree is looked for. */
const numSamples = 2;
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
      parents: scratch.allocate("uint32", numVertices),
      others: scratch.allocate("uint32", 2 * Math.ceil(numVertices / 64)),
      labels: scratch.allocate("float64", numVertices),
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
  const byEdges = rowChunks(arena.view(rows.rowStart), rows.numEdges);
  const byVertices = evenChunks(numVertices);
  const overVertices =
    (work: (from: number, to: number) => void): Phase =>
    (chunk) =>
      work(byVertices.from(chunk), byVertices.from(chunk + 1));
  const phases: Record<Step, Phase> = {
    flatten: flattenPhase(rows, kernels, arena),
    init: overVertices((from, to) => kernels.initParents(parents, from, to)),
    sample: (chunk) => {
      const [from, to] = [byEdges.from(chunk), byEdges.from(chunk + 1)];
      for (let sample = 0; sample < numSamples; sample++) {
        kernels.linkSample(parents, rowStart, rows.neighbours, from, to, sample);
      }
    },
    compress: overVertices((from, to) => kernels.compress(parents, from, to)),
    mark: (chunk, _member, [largest]) =>
      kernels.markOthers(parents, others, byVertices.from(chunk), byVertices.from(chunk + 1), largest!),
    rest: (chunk) => {
      const [from, to] = [byEdges.from(chunk), byEdges.from(chunk + 1)];
      kernels.linkRest(parents, rowStart, rows.neighbours, from, to, numSamples, others);
    },
    write: overVertices((from, to) => {
      if (ids === undefined) kernels.writeRoots(parents, labels, from, to);
      else if (ids.type === "uint32") kernels.writeIds32(parents, ids.offset, labels, from, to);
      else kernels.writeIds64(parents, ids.offset, labels, from, to);
    }),
  };
  return joinCrew(shared.control, task, phases, (run) => {
    run("flatten", rows.partitions.length);
    run("init", byVertices.numChunks);
    run("sample", byEdges.numChunks);
    run("compress", byVertices.numChunks);
    run("mark", byVertices.numChunks, largestTree(arena.view(shared.parents)));
    run("rest", byEdges.numChunks);
    run("compress", byVertices.numChunks);
    run("write", byVertices.numChunks);
    return true;
  });
}

type Step = "flatten" | "init" | "sample" | "compress" | "mark" | "rest" | "write";

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
