import { rowsBy, type SerialGraph } from "./rows.ts";

/** Hops from `source` along edges, Infinity out of reach: one queue, over rows by source that are built here. */
export function bfs({ ids, indexOf, src, dst }: SerialGraph, source: number): Float64Array {
  const { offsets, neighbours } = rowsBy(ids.length, src, dst);
  const depth = new Float64Array(ids.length).fill(Infinity);
  const queue = new Uint32Array(ids.length);
  queue[0] = indexOf.get(source)!;
  depth[queue[0]] = 0;
  for (let head = 0, tail = 1; head < tail; head++) {
    const vertex = queue[head]!;
    for (let at = offsets[vertex]!; at < offsets[vertex + 1]!; at++) {
      const neighbour = neighbours[at]!;
      if (depth[neighbour] !== Infinity) continue;
      depth[neighbour] = depth[vertex]! + 1;
      queue[tail++] = neighbour;
    }
  }
  return depth;
}
