import { invalidArgument } from "../../../core/errors.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import { degreeVertices } from "./degreeVertices.ts";
import { distinctEdges, duplicatesExpected } from "./distinctEdges.ts";
import { checkCount, checkSeed, cutChunks, defaultSeed, streams, type GeneratedGraph } from "./generatedGraph.ts";
import { checkChances, generateQuadrants, type QuadrantChances, type QuadrantEdges } from "./quadrants.ts";

/** What `rmat` generates. */
export interface RmatOptions extends Partial<QuadrantChances> {
  /** Rounded up to a power of two, N: ids are 0 to N - 1. 2 to 2^30. */
  readonly vertices: number;
  /** At most N^2 / 4 if they are distinct. */
  readonly edges: number;
  /** No edge twice. Default: true. */
  readonly distinct?: boolean | undefined;
  /** As GraphX: ids from N / 2 only, vertices without edges absent. Default: false. */
  readonly compat?: boolean | undefined;
  /** Default: 1. */
  readonly seed?: number | undefined;
}

/** GraphX's chances. */
const defaultChances = { a: 0.45, b: 0.15, c: 0.15, d: 0.25 } as const;
const maxVertices = 2 ** 30;

/**
 * An R-MAT graph: edges of a recursive matrix with the chances `a`, `b`, `c`, `d` (default 0.45, 0.15, 0.15, 0.25),
 * self-loops included. The vertex attribute `outDegree` is the number of edges that start at a vertex.
 *
 * Distinct edges are the first `edges` different ones of the sequence that the seed defines.
 *
 * @throws SuperstepError INVALID_ARGUMENT if an option is out of range.
 */
export async function rmat(runner: TaskRunner, options: RmatOptions): Promise<GeneratedGraph> {
  const { vertices, edges: numEdges, distinct = true, compat = false, seed = defaultSeed } = options;
  const { a, b, c, d } = { ...defaultChances, ...givenChances(options) };
  const chances = { a, b, c, d };
  if (!Number.isInteger(vertices) || vertices < 2 || vertices > maxVertices) {
    throw invalidArgument("rmat", "vertices", `an integer from 2 to ${maxVertices}`, vertices);
  }
  checkCount("rmat", "edges", numEdges, 0);
  checkSeed("rmat", seed);
  checkChances("rmat", chances);
  const scale = Math.ceil(Math.log2(vertices));
  const numVertices = 2 ** scale;
  const numCells = (numVertices / 2) ** 2;
  if ((distinct || compat) && numEdges > numCells) {
    throw invalidArgument("rmat", "edges", `at most ${numCells} for ${numVertices} vertices`, numEdges);
  }
  const source: QuadrantEdges = {
    seed,
    stream: streams.rmat,
    scale: compat ? scale - 1 : scale,
    chances,
    firstId: compat ? numVertices / 2 : 0,
    isRelabeled: false,
  };
  const edges = distinct
    ? await distinctEdges(runner, source, numEdges, numVertices, duplicatesExpected(source, numEdges))
    : await generateQuadrants(runner, "an R-MAT graph", source, cutChunks(numEdges));
  return { edges, vertices: await degreeVertices(runner, edges, numVertices, !compat) };
}

/** The chances that the caller set. */
function givenChances({ a, b, c, d }: RmatOptions): Partial<QuadrantChances> {
  return Object.fromEntries(Object.entries({ a, b, c, d }).filter(([, chance]) => chance !== undefined));
}
