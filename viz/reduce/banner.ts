/**
 * The sentence that is always on screen: what is shown, of how much, chosen how.
 */
import { excerpt } from "../../core/errors.ts";
import type { AppliedStep, ReducedGraph } from "../reducedGraph.ts";

/** One sentence, without a full stop, printable whatever the ids and column names hold. */
export function bannerOf(
  reduced: Pick<ReducedGraph, "steps" | "weightBy" | "totals" | "edgesAmong" | "shown">,
): string {
  const { steps, totals, edgesAmong, shown } = reduced;
  const chosen = steps.map(describeStep).filter((text) => text !== "");
  const vertices =
    shown.vertices === totals.vertices
      ? `showing all ${count(shown.vertices, "vertex", "vertices")}`
      : `showing ${group(shown.vertices)} of ${count(totals.vertices, "vertex", "vertices")}, ${chosen.join(", then ")}`;
  if (shown.edges === edgesAmong) {
    if (shown.vertices === totals.vertices) return `${vertices} and all ${count(shown.edges, "edge", "edges")}`;
    return `${vertices}; all ${count(shown.edges, "edge", "edges")} among them`;
  }
  const order = reduced.weightBy === undefined ? "each vertex's best first" : "heaviest first";
  return `${vertices}; ${group(shown.edges)} of the ${count(edgesAmong, "edge", "edges")} among them, ${order}`;
}

/** "4,847,571". */
export function group(value: number): string {
  return value.toLocaleString("en-US");
}

function count(value: number, one: string, many: string): string {
  return `${group(value)} ${value === 1 ? one : many}`;
}

function describeStep(step: AppliedStep): string {
  const by = excerpt(step.by, 40).slice(1, -1);
  if (step.kind === "top") return step.cut ? `chosen by ${by}` : "";
  const hops = count(step.hops, "hop", "hops");
  const best = step.numCut > 0 ? ` by way of the best ${group(step.maxNeighbors)} neighbours of each by ${by}` : "";
  return `within ${hops} of ${excerpt(step.id, 40)}${best}`;
}
