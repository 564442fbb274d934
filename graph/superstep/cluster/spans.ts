/**
 * Runs of vertices: what is copied to a host in few pieces.
 */

/** Vertices apart by less than this are copied in one run, with what lies between. */
const minGap = 512;
/** As many runs at most, or a few more. */
const maxSpans = 1024;

/** Ranges that cover `vertices`, which ascend, in [0, numVertices). */
export function spansOf(vertices: Uint32Array, numVertices: number): { from: number; to: number }[] {
  const gap = Math.max(minGap, Math.ceil(numVertices / maxSpans));
  const spans: { from: number; to: number }[] = [];
  let last: { from: number; to: number } | undefined;
  for (const vertex of vertices) {
    if (last !== undefined && vertex - last.to < gap) last.to = vertex + 1;
    else spans.push((last = { from: vertex, to: vertex + 1 }));
  }
  return spans;
}
