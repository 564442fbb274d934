/**
 * Single-source shortest paths: distances from one vertex, and the paths themselves.
 *
 *   distance(v) = min over edges u -> v of distance(u) + weight(u -> v); 0 at the source, Infinity out of reach
 *
 * Input       weights >= 0, all 1 unless `weight` is given; parallel edges and self-loops are harmless
 * Output      vertex attribute = distance, in the unit of the weights; edge attribute = weight
 * Method      the kernel `kernels/sssp.ts`, without weights `kernels/bfs.ts`; the vertex program with `maxSupersteps`, with
 *             checkpoints, or with executors
 * Supersteps  of the kernel the bands of distances that held vertices, without weights the largest distance; of the program
 *             most edges on a shortest path, taking for each vertex the path with fewest
 * Messages    per superstep, at most one per edge, and only where it shortens a distance
 * Memory      program: two float64 per vertex, distance and best offer, one per edge, the weight; kernel: 33 bytes a vertex,
 *             up to 8 an edge, and rows by source, unless `direction` is "in"
 */
import { SuperstepError, excerpt, invalidArgument } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import { search } from "../kernels/bfs.ts";
import { computedColumns, runsKernel } from "../kernels/kernelColumns.ts";
import { shortestDistances } from "../kernels/sssp.ts";
import type { GraphParts } from "../parts.ts";
import { compareIds, indexOf } from "../partition/idColumn.ts";
import type { Shape } from "../shape.ts";
import { pickCheckpoints, type CheckpointOptions } from "../superstep/checkpoint/checkpointOptions.ts";
import type { Run, VertexId } from "../types.ts";
import { canonicalId } from "../vertexId.ts";
import { temporarily } from "./temporarily.ts";
import { checkDirection, traversed, type TraversalDirection } from "./traversal.ts";
import { useWeights, weigh, type Weight } from "./weights.ts";

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

/** Distances, and how they were found. */
type Distances = Run<number, number, Graph<number, number>>;

/** @throws SuperstepError INVALID_ARGUMENT if `source` is not a vertex, or an option or weight is out of range. */
export async function sssp<VD, ED>(graph: Graph<VD, ED>, options: SsspOptions<ED>): Promise<SsspRun> {
  const { source, direction = "out", maxSupersteps = Infinity } = options;
  if (!(await graph.hasVertex(source))) throw invalidArgument("sssp", "source", "a vertex of the graph", source);
  checkDirection(direction);
  const byKernel = maxSupersteps === Infinity && runsKernel(graph.ctx, options);
  const run = (byKernel ? await distancesByKernel(graph, options) : undefined) ?? (await ssspByProgram(graph, options));
  const start = canonicalId(source);
  let before: Promise<ReadonlyMap<VertexId, VertexId>> | undefined;
  const pathTo = async (target: VertexId): Promise<Path | undefined> => {
    const distance = await run.graph.vertices.get(target);
    if (distance === undefined) throw invalidArgument("pathTo", "target", "a vertex of the graph", target);
    if (distance === Infinity) return undefined;
    before ??= predecessors(run.graph, start, direction);
    return { vertices: walkBack(await before, start, canonicalId(target)), distance };
  };
  return { ...run, pathTo };
}

/** Undefined if the weights are not all finite numbers >= 0: then the program says what is wrong, or copes. */
async function distancesByKernel<VD, ED>(
  graph: Graph<VD, ED>,
  options: SsspOptions<ED>,
): Promise<Distances | undefined> {
  const { source, weight, direction = "out", signal } = options;
  const { parts } = graph;
  const { driver } = parts.ctx;
  const withVertices = ({ edges }: GraphParts, vertices: GraphParts["vertices"]): Graph<number, number> =>
    graph.derive<number, number>({ ...parts, edges, vertices });
  const sourceIn = ({ topology }: Shape): number => indexOf(topology.ids, driver.arena, source);
  if (weight === undefined) {
    const { vertices, result } = await computedColumns(parts, () =>
      parts.shape.use((shape) =>
        search(driver, shape, { source: sourceIn(shape), direction, maxDepth: Infinity, signal }),
      ),
    );
    return temporarily(
      graph.mapEdges(() => 1),
      ({ parts: ones }) => {
        return { graph: withVertices(ones, vertices), supersteps: result.depth, converged: true, method: "kernel" };
      },
    );
  }
  return useWeights("sssp", graph, weight, async (weighted) => {
    const computed = await computedColumns(parts, () =>
      weighted.edges.use((edges) => {
        const weights = weighted.column(edges);
        if (weights === undefined) return undefined;
        return parts.shape.use((shape) =>
          shortestDistances(driver, shape, { source: sourceIn(shape), direction, weights, signal }),
        );
      }),
    );
    if (computed === undefined) return undefined;
    const { vertices, result } = computed;
    return {
      graph: withVertices(weighted.graph.parts, vertices),
      supersteps: result.bands,
      converged: true,
      method: "kernel",
    };
  });
}

/** The same as a vertex program: a vertex that came closer offers its neighbours a way through it. */
export async function ssspByProgram<VD, ED>(graph: Graph<VD, ED>, options: SsspOptions<ED>): Promise<Distances> {
  const { source, weight, direction = "out", maxSupersteps = Infinity, signal } = options;
  const start = canonicalId(source);
  const weighted = weight === undefined ? graph.mapEdges(() => 1) : await weigh("sssp", graph, weight);
  const program = {
    ...traversed<number>(direction, { kind: "attr" }),
    maxSupersteps,
    order: "supersteps" as const,
    ...(signal && { signal }),
    ...pickCheckpoints(options),
  };
  const run = await temporarily(weighted, (lengths) =>
    temporarily(
      lengths.mapVertices((id) => (id === start ? 0 : Infinity)),
      (initial) => initial.pregel<number>(program, "sssp"),
    ),
  );
  return { ...run, method: "program" };
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
        order: "supersteps", // of records, which are no relaxations
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
