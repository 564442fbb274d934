import type { Graph } from "../graph.ts";

/**
 * Lends a graph that is made on the way to a result, and unpersists it when `use` has ended. Graphs derived from it
 * meanwhile stay: they hold what they share with it, and what they will be made from.
 */
export async function temporarily<VD, ED, R>(
  graph: Graph<VD, ED>,
  use: (graph: Graph<VD, ED>) => R | Promise<R>,
): Promise<R> {
  try {
    return await use(graph);
  } finally {
    await graph.unpersist();
  }
}
