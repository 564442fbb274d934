/**
 * The two ways ranks are computed: full rounds, in which every edge sends, and deltas, in which only what still changes
 * does.
 */
import type { Graph } from "../graph.ts";
import { useParts } from "../parts.ts";
import { sumVertices } from "../operators/sumVertices.ts";
import type { CheckpointOptions } from "../superstep/checkpoint/checkpointOptions.ts";
import type { VertexId } from "../types.ts";
import type { PageRankRun } from "./pageRank.ts";
import { temporarily } from "./temporarily.ts";

/** Checked options. */
export interface RankSpec {
  readonly iterations: number | undefined;
  readonly tolerance: number | undefined;
  readonly resetProbability: number;
  readonly scale: "graphx" | "none" | "probability";
  readonly source: VertexId | undefined;
  readonly maxSupersteps: number;
  readonly signal: AbortSignal | undefined;
  readonly checkpointing: CheckpointOptions;
}

/**
 * A vertex in rounds. `share`: of its rank that each edge out of it carries on if none has a weight, 0 if there is no edge;
 * with weights 1, or 0 if no weight leaves it.
 */
interface Ranked {
  readonly rank: number;
  readonly share: number;
}

/** A vertex in deltas; `share` as in `Ranked`. */
interface Settling {
  readonly rank: number;
  readonly delta: number;
  readonly share: number;
}

/**
 * Rounds over all edges: `iterations` of them, or until no rank changes by more than `tolerance`. Attributes of `shared`:
 * the total weight out of a vertex, and what share of it an edge has. Without weights that depends on an edge's source
 * alone, and edges are not read.
 */
export async function rankByRounds(
  shared: Graph<number, number>,
  spec: RankSpec,
  isWeighted: boolean,
): Promise<PageRankRun> {
  const { iterations, tolerance, resetProbability, scale, source, maxSupersteps, signal, checkpointing } = spec;
  const numVertices = await shared.numVertices();
  const isPersonal = source !== undefined;
  const isProbability = scale === "probability";
  const start = isPersonal || !isProbability ? 1 : 1 / numVertices;
  const reset = isPersonal || !isProbability ? resetProbability : resetProbability / numVertices;
  const followed = 1 - resetProbability;
  // What the sinks hold, per vertex that resets lead to; only probabilities redistribute it.
  const sinkShare = !isProbability ? 0 : isPersonal ? followed : followed / numVertices;

  const initial = shared.mapVertices((id, total): Ranked => {
    const holds = !isPersonal || id === source;
    return { rank: holds ? start : 0, share: shareOf(total, isWeighted) };
  });
  const run = await temporarily(initial, async (vertices) => {
    const sinksAtStart = isProbability ? await sumOf(vertices, (vertex) => (vertex.share === 0 ? vertex.rank : 0)) : 0;
    return vertices.supersteps<number>("pageRank", {
      sendMessage: isWeighted
        ? (edge) => edge.sendToDst(edge.srcAttr.rank * edge.attr)
        : (edge) => edge.sendToDst(edge.srcAttr.rank * edge.srcAttr.share),
      mergeMessage: (a, b) => a + b,
      vertexProgram: (id, vertex, sum, globals) => {
        const jumped = !isPersonal || id === source ? reset + sinkShare * globals["sinks"]! : 0;
        return { rank: jumped + followed * sum, share: vertex.share };
      },
      noMessage: { value: 0 },
      aggregators: {
        delta: { kind: "max", of: (before, after) => Math.abs(after.rank - before.rank) },
        sinks: { kind: "sum", of: isProbability ? (_before, after) => (after.share === 0 ? after.rank : 0) : () => 0 },
      },
      globals: { sinks: sinksAtStart, delta: Infinity },
      maxSupersteps: iterations ?? maxSupersteps,
      ...(tolerance !== undefined && {
        until: (globals: Readonly<Record<string, number>>) => globals["delta"]! <= tolerance,
      }),
      tripletFields: "src",
      signal,
      ...checkpointing,
    });
  });
  const ranks = await temporarily(run.graph, (vertices) => vertices.mapVertices((_id, vertex) => vertex.rank));
  const residual = run.supersteps === 0 || numVertices === 0 ? 0 : run.globals["delta"]!;
  const converged = tolerance === undefined ? residual === 0 : run.converged;
  return finish(ranks, run.supersteps, converged, residual, spec);
}

