/**
 * Superstep: property graphs and Pregel supersteps on a distributed RDD core.
 *
 * A program starts with a `Context`, loads a `Graph`, runs algorithms or programs of its own on it, and reads or shows
 * the result. `superstep/core`, `superstep/graph` and `superstep/viz` give the layers by themselves.
 */
export * from "./core/index.ts";
export * from "./graph/index.ts";
export * from "./viz/index.ts";
