/**
 * From a result graph of any size to one that fits a screen, and the sentence that says what was left out.
 *
 * Steps apply in the order given; the last is always the cap. Pure: the same graph, whatever the order of its edges
 * among equals, gives the same picture for any number of partitions.
 */
import { invalidArgument } from "../core/errors.ts";
import type { VertexId } from "../graph/types.ts";
import { bannerOf } from "./reduce/banner.ts";
import { chooseLinks } from "./reduce/chooseLinks.ts";
import { ego } from "./reduce/ego.ts";
import { degreeName, importanceBy, type Importance } from "./reduce/importance.ts";
import { countSelected, selected, selectionOf, type Selection } from "./reduce/selection.ts";
import { selectTop } from "./reduce/selectTop.ts";
import type { AppliedStep, ReducedGraph } from "./reducedGraph.ts";
import { checkResultGraph, findVertex, type ResultGraph } from "./resultGraph.ts";

/** The k vertices of highest value, ties by ascending id, and the edges among them. */
export interface TopStep {
  readonly kind: "top";
  /** At least 1. */
  readonly k: number;
  /** A numeric vertex column, or "degree". Default: `by` of the options. */
  readonly by?: string | undefined;
}

/** What lies within `hops` of a vertex along edges of either direction, by way of each vertex's best neighbours only. */
export interface EgoStep {
  readonly kind: "ego";
  readonly id: VertexId;
  /** At least 0. Default: 2. */
  readonly hops?: number | undefined;
  /** Followed from each vertex, at least 1. Default: 100. */
  readonly maxNeighbors?: number | undefined;
  /** As for top. */
  readonly by?: string | undefined;
}

export type ReductionStep = TopStep | EgoStep;

export interface ReduceOptions {
  /** Which vertices matter most: a numeric vertex column, or "degree". Default: "degree". */
  readonly by?: string | undefined;
  /** Numeric edge column by which links are chosen, heaviest first. Default: none; each vertex's best first. */
  readonly weightBy?: string | undefined;
  /** In [1, 10000]. Default: 2,000. */
  readonly maxNodes?: number | undefined;
  /** In [0, 50000]. Default: 6,000. */
  readonly maxLinks?: number | undefined;
}

/**
 * Reduces `graph` by `steps`, then caps it. Cost: about three passes over the edges, two more per hop; 10 bytes a vertex.
 *
 * @throws SuperstepError INVALID_ARGUMENT if a column or vertex does not exist, or a number is out of range.
 */
export function reduce(
  graph: ResultGraph,
  steps: readonly ReductionStep[] = [],
  options: ReduceOptions = {},
): ReducedGraph {
  checkResultGraph(graph, "reduce");
  const { by = degreeName, weightBy } = options;
  const maxNodes = integer("maxNodes", options.maxNodes ?? 2_000, 1, 10_000);
  const maxLinks = integer("maxLinks", options.maxLinks ?? 6_000, 0, 50_000);
  const weights = weightBy === undefined ? undefined : graph.edgeColumns.get(weightBy);
  if (weightBy !== undefined && weights === undefined) {
    const names = [...graph.edgeColumns.keys()].join(", ") || "none";
    throw invalidArgument("reduce", "weightBy", `an edge column (there are: ${names})`, weightBy);
  }

  const importances = new Map<string, Importance>();
  const importance = (name: string): Importance => {
    const known = importances.get(name) ?? importanceBy(graph, name, "reduce");
    importances.set(name, known);
    return known;
  };

  let selection: Selection = new Uint8Array(graph.numVertices).fill(1);
  const applied: AppliedStep[] = [];
  for (const step of steps) {
    if (step.kind === "top") {
      const k = integer("k of top", step.k, 1);
      const name = step.by ?? by;
      const before = countSelected(selection);
      selection = selectionOf(graph.numVertices, selectTop(selected(selection), k, importance(name)));
      applied.push({ kind: "top", k, by: name, cut: k < before });
    } else {
      const hops = integer("hops of ego", step.hops ?? 2, 0);
      const maxNeighbors = integer("maxNeighbors of ego", step.maxNeighbors ?? 100, 1);
      const name = step.by ?? by;
      const centre = findVertex(graph, step.id);
      if (centre < 0 || selection[centre] === 0) {
        throw invalidArgument("reduce", "id of ego", "a vertex of the graph", step.id);
      }
      const found = ego(graph, selection, { centre, hops, maxNeighbors, importance: importance(name) });
      selection = found.selection;
      applied.push({ kind: "ego", id: graph.vertexId(centre), hops, maxNeighbors, by: name, numCut: found.numCut });
    }
  }

  const lastBy = applied.findLast((step) => step.kind === "top")?.by ?? by;
  const vertices = selectTop(selected(selection), maxNodes, importance(lastBy));
  if (vertices.length < countSelected(selection)) applied.push({ kind: "top", k: maxNodes, by: lastBy, cut: true });

  const among = edgesAmong(graph, vertices);
  const chosen = chooseLinks({ numVertices: vertices.length, ...among }, maxLinks, weights);
  const pick = (column: Uint32Array): Uint32Array => Uint32Array.from(chosen, (edge) => column[edge]!);
  const shape = {
    totals: { vertices: graph.numVertices, edges: graph.numEdges },
    edgesAmong: among.positions.length,
    shown: { vertices: vertices.length, edges: chosen.length },
    steps: applied,
    weightBy,
  };
  return {
    source: graph,
    vertices,
    edges: pick(among.positions),
    src: pick(among.src),
    dst: pick(among.dst),
    inDegree: among.inDegree,
    outDegree: among.outDegree,
    by: lastBy,
    ...shape,
    banner: bannerOf(shape),
  };
}

/** The edges whose two ends are both in `vertices`, as ranks, and the degrees of `vertices` in the whole graph. */
function edgesAmong(
  graph: ResultGraph,
  vertices: Uint32Array,
): Pick<ReducedGraph, "src" | "dst" | "inDegree" | "outDegree"> & { positions: Uint32Array } {
  const rank = new Int32Array(graph.numVertices).fill(-1);
  vertices.forEach((vertex, position) => (rank[vertex] = position));
  const inDegree = new Uint32Array(vertices.length);
  const outDegree = new Uint32Array(vertices.length);
  let count = 0;
  for (let edge = 0; edge < graph.numEdges; edge++) {
    const from = rank[graph.src[edge]!]!;
    const to = rank[graph.dst[edge]!]!;
    if (from >= 0) outDegree[from]!++;
    if (to >= 0) inDegree[to]!++;
    if (from >= 0 && to >= 0) count++;
  }
  const src = new Uint32Array(count);
  const dst = new Uint32Array(count);
  const positions = new Uint32Array(count);
  for (let edge = 0, next = 0; next < count; edge++) {
    const from = rank[graph.src[edge]!]!;
    const to = rank[graph.dst[edge]!]!;
    if (from < 0 || to < 0) continue;
    src[next] = from;
    dst[next] = to;
    positions[next++] = edge;
  }
  return { src, dst, positions, inDegree, outDegree };
}

function integer(what: string, value: number, from: number, to = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  const range = to === Number.MAX_SAFE_INTEGER ? `an integer >= ${from}` : `an integer in [${from}, ${to}]`;
  throw invalidArgument("reduce", what, range, value);
}
