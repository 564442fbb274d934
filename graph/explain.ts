/**
 * What is known of a graph before anything runs on it, in words.
 */
import type { Graph } from "./graph.ts";
import { describeSchema } from "../core/column/schema.ts";
import { everything, useParts } from "./parts.ts";
import { functionsTold } from "./functionLog.ts";
import { runsKernel } from "./kernels/kernelColumns.ts";
import { describeIds } from "./partition/idColumn.ts";
import type { Shape } from "./shape.ts";
import { minTiledSupersteps } from "./superstep/tileWalks.ts";

/** How a graph is stored, and how programs run on it. Eager: makes the graph's columns. */
export function explainGraph<VD, ED>(graph: Graph<VD, ED>): Promise<string> {
  return useParts(graph.parts, everything, async ({ shape, vertices, edges }) => {
    const { topology, cut } = shape;
    const { numVertices, numEdges, partitions } = topology;
    const sizes = partitions.map(({ from, to, inRows }) => to - from + inRows.neighbours.length);
    const layout =
      cut === undefined
        ? "edges live with their destination, in rows by source; scan and apply are one pass"
        : `edges are cut into ${cut.length} parts; a superstep is two stages, scan, then combine and apply`;
    return [
      `vertices    ${numVertices.toLocaleString("en")}, ids are ${describeIds(topology.ids)}, attribute ${describeSchema(vertices.schema)}`,
      `edges       ${numEdges.toLocaleString("en")}, attribute ${describeSchema(edges.schema)}`,
      `partitions  ${partitions.length}, the largest ${Math.max(...sizes).toLocaleString("en")} vertices and edges, the smallest ${Math.min(...sizes).toLocaleString("en")}`,
      `layout      ${layout}`,
      ...(cut === undefined ? [`scans       ${scansOf(shape)}`] : []),
      `places      ${placesOf(graph)}`,
      `kernels     ${runsKernel(graph.ctx) ? "bfs, triangles, and without maxSupersteps components and sssp, run as WebAssembly" : "not with executors or checkpoints: vertex programs run there"}`,
      `functions   compiled to WebAssembly with their loop where they are arithmetic over columns, else JavaScript; told as each runs`,
    ].join("\n");
  });
}

/** As `explainGraph`, and of each function that ran in the graph's context whether it was compiled, or why not. */
export async function explainAll<VD, ED>(graph: Graph<VD, ED>): Promise<string> {
  const about = await explainGraph(graph);
  const functions = functionsTold(graph.ctx.driver).map((text) => `function    ${text}`);
  return [about, ...functions].join("\n");
}

/** In which order edges are walked, and why. */
function scansOf({ tileChoice: { missed, isTiled } }: Shape): string {
  if (missed === undefined) return "along rows as they lie: the graph is small";
  const found = `${Math.round(100 * missed)} % of what rows read, as they lie, a cache of 1 MiB does not hold`;
  return isTiled
    ? `${found}: runs of ${minTiledSupersteps} supersteps or more walk edges in tiles, where all vertices send, one number each`
    : `along rows as they lie: ${found}`;
}

/** Where supersteps run, and what is shipped. */
function placesOf<VD, ED>(graph: Graph<VD, ED>): string {
  const { driver } = graph.ctx;
  if (driver.isLocal) return "supersteps run on the threads of this process; nothing is shipped";
  const { length } = driver.executors;
  if (length === 1) return "supersteps run on 1 executor; nothing is shipped between executors";
  return `supersteps run on ${length} executors, which send each other what changed of attributes that others read`;
}
