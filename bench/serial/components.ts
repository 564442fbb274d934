import type { SerialGraph } from "./rows.ts";

/** The lowest id of each vertex's component, ignoring direction: union-find with path halving. */
export function components({ ids, src, dst }: SerialGraph): Float64Array {
  const parent = Uint32Array.from(ids, (_, vertex) => vertex);
  const find = (vertex: number): number => {
    let root = vertex;
    while (parent[root] !== root) root = parent[root] = parent[parent[root]!]!;
    return root;
  };
  for (let edge = 0; edge < src.length; edge++) {
    const [a, b] = [find(src[edge]!), find(dst[edge]!)];
    if (a !== b) parent[Math.max(a, b)] = Math.min(a, b);
  }
  const lowest = new Float64Array(ids.length).fill(Infinity);
  ids.forEach((id, vertex) => {
    const root = find(vertex);
    if (id < lowest[root]!) lowest[root] = id;
  });
  return Float64Array.from(ids, (_, vertex) => lowest[find(vertex)]!);
}
