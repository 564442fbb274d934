/**
 * The edges of a graph, and its triplets: RDDs over columns.
 */
import { RDD } from "../core/rdd/rdd.ts";
import type { GraphParts } from "./parts.ts";
import { edgePlan, tripletPlan } from "./rowPlans.ts";
import type { Edge, EdgeTriplet } from "./types.ts";

/** Edges with their attributes, by destination, source and input order; over a vertex cut, part by part. */
export class EdgeRDD<ED> extends RDD<Edge<ED>> {
  /** All edges of a graph, which lives as long as this RDD does. */
  constructor(graph: { readonly parts: GraphParts }) {
    super(graph.parts.ctx, edgePlan<ED>(graph));
  }
}

/** Edges with the attributes of both ends, in the order of the edges. */
export function tripletRDD<VD, ED>(graph: { readonly parts: GraphParts }): RDD<EdgeTriplet<VD, ED>> {
  return new RDD(graph.parts.ctx, tripletPlan<VD, ED>(graph));
}
