/**
 * The page's graph, as graphology holds it: who is next to whom.
 */
import { MultiGraph } from "graphology";
import type { PageData } from "../view/pageData.ts";

/** A node next to another one. */
export interface Neighbour {
  readonly node: number;
  /** Links to it, and from it; an undirected link counts once, as "to". */
  readonly linksTo: readonly number[];
  readonly linksFrom: readonly number[];
}

export class PageGraph {
  readonly #graph: MultiGraph;

  /** Node i has the key "i", link j the key "j". */
  constructor({ model, numNodes, numLinks, source, target }: PageData) {
    this.#graph = new MultiGraph();
    for (let node = 0; node < numNodes; node++) this.#graph.addNode(node);
    for (let link = 0; link < numLinks; link++) {
      if (model.directed) this.#graph.addDirectedEdgeWithKey(link, source[link], target[link]);
      else this.#graph.addUndirectedEdgeWithKey(link, source[link], target[link]);
    }
  }

  /** Nodes linked with `node`, each once and without itself, the most important first. */
  neighbours(node: number): readonly Neighbour[] {
    const found = new Map<number, { node: number; linksTo: number[]; linksFrom: number[] }>();
    this.#graph.forEachEdge(node, (key, _attributes, source, target) => {
      if (source === target) return;
      const isOut = Number(source) === node;
      const other = Number(isOut ? target : source);
      const entry = found.get(other) ?? { node: other, linksTo: [], linksFrom: [] };
      found.set(other, entry);
      (isOut || this.#graph.isUndirected(key) ? entry.linksTo : entry.linksFrom).push(Number(key));
    });
    return [...found.values()].sort((a, b) => a.node - b.node);
  }

  /** Links shown that arrive at, and that leave `node`; an undirected link counts as both. */
  degrees(node: number): { readonly in: number; readonly out: number } {
    const undirected = this.#graph.undirectedDegree(node);
    return { in: this.#graph.inDegree(node) + undirected, out: this.#graph.outDegree(node) + undirected };
  }
}
