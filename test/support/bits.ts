import type { RDD } from "../../core/rdd/rdd.ts";
import type { VertexId } from "../../graph/types.ts";

/** What a numeric result is, to the bit: ids, and the bytes of their values as hexadecimal. */
export async function bitsOf(graph: { readonly vertices: RDD<[VertexId, number]> }): Promise<string> {
  const rows: [VertexId, number][] = await graph.vertices.collect();
  const ids = rows.map(([id]) => id).join(",");
  return `${ids}|${Buffer.from(Float64Array.from(rows, ([, value]) => value).buffer).toString("hex")}`;
}

/** The largest relative difference of two results over the same ids; NaN if an id is missing on one side. */
export function largestDifference(got: ReadonlyMap<VertexId, number>, expected: ReadonlyMap<VertexId, number>): number {
  if (got.size !== expected.size) return NaN;
  let largest = 0;
  for (const [id, value] of expected) {
    const other = got.get(id);
    if (other === undefined) return NaN;
    if (value === other) continue;
    largest = Math.max(largest, Math.abs(value - other) / Math.max(Math.abs(value), 1e-300));
  }
  return largest;
}
