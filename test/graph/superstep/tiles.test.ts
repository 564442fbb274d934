import { describe, expect, it } from "vitest";
import type { Context } from "../../../core/context.ts";
import type { Graph } from "../../../graph/graph.ts";
import { GraphGenerators } from "../../../graph/load/graphGenerators.ts";
import type { VertexId } from "../../../graph/types.ts";
import { bitsOf } from "../../support/bits.ts";
import { useContext } from "../../support/context.ts";

interface Vertex {
  readonly value: number;
  readonly weight: number;
}
type Start = Graph<Vertex, unknown>;
type Program = (start: Start, maxSupersteps: number) => Promise<{ readonly graph: Start; readonly globals: object }>;

const special = [NaN, -0, 0, Infinity, -Infinity, 5e-324, -1e308];

/** Programs whose messages are numbers that depend on their source alone, with merges that have an identity. */
const programs: Readonly<Record<string, Program>> = {
  "sums of doubles": (start, maxSupersteps) =>
    start.supersteps<number>("tiles", {
      sendMessage: (edge) => edge.sendToDst(edge.srcAttr.value * edge.srcAttr.weight),
      mergeMessage: (a, b) => a + b,
      vertexProgram: (_id, vertex, sum) => ({ value: 0.15 + 0.85 * sum, weight: vertex.weight }),
      noMessage: { value: 0.25 },
      aggregators: {
        total: { kind: "sum", of: (_before, after) => after.value },
        most: { kind: "max", of: (before, after) => Math.abs(after.value - before.value) },
      },
      globals: { total: 0, most: 0 },
      maxSupersteps,
    }),
  "minima, and NaN, infinities and -0 among them": async (graph, maxSupersteps) => {
    const start = graph.mapVertices((id, { weight }) => ({
      value: special[Number(id) % 997] ?? Number(id) / 7,
      weight,
    }));
    const run = await start.supersteps<number>("tiles", {
      sendMessage: (edge) => edge.sendToDst(-edge.srcAttr.value / edge.srcAttr.weight),
      mergeMessage: (a, b) => Math.min(a, b),
      vertexProgram: (_id, vertex, least) => ({ value: least * 0.5, weight: vertex.weight }),
      noMessage: { value: -0 },
      maxSupersteps,
    });
    await start.unpersist();
    return run;
  },
  "products, the later factor first": (start, maxSupersteps) =>
    start.supersteps<number>("tiles", {
      sendMessage: (edge) => edge.sendToDst(1 + edge.srcAttr.value / 1e6),
      mergeMessage: (a, b) => b * a,
      vertexProgram: (id, vertex, product) => ({ value: product + Number(id) / 3, weight: vertex.weight }),
      noMessage: { value: 1 },
      maxSupersteps,
    }),
};

/** Two segments of sources, blocks of targets, and vertices that nothing is sent to. */
async function graphIn(ctx: Context): Promise<Start> {
  const plain = await GraphGenerators.uniform(ctx, { vertices: 66_000, edges: 270_000 });
  const graph = plain.mapVertices((id) => ({ value: 1 / (1 + (Number(id) % 1000)), weight: 1 + (Number(id) % 7) }));
  await graph.materialize();
  await plain.unpersist();
  return graph;
}

/** Decides whether the graph's scans walk tiles, which its size does not ask for. */
function decide(graph: Start, isTiled: boolean): Promise<void> {
  return graph.parts.shape.use((shape) => {
    Object.defineProperty(shape, "tileChoice", { value: { missed: 1, isTiled }, configurable: true });
  });
}

function hasTiles({ driver }: Context): boolean {
  return driver.arena.owners().some(({ owner }) => owner === "edge tiles");
}

/** The bytes of the results, and what aggregators came to. */
async function outcome({ graph, globals }: Awaited<ReturnType<Program>>): Promise<string> {
  const { arena } = graph.ctx.driver;
  const bytes = await graph.parts.vertices.use(({ columns }) => {
    const [values] = columns;
    if (values?.kind !== "fixed") throw new Error("values are numbers");
    return Buffer.from(arena.view(values.data).slice().buffer).toString("latin1");
  });
  await graph.unpersist();
  return `${bytes} ${JSON.stringify(globals)}`;
}

