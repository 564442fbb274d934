import type { Context } from "../../core/context.ts";
import type { SuperstepEvent } from "../../core/schedule/events.ts";
import type { Graph } from "../../graph/graph.ts";
import type { PartitionStrategy } from "../../graph/partition/strategy.ts";
import type { EdgeDirection, VertexId } from "../../graph/types.ts";
import { graphOf, type Arc } from "./graphs.ts";

/** What a program came to: rows in the order of ids, and how it ended. */
export interface Answer {
  readonly rows: readonly (readonly [VertexId, unknown])[];
  readonly supersteps: number;
  readonly converged: boolean;
  readonly globals?: unknown;
}

/** Runs on a graph of whole numbers: attribute 0, edges from 0 to 9. */
export type Program = (graph: Graph<number, number>) => Promise<Answer>;

/** What a run came to. */
export async function answer<VD>(run: {
  readonly graph: Graph<VD, unknown>;
  readonly supersteps: number;
  readonly converged: boolean;
  readonly globals?: unknown;
}): Promise<Answer> {
  const { graph, supersteps, converged, globals } = run;
  return { rows: await graph.vertices.collect(), supersteps, converged, ...(globals !== undefined && { globals }) };
}

/** A program whose activity wanders, over records, messages of text, edges read, both ways. */
function wandering(activeDirection: EdgeDirection, isTwoWay: boolean): Program {
  return async (graph) => {
    const start = graph.mapVertices((id) => ({
      sum: Number(id) / 7,
      isOdd: Number(id) % 2 === 1,
      big: BigInt(id),
      n: 1,
    }));
    return answer(
      await start.pregel<string>({
        initialMessage: "0.25",
        activeDirection,
        vertexProgram: (id, { sum, isOdd, big, n }, message) => ({
          sum: (sum + Number(message.slice(0, 6)) * 0.3) % 101,
          isOdd: !isOdd,
          big: BigInt.asIntN(64, big * 6364136223846793005n + BigInt(id)),
          n: n + message.length,
        }),
        sendMessage: isTwoWay
          ? (edge) => {
              if ((Math.floor(edge.srcAttr.sum) + edge.attr) % 3 !== 0)
                edge.sendToDst(`${edge.srcAttr.big % 1000n}.${edge.attr}`);
              if (edge.dstAttr.isOdd && edge.attr > 4) edge.sendToSrc(`${edge.dstAttr.sum}`);
            }
          : (edge) => {
              if ((Math.floor(edge.srcAttr.sum) + edge.attr) % 3 !== 0) edge.sendToDst(`${edge.srcAttr.sum}`);
            },
        mergeMessage: (a, b) => `${Number(a) + Number(b) * 1.1}`,
        maxSupersteps: 7,
      }),
    );
  };
}

