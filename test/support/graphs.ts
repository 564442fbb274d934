/**
 * Small graphs as pictures, larger ones by seed.
 */
import type { Context } from "../../core/context.ts";
import type { RDD } from "../../core/rdd/rdd.ts";
import { Graph } from "../../graph/graph.ts";
import type { Edge, VertexId } from "../../graph/types.ts";

/** An edge with a length. */
export type Arc = Edge<number>;

/** `edges("0>1>2 7-5>8")`: two chains, the second an edge of length 5; lengths are 1 unless told. */
export function edges(picture: string): Arc[] {
  return picture
    .split(" ")
    .filter(Boolean)
    .flatMap((chain) => {
      const steps = chain.split(">");
      return steps.slice(1).map((step, at): Arc => {
        const [src, length = "1"] = steps[at]!.split(/(?<=.)-/);
        return { srcId: Number(src), dstId: Number(step.split(/(?<=.)-/)[0]), attr: Number(length) };
      });
    });
}

/** The graph of these edges, every vertex with attribute 0. `isolated`: vertices without edges. */
export function graphOf(
  ctx: Context,
  arcs: readonly Arc[],
  numPartitions: number,
  isolated: readonly VertexId[] = [],
): Graph<number, number> {
  const vertices = ctx.parallelize<[VertexId, number]>(
    isolated.map((id) => [id, 0]),
    1,
  );
  return Graph.create(vertices, ctx.parallelize(arcs, numPartitions), { defaultVertex: 0 });
}

/** Pseudo-random integers from a seed: a linear congruential generator of its own, not the one under test. */
export function integersFrom(seed: number): (below: number) => number {
  let state = BigInt(seed) * 2862933555777941757n + 3037000493n;
  return (below) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(below));
  };
}

/** A random multigraph with self-loops, some ids skewed to be hubs; lengths are whole numbers from 0 to 9. */
export function randomArcs(seed: number, numVertices: number, numEdges: number): Arc[] {
  const next = integersFrom(seed);
  const vertex = (): number => (next(4) === 0 ? next(Math.ceil(numVertices / 10)) : next(numVertices));
  return Array.from({ length: numEdges }, () => ({ srcId: vertex(), dstId: vertex(), attr: next(10) }));
}

/** Attributes by id. */
export async function attrsOf<VD>(graph: { readonly vertices: RDD<[VertexId, VD]> }): Promise<Map<VertexId, VD>> {
  return new Map(await graph.vertices.collect());
}

/** The ids that occur in the edges, and those given. */
export function idsOf(arcs: readonly Arc[], isolated: readonly VertexId[] = []): VertexId[] {
  return [...new Set<VertexId>([...arcs.flatMap(({ srcId, dstId }) => [srcId, dstId]), ...isolated])];
}
