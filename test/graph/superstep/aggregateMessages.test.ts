import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Graph } from "../../../graph/graph.ts";
import type { TripletFields } from "../../../graph/superstep/program.ts";
import type { Edge, EdgeContext, VertexId } from "../../../graph/types.ts";
import { naiveGraph } from "../../reference/naiveGraph.ts";
import { naiveMessages } from "../../reference/naivePregel.ts";
import { useContext } from "../../support/context.ts";
import { edges, graphOf, randomArcs } from "../../support/graphs.ts";

type Context = EdgeContext<number, number, string>;

const lists = (a: string, b: string): string => `${a} ${b}`;

/** Rounds that send along, against, both ways, and in ways that a look at the source cannot tell. */
const rounds: Record<string, (edge: Context) => void> = {
  "to the destination": (edge) => edge.sendToDst(`${edge.srcId}(${edge.attr})`),
  "to the source": (edge) => edge.sendToSrc(`${edge.dstId}(${edge.attr})`),
  "both ways": (edge) => {
    edge.sendToDst(`${edge.srcId}>${edge.attr}`);
    edge.sendToSrc(`<${edge.dstId}:${edge.dstAttr}`);
  },
  "where it holds": (edge) => {
    if (edge.attr % 2 === 0) edge.sendToDst(`${edge.srcAttr}`);
    else if (edge.srcId < edge.dstId) edge.sendToSrc(`${edge.attr}`);
  },
  "by a helper that the edge is handed to": (edge) => reply(edge),
  // oxlint-disable-next-line typescript/unbound-method -- works, as in any JavaScript that takes objects apart
  "by destructuring": ({ srcId, dstId, attr, sendToDst }) => sendToDst(`${srcId}${dstId}${attr}`),
};
const reply = (edge: Context): void => {
  const send = edge.attr > 4 ? "sendToSrc" : "sendToDst";
  edge[send](`${edge.srcId}/${edge.dstId}`);
};

describe.each([
  ["local[1]", useContext("local[1]")],
  ["local[2]", useContext("local[2]")],
])("aggregateMessages on %s", (_master, ctx) => {
  it.each(Object.entries(rounds))(
    "A1, G4: gives each receiver its messages, merged in order, sent %s",
    async (_how, sendMessage) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.constantFrom(1, 2, 5), async (seed, numPartitions) => {
          const arcs = randomArcs(seed, 10, 25);
          const ids = [...arcs.flatMap(({ srcId, dstId }) => [srcId, dstId]), 77];
          const naive = naiveGraph(
            ids.map((id) => [id, 0] as const),
            arcs,
            0,
          );
          const { merged } = naiveMessages(naive, { sendMessage, mergeMessage: lists });
          const graph = graphOf(ctx, arcs, numPartitions, [77]);
          const table = graph.aggregateMessages<string>({ sendMessage, mergeMessage: lists });
          expect(await table.collect()).toEqual([...merged]);
        }),
        { numRuns: 6, seed: 3 },
      );
    },
  );

  it.each([1, 2, 5])("G4: over an explicit vertex cut of %i parts, merges within them, then across", async (parts) => {
    const arcs = randomArcs(4, 10, 40);
    const partOf = (src: VertexId, dst: VertexId, n: number): number => (Number(src) + 3 * Number(dst)) % n;
    const naive = naiveGraph([], arcs, 0);
    const round = { sendMessage: rounds["both ways"]!, mergeMessage: lists };
    const { merged } = naiveMessages(naive, round, ({ srcId, dstId }) => partOf(srcId, dstId, parts));
    const cut = graphOf(ctx, arcs, 3).partitionBy(partOf, parts);
    expect(await cut.aggregateMessages<string>(round).collect()).toEqual([...merged]);
  });

  it("gives messages of any type, nullable ones and records too", async () => {
    const graph = graphOf(ctx, edges("1-5>2 1-7>3 2>3"), 3);
    const tables = [
      graph.aggregateMessages<number>({
        sendMessage: (edge) => edge.sendToDst(edge.attr),
        mergeMessage: (a, b) => Math.max(a, b),
      }),
      graph.aggregateMessages<{ n: number; from: VertexId[] }>({
        sendMessage: (edge) => edge.sendToDst({ n: 1, from: [edge.srcId] }),
        mergeMessage: (a, b) => ({ n: a.n + b.n, from: [...a.from, ...b.from] }),
      }),
      graph.aggregateMessages<number | null>({
        sendMessage: (edge) => edge.sendToDst(edge.dstId === 2 ? 1 : null),
        mergeMessage: (a) => a,
      }),
      graph.aggregateMessages<{ a: number | null }>({
        sendMessage: (edge) => edge.sendToSrc({ a: edge.attr === 7 ? null : edge.attr }),
        mergeMessage: (_a, b) => b,
      }),
    ];
    const values = tables.map(async (table) => (await table.collect()).map(([, value]) => value));
    expect(await Promise.all(values)).toEqual([
      [5, 7],
      [
        { n: 1, from: [1] },
        { n: 2, from: [1, 2] },
      ],
      [1, null],
      [{ a: null }, { a: 1 }],
    ]);
  });

  it("TYPE_MISMATCH names the vertex whose message is not as the others are", async () => {
    const table = graphOf(ctx, edges("1>2 1>3"), 2).aggregateMessages<unknown>({
      sendMessage: (edge) => edge.sendToDst(edge.dstId === 3 ? "x" : 1),
      mergeMessage: (a) => a,
    });
    await expect(table.collect()).rejects.toMatchObject({
      code: "TYPE_MISMATCH",
      message: expect.stringMatching(/^aggregateMessages: .*the message to vertex 3 must be a number/),
    });
  });

  it("G8: gives nothing on a graph without edges or vertices", async () => {
    const round = { sendMessage: rounds["both ways"]!, mergeMessage: lists };
    expect(await graphOf(ctx, [], 2, [1, 2]).aggregateMessages<string>(round).collect()).toEqual([]);
    expect(await graphOf(ctx, [], 2).aggregateMessages<string>(round).count()).toBe(0);
  });

  it("looks a vertex's message up by its id", async () => {
    const table = graphOf(ctx, edges("1>2 5>2"), 2).aggregateMessages<number>({
      sendMessage: (edge) => edge.sendToDst(Number(edge.srcId)),
      mergeMessage: (a, b) => a + b,
    });
    expect(await Promise.all([2, 2n, 1, 99, "2"].map((id) => table.get(id)))).toEqual([6, 6, ...Array(3)]);
    expect(await Promise.all([2, 1].map((id) => table.has(id)))).toEqual([true, false]);
  });
});

