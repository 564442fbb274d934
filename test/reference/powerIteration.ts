import type { Edge, VertexId } from "../../graph/types.ts";

/** How ranks are computed. */
export interface PowerOptions {
  readonly resetProbability: number;
  /** Rounds; without them, until nothing changes by more than 1e-14 of the largest rank, which is not far from noise. */
  readonly iterations?: number;
  readonly scale: "graphx" | "none" | "probability";
  readonly source?: VertexId;
  readonly weight?: (edge: Edge<number>) => number;
}

/** PageRank by the textbook: full rounds over a list of edges, in doubles. */
export function powerIteration(
  ids: readonly VertexId[],
  edges: readonly Edge<number>[],
  { resetProbability, iterations = 100_000, scale, source, weight = () => 1 }: PowerOptions,
): Map<VertexId, number> {
  const n = ids.length;
  const index = new Map(ids.map((id, at) => [id, at]));
  const total = new Float64Array(n);
  for (const edge of edges) total[index.get(edge.srcId)!]! += weight(edge);
  const arcs = edges.map((edge) => {
    const src = index.get(edge.srcId)!;
    return { src, dst: index.get(edge.dstId)!, share: total[src] === 0 ? 0 : weight(edge) / total[src]! };
  });
  const isProbability = scale === "probability";
  const jump = new Float64Array(n).fill(source === undefined ? (isProbability ? 1 / n : 1) : 0);
  if (source !== undefined) jump[index.get(source)!] = 1;
  let rank = jump.slice();
  for (let round = 0; round < iterations; round++) {
    const next = new Float64Array(n);
    for (const { src, dst, share } of arcs) next[dst]! += rank[src]! * share;
    let sinks = 0;
    if (isProbability) for (let at = 0; at < n; at++) if (total[at] === 0) sinks += rank[at]!;
    let change = 0;
    let largest = 0;
    for (let at = 0; at < n; at++) {
      next[at] = resetProbability * jump[at]! + (1 - resetProbability) * (next[at]! + sinks * jump[at]!);
      change = Math.max(change, Math.abs(next[at]! - rank[at]!));
      largest = Math.max(largest, next[at]!);
    }
    rank = next;
    if (change <= 1e-14 * largest) break;
  }
  let sum = 0;
  for (const value of rank) sum += value;
  const factor = scale === "graphx" ? (source === undefined ? n : 1) / sum : 1;
  return new Map(ids.map((id, at) => [id, rank[at]! * factor]));
}
