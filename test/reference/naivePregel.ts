/**
 * Pregel and aggregateMessages over plain lists, edge by edge, with the order of merging written out: messages along
 * incoming edges by ascending source, then along outgoing edges by ascending destination, parallel edges in input order;
 * over parts, within each, then across.
 */
import type { Edge, EdgeContext, EdgeDirection, VertexId } from "../../graph/types.ts";
import { idOrder, type NaiveGraph } from "./naiveGraph.ts";

/** What a round does. */
export interface NaiveRound<VD, ED, Msg> {
  readonly sendMessage: (edge: EdgeContext<VD, ED, Msg>) => void;
  readonly mergeMessage: (a: Msg, b: Msg) => Msg;
}

export interface NaiveProgram<VD, ED, Msg> extends NaiveRound<VD, ED, Msg> {
  readonly initialMessage: Msg;
  readonly vertexProgram: (id: VertexId, attr: VD, message: Msg) => VD;
  readonly activeDirection?: EdgeDirection;
  readonly maxSupersteps?: number;
}

/** The part of an edge of a vertex cut. */
export type PartOf = (edge: Edge<unknown>) => number;

/** Merged messages by vertex, with how many there were. */
export function naiveMessages<VD, ED, Msg>(
  { vertices, edges }: NaiveGraph<VD, ED>,
  { sendMessage, mergeMessage }: NaiveRound<VD, ED, Msg>,
  partOf: PartOf = () => 0,
): { merged: Map<VertexId, Msg>; count: number } {
  const parts = [...new Set(edges.map(partOf))].sort((a, b) => a - b);
  const merged = new Map<VertexId, Msg>();
  let count = 0;
  for (const part of parts) {
    const own = edges.filter((edge) => partOf(edge) === part);
    const inside = new Map<VertexId, Msg>();
    const put = (id: VertexId, message: Msg): void => {
      count++;
      inside.set(id, inside.has(id) ? mergeMessage(inside.get(id)!, message) : message);
    };
    const scan = (edge: Edge<ED>, toSrc: (message: Msg) => void, toDst: (message: Msg) => void): void => {
      const ends = { srcAttr: vertices.get(edge.srcId)!, dstAttr: vertices.get(edge.dstId)! };
      sendMessage({ ...edge, ...ends, sendToSrc: toSrc, sendToDst: toDst });
    };
    const nowhere = (): void => undefined;
    const bySource = [...own].sort((a, b) => idOrder(a.srcId, b.srcId)); // stable
    const byDestination = [...own].sort((a, b) => idOrder(a.dstId, b.dstId));
    for (const edge of bySource) scan(edge, nowhere, (message) => put(edge.dstId, message));
    for (const edge of byDestination) scan(edge, (message) => put(edge.srcId, message), nowhere);
    for (const [id, message] of inside)
      merged.set(id, merged.has(id) ? mergeMessage(merged.get(id)!, message) : message);
  }
  return { merged: new Map([...merged].sort(([a], [b]) => idOrder(a, b))), count };
}

/** What a run ended with; `scanned[i]` and `messages[i]`: edges and messages of scan i + 1, the last one included. */
export interface NaiveRun<VD> {
  readonly vertices: ReadonlyMap<VertexId, VD>;
  readonly supersteps: number;
  readonly converged: boolean;
  readonly scanned: readonly number[];
  readonly messages: readonly number[];
}

export function naivePregel<VD, ED, Msg>(
  graph: NaiveGraph<VD, ED>,
  program: NaiveProgram<VD, ED, Msg>,
  partOf?: PartOf,
): NaiveRun<VD> {
  const { initialMessage, vertexProgram, activeDirection = "either", maxSupersteps = Infinity } = program;
  let vertices = new Map(Array.from(graph.vertices, ([id, attr]) => [id, vertexProgram(id, attr, initialMessage)]));
  let active: ReadonlySet<VertexId> | undefined;
  const scanned: number[] = [];
  const messages: number[] = [];
  const isScanned = ({ srcId, dstId }: Edge<ED>): boolean => {
    if (active === undefined) return true;
    const [src, dst] = [active.has(srcId), active.has(dstId)];
    return { out: src, in: dst, either: src || dst, both: src && dst }[activeDirection];
  };
  for (let supersteps = 0; ; supersteps++) {
    if (supersteps === maxSupersteps) return { vertices, supersteps, converged: false, scanned, messages };
    const edges = graph.edges.filter(isScanned);
    const { merged, count } = naiveMessages({ vertices, edges }, program, partOf);
    scanned.push(edges.length);
    messages.push(count);
    if (count === 0) return { vertices, supersteps, converged: true, scanned, messages };
    vertices = new Map(
      Array.from(vertices, ([id, attr]) => [id, merged.has(id) ? vertexProgram(id, attr, merged.get(id)!) : attr]),
    );
    active = new Set(merged.keys());
  }
}