/** Each exercises another way through a superstep. */
const ofRows: Readonly<Record<string, Program>> = {
  "PageRank, rounds": async (graph) => answer(await graph.pageRank({ iterations: 6 })),
  "PageRank, to a tolerance": async (graph) => answer(await graph.pageRank({ tolerance: 1e-3 })),
  "PageRank of probabilities, weighted": async (graph) =>
    answer(await graph.pageRank({ iterations: 5, scale: "probability", weight: ({ attr }) => attr + 1 })),
  "connected components": async (graph) =>
    answer(
      await graph
        .mapVertices((id) => Number(id))
        .pregel<number>({
          initialMessage: Infinity,
          vertexProgram: (_id, smallest, message) => Math.min(smallest, message),
          sendMessage: (edge) => {
            if (edge.srcAttr < edge.dstAttr) edge.sendToDst(edge.srcAttr);
            if (edge.dstAttr < edge.srcAttr) edge.sendToSrc(edge.dstAttr);
          },
          mergeMessage: (a, b) => Math.min(a, b),
        }),
    ),
  "shortest paths, weighted": async (graph) => {
    const distances = graph.mapVertices((id) => (id === 0 ? 0 : Infinity));
    return answer(
      await distances.pregel<number>({
        initialMessage: Infinity,
        activeDirection: "out",
        vertexProgram: (_id, distance, offered) => Math.min(distance, offered),
        sendMessage: (edge) => {
          if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
        },
        mergeMessage: (a, b) => Math.min(a, b),
      }),
    );
  },
  "messages against the edges": async (graph) =>
    answer(
      await graph
        .mapVertices((id) => Number(id))
        .pregel<number>({
          initialMessage: 0,
          activeDirection: "in",
          vertexProgram: (_id, attr, message) => Math.max(attr, message),
          sendMessage: (edge) => {
            if (edge.dstAttr > edge.srcAttr) edge.sendToSrc(edge.dstAttr);
          },
          mergeMessage: (a, b) => Math.max(a, b),
        }),
    ),
  "nothing is read of the other end": async (graph) =>
    answer(
      await graph.pregel<number>({
        initialMessage: 0,
        activeDirection: "in",
        vertexProgram: (_id, attr, message) => attr + message,
        sendMessage: (edge) => edge.sendToDst(edge.attr),
        mergeMessage: (a, b) => a + b,
        maxSupersteps: 4,
      }),
    ),
  "only marks are read of the other end": async (graph) =>
    answer(
      await graph.pregel<number>({
        initialMessage: 1,
        activeDirection: "out",
        vertexProgram: (_id, attr, message) => attr + message,
        sendMessage: (edge) => {
          if (edge.attr > 5) edge.sendToDst(edge.attr);
        },
        mergeMessage: (a, b) => a + b,
        maxSupersteps: 6,
      }),
    ),
  "records, out": wandering("out", false),
  "records, in": wandering("in", false),
  "records, either, both ways": wandering("either", true),
  "records, both, both ways": wandering("both", true),
  "every vertex, with aggregators": async (graph) =>
    answer(
      await graph
        .mapVertices((id) => Number(id) * 0.1)
        .supersteps<number>("spread", {
          sendMessage: (edge) => edge.sendToDst(edge.srcAttr * 0.5 + edge.attr),
          mergeMessage: (a, b) => a + b,
          vertexProgram: (_id, attr, message, globals) => (attr + message) / (1 + globals["total"]!),
          noMessage: { value: 0.125 },
          globals: { total: 1 },
          aggregators: {
            total: { kind: "sum", of: (_before, after) => after },
            most: { kind: "max", of: (before, after) => after - before },
          },
          maxSupersteps: 9,
          until: (globals) => globals["most"]! < 1e-3,
        }),
    ),
  "values that go missing": async (graph) =>
    answer(
      await graph
        .mapVertices((id): { value: number | null; rounds: number } => ({ value: Number(id), rounds: 0 }))
        .pregel<number>({
          initialMessage: 0,
          vertexProgram: (id, { value, rounds }, message) => ({
            value: rounds === 3 && Number(id) % 5 === 0 ? null : (value ?? -1) + message,
            rounds: rounds + 1,
          }),
          sendMessage: (edge) => edge.sendToDst(edge.srcAttr.value === null ? 100 : edge.srcAttr.value % 10),
          mergeMessage: (a, b) => a + b,
          maxSupersteps: 6,
        }),
    ),
  "records that go missing": async (graph) =>
    answer(
      await graph
        .mapVertices((id): { n: number } | null => ({ n: Number(id) }))
        .pregel<number>({
          initialMessage: 0,
          vertexProgram: (id, attr, message) =>
            message > 40 && Number(id) % 3 === 0 ? null : { n: (attr?.n ?? 7) + message },
          sendMessage: (edge) => edge.sendToDst((edge.srcAttr?.n ?? 50) % 17),
          mergeMessage: (a, b) => a + b,
          maxSupersteps: 5,
        }),
    ),
  "attributes of text": async (graph) =>
    answer(
      await graph
        .mapVertices((id) => `v${id}`)
        .pregel<string>({
          initialMessage: "!",
          vertexProgram: (_id, attr, message) => (attr + message).slice(-20),
          sendMessage: (edge) => edge.sendToDst(edge.srcAttr.slice(-2)),
          mergeMessage: (a, b) => a + b,
          maxSupersteps: 3,
        }),
    ),
  "records with names, of which some change": async (graph) =>
    answer(
      await graph
        .mapVertices((id): { name: string; nick: string | null; n: number } => ({ name: `v${id}ü`, nick: null, n: 0 }))
        .pregel<string>({
          initialMessage: "",
          activeDirection: "out",
          vertexProgram: (id, { name, nick, n }, message) => ({
            name: n % 3 === 2 ? `${name}${message}`.slice(-40) : name,
            nick: Number(id) % 4 === n % 4 ? `\u4e16${message.slice(0, 3)}\ud800` : nick,
            n: n + 1,
          }),
          sendMessage: (edge) => {
            if ((edge.srcAttr.n + edge.attr) % 3 !== 0) edge.sendToDst(`${edge.srcAttr.name}${edge.srcAttr.nick}`);
          },
          mergeMessage: (a, b) => `${a.slice(0, 9)}|${b}`,
          maxSupersteps: 7,
        }),
    ),
  "objects, both ways, of every vertex": async (graph) =>
    answer(
      await graph
        .mapVertices((id): { seen: number[]; of: Map<string, number> } => ({ seen: [Number(id)], of: new Map() }))
        .supersteps<Set<number>>("gossip", {
          sendMessage: (edge) => {
            edge.sendToDst(new Set(edge.srcAttr.seen.slice(0, 3)));
            if (edge.attr > 6) edge.sendToSrc(new Set([edge.dstAttr.seen.length]));
          },
          mergeMessage: (a, b) => new Set([...a, ...b]),
          vertexProgram: (_id, { seen, of }, message) => {
            seen.push(...message); // its own copy, as at home
            return { seen: seen.slice(-12), of: new Map([...of, [`${message.size}`, seen.length]]) };
          },
          noMessage: { value: new Set([-1]) },
          aggregators: { longest: { kind: "max", of: (_before, after) => after.seen.length } },
          maxSupersteps: 6,
        }),
    ),
  "text that grows": async (graph) =>
    answer(
      await graph
        .mapVertices((id) => `${id}`)
        .pregel<string>({
          initialMessage: "",
          vertexProgram: (_id, attr, message) => `${attr}${message}`.slice(0, 3000),
          sendMessage: (edge) => edge.sendToDst(edge.srcAttr.slice(0, 1500)),
          mergeMessage: (a, b) => (a.length < b.length ? `${b}${a}` : `${a}${b}`),
          maxSupersteps: 9,
        }),
    ),
  "text of edges": async (graph) =>
    answer(
      await graph
        .mapEdges(({ srcId, dstId, attr }) => ({ kind: `k${attr}`, tags: [srcId, dstId] }))
        .pregel<number>({
          initialMessage: 1,
          vertexProgram: (_id, attr, message) => (attr * 7 + message) % 1009,
          sendMessage: (edge) => edge.sendToDst(edge.srcAttr + edge.attr.kind.length + Number(edge.attr.tags[0])),
          mergeMessage: (a, b) => a + b,
          maxSupersteps: 4,
        }),
    ),
  "text of edges, both ways": async (graph) =>
    answer(
      await graph
        .mapEdges(({ attr }) => `e${attr}`)
        .pregel<string>({
          initialMessage: "",
          vertexProgram: (_id, attr, message) => attr + message.length,
          sendMessage: (edge) => {
            if (edge.srcAttr % 2 === 0) edge.sendToDst(edge.attr);
            if (edge.attr !== "e3") edge.sendToSrc(`${edge.attr}${edge.dstAttr}`);
          },
          mergeMessage: (a, b) => a + b,
          maxSupersteps: 4,
        }),
    ),
  "text that goes missing": async (graph) =>
    answer(
      await graph
        .mapVertices((id): string | null => `v${id}`)
        .pregel<string>({
          initialMessage: "!",
          vertexProgram: (id, attr, message) =>
            Number(id) % 7 === 0 && message.length > 9 ? null : `${attr ?? "?"}${message}`.slice(-20),
          sendMessage: (edge) => edge.sendToDst((edge.srcAttr ?? "none").slice(-4)),
          mergeMessage: (a, b) => a + b,
          maxSupersteps: 6,
        }),
    ),
};

