import type { VertexId } from "./types.ts";

/** The one form of an id: a bigint only beyond 2^53, so that 5 and 5n are one vertex. */
export function canonicalId(id: VertexId): VertexId {
  if (typeof id !== "bigint") return id;
  const asNumber = Number(id);
  return Number.isSafeInteger(asNumber) ? asNumber : id;
}
