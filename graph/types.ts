/**
 * The nouns of a property graph, GraphX's, as a program sees them.
 */

/** A vertex's id: an integer (a bigint only beyond 2^53) or a string. One kind per graph. */
export type VertexId = number | bigint | string;

/** Which edges of a vertex are meant. */
export type EdgeDirection = "in" | "out" | "either" | "both";

/** A directed edge and its attribute. */
export interface Edge<ED> {
  srcId: VertexId;
  dstId: VertexId;
  attr: ED;
}

/** An edge with the attributes of its two ends. */
export interface EdgeTriplet<VD, ED> extends Edge<ED> {
  srcAttr: VD;
  dstAttr: VD;
}

/** An edge triplet that can send messages to its two ends. Valid only during the call that receives it. */
export interface EdgeContext<VD, ED, Msg> extends EdgeTriplet<VD, ED> {
  sendToSrc(message: Msg): void;
  sendToDst(message: Msg): void;
}

/** What a graph algorithm resolves to: the result, and how it ended. */
export interface Run<VD, ED, G> {
  readonly graph: G;
  /** Rounds that applied messages; the initial message is not counted. Of a kernel its own rounds: see the algorithm. */
  readonly supersteps: number;
  /** True if another round would change nothing (or nothing above the tolerance). */
  readonly converged: boolean;
  /** What ran: a vertex program, superstep by superstep, or a kernel, with the same result. */
  readonly method?: "program" | "kernel";
  readonly __types?: [VD, ED];
}
