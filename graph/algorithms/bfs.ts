/**
 * Breadth-first search: hops from one source.
 *
 *   depth(v) = fewest edges on a path from the source to v; 0 at the source, Infinity out of reach
 *
 * Input       edge attributes are ignored, and survive
 * Output      vertex attribute = depth, in edges
 * Method      the kernel `kernels/bfs.ts`; the vertex program with checkpoints, or with executors
 * Supersteps  the largest finite depth
 * Messages    per superstep, one per edge out of the level reached last that leads to a vertex not reached yet
 * Memory      two float64 per vertex; kernel: 29 bytes, and rows by source where it pays, or `direction` is "either"
 */
import { invalidArgument, type SuperstepError } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import { search } from "../kernels/bfs.ts";
import { computedColumns, runsKernel } from "../kernels/kernelColumns.ts";
import { indexOf } from "../partition/idColumn.ts";
import { canonicalId } from "../vertexId.ts";
import type { CheckpointOptions } from "../superstep/checkpoint/checkpointOptions.ts";
import { checkMaxSupersteps } from "../superstep/pregel.ts";
import type { Run, VertexId } from "../types.ts";
import { temporarily } from "./temporarily.ts";
import { checkDirection, traversed, type TraversalDirection } from "./traversal.ts";

/** Where a search starts, and along which edges. */
export interface BfsOptions extends CheckpointOptions {
  readonly source: VertexId;
  /** Along edges ("out", the default), against them ("in"), or both ways ("either"). */
  readonly direction?: TraversalDirection;
  /** Supersteps at most, so depths at most. An integer >= 1; default Infinity. */
  readonly maxSupersteps?: number;
  /** Cancels the run, which fails with CANCELLED. */
  readonly signal?: AbortSignal;
}

/** Depths from a source, and how the search ended. */
type BfsRun<ED> = Run<number, ED, Graph<number, ED>>;

/** @throws SuperstepError INVALID_ARGUMENT if `source` is not a vertex, or an option is out of range. */
export function bfs<VD, ED>(graph: Graph<VD, ED>, options: BfsOptions): Promise<BfsRun<ED>> {
  return runsKernel(graph.ctx, options) ? bfsByKernel(graph, options) : bfsByProgram(graph, options);
}

async function bfsByKernel<VD, ED>(graph: Graph<VD, ED>, options: BfsOptions): Promise<BfsRun<ED>> {
  const { source, direction = "out", maxSupersteps = Infinity, signal } = options;
  const { parts } = graph;
  checkDirection(direction);
  checkMaxSupersteps("bfs", maxSupersteps);
  const { vertices, result } = await computedColumns(parts, () =>
    parts.shape.use((shape) => {
      const index = indexOf(shape.topology.ids, parts.ctx.driver.arena, source);
      if (index < 0) throw unknownSource(source);
      return search(parts.ctx.driver, shape, { source: index, direction, maxDepth: maxSupersteps, signal });
    }),
  );
  const { depth, converged } = result;
  return { graph: graph.derive({ ...parts, vertices }), supersteps: depth, converged, method: "kernel" };
}

/** The same as a vertex program: a vertex reached tells its neighbours a depth one greater. */
export async function bfsByProgram<VD, ED>(
  graph: Graph<VD, ED>,
  { source, direction = "out", ...limits }: BfsOptions,
): Promise<BfsRun<ED>> {
  if (!(await graph.hasVertex(source))) throw unknownSource(source);
  const start = canonicalId(source);
  const program = { ...limits, ...traversed<ED>(direction, { kind: "hops" }), order: "supersteps" as const };
  const initial = graph.mapVertices((id) => (id === start ? 0 : Infinity));
  const run = await temporarily(initial, (depths) => depths.pregel<number>(program, "bfs"));
  return { ...run, method: "program" };
}

function unknownSource(source: VertexId): SuperstepError {
  return invalidArgument("bfs", "source", "a vertex of the graph", source);
}
