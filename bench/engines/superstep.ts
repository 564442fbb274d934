/**
 * Superstep as a program uses it, on so many threads.
 */
import { Context, GraphLoader, type VertexId, type VertexRDD } from "superstep";
import type { Answer, Engine } from "./engine.ts";

export function superstep(numThreads: number): Engine {
  return {
    name: `superstep-${numThreads}`,
    async start() {
      const ctx = await Context.create({ master: `local[${numThreads}]` });
      await ctx.range(0, 1000, 1, numThreads).count(); // threads start with the first job
      return {
        collectGarbage: () =>
          ctx.range(0, 4 * numThreads, 1, 4 * numThreads).foreach(() => (globalThis as { gc?: () => void }).gc?.()),
        async load(file) {
          const graph = await GraphLoader.edgeListFile(ctx, file);
          return {
            numVertices: await graph.numVertices(),
            numEdges: await graph.numEdges(),
            pageRank: async (iterations) => answered((await graph.pageRank({ iterations, scale: "none" })).graph),
            components: async () => answered((await graph.connectedComponents()).graph),
            bfs: async (source) => answered((await graph.bfs({ source })).graph),
            stop: () => ctx.stop(),
          };
        },
      };
    },
  };
}

function answered<V extends VertexId>({ vertices }: { readonly vertices: VertexRDD<V> }): () => Promise<Answer> {
  return async () => {
    const rows = await vertices.collect();
    return { ids: rows.map(([id]) => Number(id)), values: rows.map(([, value]) => Number(value)) };
  };
}
