/**
 * The baseline: one thread, typed arrays, no engine. What a system must beat to have been worth its trouble (McSherry,
 * Isard, Murray: Scalability! But at what COST?, 2015).
 */
import { bfs } from "../serial/bfs.ts";
import { components } from "../serial/components.ts";
import { pageRank } from "../serial/pageRank.ts";
import { readEdges } from "../serial/readEdges.ts";
import { buildGraph } from "../serial/rows.ts";
import type { Answer, Engine } from "./engine.ts";

export const serial: Engine = {
  name: "serial",
  start: async () => ({
    async load(file) {
      const graph = buildGraph(readEdges(file));
      const answered = (values: Float64Array) => async (): Promise<Answer> => ({ ids: graph.ids, values });
      return {
        numVertices: graph.ids.length,
        numEdges: graph.src.length,
        pageRank: async (rounds) => answered(pageRank(graph, rounds)),
        components: async () => answered(components(graph)),
        bfs: async (source) => answered(bfs(graph, source)),
        stop: async () => {},
      };
    },
  }),
};
