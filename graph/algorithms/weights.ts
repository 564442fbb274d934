/**
 * Weights of edges: a field of the attribute, the attribute itself, or what a function makes of an edge.
 */
import { SuperstepError, excerpt, invalidArgument } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import type { Edge } from "../types.ts";

/** How an edge weighs: a field of its attribute, "attr" for an attribute that is a number, or a function. */
export type Weight<ED> = string | ((edge: Edge<ED>) => number);

/**
 * The same graph with weights as edge attributes, each checked.
 *
 * @throws SuperstepError INVALID_ARGUMENT if a weight is not a finite number >= 0; the error names the edge.
 */
export async function weigh<VD, ED>(
  operation: string,
  graph: Graph<VD, ED>,
  weight: Weight<ED>,
): Promise<Graph<VD, number>> {
  if (typeof weight !== "string" && typeof weight !== "function") {
    throw invalidArgument(operation, "weight", 'a field name, "attr" or a function of an edge', weight);
  }
  const weighted = graph.mapEdges(weight === "attr" ? attrOf : typeof weight === "string" ? fieldOf(weight) : weight);
  const bad = await firstBadWeight(weighted);
  if (bad !== undefined) {
    await weighted.unpersist();
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `${operation}: the weight of ${excerpt(bad.srcId)} -> ${excerpt(bad.dstId)} must be a finite number >= 0, got ${excerpt(bad.attr)}`,
      { details: { operation, srcId: String(bad.srcId), dstId: String(bad.dstId), got: excerpt(bad.attr) } },
    );
  }
  return weighted;
}

async function firstBadWeight<VD>(weighted: Graph<VD, number>): Promise<Edge<number> | undefined> {
  try {
    const [bad] = await weighted.edges.filter((edge) => !(edge.attr >= 0 && edge.attr < Infinity)).take(1);
    return bad;
  } catch (error) {
    await weighted.unpersist();
    throw error;
  }
}

const attrOf = (edge: Edge<unknown>): number => edge.attr as number;

function fieldOf(name: string): (edge: Edge<unknown>) => number {
  return (edge) => (edge.attr as Record<string, number>)[name]!;
}