describe("supersteps over tiles", () => {
  const contexts = [1, 2, 3].map((threads) => useContext(`local[${threads}]`));
  const asJavaScript = useContext("local[1]", { config: { compile: 0 } });

  it.each(Object.entries(programs))("have the bits of rows, and of JavaScript: %s", async (_what, program) => {
    const found: string[] = [];
    for (const ctx of contexts) {
      const graph = await graphIn(ctx);
      for (const isTiled of ctx === contexts[0] ? [false, true] : [true]) {
        await decide(graph, isTiled);
        found.push(await outcome(await program(graph, 8)));
        expect(hasTiles(ctx)).toBe(isTiled);
      }
      await graph.unpersist();
      expect(hasTiles(ctx)).toBe(false);
    }
    const graph = await graphIn(asJavaScript);
    found.push(await outcome(await program(graph, 8)));
    await graph.unpersist();
    expect(found.map((each) => each === found[0])).toEqual([true, true, true, true, true]);
  });

  const [one] = contexts as [Context];

  it("are not built for a short run, nor for messages that tiles cannot hold", async () => {
    const graph = await graphIn(one);
    await decide(graph, true);
    await (await programs["sums of doubles"]!(graph, 7)).graph.unpersist();
    const sum = (x: number, y: number): number => x + y;
    const rest = {
      vertexProgram: (_id: VertexId, vertex: Vertex, message: number) => ({ ...vertex, value: message / 100 }),
      noMessage: { value: 0 },
      maxSupersteps: 8,
    };
    const runs = [
      graph.supersteps<number>("without identity", {
        ...rest,
        sendMessage: (edge) => edge.sendToDst(edge.srcAttr.value * 2),
        mergeMessage: (a, b) => a - b,
      }),
      graph.supersteps<number>("not from all", {
        ...rest,
        sendMessage: (edge) => {
          if (edge.srcAttr.value > 0.5) edge.sendToDst(edge.srcAttr.value * 2);
        },
        mergeMessage: sum,
      }),
      graph.supersteps<number>("to sources", {
        ...rest,
        sendMessage: (edge) => edge.sendToSrc(edge.dstAttr.value * 2),
        mergeMessage: sum,
      }),
      graph.supersteps<number>("of both ends", {
        ...rest,
        sendMessage: (edge) => edge.sendToDst(edge.srcAttr.value * edge.dstAttr.weight),
        mergeMessage: sum,
      }),
    ];
    for (const run of runs) await (await run).graph.unpersist();
    expect(hasTiles(one)).toBe(false);
    await graph.unpersist();
  });

  it("give way to rows where the arena has no room for them, and are given back with the graph", async () => {
    const program = programs["sums of doubles"]!;
    const graph = await graphIn(one);
    await decide(graph, true);
    const { arena } = one.driver;
    const wanted = await outcome(await program(graph, 8));
    expect(hasTiles(one)).toBe(true);
    await graph.unpersist();
    expect(hasTiles(one)).toBe(false);

    const again = await graphIn(one);
    await decide(again, true);
    const { numVertices, numEdges } = await again.parts.shape.use(({ topology }) => topology);
    const filler: ReturnType<typeof arena.allocate>[] = [];
    const room = 44 * numVertices + 2 * numEdges; // for two generations and messages, not for a word an edge
    for (let size = 2 ** 31; size >= 2 ** 16; size /= 2) {
      while (arena.capacityBytes - arena.usedBytes - size > room) filler.push(arena.allocate("uint8", size));
    }
    try {
      expect(await outcome(await program(again, 8))).toBe(wanted);
      expect(hasTiles(one)).toBe(false);
    } finally {
      for (const column of filler) arena.free(column);
      await again.unpersist();
    }
  });
});

describe("a superstep whose partitions threads share", () => {
  const ctx = useContext("local[2]", { config: { maxTaskFailures: 2 } });

  it("is done again by a thread that takes the place of one that died", async () => {
    const died = new Int32Array(new SharedArrayBuffer(4));
    const graph = await GraphGenerators.rmat(ctx, { vertices: 4096, edges: 40_000 });
    const run = (isDeadly: boolean): Promise<string> =>
      graph
        .mapVertices((id) => Number(id) / 3)
        .supersteps<number>("dying", {
          sendMessage: (edge) => edge.sendToDst(edge.srcAttr / 2),
          mergeMessage: (a, b) => a + b,
          vertexProgram: (id, value, sum) => {
            if (isDeadly && id === 2000 && Atomics.exchange(died, 0, 1) === 0) process.exit(1);
            return sum > 1e6 ? sum / 1e6 : sum + value / 3;
          },
          noMessage: { value: 0.5 },
          maxSupersteps: 3,
        })
        .then((ended) => bitsOf(ended.graph));
    const expected = await run(false);
    expect(await run(true)).toBe(expected);
    expect(died[0]).toBe(1);
  });
});
