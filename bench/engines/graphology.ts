/**
 * The same work over graphology's API: the graph library that JavaScript programs use most. It is made for graphs that
 * change and carry attributes; this shows what that costs where a graph is only computed on.
 */
import { MultiDirectedGraph } from "graphology";
import { readEdges } from "../serial/readEdges.ts";
import type { Answer, Engine } from "./engine.ts";

export const graphology: Engine = {
  name: "graphology",
  start: async () => ({
    async load(file) {
      const graph = new MultiDirectedGraph();
      const { src, dst } = readEdges(file);
      for (const id of new Set([...src, ...dst])) graph.addNode(id);
      for (let edge = 0; edge < src.length; edge++) graph.addDirectedEdgeWithKey(edge, src[edge], dst[edge]);
      return {
        numVertices: graph.order,
        numEdges: graph.size,
        pageRank: async (rounds) => answered(pageRank(graph, rounds)),
        components: async () => answered(components(graph)),
        bfs: async (source) => answered(bfs(graph, String(source))),
        stop: async () => {},
      };
    },
  }),
};

function pageRank(graph: MultiDirectedGraph, rounds: number, resetProb = 0.15): Map<string, number> {
  let rank = new Map(graph.mapNodes((node): [string, number] => [node, 1]));
  for (let round = 0; round < rounds; round++) {
    const share = new Map(graph.mapNodes((node): [string, number] => [node, rank.get(node)! / graph.outDegree(node)]));
    const next = new Map<string, number>();
    graph.forEachNode((node) => {
      let sum = 0;
      graph.forEachInEdge(node, (_edge, _attributes, source) => {
        sum += share.get(source)!;
      });
      next.set(node, resetProb + (1 - resetProb) * sum);
    });
    rank = next;
  }
  return rank;
}

function components(graph: MultiDirectedGraph): Map<string, number> {
  const component = new Map<string, number>();
  graph.forEachNode((start) => {
    if (component.has(start)) return;
    const reached = [start];
    component.set(start, 0);
    for (const node of reached) {
      graph.forEachNeighbor(node, (neighbour) => {
        if (component.has(neighbour)) return;
        component.set(neighbour, 0);
        reached.push(neighbour);
      });
    }
    let lowest = Infinity;
    for (const node of reached) lowest = Math.min(lowest, Number(node));
    for (const node of reached) component.set(node, lowest);
  });
  return component;
}

function bfs(graph: MultiDirectedGraph, source: string): Map<string, number> {
  const depth = new Map(graph.mapNodes((node): [string, number] => [node, Infinity]));
  depth.set(source, 0);
  const queue = [source];
  for (const node of queue) {
    graph.forEachOutNeighbor(node, (neighbour) => {
      if (depth.get(neighbour) !== Infinity) return;
      depth.set(neighbour, depth.get(node)! + 1);
      queue.push(neighbour);
    });
  }
  return depth;
}

function answered(values: ReadonlyMap<string, number>): () => Promise<Answer> {
  return async () => ({ ids: Array.from(values.keys(), Number), values: [...values.values()] });
}
