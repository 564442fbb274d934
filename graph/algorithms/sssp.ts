/**
 * Single-source shortest paths: distances from one vertex, and the paths themselves.
 *
 *   distance(v) = min over edges u -> v of distance(u) + weight(u -> v); 0 at the source, Infinity out of reach
 *
 * Input       weights >= 0, all 1 unless `weight` is given; parallel edges and self-loops are harmless
 * Output      vertex attribute = distance, in the unit of the weights; edge attribute = weight
 * Supersteps  most edges on a shortest path, taking for each vertex the path with fewest
 * Messages    per superstep, at most one per edge, and only where it shortens a distance
 * Memory      two float64 per vertex: distance and best offer; one per edge, the weight
 */
import { SuperstepError, excerpt, invalidArgument } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import { compareIds } from "../partition/idColumn.ts";
import { pickCheckpoints, type CheckpointOptions } from "../superstep/checkpoint/checkpointOptions.ts";
import type { Run, VertexId } from "../types.ts";
import { canonicalId } from "../vertexId.ts";
import { temporarily } from "./temporarily.ts";
import { traversed, type TraversalDirection } from "./traversal.ts";
import { weigh, type Weight } from "./weights.ts";

/** Where from, and along which edges. */
export interface SsspOptions<ED> extends CheckpointOptions {
  readonly source: VertexId;
  /** What an edge weighs; default: each 1. */
  readonly weight?: Weight<ED>;
  /** Along edges ("out", the default), against them ("in"), or both ways ("either"). */
  readonly direction?: TraversalDirection;
  /** Supersteps at most. An integer >= 1; default Infinity. */
  readonly maxSupersteps?: number;
  /** Cancels the run, which fails with CANCELLED. */
  readonly signal?: AbortSignal;
}

/** A shortest path: its vertices from the source on, and its total weight. */
export interface Path {
  readonly vertices: VertexId[];
  readonly distance: number;
}

/** Distances, and the path to any vertex. */
export interface SsspRun extends Run<number, number, Graph<number, number>> {
  /**
   * A shortest path to `target`, undefined if it cannot be reached. Of several, one with fewest edges, and at each vertex
   * the lowest id before it. Cost: the first call looks for the vertex before each one, and brings that table here.
   *
   * @throws SuperstepError INVALID_ARGUMENT if `target` is not a vertex.
   */
  pathTo(target: VertexId): Promise<Path | undefined>;
}

/** @throws SuperstepError INVALID_ARGUMENT if `source` is not a vertex, or an option or weight is out of range. */
export async function sssp<VD, ED>(graph: Graph<VD, ED>, options: SsspOptions<ED>): Promise<SsspRun> {
  const { source, weight, direction = "out", maxSupersteps = Infinity, signal } = options;
  if (!(await graph.hasVertex(source))) throw invalidArgument("sssp", "source", "a vertex of the graph", source);
  const start = canonicalId(source);
  const weighted = weight === undefined ? graph.mapEdges(() => 1) : await weigh("sssp", graph, weight);
  const program = {
    ...traversed<number>(direction, { kind: "attr" }),
    maxSupersteps,
    ...(signal && { signal }),
    ...pickCheckpoints(options),
  };
  const {
    graph: distances,
    supersteps,
    converged,
  } = await temporarily(weighted, (lengths) =>
    temporarily(
      lengths.mapVertices((id) => (id === start ? 0 : Infinity)),
      (initial) => initial.pregel<number>(program, "sssp"),
    ),
  );
  let before: Promise<ReadonlyMap<VertexId, VertexId>> | undefined;
  const pathTo = async (target: VertexId): Promise<Path | undefined> => {
    const distance = await distances.vertices.get(target);
    if (distance === undefined) throw invalidArgument("pathTo", "target", "a vertex of the graph", target);
    if (distance === Infinity) return undefined;
    before ??= predecessors(distances, start, direction);
    return { vertices: walkBack(await before, start, canonicalId(target)), distance };
  };
  return { graph: distances, supersteps, converged, pathTo };
}

/**
 * The vertex before each one on its path: a breadth-first search along tight edges, those that a shortest path can take,
 * so that edges of length 0 make no circle.
 */
async function predecessors(
  distances: Graph<number, number>,
  source: VertexId,
  direction: TraversalDirection,
): Promise<ReadonlyMap<VertexId, VertexId>> {
  const forward = direction !== "in";
  const backward = direction !== "out";
  const initial = distances.mapVertices((id, distance) => ({ distance, hops: id === source ? 0 : Infinity }));
  const { graph: hops } = await temporarily(initial, (vertices) =>
    vertices.pregel<number>(
      {
        initialMessage: Infinity,
        activeDirection: direction,
        vertexProgram: (_id, vertex, offered) => ({ distance: vertex.distance, hops: Math.min(vertex.hops, offered) }),
        sendMessage: (edge) => {
          const { srcAttr: a, dstAttr: b, attr: length } = edge;
          if (forward && a.distance + length === b.distance && a.hops + 1 < b.hops) edge.sendToDst(a.hops + 1);
          if (backward && b.distance + length === a.distance && b.hops + 1 < a.hops) edge.sendToSrc(b.hops + 1);
        },
        mergeMessage: (a, b) => Math.min(a, b),
      },
      "sssp paths",
    ),
  );
  const before = await temporarily(hops, (vertices) =>
    vertices
      // In an array, a number and a bigint beyond 2^53 are of one type.
      .aggregateMessages<readonly [VertexId]>({
        sendMessage: (edge) => {
          const { srcAttr: a, dstAttr: b, attr: length } = edge;
          if (forward && a.distance + length === b.distance && a.hops + 1 === b.hops) edge.sendToDst([edge.srcId]);
          if (backward && b.distance + length === a.distance && b.hops + 1 === a.hops) edge.sendToSrc([edge.dstId]);
        },
        mergeMessage: (a, b) => (compareIds(a[0], b[0]) <= 0 ? a : b),
      })
      .collect(),
  );
  return new Map(before.map(([id, [previous]]) => [id, previous]));
}

function walkBack(before: ReadonlyMap<VertexId, VertexId>, source: VertexId, target: VertexId): VertexId[] {
  const path = [target];
  for (let at = target; at !== source;) {
    const previous = before.get(at);
    if (previous === undefined)
      throw new SuperstepError("INVALID_ARGUMENT", `pathTo: the run ended before ${excerpt(target)} was settled`);
    path.push(previous);
    at = previous;
  }
  return path.reverse();
}
