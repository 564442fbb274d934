/**
 * Small result graphs for tests.
 */
import type { ResultColumn, ResultGraph } from "../../viz/resultGraph.ts";

/** "0>1 1>2": edges between vertices with integer ids, vertices in ascending order; "7" alone is an isolated vertex. */
export function resultOf(
  edgeList: string,
  vertexColumns: Readonly<Record<string, ResultColumn>> = {},
  edgeColumns: Readonly<Record<string, ResultColumn>> = {},
): ResultGraph {
  const parts = edgeList.split(" ").map((part) => part.split(">").map(Number));
  const ids = [...new Set(parts.flat())].sort((a, b) => a - b);
  const edges = parts.filter((part) => part.length === 2);
  return {
    numVertices: ids.length,
    numEdges: edges.length,
    vertexId: (index) => ids[index]!,
    vertexColumns: new Map(Object.entries(vertexColumns)),
    src: Uint32Array.from(edges, ([from]) => ids.indexOf(from!)),
    dst: Uint32Array.from(edges, ([, to]) => ids.indexOf(to!)),
    edgeColumns: new Map(Object.entries(edgeColumns)),
  };
}

/** Uniform numbers in [0, 1) from a seed (xorshift). */
export function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A random graph with the columns rank (few distinct values, so that there are ties), group and weight. */
export function randomResult(seed: number, numVertices: number, numEdges: number): ResultGraph {
  const next = random(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const ids = Array.from({ length: numVertices }, (_vertex, index) => index * 3 + 5).sort(() => next() - 0.5);
  const end = (): number => Math.min(below(numVertices), below(numVertices));
  return {
    numVertices,
    numEdges,
    vertexId: (index) => ids[index]!,
    vertexColumns: new Map<string, ResultColumn>([
      ["rank", Float64Array.from(ids, () => below(6) / 4)],
      ["group", ids.map(() => `g${below(4)}`)],
    ]),
    src: Uint32Array.from({ length: numEdges }, end),
    dst: Uint32Array.from({ length: numEdges }, end),
    edgeColumns: new Map<string, ResultColumn>([["weight", Float64Array.from({ length: numEdges }, () => below(20))]]),
  };
}
