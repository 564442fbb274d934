/**
 * Runs of supersteps that write checkpoints, for the tests of a file: each test has a directory and contexts of its own.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, expect } from "vitest";
import { Context, type ContextOptions } from "../../../../core/context.ts";
import type { SuperstepEvent } from "../../../../core/schedule/events.ts";
import type { CheckpointOptions } from "../../../../graph/superstep/checkpoint/checkpointOptions.ts";
import { Graph } from "../../../../graph/graph.ts";
import type { Edge, EdgeContext } from "../../../../graph/types.ts";
import { graphOf, randomArcs, type Arc } from "../../../support/graphs.ts";

const root = mkdtempSync(path.join(os.tmpdir(), "superstep-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Where the runs of a test write their checkpoints. */
export let directory: string;
let number = 0;
/** Gives the runs from now on another directory: each test begins with one of its own. */
export function newDirectory(): void {
  directory = path.join(root, String(number++));
}
beforeEach(newDirectory);

const contexts: Context[] = [];
afterEach(async () => {
  for (const ctx of contexts.splice(0)) await ctx.stop();
});

/** A context as a new process would have it, and the events that it tells. */
export async function newContext(options: ContextOptions = {}): Promise<{ ctx: Context; seen: SuperstepEvent[] }> {
  const ctx = await Context.create({ master: "local[1]", ...options });
  contexts.push(ctx);
  const seen: SuperstepEvent[] = [];
  ctx.on((event) => seen.push(event));
  return { ctx, seen };
}

/** What holds the vertices of a result. */
export interface HasVertices {
  readonly vertices: { collect(): Promise<unknown> };
  unpersist(): Promise<void>;
}

export const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A run of something iterative over a graph. */
export type Algorithm = (
  ctx: Context,
  options: CheckpointOptions & { signal?: AbortSignal },
  numPartitions?: number,
) => Promise<{ graph: HasVertices; supersteps: number; converged: boolean }>;

export const arcs: readonly Arc[] = randomArcs(8, 60, 200);
export const chain: readonly Arc[] = Array.from({ length: 30 }, (_none, at): Arc => ({
  srcId: at,
  dstId: at + 1,
  attr: 1 + (at % 3),
}));

/** Records, strings, values that are missing now and then, and integers of 64 bits. */
const varied = (ctx: Context, options: object, numPartitions = 3, limit = 12) => {
  type Attr = { text: string; sum: number | null; big: bigint; list: number[] };
  const start = Graph.create(
    ctx.parallelize<[string, number]>([["alone", 1]], 1),
    ctx.parallelize(
      arcs.map(({ srcId, dstId, attr }): Edge<number> => ({ srcId: `v${srcId}`, dstId: `v${dstId}`, attr })),
      numPartitions,
    ),
    { defaultVertex: 0 },
  ).mapVertices((id): Attr => ({ text: `${id}`, sum: id.toString().length, big: 1n, list: [] }));
  return start.pregel<string>({
    initialMessage: "",
    vertexProgram: (_id, { text, sum, big, list }, message) => ({
      text: `${text}${message}`.slice(-9),
      sum: message.length % 5 === 3 ? null : (sum ?? 0) / 3 + message.length,
      big: (big * 3n + BigInt(message.length)) & 0xffff_ffff_ffffn,
      list: [...list, message.length].slice(-3),
    }),
    sendMessage: (edge: EdgeContext<Attr, number, string>) => {
      if (edge.attr < 7) edge.sendToDst(edge.srcAttr.text.slice(0, 3));
      else edge.sendToSrc(`<${edge.dstAttr.sum}>`);
    },
    mergeMessage: (a, b) => `${a},${b}`.slice(0, 40),
    maxSupersteps: limit,
    ...options,
  });
};

