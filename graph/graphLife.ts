/**
 * How long a graph's parts live: from the graph's making until `release`, or until the garbage collector takes the
 * graph, whichever comes first.
 */
import type { GraphParts } from "./parts.ts";

/** Parts of graphs that nobody holds any more are let go. */
const abandoned = new FinalizationRegistry<GraphParts>((parts) => void letGo(parts));

/** Graphs that stay although nobody holds them. */
const pinned = new Set<object>();

/** One graph's hold on its parts. */
export class GraphLife {
  readonly #graph: WeakRef<object>;
  readonly #parts: GraphParts;
  #isHeld = true;

  constructor(graph: object, parts: GraphParts) {
    this.#graph = new WeakRef(graph);
    this.#parts = parts;
    for (const part of [parts.shape, parts.vertices, parts.edges]) part.retain();
    abandoned.register(graph, parts, this);
  }

  /** Keeps the graph until `release`. */
  pin(): void {
    const graph = this.#graph.deref();
    if (graph !== undefined) pinned.add(graph);
  }

  /** Lets the parts go; those that no other graph holds are freed. A second call does nothing. */
  async release(): Promise<void> {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    abandoned.unregister(this);
    const graph = this.#graph.deref();
    if (graph !== undefined) pinned.delete(graph);
    await letGo(this.#parts);
  }
}

async function letGo({ shape, vertices, edges }: GraphParts): Promise<void> {
  await Promise.all([shape.release(), vertices.release(), edges.release()]);
}