describe("tripletFields", () => {
  const ctx = useContext("local[2]");
  const graph = () =>
    Graph.create(
      ctx.parallelize<[number, { name: string; rank: number }]>(
        [1, 2].map((id) => [id, { name: `n${id}`, rank: id * 10 }]),
        2,
      ),
      ctx.parallelize<Edge<{ w: number; l: string }>>([{ srcId: 1, dstId: 2, attr: { w: 5, l: "x" } }], 1),
    );
  /** Handed on, so that what it reads cannot be seen. */
  const describeEdge = (edge: EdgeContext<unknown, unknown, string>): string =>
    JSON.stringify([edge.srcId, edge.srcAttr, edge.dstId, edge.dstAttr, edge.attr]);
  const seen = async (tripletFields?: TripletFields): Promise<unknown> => {
    const table = graph().aggregateMessages<string>({
      sendMessage: (edge) => edge.sendToDst(describeEdge(edge)),
      mergeMessage: (a) => a,
      ...(tripletFields && { tripletFields }),
    });
    return JSON.parse((await table.get(2))!);
  };
  const [src, dst, edge] = [
    { name: "n1", rank: 10 },
    { name: "n2", rank: 20 },
    { w: 5, l: "x" },
  ];

  it.each([
    [undefined, [1, src, 2, dst, edge]],
    ["all", [1, src, 2, dst, edge]],
    ["none", [1, null, 2, null, null]],
    ["edge", [1, null, 2, null, edge]],
    ["src", [1, src, 2, null, edge]],
    ["dst", [1, null, 2, dst, edge]],
    [{ src: true, dst: true }, [1, src, 2, dst, null]],
    [{ edge: true }, [1, null, 2, null, edge]],
  ] as const)(
    "A2: of a function whose reads cannot be seen, %j lets through what it says",
    async (fields, expected) => {
      expect(await seen(fields)).toEqual(expected);
    },
  );

  it.each([
    ["srcAttr", "dst"],
    ["dstAttr", "src"],
    ["attr", { src: true, dst: true }],
  ] as const)("A2: a function that is seen to read %s is refused with %j", async (name, tripletFields) => {
    const sends = {
      srcAttr: (e: EdgeContext<unknown, unknown, unknown>) => e.sendToDst(e.srcAttr),
      dstAttr: (e: EdgeContext<unknown, unknown, unknown>) => e.sendToDst(e.dstAttr),
      attr: (e: EdgeContext<unknown, unknown, unknown>) => e.sendToDst(e.attr),
    };
    expect(() =>
      graph().aggregateMessages<unknown>({ sendMessage: sends[name], mergeMessage: (a) => a, tripletFields }),
    ).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(name) }));
  });

  it("A2: hands over the fields that a function reads, however it reads them", async () => {
    const table = graph().aggregateMessages<string>({
      sendMessage: (e) => {
        const { name } = e.srcAttr;
        const whole = e.dstAttr;
        e.sendToDst(
          `${name} ${e.srcAttr["rank"]} ${whole.name}${whole.rank} ${Object.keys(e.attr).join("")} ${e.attr.l}`,
        );
      },
      mergeMessage: (a) => a,
    });
    expect(await table.get(2)).toBe("n1 10 n220 wl x");
  });

  it("does not read edge attributes that nobody asks for", async () => {
    const broken = graph().mapEdges((): { w: number; l: string } => {
      throw new Error("edge attributes were made");
    });
    const table = broken.aggregateMessages<number>({ sendMessage: (e) => e.sendToDst(1), mergeMessage: (a) => a });
    expect(await table.collect()).toEqual([[2, 1]]);
  });
});
