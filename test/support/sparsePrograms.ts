import { expect } from "vitest";
import type { Context } from "../../core/context.ts";
import type { SuperstepEvent as Event } from "../../core/schedule/events.ts";
import { Graph } from "../../graph/graph.ts";
import { shipPregel, type PregelOptions } from "../../graph/superstep/pregel.ts";
import type { SparseLimits } from "../../graph/superstep/sparse/sparseSupersteps.ts";
import { shipSupersteps, superstepsOver, type SuperstepsSpec } from "../../graph/superstep/superstepsOver.ts";
import type { EdgeDirection } from "../../graph/types.ts";
import { attrsOf, graphOf, type Arc } from "./graphs.ts";

export const always: SparseLimits = { maxShare: Infinity, minWork: 0, buildAfter: 0, copyAfter: 0 };
export const never: SparseLimits = { maxShare: 0, minWork: 0, buildAfter: 0, copyAfter: 0 };

export type Outcome = {
  readonly attrs: unknown;
  readonly supersteps: number;
  readonly converged: boolean;
  readonly globals: unknown;
  readonly told: readonly unknown[];
  readonly numPushes: number;
};

/** Runs a program on the graph of these edges; what came of it, values told apart to the bit. */
export async function outcomeOf(
  ctx: Context,
  spec: SuperstepsSpec,
  arcs: readonly Arc[],
  numPartitions: number,
  sparse: SparseLimits,
  initial: (id: number) => unknown = (id) => (Number(id) * 7) % 13,
): Promise<Outcome> {
  const events: Event[] = [];
  const stop = ctx.driver.events.subscribe((event) => events.push(event));
  const graph = graphOf(ctx, arcs, numPartitions).mapVertices(initial as () => number);
  const run = await superstepsOver({ ...graph.parts, ctx }, { ...spec, sparse });
  stop();
  const attrs = Array.from(await attrsOf(new Graph(run.graph)), ([id, attr]) => [id, exactly(attr)]);
  await new Graph(run.graph).unpersist();
  await graph.unpersist();
  const ended = events.filter((event) => event.type === "superstep");
  const order = events.flatMap((event) => (event.type.startsWith("superstep") ? [(event as { n: number }).n] : []));
  expect(order).toEqual(ended.flatMap(({ n }) => [n, n]));
  const told = ended.map(({ n, active, messages, edgesScanned }) => [n, active, messages, edgesScanned]);
  const numPushes = ended.filter(({ direction }) => direction === "push").length;
  return { attrs, supersteps: run.supersteps, converged: run.converged, globals: run.globals, told, numPushes };
}

function exactly(value: unknown): unknown {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value).map(([name, item]) => [name, exactly(item)]);
}

type Program = PregelOptions<never, number, never>;

const third = 1 / 3;

/** Programs whose results tell the order of messages, and who was active. */
export const programs: Record<string, { readonly options: Program; readonly initial?: (id: number) => unknown }> = {
  "sums that round, to destinations": {
    options: {
      initialMessage: 0.1,
      vertexProgram: (_id: number, attr: number, sum: number) => (attr + sum) * 0.7,
      sendMessage: (edge: { srcAttr: number; attr: number; srcId: number; sendToDst(m: number): void }) => {
        if ((edge.srcId + edge.attr) % 3 === 0) edge.sendToDst(edge.srcAttr * 1.1 + edge.attr);
      },
      mergeMessage: (a: number, b: number) => a + b * third,
    } as unknown as Program,
  },
  "the last of several messages, to sources": {
    options: {
      initialMessage: 0,
      vertexProgram: (id: number, attr: number, last: number) => (attr * 3 + last + id) % 17,
      sendMessage: (edge: { srcAttr: number; dstAttr: number; dstId: number; sendToSrc(m: number): void }) => {
        for (let i = 0; i < 2; i++) if (edge.dstAttr > edge.srcAttr - i) edge.sendToSrc(edge.dstId + i);
      },
      mergeMessage: (a: number, b: number) => b - a * 0.25,
    } as unknown as Program,
  },
  "to both ends, records with what is missing": {
    options: {
      initialMessage: { from: 0, best: 0.5, any: true },
      vertexProgram: (
        id: number,
        v: { x: number; y: number },
        m: { from: number; best: number | null; any: boolean },
      ) => (m.any ? { x: v.x * 0.5 + m.from, y: m.best ?? v.y - id } : { x: v.y, y: v.x }),
      sendMessage: (edge: {
        srcId: number;
        dstId: number;
        srcAttr: { x: number; y: number };
        dstAttr: { x: number; y: number };
        attr: number;
        sendToSrc(m: unknown): void;
        sendToDst(m: unknown): void;
      }) => {
        if (edge.srcAttr.x > edge.dstAttr.y) edge.sendToDst({ from: edge.srcId, best: null, any: edge.attr > 4 });
        if (edge.attr % 2 === 0) edge.sendToSrc({ from: edge.dstId, best: edge.dstAttr.x, any: true });
      },
      mergeMessage: (a: { from: number; best: number | null; any: boolean }, b: typeof a) => ({
        from: a.from * 0.5 + b.from,
        best: a.best === null ? b.best : a.best,
        any: a.any !== b.any,
      }),
    } as unknown as Program,
    initial: (id) => ({ x: id % 5, y: id % 7 }),
  },
  "least sums, where few are active": {
    options: {
      initialMessage: Infinity,
      vertexProgram: (_id: number, distance: number, offered: number) => Math.min(distance, offered),
      sendMessage: (edge: { srcAttr: number; dstAttr: number; attr: number; sendToDst(m: number): void }) => {
        if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
      },
      mergeMessage: (a: number, b: number) => Math.min(a, b),
    } as unknown as Program,
    initial: (id) => (id === 3 ? 0 : Infinity),
  },
};

export const directions: readonly EdgeDirection[] = ["out", "in", "either", "both"];

/** Is given a sum and a maximum over all vertices, for nine supersteps or until it is told to end. */
export function aggregating(until?: () => boolean): SuperstepsSpec {
  return shipSupersteps<number, number, number>("test", {
    sendMessage: (edge) => {
      if (edge.srcAttr > edge.dstAttr) edge.sendToDst(edge.srcAttr * 0.3);
    },
    mergeMessage: (a, b) => a + b,
    vertexProgram: (_id, attr, message, globals) => attr + message / (1 + globals["total"]! + globals["most"]!),
    aggregators: {
      total: { kind: "sum", of: (before, after) => after - before },
      most: { kind: "max", of: (before, after) => before * 0.5 - after },
    },
    globals: { most: 0.25, total: 3 },
    activeDirection: "either",
    maxSupersteps: 9,
    ...(until && { until }),
  });
}

/** Counts hops; the value of vertices that are `missingAt` hops away is missing. */
export function counting(missingAt: number): SuperstepsSpec {
  return shipPregel<number | null, number, number>("test", {
    initialMessage: 0,
    activeDirection: "out",
    vertexProgram: (_id, attr, message) => (message === missingAt ? null : Math.max(attr ?? -1, message)),
    sendMessage: (edge) => {
      if ((edge.srcAttr ?? 50) >= (edge.dstAttr ?? 0)) edge.sendToDst((edge.srcAttr ?? 50) + 1);
    },
    mergeMessage: (a, b) => Math.max(a, b),
  });
}
