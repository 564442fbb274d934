/**
 * Connected components: the lowest id that is reachable ignoring direction.
 *
 *   component(v) = min over vertices u connected with v of id(u)
 *
 * Input       edge attributes are ignored, and survive
 * Output      vertex attribute = the lowest id of its component, numeric or by code points
 * Method      the kernel `kernels/components.ts`; label propagation as a vertex program with `maxSupersteps`, with checkpoints,
 *             or with executors
 * Supersteps  0 of the kernel, which takes no rounds; of the program the longest distance, in edges, from a vertex to the
 *             lowest id of its component
 * Messages    of the program, per superstep, at most one per edge, and only where it lowers a label
 * Memory      kernel: 16 bytes a vertex; program: two float64 per vertex, and rows by source are built
 * Reference   the label propagation of GraphX's ConnectedComponents
 */
import type { Graph } from "../graph.ts";
import { computedColumns, runsKernel } from "../kernels/kernelColumns.ts";
import { components } from "../kernels/components.ts";
import { idsOfIndices, idType, indexColumns } from "../operators/indexColumns.ts";
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

/** A graph whose vertices carry ids, and how it came about. */
type ComponentsRun<ED> = Run<VertexId, ED, Graph<VertexId, ED>>;

/**
 * The component of each vertex.
 *
 * @throws SuperstepError INVALID_ARGUMENT if `maxSupersteps` is out of range.
 */
export function connectedComponents<VD, ED>(
  graph: Graph<VD, ED>,
  options: ConnectedComponentsOptions = {},
): Promise<ComponentsRun<ED>> {
  const { maxSupersteps = Infinity, signal } = options;
  return maxSupersteps === Infinity && runsKernel(graph.ctx, options)
    ? componentsByKernel(graph, signal)
    : componentsByProgram(graph, options);
}

async function componentsByKernel<VD, ED>(
  graph: Graph<VD, ED>,
  signal: AbortSignal | undefined,
): Promise<ComponentsRun<ED>> {
  const { parts } = graph;
  const { driver } = parts.ctx;
  const ending = { supersteps: 0, converged: true, method: "kernel" } as const;
  const { vertices, result } = await computedColumns(parts, () =>
    parts.shape.use(async ({ topology }) => {
      const { ids } = topology;
      const areNumbers = ids.kind !== "string" && idType(ids, driver.arena) === "number";
      return { areNumbers, ...(await components(driver, topology, areNumbers ? ids : undefined, signal)) };
    }),
  );
  const found = graph.derive<VertexId, ED>({ ...parts, vertices });
  if (result.areNumbers) return { graph: await found.materialize(), ...ending };
  return { graph: await temporarily(found, (indexed) => withIds(graph, indexed)), ...ending };
}

/** The same by label propagation: a vertex tells its neighbours the lowest index it knows, until none tells news. */
export async function componentsByProgram<VD, ED>(
  graph: Graph<VD, ED>,
  options: ConnectedComponentsOptions = {},
): Promise<ComponentsRun<ED>> {
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
        order: "supersteps",
        maxSupersteps,
        ...(signal && { signal }),
        ...pickCheckpoints(options),
      },
      "connectedComponents",
    ),
  );
  const named = await temporarily(lowest, (indexed) => withIds(graph, indexed));
  return { graph: named, ...ending, method: "program" };
}

/** The graph with, for each vertex, the id of the index that `indexed` has for it. */
function withIds<VD, ED>(
  graph: Graph<VD, ED>,
  { parts }: { readonly parts: Graph<VD, ED>["parts"] },
): Promise<Graph<VertexId, ED>> {
  return graph.derive<VertexId, ED>(idsOfIndices(parts)).materialize();
}
