/**
 * What is known of a graph before anything runs on it, in words.
 */
import type { Graph } from "./graph.ts";
import { describeSchema } from "../core/column/schema.ts";
import { everything, useParts } from "./parts.ts";
import { runsKernel } from "./kernels/kernelColumns.ts";
import { describeIds } from "./partition/idColumn.ts";

/** How a graph is stored, and how programs run on it. Eager: makes the graph's columns. */
export function explainGraph<VD, ED>(graph: Graph<VD, ED>): Promise<string> {
  return useParts(graph.parts, everything, async ({ shape, vertices, edges }) => {
    const { topology, cut } = shape;
    const { numVertices, numEdges, partitions } = topology;
    const sizes = partitions.map(({ from, to, inRows }) => to - from + inRows.neighbours.length);
    const layout =
      cut === undefined
        ? "edges live with their destination, in rows by source; scan and apply are one pass, nothing is shipped"
        : `edges are cut into ${cut.length} parts; a superstep is two stages, scan, then combine and apply`;
    return [
      `vertices    ${numVertices.toLocaleString("en")}, ids are ${describeIds(topology.ids)}, attribute ${describeSchema(vertices.schema)}`,
      `edges       ${numEdges.toLocaleString("en")}, attribute ${describeSchema(edges.schema)}`,
      `partitions  ${partitions.length}, the largest ${Math.max(...sizes).toLocaleString("en")} vertices and edges, the smallest ${Math.min(...sizes).toLocaleString("en")}`,
      `layout      ${layout}`,
      `kernels     ${runsKernel(graph.ctx) ? "bfs, and without maxSupersteps components and sssp, run as WebAssembly" : "not with executors or checkpoints: vertex programs run there"}`,
      `functions   run as JavaScript, in loops generated for each program over typed columns`,
    ].join("\n");
  });
}
