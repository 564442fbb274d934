/**
 * The surroundings of one vertex: what lies within some hops, along edges of either direction, where each vertex on the
 * way leads on only to the best of its neighbours.
 */
import type { ResultGraph } from "../resultGraph.ts";
import type { Importance } from "./importance.ts";
import { selectTop } from "./selectTop.ts";
import type { Selection } from "./selection.ts";

export interface EgoOptions {
  /** Index of the vertex in the middle. */
  readonly centre: number;
  readonly hops: number;
  readonly maxNeighbors: number;
  readonly importance: Importance;
}

/** What was found, and how many vertices had more neighbours than were followed. */
export interface EgoResult {
  readonly selection: Selection;
  readonly numCut: number;
}

/** Reads the edges twice a hop. Memory: 5 bytes a vertex, and the neighbours of one hop. */
export function ego(graph: ResultGraph, within: Selection, options: EgoOptions): EgoResult {
  const selection = new Uint8Array(graph.numVertices);
  selection[options.centre] = 1;
  let frontier = [options.centre];
  let numCut = 0;
  for (let hop = 0; hop < options.hops && frontier.length > 0; hop++) {
    const { offsets, neighbours } = neighboursOf(graph, within, frontier);
    const next: number[] = [];
    for (let row = 0; row < frontier.length; row++) {
      const distinct = new Set(neighbours.subarray(offsets[row]!, offsets[row + 1]!));
      if (distinct.size > options.maxNeighbors) numCut++;
      for (const neighbour of selectTop(distinct, options.maxNeighbors, options.importance)) {
        if (selection[neighbour] === 1) continue;
        selection[neighbour] = 1;
        next.push(neighbour);
      }
    }
    frontier = next;
  }
  return { selection, numCut };
}

/** Row r: the other ends of the edges of `frontier[r]` within the selection, without itself. */
function neighboursOf(
  graph: ResultGraph,
  within: Selection,
  frontier: readonly number[],
): { offsets: Uint32Array; neighbours: Uint32Array } {
  const { numEdges, src, dst } = graph;
  const rowOf = new Int32Array(graph.numVertices).fill(-1);
  frontier.forEach((vertex, row) => (rowOf[vertex] = row));

  const offsets = new Uint32Array(frontier.length + 1);
  for (let edge = 0; edge < numEdges; edge++) {
    const from = src[edge]!;
    const to = dst[edge]!;
    if (from === to || within[from] === 0 || within[to] === 0) continue;
    if (rowOf[from]! >= 0) offsets[rowOf[from]! + 1]!++;
    if (rowOf[to]! >= 0) offsets[rowOf[to]! + 1]!++;
  }
  for (let row = 0; row < frontier.length; row++) offsets[row + 1]! += offsets[row]!;

  const filled = offsets.slice(0, frontier.length);
  const neighbours = new Uint32Array(offsets[frontier.length]!);
  for (let edge = 0; edge < numEdges; edge++) {
    const from = src[edge]!;
    const to = dst[edge]!;
    if (from === to || within[from] === 0 || within[to] === 0) continue;
    if (rowOf[from]! >= 0) neighbours[filled[rowOf[from]!]!++] = to;
    if (rowOf[to]! >= 0) neighbours[filled[rowOf[to]!]!++] = from;
  }
  return { offsets, neighbours };
}
