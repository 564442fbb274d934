/**
 * Weights of edges: a field of the attribute, the attribute itself, or what a function makes of an edge.
 */
import { SuperstepError, excerpt, invalidArgument } from "../../core/errors.ts";
import { fieldsOf } from "../../core/column/schema.ts";
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import type { Graph } from "../graph.ts";
import type { GraphParts } from "../parts.ts";
import type { Edge } from "../types.ts";
import { temporarily } from "./temporarily.ts";

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
  checkWeight(operation, weight);
  const weighted = graph.mapEdges(weightOf(weight));
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

/**
 * Lends weights as they are stored, not copied where they are a field or the attribute itself: `graph` has them as edge
 * attributes, unchecked and made when needed; `column` finds them in `edges`, undefined if they are not plain numbers.
 */
export async function useWeights<VD, ED, R>(
  operation: string,
  graph: Graph<VD, ED>,
  weight: Weight<ED>,
  use: (weighted: StoredWeights<VD>) => Promise<R>,
): Promise<R> {
  checkWeight(operation, weight);
  const { edges } = graph.parts;
  const isAttr = weight === "attr" && (await edges.use(({ schema }) => schema.kind === "scalar"));
  if (isAttr) return use({ graph: graph as unknown as Graph<VD, number>, edges, column: (set) => numbersOf(set, 0) });
  return temporarily(graph.mapEdges(weightOf(weight)), (weighted) => {
    if (typeof weight !== "string") {
      return use({ graph: weighted, edges: weighted.parts.edges, column: (set) => numbersOf(set, 0) });
    }
    const column = (set: ColumnSet): ColumnRef<"float64"> | undefined =>
      numbersOf(set, set.schema.kind === "record" ? set.schema.fields.findIndex(({ name }) => name === weight) : -1);
    return use({ graph: weighted, edges, column });
  });
}

/** Where weights are stored. */
export interface StoredWeights<VD> {
  readonly graph: Graph<VD, number>;
  readonly edges: GraphParts["edges"];
  readonly column: (edges: ColumnSet) => ColumnRef<"float64"> | undefined;
}

function numbersOf({ schema, columns }: ColumnSet, at: number): ColumnRef<"float64"> | undefined {
  const field = fieldsOf(schema)[at];
  const stored = columns[at];
  if (field === undefined || field.type !== "number" || field.nullable || stored?.kind !== "fixed") return undefined;
  return stored.data.type === "float64" ? (stored.data as ColumnRef<"float64">) : undefined;
}

function checkWeight<ED>(operation: string, weight: Weight<ED>): void {
  if (typeof weight === "string" || typeof weight === "function") return;
  throw invalidArgument(operation, "weight", 'a field name, "attr" or a function of an edge', weight);
}

function weightOf<ED>(weight: Weight<ED>): (edge: Edge<ED>) => number {
  return weight === "attr" ? attrOf : typeof weight === "string" ? fieldOf(weight) : weight;
}

const attrOf = (edge: Edge<unknown>): number => edge.attr as number;

function fieldOf(name: string): (edge: Edge<unknown>) => number {
  return (edge) => (edge.attr as Record<string, number>)[name]!;
}
