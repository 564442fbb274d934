/**
 * What the benchmark asks of each engine: load a file, then three computations. All answer with ids and values, so that
 * their answers can be compared.
 */

/** Values by vertex: `values[i]` belongs to the vertex of id `ids[i]`, in any order. */
export interface Answer {
  readonly ids: readonly number[];
  readonly values: ArrayLike<number>;
}

/** A loaded graph. A computation resolves once its result is there; `answer` reads it, outside the measured time. */
export interface LoadedEngine {
  readonly numVertices: number;
  readonly numEdges: number;
  /** Unscaled PageRank after `rounds` rounds, reset probability 0.15. */
  pageRank(rounds: number): Promise<() => Promise<Answer>>;
  /** The lowest id of each vertex's component. */
  components(): Promise<() => Promise<Answer>>;
  /** Hops from `source`, Infinity out of reach. */
  bfs(source: number): Promise<() => Promise<Answer>>;
  stop(): Promise<void>;
}

/** An engine, by its name on the command line and in tables. */
export interface Engine {
  readonly name: string;
  /** Whatever must be there before a file can be loaded: not measured. */
  start(): Promise<StartedEngine>;
}

/** An engine that is ready to load. */
export interface StartedEngine {
  load(file: string): Promise<LoadedEngine>;
  /** Collects garbage on threads other than this one. */
  collectGarbage?(): Promise<void>;
}

/** An answer in four numbers that any two engines must agree on. */
export interface Digest {
  readonly vertices: number;
  /** Values that are finite. */
  readonly finite: number;
  /** Sum of the finite values, each multiplied by 1 + its id modulo 1009. */
  readonly weighted: number;
  readonly distinct: number;
}

/** The digest of an answer. */
export function digestOf({ ids, values }: Answer): Digest {
  let finite = 0;
  let weighted = 0;
  const distinct = new Set<number>();
  for (let at = 0; at < ids.length; at++) {
    const value = values[at]!;
    distinct.add(value);
    if (!Number.isFinite(value)) continue;
    finite++;
    weighted += value * (1 + (ids[at]! % 1009));
  }
  return { vertices: ids.length, finite, weighted, distinct: distinct.size };
}

/** True if two engines gave the same answer: counts equal, sums to 1e-9. */
export function agree(a: Digest, b: Digest, { areSums }: { readonly areSums: boolean }): boolean {
  if (a.vertices !== b.vertices || a.finite !== b.finite) return false;
  if (!areSums) return a.weighted === b.weighted && a.distinct === b.distinct;
  return Math.abs(a.weighted - b.weighted) <= 1e-9 * Math.abs(a.weighted);
}
