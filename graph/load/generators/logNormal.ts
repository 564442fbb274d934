import { invalidArgument } from "../../../core/errors.ts";
import { operatorRef, type TaskContext } from "../../../core/host/task.ts";
import { randomFor } from "../../../core/random.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { EdgeChunk, VertexChunk } from "../edgeChunk.ts";
import {
  checkCount,
  checkSeed,
  cutChunks,
  defaultSeed,
  numberColumn,
  openChunk,
  streams,
  vertexChunk,
  type ChunkRange,
  type GeneratedGraph,
} from "./generatedGraph.ts";

/** What `logNormal` generates. */
export interface LogNormalOptions {
  readonly vertices: number;
  /** Mean of the logarithm of out-degrees. Default: 4. */
  readonly mu?: number | undefined;
  /** Standard deviation of the logarithm of out-degrees, >= 0. Default: 1.3. */
  readonly sigma?: number | undefined;
  /** Default: 1. */
  readonly seed?: number | undefined;
}

interface Shared {
  readonly numVertices: number;
  readonly mu: number;
  readonly sigma: number;
  readonly seed: number;
}

interface Part {
  readonly edges: EdgeChunk;
  readonly vertices: VertexChunk;
}

/** Vertices a chunk: half a million edges at the default mean degree of 127. */
const chunkVertices = 4096;
/** Below this many standard deviations a degree is less than n once in a million draws: it would take for ever. */
const leastDeviations = -4.75;

/**
 * A graph whose out-degrees are log-normal: floor(exp(mu + sigma * Z)), drawn again while >= `vertices`. The degree is
 * the vertex attribute `outDegree`; each edge leads to a vertex drawn from all alike.
 *
 * @throws SuperstepError INVALID_ARGUMENT if an option is out of range, or a degree below `vertices` is all but
 *   impossible.
 */
export async function logNormal(runner: TaskRunner, options: LogNormalOptions): Promise<GeneratedGraph> {
  const { vertices, mu = 4, sigma = 1.3, seed = defaultSeed } = options;
  checkCount("logNormal", "vertices", vertices);
  checkSeed("logNormal", seed);
  if (!Number.isFinite(mu)) throw invalidArgument("logNormal", "mu", "a finite number", mu);
  if (!(sigma >= 0 && sigma < Infinity)) throw invalidArgument("logNormal", "sigma", "a finite number >= 0", sigma);
  const room = Math.log(vertices) - mu;
  if (sigma > 0 ? room / sigma < leastDeviations : room <= 0) {
    throw invalidArgument("logNormal", "mu", `small enough for degrees below ${vertices}, the number of vertices`, mu);
  }
  const shared: Shared = { numVertices: vertices, mu, sigma, seed };
  const parts = await runner.runTasks<Part>({
    name: "generate a log-normal graph",
    operator: operatorRef(import.meta.url, "logNormalChunk"),
    shared,
    tasks: cutChunks(vertices, chunkVertices),
  });
  return { edges: parts.map(({ edges }) => edges), vertices: parts.map(({ vertices: own }) => own) };
}

/** Operator: vertices [from, to) and the edges that start there. */
export function logNormalChunk(shared: Shared, { chunk: number, from, to }: ChunkRange, task: TaskContext): Part {
  task.throwIfCancelled();
  const { numVertices, mu, sigma, seed } = shared;
  const random = randomFor(seed, streams.logNormal, number);
  const degrees = numberColumn("outDegree", to - from);
  let numEdges = 0;
  for (let row = 0; row < to - from; row++) {
    let degree: number;
    do degree = Math.floor(Math.exp(mu + sigma * random.normal()));
    while (degree >= numVertices);
    degrees.values[row] = degree;
    numEdges += degree;
  }
  const { src, dst, chunk } = openChunk(numEdges);
  let edge = 0;
  for (let row = 0; row < to - from; row++) {
    const end = edge + degrees.values[row]!;
    src.fill(from + row, edge, end);
    for (; edge < end; edge++) dst[edge] = random.nextInt(numVertices);
  }
  return { edges: chunk, vertices: vertexChunk(from, to, [degrees]) };
}
