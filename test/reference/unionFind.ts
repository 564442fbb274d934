import type { Edge, VertexId } from "../../graph/types.ts";

/** The lowest id of each vertex's component, by union-find with path halving. */
export function unionFind(ids: readonly VertexId[], edges: readonly Edge<unknown>[]): Map<VertexId, VertexId> {
  const parent = new Map<VertexId, VertexId>(ids.map((id) => [id, id]));
  const find = (id: VertexId): VertexId => {
    let root = id;
    while (parent.get(root) !== root) {
      parent.set(root, parent.get(parent.get(root)!)!);
      root = parent.get(root)!;
    }
    return root;
  };
  for (const { srcId, dstId } of edges) {
    const [a, b] = [find(srcId), find(dstId)];
    if (a !== b) parent.set(a < b ? b : a, a < b ? a : b);
  }
  return new Map(ids.map((id) => [id, find(id)]));
}
