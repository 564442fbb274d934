/** What algorithms come to on a graph, as digests: the same to the bit wherever they ran. */
import { createHash } from "node:crypto";
import type { Context } from "../../core/context.ts";
import type { RDD } from "../../core/rdd/rdd.ts";
import type { SuperstepEvent } from "../../core/schedule/events.ts";
import type { Graph } from "../../graph/graph.ts";
import type { CheckpointOptions } from "../../graph/superstep/checkpoint/checkpointOptions.ts";
import type { VertexId } from "../../graph/types.ts";

/** Runs an algorithm, from `source` if it needs one; the principal ones heed options of checkpoints. */
export type Algorithm = (
  graph: Graph<number, number>,
  source: number,
  options?: CheckpointOptions,
) => Promise<{
  readonly graph: { readonly vertices: RDD<[VertexId, unknown]> };
}>;

/** On graphs whose ids are numbers, one of them 3; weights come from the ids of the ends. */
export const algorithms = {
  PageRank: (graph, _source, options) => graph.pageRank({ iterations: 10, ...options }),
  components: (graph, _source, options) => graph.connectedComponents(options),
  "shortest paths": (graph, source, options) =>
    graph.sssp({ source, weight: ({ srcId, dstId }) => 1 + ((Number(srcId) + Number(dstId)) % 8) / 3, ...options }),
  "breadth-first search": (graph, source) => graph.bfs({ source }),
  "shortest paths to landmarks": (graph, source) => graph.shortestPaths({ landmarks: [source, 3] }),
  "PageRank to a tolerance": (graph) => graph.pageRank({ tolerance: 1e-4, scale: "probability" }),
  "PageRank over a vertex cut": (graph) => graph.partitionBy("EdgePartition2D", 5).pageRank({ iterations: 6 }),
  "names and lists": (graph) =>
    graph
      .mapEdges(({ srcId, dstId }) => `w${(Number(srcId) * 3 + Number(dstId)) % 5}`)
      .mapVertices((id) => ({ name: `v${id}`, seen: [Number(id)], rank: 1 / 3 }))
      .pregel<{ readonly names: string; readonly rank: number }>({
        initialMessage: { names: "", rank: 0 },
        vertexProgram: (_id, { name, seen, rank }, message) => ({
          name: message.rank > rank ? `${name}${message.names}`.slice(-24) : name,
          seen: [...seen.slice(-5), message.names.length],
          rank: rank * 0.3 + message.rank * 0.7,
        }),
        sendMessage: (edge) => {
          if (edge.srcAttr.seen.length % 3 !== 0 || edge.attr !== "w4") {
            edge.sendToDst({ names: edge.attr + edge.srcAttr.name.slice(-3), rank: edge.srcAttr.rank / 7 });
          }
        },
        mergeMessage: (a, b) => ({ names: `${a.names}${b.names}`.slice(0, 40), rank: a.rank + b.rank }),
        maxSupersteps: 8,
      }),
  triangles: (graph) => graph.triangleCount(),
} satisfies Record<string, Algorithm> as Record<string, Algorithm>;

/** A digest of the rows of a result, in their order; numbers by the bits of their doubles. */
export async function digestOf(
  algorithm: Algorithm,
  graph: Graph<number, number>,
  source = 0,
  options: CheckpointOptions = {},
): Promise<string> {
  const { graph: result } = await algorithm(graph, source, options);
  return digest(await result.vertices.collect());
}

/** A digest of plain values, equal for two that hold the same bits. */
export function digest(value: unknown): string {
  const hash = createHash("sha256");
  const double = Buffer.alloc(8);
  const add = (item: unknown): void => {
    if (typeof item === "number") {
      double.writeDoubleLE(item);
      hash.update("n").update(double);
    } else if (typeof item === "object" && item !== null) {
      hash.update(Array.isArray(item) ? "[" : "{");
      for (const [key, of] of item instanceof Map ? item : Object.entries(item)) {
        add(key);
        add(of);
      }
      hash.update("]");
    } else hash.update(`${typeof item}:${String(item)};`);
  };
  add(value);
  return hash.digest("hex");
}

/** A kill of an executor, and whether it came to pass. */
export interface Kill {
  /** The executor; undefined while none was killed. */
  readonly victim: number | undefined;
  /** Supersteps that were computed again for it. */
  readonly recovered: number;
  stop(): void;
}

/** Kills the process of an executor, drawn by `draw`, at superstep `superstep`: after it, or as its tasks begin. */
export function killAt(context: Context, superstep: number, isMidway: boolean, draw: (below: number) => number): Kill {
  let victim: number | undefined;
  let recovered = 0;
  const isMoment = (event: SuperstepEvent): boolean =>
    isMidway
      ? event.type === "stage.start" && event.name.endsWith(` superstep ${superstep}`)
      : event.type === "superstep" && event.n === superstep;
  const stop = context.on((event) => {
    if (event.type === "recovery" && event.host === victim) recovered++;
    if (victim !== undefined || !isMoment(event)) return;
    const { executors } = context.driver;
    const { id, pid } = executors[draw(executors.length)]!;
    victim = id;
    process.kill(pid, "SIGKILL");
  });
  return {
    get victim() {
      return victim;
    },
    get recovered() {
      return recovered;
    },
    stop,
  };
}

/** The numbers of the supersteps that `work` runs. */
export async function superstepsOf(context: Context, work: () => Promise<unknown>): Promise<number[]> {
  const numbers: number[] = [];
  const stop = context.on((event) => event.type === "superstep" && numbers.push(event.n));
  await work();
  stop();
  return numbers;
}
