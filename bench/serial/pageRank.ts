import type { SerialGraph } from "./rows.ts";

/** Ranks after so many rounds from 1, unscaled; what sinks hold is not handed on. Each vertex pulls from its sources. */
export function pageRank({ ids, src, incoming }: SerialGraph, rounds: number, resetProb = 0.15): Float64Array {
  const { offsets, neighbours } = incoming;
  const outDegree = new Uint32Array(ids.length);
  for (const vertex of src) outDegree[vertex]!++;
  const share = new Float64Array(ids.length);
  const rank = new Float64Array(ids.length).fill(1);
  for (let round = 0; round < rounds; round++) {
    for (let vertex = 0; vertex < rank.length; vertex++) share[vertex] = rank[vertex]! / outDegree[vertex]!;
    for (let vertex = 0; vertex < rank.length; vertex++) {
      let sum = 0;
      for (let at = offsets[vertex]!; at < offsets[vertex + 1]!; at++) sum += share[neighbours[at]!]!;
      rank[vertex] = resetProb + (1 - resetProb) * sum;
    }
  }
  return rank;
}
