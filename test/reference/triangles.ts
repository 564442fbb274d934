import type { Edge, VertexId } from "../../graph/types.ts";

/** How many triangles each vertex is in: every set of three vertices is looked at. */
export function trianglesByTriples(ids: readonly VertexId[], edges: readonly Edge<unknown>[]): Map<VertexId, number> {
  const pairs = new Set(edges.flatMap(({ srcId, dstId }) => [`${srcId},${dstId}`, `${dstId},${srcId}`]));
  const counts = new Map<VertexId, number>(ids.map((id) => [id, 0]));
  ids.forEach((a, first) => {
    ids.slice(first + 1).forEach((b, second) => {
      if (!pairs.has(`${a},${b}`)) return;
      for (const c of ids.slice(first + second + 2)) {
        if (!pairs.has(`${a},${c}`) || !pairs.has(`${b},${c}`)) continue;
        for (const id of [a, b, c]) counts.set(id, counts.get(id)! + 1);
      }
    });
  });
  return counts;
}
