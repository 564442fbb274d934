/**
 * PageRank, for a fixed number of rounds or until it settles; personalised; weighted.
 *
 *   rank(v) = reset(v) + (1 - resetProbability) * sum over edges u -> v of rank(u) * share(u -> v)
 *   share   = weight / total weight out of u, or 1 / outdegree of u
 *   reset   = resetProbability, or with `source` that at the source and 0 elsewhere
 *
 * Input       weights finite and >= 0, all 1 unless `weight` is given; parallel edges and self-loops count each
 * Output      vertex attribute = rank; edge attribute = share
 * Convention  "graphx": the mass of sinks is not redistributed per round; at the end ranks are scaled to sum to the
 *             number of vertices (personalised: to 1). "none": not scaled. "probability": ranks sum to 1 after every
 *             round, the mass of sinks goes where resets go
 * Supersteps  `iterations`, or until no change is above `tolerance`
 * Messages    one per edge and superstep; with `tolerance` only out of vertices that still change by more than that
 * Memory      two or three float64 per vertex and generation, one per vertex for messages; one per edge with weights, or
 *             once the shares of edges are read
 * Reference   Page, Brin, Motwani, Winograd: The PageRank Citation Ranking (1999); the delta form is GraphX's
 */
import { invalidArgument } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import { pickCheckpoints, type CheckpointOptions } from "../superstep/checkpoint/checkpointOptions.ts";
import type { Run, VertexId } from "../types.ts";
import { canonicalId } from "../vertexId.ts";
import { rankByDeltas, rankByRounds, type RankSpec } from "./pageRankRounds.ts";
import { temporarily } from "./temporarily.ts";
import { weigh, type Weight } from "./weights.ts";

/** How ranks are computed: exactly one of `iterations` and `tolerance`. */
export interface PageRankOptions<ED> extends CheckpointOptions {
  /** Rounds, an integer >= 1. */
  readonly iterations?: number;
  /** Largest change of a rank that still counts as settled, a number >= 0, in the unit of unscaled ranks. */
  readonly tolerance?: number;
  /** Chance to jump, in [0, 1]; default 0.15. Damping is 1 minus it. */
  readonly resetProbability?: number;
  /** "graphx" (default), "none" or "probability": see the header. */
  readonly scale?: "graphx" | "none" | "probability";
  /** Personalised: every jump leads to this vertex. */
  readonly source?: VertexId;
  /** What an edge weighs; default: each 1. */
  readonly weight?: Weight<ED>;
  /** Rounds at most with `tolerance`, an integer >= 1; default Infinity. */
  readonly maxSupersteps?: number;
  /** Cancels the run, which fails with CANCELLED. */
  readonly signal?: AbortSignal;
}

/** Ranks, and the largest change of one in the last round, before scaling. */
export interface PageRankRun extends Run<number, number, Graph<number, number>> {
  readonly residual: number;
}

/** @throws SuperstepError INVALID_ARGUMENT if an option is out of range, `source` unknown, or a weight is not legal. */
export async function pageRank<VD, ED>(graph: Graph<VD, ED>, options: PageRankOptions<ED>): Promise<PageRankRun> {
  const spec = check(options);
  if (spec.source !== undefined && !(await graph.hasVertex(spec.source))) {
    throw invalidArgument("pageRank", "source", "a vertex of the graph", spec.source);
  }
  const isDelta = options.tolerance !== undefined && spec.scale !== "probability";
  const isWeighted = options.weight !== undefined;
  return temporarily(await shares(graph, options.weight), (shared) =>
    isDelta ? rankByDeltas(shared, spec, isWeighted) : rankByRounds(shared, spec, isWeighted),
  );
}

function check<ED>(options: PageRankOptions<ED>): RankSpec {
  const {
    iterations,
    tolerance,
    resetProbability = 0.15,
    scale = "graphx",
    source,
    maxSupersteps = Infinity,
  } = options;
  if ((iterations === undefined) === (tolerance === undefined)) {
    throw invalidArgument("pageRank", "options", "one of iterations and tolerance", { iterations, tolerance });
  }
  if (iterations !== undefined && !(Number.isSafeInteger(iterations) && iterations >= 1)) {
    throw invalidArgument("pageRank", "iterations", "an integer >= 1", iterations);
  }
  if (tolerance !== undefined && !(typeof tolerance === "number" && tolerance >= 0 && tolerance < Infinity)) {
    throw invalidArgument("pageRank", "tolerance", "a number >= 0", tolerance);
  }
  if (!(typeof resetProbability === "number" && resetProbability >= 0 && resetProbability <= 1)) {
    throw invalidArgument("pageRank", "resetProbability", "in [0, 1]", resetProbability);
  }
  if (!["graphx", "none", "probability"].includes(scale)) {
    throw invalidArgument("pageRank", "scale", '"graphx", "none" or "probability"', scale);
  }
  if (maxSupersteps !== Infinity && !(Number.isSafeInteger(maxSupersteps) && maxSupersteps >= 1)) {
    throw invalidArgument("pageRank", "maxSupersteps", "an integer >= 1, or Infinity", maxSupersteps);
  }
  return {
    iterations,
    tolerance,
    resetProbability,
    scale,
    source: source === undefined ? undefined : canonicalId(source),
    maxSupersteps,
    signal: options.signal,
    checkpointing: pickCheckpoints(options),
  };
}

/**
 * The graph with each edge's share of its source as attribute, and the total weight out of each vertex.
 */
async function shares<VD, ED>(graph: Graph<VD, ED>, weight: Weight<ED> | undefined): Promise<Graph<number, number>> {
  if (weight === undefined) {
    const counted = graph.outerJoinVertices(graph.outDegrees, (_id, _attr, degree) => degree ?? 0);
    return temporarily(counted, (degrees) => degrees.mapTriplets((triplet) => 1 / triplet.srcAttr));
  }
  const weighted = await weigh("pageRank", graph, weight);
  return temporarily(weighted, (weights) => {
    const totals = weights.aggregateMessages<number>({
      sendMessage: (edge) => edge.sendToSrc(edge.attr),
      mergeMessage: (a, b) => a + b,
      tripletFields: "edge",
    });
    const totalled = weights.outerJoinVertices(totals, (_id, _attr, total) => total ?? 0);
    return temporarily(totalled, (sums) =>
      sums.mapTriplets((triplet) => (triplet.srcAttr === 0 ? 0 : triplet.attr / triplet.srcAttr)),
    );
  });
}
