import { invalidArgument } from "../../../core/errors.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import {
  checkCount,
  checkSeed,
  consecutiveVertices,
  cutChunks,
  defaultSeed,
  streams,
  type GeneratedGraph,
} from "./generatedGraph.ts";
import { generateQuadrants, type QuadrantEdges } from "./quadrants.ts";

/** What `kronecker` generates. */
export interface KroneckerOptions {
  /** 2^scale vertices. 1 to 30. */
  readonly scale: number;
  /** Edges a vertex on average, before any are mirrored. Default: 16. */
  readonly degree?: number | undefined;
  /** Default: 1. */
  readonly seed?: number | undefined;
}

/** As the GAP benchmark and Graph500 have them. */
const chances = { a: 0.57, b: 0.19, c: 0.19, d: 0.05 } as const;
const maxScale = 30;

/**
 * A Kronecker graph as in the GAP benchmark suite (Beamer, Asanović and Patterson, 2015): `degree` * 2^scale random
 * edges of a recursive matrix, ids permuted; self-loops and parallel edges occur. Edges are directed as drawn: the
 * benchmark adds each in the other direction too.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `scale` is not an integer from 1 to 30, or there are 2^32 edges or more.
 */
export async function kronecker(runner: TaskRunner, options: KroneckerOptions): Promise<GeneratedGraph> {
  const { scale, degree = 16, seed = defaultSeed } = options;
  if (!Number.isInteger(scale) || scale < 1 || scale > maxScale) {
    throw invalidArgument("kronecker", "scale", `an integer from 1 to ${maxScale}`, scale);
  }
  checkCount("kronecker", "degree", degree);
  checkCount("kronecker", "number of edges, degree * 2^scale,", degree * 2 ** scale);
  checkSeed("kronecker", seed);
  const shared: QuadrantEdges = { seed, stream: streams.kronecker, scale, chances, firstId: 0, isRelabeled: true };
  const edges = await generateQuadrants(runner, "a Kronecker graph", shared, cutChunks(degree * 2 ** scale));
  return { edges, vertices: await consecutiveVertices(runner, 2 ** scale) };
}
