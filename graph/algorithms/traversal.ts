/**
 * The Pregel program that shortens distances, along edges, against them, or both ways: what `bfs`, `sssp` and
 * `shortestPaths` share.
 */
import { invalidArgument } from "../../core/errors.ts";
import type { PregelOptions } from "../superstep/pregel.ts";
import type { EdgeContext } from "../types.ts";

/** Along edges ("out"), against them ("in"), or both ways ("either"). */
export type TraversalDirection = "out" | "in" | "either";

/** Every edge counts 1, or what its attribute says. */
export type EdgeLength = { readonly kind: "hops" } | { readonly kind: "attr" };

type Relax = (edge: EdgeContext<number, unknown, number>) => void;
type RelaxByAttr = (edge: EdgeContext<number, number, number>) => void;

const byHops: Record<TraversalDirection, Relax> = {
  out: (edge) => {
    if (edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
  },
  in: (edge) => {
    if (edge.dstAttr + 1 < edge.srcAttr) edge.sendToSrc(edge.dstAttr + 1);
  },
  either: (edge) => {
    if (edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
    else if (edge.dstAttr + 1 < edge.srcAttr) edge.sendToSrc(edge.dstAttr + 1);
  },
};

const byAttr: Record<TraversalDirection, RelaxByAttr> = {
  out: (edge) => {
    if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
  },
  in: (edge) => {
    if (edge.dstAttr + edge.attr < edge.srcAttr) edge.sendToSrc(edge.dstAttr + edge.attr);
  },
  either: (edge) => {
    if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
    else if (edge.dstAttr + edge.attr < edge.srcAttr) edge.sendToSrc(edge.dstAttr + edge.attr);
  },
};

/**
 * Options of the run over vertices whose attribute is the distance known so far.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `direction` is not one of the three.
 */
export function traversed<ED>(direction: TraversalDirection, length: EdgeLength): PregelOptions<number, ED, number> {
  checkDirection(direction);
  const send = length.kind === "hops" ? byHops[direction] : byAttr[direction];
  return {
    initialMessage: Infinity, // beyond any distance: changes nothing
    activeDirection: direction,
    vertexProgram: (_id, distance, offered) => Math.min(distance, offered),
    sendMessage: send as PregelOptions<number, ED, number>["sendMessage"],
    mergeMessage: (a, b) => Math.min(a, b),
    tripletFields: { src: true, dst: true, edge: length.kind === "attr" },
  };
}

/** @throws SuperstepError INVALID_ARGUMENT if `direction` is not one of the three. */
export function checkDirection(direction: TraversalDirection): void {
  if (Object.hasOwn(byHops, direction)) return;
  throw invalidArgument("traversal", "direction", '"out", "in" or "either"', direction);
}
