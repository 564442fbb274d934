/**
 * Runs of vertices: what is copied to a host in few pieces.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { Mirrors } from "./mirrors.ts";

/** Vertices apart by less than this are copied in one run, with what lies between. */
const minGap = 512;
/** As many runs at most, or a few more. */
const maxSpans = 1024;

/** The vertices [from, to). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const spansOfRoutes: WeakMap<Mirrors, readonly Span[]> = new WeakMap();

/** Ranges that cover what the host of a route mirrors; made once a route. */
export function mirroredSpans(arena: Arena, route: Mirrors, numVertices: number): readonly Span[] {
  let spans = spansOfRoutes.get(route);
  if (spans === undefined) spansOfRoutes.set(route, (spans = spansOf(arena.view(route.vertices), numVertices)));
  return spans;
}

/** Ranges that cover `vertices`, which ascend, in [0, numVertices). */
export function spansOf(vertices: Uint32Array, numVertices: number): readonly Span[] {
  const gap = Math.max(minGap, Math.ceil(numVertices / maxSpans));
  const spans: { from: number; to: number }[] = [];
  let last: { from: number; to: number } | undefined;
  for (const vertex of vertices) {
    if (last !== undefined && vertex - last.to < gap) last.to = vertex + 1;
    else spans.push((last = { from: vertex, to: vertex + 1 }));
  }
  return spans;
}
