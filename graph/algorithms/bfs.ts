/**
 * Breadth-first search: hops from one source.
 *
 *   depth(v) = fewest edges on a path from the source to v; 0 at the source, Infinity out of reach
 *
 * Input       edge attributes are ignored, and survive
 * Output      vertex attribute = depth, in edges
 * Supersteps  the largest finite depth
 * Messages    per superstep, one per edge out of the level reached last that leads to a vertex not reached yet
 * Memory      two float64 per vertex
 */
import { invalidArgument } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import { canonicalId } from "../vertexId.ts";
import type { CheckpointOptions } from "../superstep/checkpoint/checkpointOptions.ts";
import type { Run, VertexId } from "../types.ts";
import { temporarily } from "./temporarily.ts";
import { traversed, type TraversalDirection } from "./traversal.ts";

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

/** @throws SuperstepError INVALID_ARGUMENT if `source` is not a vertex, or an option is out of range. */
export async function bfs<VD, ED>(
  graph: Graph<VD, ED>,
  { source, direction = "out", ...limits }: BfsOptions,
): Promise<Run<number, ED, Graph<number, ED>>> {
  if (!(await graph.hasVertex(source))) throw invalidArgument("bfs", "source", "a vertex of the graph", source);
  const start = canonicalId(source);
  const program = { ...limits, ...traversed<ED>(direction, { kind: "hops" }) };
  const initial = graph.mapVertices((id) => (id === start ? 0 : Infinity));
  return temporarily(initial, (depths) => depths.pregel<number>(program, "bfs"));
}