const over = (strategy: PartitionStrategy, numParts: number, name: string): Program => {
  const program = ofRows[name]!;
  return (graph) => program(graph.partitionBy(strategy, numParts));
};

/** As `ofRows`, and over explicit vertex cuts: by each strategy, with fewer and more parts than there are hosts. */
export const programs: Readonly<Record<string, Program>> = {
  ...ofRows,
  "over a vertex cut": over("EdgePartition2D", 3, "PageRank, rounds"),
  "over a cut by source: shortest paths": over("EdgePartition1D", 7, "shortest paths, weighted"),
  "over a random cut: records, both ways": over("RandomVertexCut", 4, "records, either, both ways"),
  "over a canonical cut: names": over("CanonicalRandomVertexCut", 2, "records with names, of which some change"),
  "over a cut of one's own: objects": over(
    (src, dst) => (Number(src) % 2) + (Number(dst) % 3),
    5,
    "objects, both ways, of every vertex",
  ),
  "over a cut into one part: messages against the edges": over("RandomVertexCut", 1, "messages against the edges"),
  "over a cut: every vertex, with aggregators": over("EdgePartition1D", 3, "every vertex, with aggregators"),
  "over a cut: text of edges": over("EdgePartition2D", 6, "text of edges, both ways"),
  "over a cut: values that go missing": over("RandomVertexCut", 3, "values that go missing"),
};

/** What a run told of each superstep, but for what depends on where it ran. */
type Told = Partial<Record<"n" | "active" | "messages" | "edgesScanned" | "delta", number>>;
type Recovery = Extract<SuperstepEvent, { readonly type: "recovery" }>;

/** Runs a program on the graph of these edges and one vertex without any. */
export async function outcome(
  ctx: Context,
  program: Program,
  arcs: readonly Arc[],
  numPartitions: number,
): Promise<{ result: Answer & { readonly told: readonly Told[] }; recoveries: Recovery[] }> {
  const told: Told[] = [];
  const recoveries: Recovery[] = [];
  const stop = ctx.driver.events.subscribe((event) => {
    if (event.type === "recovery") recoveries.push(event);
    if (event.type !== "superstep") return;
    const { n, active, messages, edgesScanned, delta } = event;
    told.push({
      n,
      active,
      messages,
      ...(edgesScanned !== undefined && { edgesScanned }),
      ...(delta !== undefined && { delta }),
    });
  });
  try {
    const answer: Answer = await program(graphOf(ctx, arcs, numPartitions, [500]));
    return { result: { ...answer, told }, recoveries };
  } finally {
    stop();
  }
}