/**
 * GraphX's delta form: a vertex sends on only what its rank changed by, and only if that is above the tolerance. `shared` as
 * in `rankByRounds`.
 */
export async function rankByDeltas(
  shared: Graph<number, number>,
  spec: RankSpec,
  isWeighted: boolean,
): Promise<PageRankRun> {
  const { tolerance, resetProbability, source, maxSupersteps, signal, checkpointing } = spec;
  const threshold = tolerance!;
  const followed = 1 - resetProbability;
  const isPersonal = source !== undefined;
  const initial = shared.mapVertices((id, total): Settling => {
    const start = !isPersonal ? resetProbability : id === source ? 1 : 0;
    return { rank: start, delta: start, share: shareOf(total, isWeighted) };
  });
  const run = await temporarily(initial, (vertices) =>
    vertices.supersteps<number>("pageRank", {
      sendMessage: isWeighted
        ? (edge) => {
            if (edge.srcAttr.delta > threshold) edge.sendToDst(edge.srcAttr.delta * edge.attr);
          }
        : (edge) => {
            if (edge.srcAttr.delta > threshold) edge.sendToDst(edge.srcAttr.delta * edge.srcAttr.share);
          },
      mergeMessage: (a, b) => a + b,
      activeDirection: "out",
      vertexProgram: (_id, vertex, sum) => {
        const delta = followed * sum;
        return { rank: vertex.rank + delta, delta, share: vertex.share };
      },
      aggregators: { delta: { kind: "max", of: (_before, after) => after.delta } },
      maxSupersteps,
      tripletFields: "src",
      signal,
      ...checkpointing,
    }),
  );
  const ranks = await temporarily(run.graph, (vertices) => vertices.mapVertices((_id, vertex) => vertex.rank));
  const residual = run.supersteps === 0 ? 0 : run.globals["delta"]!;
  return finish(ranks, run.supersteps, run.converged, residual, spec);
}

/** `share` of a vertex with this total weight out of it. */
function shareOf(total: number, isWeighted: boolean): number {
  if (total === 0) return 0;
  return isWeighted ? 1 : 1 / total;
}

/** Scales ranks as asked. The sum is exact, so the scaled ranks do not depend on partitions. */
async function finish(
  ranks: Graph<number, number>,
  supersteps: number,
  converged: boolean,
  residual: number,
  { scale, source }: RankSpec,
): Promise<PageRankRun> {
  if (scale !== "graphx") {
    return { graph: await makeRanks(ranks), supersteps, converged, residual };
  }
  const graph = await temporarily(ranks, async (unscaled) => {
    const total = await sumVertices(unscaled.parts);
    const target = source === undefined ? await unscaled.numVertices() : 1;
    const factor = total === 0 ? 1 : target / total;
    return makeRanks(unscaled.mapVertices((_id, rank) => rank * factor));
  });
  return { graph, supersteps, converged, residual };
}

/** Makes shape and vertices now. Shares of edges that no weight decides are made when they are first read: few read them. */
async function makeRanks(graph: Graph<number, number>): Promise<Graph<number, number>> {
  await useParts(graph.parts, { vertices: true, edges: false }, async () => {});
  return graph;
}

function sumOf<VD>(graph: Graph<VD, number>, of: (attr: VD) => number): Promise<number> {
  return temporarily(
    graph.mapVertices((_id, attr) => of(attr)),
    ({ parts }) => sumVertices(parts),
  );
}
