import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { Context, type ContextOptions } from "../../../core/context.ts";
import type { SuperstepEvent } from "../../../core/schedule/events.ts";
import type { CheckpointOptions } from "../../../graph/superstep/checkpoint/checkpointOptions.ts";
import { useCluster } from "../../support/cluster.ts";
import { useContext } from "../../support/context.ts";
import { graphOf, integersFrom, randomArcs, type Arc } from "../../support/graphs.ts";

const root = mkdtempSync(path.join(os.tmpdir(), "superstep-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const cluster = useCluster("local-cluster[2,1]");
const local = useContext("local[1]");

let directory: string;
let number = 0;
beforeEach(() => {
  directory = path.join(root, String(number++));
});
const saved = (): string[] => (existsSync(directory) ? readdirSync(directory) : []);

const contexts: Context[] = [];
afterEach(async () => {
  for (const ctx of contexts.splice(0)) await ctx.stop();
});

/** A context of its own, for what ends it or its executors. */
async function newContext(options: ContextOptions): Promise<{ ctx: Context; seen: SuperstepEvent[] }> {
  const ctx = await Context.create({ master: "local-cluster[2,1]", ...options });
  contexts.push(ctx);
  return { ctx, seen: eventsOf(ctx) };
}

function eventsOf(ctx: Context): SuperstepEvent[] {
  const seen: SuperstepEvent[] = [];
  ctx.on((event) => seen.push(event));
  return seen;
}

interface Ran {
  readonly graph: { readonly vertices: { collect(): Promise<unknown> } };
  readonly supersteps: number;
  readonly converged: boolean;
}
type Algorithm = (ctx: Context, options: CheckpointOptions & { readonly signal?: AbortSignal }) => Promise<Ran>;

const arcs = randomArcs(8, 60, 200);
const chain = Array.from({ length: 24 }, (_none, at): Arc => ({ srcId: at, dstId: at + 1, attr: 1 + (at % 3) }));

const algorithms: Record<string, Algorithm> = {
  PageRank: (ctx, options) => graphOf(ctx, arcs, 3).pageRank({ iterations: 14, ...options }),
  components: (ctx, options) => graphOf(ctx, chain, 3).connectedComponents({ maxSupersteps: 99, ...options }),
  "shortest paths": (ctx, options) =>
    graphOf(ctx, chain, 3).sssp({ source: 0, weight: "attr", maxSupersteps: 99, ...options }),
  "records with missing values": (ctx, options) =>
    graphOf(ctx, arcs, 3)
      .mapVertices((id) => ({ sum: Number(id) as number | null, big: 1n }))
      .pregel<number>({
        initialMessage: 1,
        vertexProgram: (_id, { sum, big }, message) => ({
          sum: message % 5 === 3 ? null : (sum ?? 0) / 3 + message,
          big: (big * 3n + BigInt(Math.round(message))) & 0xffff_ffffn,
        }),
        sendMessage: (edge) => {
          if (edge.attr < 7) edge.sendToDst(Math.round(edge.srcAttr.sum ?? 3));
          else edge.sendToSrc(2);
        },
        mergeMessage: (a, b) => (a + b) % 1000,
        maxSupersteps: 14,
        ...options,
      }),
  "text and objects": (ctx, options) =>
    graphOf(ctx, arcs, 3)
      .mapVertices((id) => ({ name: `v${id}`, seen: [Number(id)], n: 0 }))
      .pregel<string>({
        initialMessage: "",
        vertexProgram: (_id, { name, seen, n }, message) => ({
          name: n % 2 === 0 ? `${name}${message}`.slice(-30) : name,
          seen: [...seen.slice(-4), message.length],
          n: n + 1,
        }),
        sendMessage: (edge) => {
          if (edge.attr < 7) edge.sendToDst(`${edge.srcAttr.name.slice(0, 4)}${edge.srcAttr.seen.length}`);
          else edge.sendToSrc(edge.dstAttr.name.slice(0, 2));
        },
        mergeMessage: (a, b) => `${a}${b}`.slice(0, 50),
        maxSupersteps: 14,
        ...options,
      }),
};

async function resultOf({ graph, supersteps, converged }: Ran) {
  return { vertices: await graph.vertices.collect(), supersteps, converged };
}

const results = new Map<Algorithm, ReturnType<typeof resultOf>>();

function onOneThread(algorithm: Algorithm): ReturnType<typeof resultOf> {
  const result = results.get(algorithm) ?? algorithm(local, {}).then(resultOf);
  results.set(algorithm, result);
  return result;
}

async function cancelledAfter(superstep: number, ctx: Context, algorithm: Algorithm): Promise<void> {
  const controller = new AbortController();
  const stop = ctx.on((event) => event.type === "superstep" && event.n === superstep && controller.abort());
  const run = algorithm(ctx, { checkpointDirectory: directory, checkpointEvery: 3, signal: controller.signal });
  await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
  stop();
}

const withClusters = 120_000;

describe.each(Object.entries(algorithms))("%s", (name, algorithm) => {
  it("gives the same bits begun on executors and resumed on one thread, and the other way round", async () => {
    const expected = await onOneThread(algorithm);
    for (const [before, after] of [
      [cluster.context, local],
      [local, cluster.context],
    ] as const) {
      await cancelledAfter(7, before, algorithm);
      const seen = eventsOf(after);
      const resumed = await algorithm(after, { checkpointDirectory: directory, resume: true });
      expect(seen).toContainEqual(expect.objectContaining({ type: "resumed", superstep: 6 }));
      expect(await resultOf(resumed)).toEqual(expected);
      expect(saved()).toEqual([]);
    }
  });

  it(
    "gives the same bits with executors killed at random supersteps, while checkpoints are written",
    async () => {
      const expected = await onOneThread(algorithm);
      const random = integersFrom(name.length);
      const [first, second] = [1 + random(6), 7 + random(6)];
      const chaos = `kill-host@superstep=${first},kill-host@superstep=${second}#seed=${random(1000)}`;
      const { ctx, seen } = await newContext({ chaos });
      const run = await algorithm(ctx, { checkpointDirectory: directory, checkpointEvery: 2 });
      expect(await resultOf(run)).toEqual(expected);
      expect(seen.filter((event) => event.type === "warning" && event.code === "CHAOS")).toHaveLength(2);
      expect(seen.filter((event) => event.type === "host" && event.what === "lost")).toHaveLength(2);
      expect(seen.filter(({ type }) => type === "recovery").length).toBeGreaterThan(0);
      expect(seen.filter(({ type }) => type === "checkpoint").length).toBeGreaterThanOrEqual(6);
      expect(saved()).toEqual([]);
    },
    withClusters,
  );
});

describe("a context with executors that is asked to end", () => {
  it(
    "writes a checkpoint after the superstep, which more executors resume",
    async () => {
      const algorithm = algorithms["PageRank"]!;
      const controller = new AbortController();
      const { ctx } = await newContext({ signal: controller.signal });
      ctx.on((event) => event.type === "superstep.start" && event.n === 5 && controller.abort());
      const run = algorithm(ctx, { checkpointDirectory: directory });
      await expect(run).rejects.toMatchObject({ code: "CANCELLED", details: { superstep: 5 } });
      const { ctx: again, seen } = await newContext({ master: "local-cluster[3,1]" });
      const resumed = await algorithm(again, { checkpointDirectory: directory, resume: true });
      expect(seen).toContainEqual(expect.objectContaining({ type: "resumed", superstep: 5 }));
      expect(await resultOf(resumed)).toEqual(await onOneThread(algorithm));
    },
    withClusters,
  );
});
