/**
 * Triangles: how many sets of three vertices, each two of them neighbours, a vertex is in.
 *
 * Input       direction, parallel edges, self-loops and attributes do not matter; edge attributes survive
 * Output      vertex attribute = number of triangles, 0 where there is none; `total` = their sum / 3
 * Method      the kernel `kernels/triangles.ts`; with executors, sets of neighbours by `aggregateMessages`
 * Messages    without the kernel, two per edge of a triangle, of one id and one number each
 * Memory      kernel: 14 bytes an edge at most, 32 a vertex, 5 more for each thread; else each vertex's neighbours as a list
 * Reference   GraphX's TriangleCount, which wants its input canonical
 */
import type { Graph } from "../graph.ts";
import { computedColumns } from "../kernels/kernelColumns.ts";
import { trianglesAt } from "../kernels/triangles.ts";
import { sumVertices } from "../operators/sumVertices.ts";
import type { Run, VertexId } from "../types.ts";
import { temporarily } from "./temporarily.ts";

/** How triangles are counted. */
export interface TriangleCountOptions {
  /** Cancels the run, which fails with CANCELLED. */
  readonly signal?: AbortSignal;
}

/** Triangles at each vertex, and in all. `supersteps` is 0. */
export interface TriangleRun<ED> extends Run<number, ED, Graph<number, ED>> {
  readonly total: number;
}

/** Counts triangles. */
export async function triangleCount<VD, ED>(
  graph: Graph<VD, ED>,
  { signal }: TriangleCountOptions = {},
): Promise<TriangleRun<ED>> {
  if (!graph.ctx.driver.isLocal) return triangleCountByMessages(graph);
  const { parts } = graph;
  const { vertices } = await computedColumns(parts, () =>
    parts.shape.use((shape) => trianglesAt(parts.ctx.driver, shape, signal)),
  );
  return finish(graph.derive<number, ED>({ ...parts, vertices }), "kernel");
}

/** The same by sets of neighbours: the ends of an edge tell each other how many neighbours they have in common. */
export async function triangleCountByMessages<VD, ED>(graph: Graph<VD, ED>): Promise<TriangleRun<ED>> {
  const lists = graph.collectNeighborIds("either");
  const sets = graph.outerJoinVertices(lists, (id, _attr, ids): readonly VertexId[] => {
    const others = new Set<VertexId>(ids);
    others.delete(id);
    return [...others];
  });
  const counted = await temporarily(sets, (neighbours) => {
    const shared = neighbours.aggregateMessages<readonly (readonly [VertexId, number])[]>({
      sendMessage: (edge) => {
        if (edge.srcId === edge.dstId) return;
        const ofSource = new Set(edge.srcAttr);
        const common = edge.dstAttr.reduce<number>((sum, id) => sum + (ofSource.has(id) ? 1 : 0), 0);
        if (common === 0) return;
        edge.sendToSrc([[edge.dstId, common]]);
        edge.sendToDst([[edge.srcId, common]]);
      },
      // of parallel edges, one counts
      mergeMessage: (a, b) => [...new Map([...a, ...b])],
    });
    return graph
      .outerJoinVertices(shared, (_id, _attr, pairs) => (pairs ?? []).reduce((sum, [, common]) => sum + common, 0) / 2)
      .materialize();
  });
  return finish(counted, "program");
}

async function finish<ED>(graph: Graph<number, ED>, method: "kernel" | "program"): Promise<TriangleRun<ED>> {
  const total = (await sumVertices(graph.parts)) / 3;
  return { graph, total, supersteps: 0, converged: true, method };
}
