/**
 * What a reduction leaves of a result graph, and how that was reached.
 */
import type { VertexId } from "../graph/types.ts";
import type { ResultGraph } from "./resultGraph.ts";

/** A step as it was applied: nothing left to defaults. */
export type AppliedStep =
  | { readonly kind: "top"; readonly k: number; readonly by: string; readonly cut: boolean }
  | {
      readonly kind: "ego";
      readonly id: VertexId;
      readonly hops: number;
      readonly maxNeighbors: number;
      readonly by: string;
      /** Vertices that had more neighbours than were followed. */
      readonly numCut: number;
    };

/** Counts of a graph. */
export interface Counts {
  readonly vertices: number;
  readonly edges: number;
}

/** What is left of a result graph, and how it was reached. */
export interface ReducedGraph {
  readonly source: ResultGraph;
  /** Indices in `source`, the most important first. */
  readonly vertices: Uint32Array;
  /** Positions in `source`, ascending. */
  readonly edges: Uint32Array;
  /** Ends of `edges`, as positions in `vertices`. */
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
  /** Edges of `vertices` in the whole of `source`. */
  readonly inDegree: Uint32Array;
  readonly outDegree: Uint32Array;
  readonly steps: readonly AppliedStep[];
  readonly by: string;
  readonly weightBy: string | undefined;
  readonly totals: Counts;
  /** Edges of `source` among `vertices`, drawn or not. */
  readonly edgesAmong: number;
  readonly shown: Counts;
  /** "showing 2,000 of 4,847,571 vertices, chosen by rank; 6,000 of the 41,310 edges among them, heaviest first". */
  readonly banner: string;
}
