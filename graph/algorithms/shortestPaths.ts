/**
 * Shortest paths to landmarks: from each vertex, the distance to each of a few given ones.
 *
 *   distance(v, l) = least total weight of a path from v to l along edges; 0 from l to itself
 *
 * Input       weights >= 0, all 1 unless `weight` is given; parallel edges and self-loops are harmless
 * Output      vertex attribute = a map from landmark to distance, without landmarks that cannot be reached
 * Supersteps  most edges on a shortest path, taking for each vertex the path with fewest
 * Messages    per superstep, at most one per edge and direction, and only where it shortens some distance
 * Memory      two float64 per vertex and landmark; rows by source, unless `direction` is "in"
 * Reference   GraphX's ShortestPaths, which knows no weights
 */
import { SuperstepError, excerpt, invalidArgument } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import { pickCheckpoints, type CheckpointOptions } from "../superstep/checkpoint/checkpointOptions.ts";
import type { EdgeContext, Run, VertexId } from "../types.ts";
import { canonicalId } from "../vertexId.ts";
import { temporarily } from "./temporarily.ts";
import type { TraversalDirection } from "./traversal.ts";
import { weigh, type Weight } from "./weights.ts";

/** Where to, and along which edges. */
export interface ShortestPathsOptions<ED> extends CheckpointOptions {
  /** At least one. Those that are no vertices are reported as `unknown`. */
  readonly landmarks: readonly VertexId[];
  /** To the landmark along edges ("out", the default), from it ("in"), or both ways ("either"). */
  readonly direction?: TraversalDirection;
  /** What an edge weighs; default: each 1. */
  readonly weight?: Weight<ED>;
  /** Supersteps at most. An integer >= 1; default Infinity. */
  readonly maxSupersteps?: number;
  /** Cancels the run, which fails with CANCELLED. */
  readonly signal?: AbortSignal;
}

/** Distances by landmark, and the landmarks that are no vertices. */
export interface ShortestPathsRun<ED> extends Run<
  ReadonlyMap<VertexId, number>,
  ED,
  Graph<ReadonlyMap<VertexId, number>, ED>
> {
  readonly unknown: VertexId[];
}

/** A distance a landmark: field "0" belongs to the first one. */
export type Distances = Readonly<Record<string, number>>;

/**
 * Distances to landmarks, as maps.
 *
 * @throws SuperstepError INVALID_ARGUMENT if there is no landmark, or an option or weight is out of range.
 */
export async function shortestPaths<VD, ED>(
  graph: Graph<VD, ED>,
  options: ShortestPathsOptions<ED>,
): Promise<ShortestPathsRun<ED>> {
  const { graph: distances, known, unknown, supersteps, converged } = await landmarkDistances(graph, options);
  const maps = distances.mapVertices((_id, attr): ReadonlyMap<VertexId, number> => {
    const map = new Map<VertexId, number>();
    known.forEach((landmark, at) => {
      const distance = attr[at]!;
      if (distance < Infinity) map.set(landmark, distance);
    });
    return map;
  });
  const result = await temporarily(maps, async (found) => {
    await distances.unpersist();
    await found.materialize();
    return graph.derive<ReadonlyMap<VertexId, number>, ED>({ ...graph.parts, vertices: found.parts.vertices });
  });
  return { graph: result, unknown, supersteps, converged };
}

/** Distances as columns, one a known landmark, Infinity where it cannot be reached. Errors as `shortestPaths`. */
export async function landmarkDistances<VD, ED>(
  graph: Graph<VD, ED>,
  options: ShortestPathsOptions<ED>,
): Promise<Run<Distances, unknown, Graph<Distances, unknown>> & { known: VertexId[]; unknown: VertexId[] }> {
  const { landmarks, direction = "out", weight, maxSupersteps = Infinity, signal } = options;
  if (!Array.isArray(landmarks) || landmarks.length === 0) {
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `shortestPaths: landmarks must be a list of vertex ids, got ${excerpt(landmarks)}`,
    );
  }
  const directions: readonly string[] = ["out", "in", "either"];
  if (!directions.includes(direction)) {
    throw invalidArgument("shortestPaths", "direction", '"out", "in" or "either"', direction);
  }
  const distinct = [...new Set(landmarks.map(canonicalId))];
  const areKnown = await Promise.all(distinct.map((id) => graph.hasVertex(id)));
  const known = distinct.filter((_id, at) => areKnown[at]);
  const unknown = distinct.filter((_id, at) => !areKnown[at]);
  const fields = known.map((_id, at) => String(at));

  const weighted: Graph<VD, number> =
    weight === undefined ? (graph as unknown as Graph<VD, number>) : await weigh("shortestPaths", graph, weight);
  const hasWeights = weight !== undefined;
  const goesToSrc = direction !== "in"; // distances travel against edges, so that they lead to the landmark
  const goesToDst = direction !== "out";
  const relax = (edge: EdgeContext<Distances, number, Distances>, length: number): void => {
    const { srcAttr, dstAttr } = edge;
    if (goesToSrc && shortens(fields, dstAttr, length, srcAttr)) edge.sendToSrc(lengthen(fields, dstAttr, length));
    if (goesToDst && shortens(fields, srcAttr, length, dstAttr)) edge.sendToDst(lengthen(fields, srcAttr, length));
  };
  const initial = weighted.mapVertices((id): Distances => {
    const start: Record<string, number> = {};
    for (let at = 0; at < known.length; at++) start[fields[at]!] = known[at] === id ? 0 : Infinity;
    return start;
  });
  if (weight !== undefined) await weighted.unpersist(); // what is derived from it holds what it needs
  const {
    graph: distances,
    supersteps,
    converged,
  } = await temporarily(initial, (vertices) =>
    vertices.pregel<Distances>(
      {
        initialMessage: Object.fromEntries(fields.map((field) => [field, Infinity])),
        activeDirection: direction === "out" ? "in" : direction === "in" ? "out" : "either",
        vertexProgram: (_id, attr, offered) => lower(fields, attr, offered),
        sendMessage: hasWeights ? (edge) => relax(edge, edge.attr) : (edge) => relax(edge, 1),
        mergeMessage: (a, b) => lower(fields, a, b),
        tripletFields: { src: true, dst: true, edge: hasWeights },
        order: "supersteps", // of records, which are no relaxations
        maxSupersteps,
        ...(signal && { signal }),
        ...pickCheckpoints(options),
      },
      "shortestPaths",
    ),
  );
  return { graph: distances, known, unknown, supersteps, converged };
}

/** True if going `length` further than `from` beats `to` for some landmark. */
function shortens(fields: readonly string[], from: Distances, length: number, to: Distances): boolean {
  for (const field of fields) if (from[field]! + length < to[field]!) return true;
  return false;
}

function lengthen(fields: readonly string[], distances: Distances, length: number): Distances {
  const longer: Record<string, number> = {};
  for (const field of fields) longer[field] = distances[field]! + length;
  return longer;
}

function lower(fields: readonly string[], a: Distances, b: Distances): Distances {
  const lowest: Record<string, number> = {};
  for (const field of fields) lowest[field] = Math.min(a[field]!, b[field]!);
  return lowest;
}
