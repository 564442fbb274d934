import type { Edge, VertexId } from "../../graph/types.ts";

/** Distances from `source` along edges, Infinity out of reach: Dijkstra's algorithm with a binary heap. */
export function dijkstra(
  ids: readonly VertexId[],
  edges: readonly Edge<number>[],
  source: VertexId,
): Map<VertexId, number> {
  const out = new Map<VertexId, Edge<number>[]>();
  for (const edge of edges) out.set(edge.srcId, [...(out.get(edge.srcId) ?? []), edge]);
  return dijkstraOver(out, ids, source);
}

/** As `dijkstra`, over adjacency that is there already. */
export function dijkstraOver(
  out: ReadonlyMap<VertexId, readonly Edge<number>[]>,
  ids: readonly VertexId[],
  source: VertexId,
): Map<VertexId, number> {
  const distance = new Map<VertexId, number>(ids.map((id) => [id, Infinity]));
  distance.set(source, 0);
  const heap: [number, VertexId][] = [[0, source]];
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  };
  const push = (entry: [number, VertexId]): void => {
    heap.push(entry);
    for (let at = heap.length - 1; at > 0;) {
      const up = (at - 1) >> 1;
      if (heap[up]![0] <= heap[at]![0]) break;
      swap(up, at);
      at = up;
    }
  };
  const pop = (): [number, VertexId] => {
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    heap[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && heap[child]![0] < heap[least]![0]) least = child;
      }
      if (least === at) return top;
      swap(least, at);
      at = least;
    }
  };
  while (heap.length > 0) {
    const [reached, id] = pop();
    if (reached > distance.get(id)!) continue;
    for (const { dstId, attr } of out.get(id) ?? []) {
      const offered = reached + attr;
      if (offered >= distance.get(dstId)!) continue;
      distance.set(dstId, offered);
      push([offered, dstId]);
    }
  }
  return distance;
}