export const algorithms: Record<string, Algorithm> = {
  "pageRank, rounds": (ctx, options, n = 3) => graphOf(ctx, arcs, n).pageRank({ iterations: 14, ...options }),
  "pageRank, until it settles": (ctx, options, n = 3) =>
    graphOf(ctx, arcs, n).pageRank({ tolerance: 1e-9, ...options }),
  "pageRank, probabilities": (ctx, options, n = 3) =>
    graphOf(ctx, arcs, n).pageRank({ tolerance: 1e-7, scale: "probability", ...options }),
  connectedComponents: (ctx, options, n = 3) =>
    graphOf(ctx, chain, n).connectedComponents({ maxSupersteps: 99, ...options }),
  shortestPaths: (ctx, options, n = 3) =>
    graphOf(ctx, chain, n).shortestPaths({ landmarks: [30, 11], weight: "attr", ...options }),
  sssp: (ctx, options, n = 3) =>
    graphOf(ctx, chain, n).sssp({ source: 0, weight: "attr", maxSupersteps: 99, ...options }),
  bfs: (ctx, options, n = 3) => graphOf(ctx, chain, n).bfs({ source: 0, maxSupersteps: 99, ...options }),
  "pregel over records, strings and missing values": (ctx, options, n = 3) => varied(ctx, options, n),
  "pregel over a vertex cut": (ctx, options) =>
    graphOf(ctx, arcs, 3)
      .partitionBy("EdgePartition2D", 4)
      .pregel<number>({
        initialMessage: 0.1,
        vertexProgram: (_id, attr, message) => (attr + message) / 3,
        sendMessage: (edge) => edge.sendToDst(edge.srcAttr + edge.attr),
        mergeMessage: (a, b) => a + b,
        maxSupersteps: 15,
        ...options,
      }),
};

/** What a run came to. */
export interface RunResult {
  readonly vertices: unknown;
  readonly supersteps: number;
  readonly converged: boolean;
}

/** What a run comes to: the vertices in their order, and how it ended. */
export async function resultOf(run: Awaited<ReturnType<Algorithm>>): Promise<RunResult> {
  const { supersteps, converged } = run;
  return { vertices: await run.graph.vertices.collect(), supersteps, converged };
}

/** As supersteps, also where an algorithm has a form that takes none; and nothing is written. */
export const neverDue: CheckpointOptions = {
  checkpointDirectory: path.join(root, "never"),
  checkpointEvery: 1_000_000,
};
const wholes = new Map<Algorithm, Promise<{ readonly result: RunResult; readonly work: readonly string[] }>>();

/** A run without checkpoints, made once: its result, and the work of its supersteps. */
export function wholeRun(
  algorithm: Algorithm,
): Promise<{ readonly result: RunResult; readonly work: readonly string[] }> {
  const run = async () => {
    const { ctx, seen } = await newContext();
    return { result: await resultOf(await algorithm(ctx, neverDue)), work: workIn(seen) };
  };
  const whole = wholes.get(algorithm) ?? run();
  wholes.set(algorithm, whole);
  return whole;
}

/** The result without checkpoints. */
export async function uninterrupted(algorithm: Algorithm): Promise<RunResult> {
  return (await wholeRun(algorithm)).result;
}

/** Runs until a superstep has ended, and is cancelled then. */
export async function cancelledAfter(
  superstep: number,
  algorithm: Algorithm,
  options: CheckpointOptions,
): Promise<void> {
  const { ctx } = await newContext();
  const controller = new AbortController();
  ctx.on((event) => event.type === "superstep" && event.n === superstep && controller.abort());
  const run = algorithm(ctx, { checkpointDirectory: directory, signal: controller.signal, ...options });
  await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
  await ctx.stop();
}

/** What each superstep did, by its number. */
export const workIn = (seen: readonly SuperstepEvent[]): string[] =>
  seen.flatMap((event) =>
    event.type === "superstep"
      ? `${event.n}: ${event.active} active, ${event.messages} messages, ${event.edgesScanned} scanned, ${event.delta}`
      : [],
  );
export const firstSuperstep = (seen: readonly SuperstepEvent[]): number | undefined =>
  seen.find((event) => event.type === "superstep")?.n;
export const warnings = (seen: readonly SuperstepEvent[]): string[] =>
  seen.flatMap((event) => (event.type === "warning" ? event.code : []));
export const runFolders = (): string[] => (existsSync(directory) ? readdirSync(directory) : []);
export const checkpoints = (): string[] => {
  const [folder, ...more] = runFolders();
  expect(more).toEqual([]);
  const names = folder === undefined ? [] : readdirSync(path.join(directory, folder));
  return names.filter((name) => name !== "in-use").toSorted(byCode);
};
export const fileOf = (checkpoint: string, name: "columns" | "manifest"): string =>
  path.join(directory, runFolders()[0]!, checkpoint, name);
