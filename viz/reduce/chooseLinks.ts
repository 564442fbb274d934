/**
 * Which edges among the shown vertices are drawn when not all can be.
 *
 * With weights: heaviest first. Without: each vertex's best first, that is the edge to its most important neighbour,
 * then every vertex's second, and so on, so that nobody is cut off while others keep hundreds. Ties: by the ends that
 * matter most, then in input order.
 */
import type { ResultColumn } from "../resultGraph.ts";
import { compareDescending } from "./importance.ts";
import { selectTop } from "./selectTop.ts";

/** Edges whose ends are ranks: position 0 is the most important vertex shown. */
export interface RankedEdges {
  readonly numVertices: number;
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
  /** Position of each edge in the result graph. */
  readonly positions: Uint32Array;
}

/** The positions in `edges` of the `maxLinks` chosen, in input order. */
export function chooseLinks(edges: RankedEdges, maxLinks: number, weights: ResultColumn | undefined): Uint32Array {
  const { src, dst, positions } = edges;
  if (positions.length <= maxLinks) return Uint32Array.from(positions, (_position, edge) => edge);
  const byEnds = (a: number, b: number): number =>
    Math.min(src[a]!, dst[a]!) - Math.min(src[b]!, dst[b]!) ||
    Math.max(src[a]!, dst[a]!) - Math.max(src[b]!, dst[b]!) ||
    src[a]! - src[b]! ||
    positions[a]! - positions[b]!;
  const turns = weights === undefined ? turnOfEach(edges) : undefined;
  const first =
    turns !== undefined
      ? (a: number, b: number): number => turns[a]! - turns[b]!
      : (a: number, b: number): number => compareDescending(weights![positions[a]!], weights![positions[b]!]);
  return selectTop(positions.keys(), maxLinks, (a, b) => first(a, b) || byEnds(a, b)).sort();
}

/** For each edge, its place in the shorter of its two ends' lists, where a list is ordered by the other end's rank. */
function turnOfEach({ numVertices, src, dst, positions }: RankedEdges): Uint32Array {
  const numEdges = positions.length;
  const turns = new Uint32Array(numEdges).fill(0xffffffff);
  const next = new Uint32Array(numVertices);
  const take = (vertex: number, edge: number): void => {
    const place = next[vertex]!++;
    if (place < turns[edge]!) turns[edge] = place;
  };
  // Edges met in the order of one end's rank are, for each vertex at the other end, in the order of its own list.
  for (const { edge, swapped } of edgesByEnd(numVertices, src, dst)) take(swapped ? src[edge]! : dst[edge]!, edge);
  return turns;
}

/** Both ends of every edge, in ascending order of the end met; `swapped` if that end is the destination. */
function* edgesByEnd(
  numVertices: number,
  src: Uint32Array,
  dst: Uint32Array,
): Generator<{ edge: number; swapped: boolean }> {
  const numEdges = src.length;
  const offsets = new Uint32Array(numVertices + 1);
  for (let edge = 0; edge < numEdges; edge++) {
    offsets[src[edge]! + 1]!++;
    offsets[dst[edge]! + 1]!++;
  }
  for (let vertex = 0; vertex < numVertices; vertex++) offsets[vertex + 1]! += offsets[vertex]!;
  const ends = new Uint32Array(2 * numEdges);
  // First the edges that leave a vertex, then those that arrive: input order decides between parallel ones only.
  for (let edge = 0; edge < numEdges; edge++) ends[offsets[src[edge]!]!++] = 2 * edge;
  for (let edge = 0; edge < numEdges; edge++) ends[offsets[dst[edge]!]!++] = 2 * edge + 1;
  for (const end of ends) yield { edge: end >>> 1, swapped: (end & 1) === 1 };
}
