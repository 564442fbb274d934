/**
 * Connected components: the lowest id that is reachable ignoring direction.
 *
 *   component(v) = min over vertices u connected with v of id(u)
 *
 * Input       edge attributes are ignored, and survive
 * Output      vertex attribute = the lowest id of its component, numeric or by code points
 * Supersteps  the longest distance, in edges, from a vertex to the lowest id of its component
 * Messages    per superstep, at most one per edge, and only where it lowers a label
 * Memory      two float64 per vertex; rows by source are built
 * Reference   the label propagation of GraphX's ConnectedComponents
 */
import type { Graph } from "../graph.ts";
import { idsOfIndices, indexColumns } from "../operators/indexColumns.ts";
import { pickCheckpoints, type CheckpointOptions } from "../superstep/checkpoint/checkpointOptions.ts";
import { checkMaxSupersteps } from "../superstep/pregel.ts";
import type { Run, VertexId } from "../types.ts";
import { temporarily } from "./temporarily.ts";

/** How components are found. */
export interface ConnectedComponentsOptions extends CheckpointOptions {
  /** Supersteps at most: the lowest id within that many hops. An integer >= 1; default Infinity. */
  readonly maxSupersteps?: number;
  /** Cancels the run, which fails with CANCELLED. */
  readonly signal?: AbortSignal;
}

/**
 * The component of each vertex.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `maxSupersteps` is out of range.
 */
export async function connectedComponents<VD, ED>(
  graph: Graph<VD, ED>,
  options: ConnectedComponentsOptions = {},
): Promise<Run<VertexId, ED, Graph<VertexId, ED>>> {
  const { maxSupersteps = Infinity, signal } = options;
  checkMaxSupersteps("connectedComponents", maxSupersteps);
  // Indices ascend with ids, so the lowest index is the lowest id, and compares in one instruction.
  const labelled = graph.derive<number, ED>(indexColumns(graph.parts));
  const { graph: lowest, ...ending } = await temporarily(labelled, (indexed) =>
    indexed.pregel<number>(
      {
        initialMessage: Infinity, // beyond any index: changes nothing
        vertexProgram: (_id, label, offered) => Math.min(label, offered),
        sendMessage: (edge) => {
          if (edge.srcAttr < edge.dstAttr) edge.sendToDst(edge.srcAttr);
          else if (edge.dstAttr < edge.srcAttr) edge.sendToSrc(edge.dstAttr);
        },
        mergeMessage: (a, b) => Math.min(a, b),
        tripletFields: { src: true, dst: true },
        maxSupersteps,
        ...(signal && { signal }),
        ...pickCheckpoints(options),
      },
      "connectedComponents",
    ),
  );
  const components = await temporarily(lowest, ({ parts }) =>
    graph.derive<VertexId, ED>(idsOfIndices(parts)).materialize(),
  );
  return { graph: components, ...ending };
}
