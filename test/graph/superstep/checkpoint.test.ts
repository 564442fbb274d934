import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { Context, type ContextOptions } from "../../../core/context.ts";
import { hasCode } from "../../../core/errors.ts";
import type { SuperstepEvent } from "../../../core/schedule/events.ts";
import type { CheckpointOptions } from "../../../graph/superstep/checkpoint/checkpointOptions.ts";
import { parseManifest } from "../../../graph/superstep/checkpoint/manifest.ts";
import { Graph } from "../../../graph/graph.ts";
import type { Edge, EdgeContext, VertexId } from "../../../graph/types.ts";
import { edges, graphOf, randomArcs, type Arc } from "../../support/graphs.ts";
import { usedAfterGarbage } from "../../support/usedBytes.ts";

const root = mkdtempSync(path.join(os.tmpdir(), "superstep-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directory: string;
let number = 0;
beforeEach(() => {
  directory = path.join(root, String(number++));
});

const contexts: Context[] = [];
afterEach(async () => {
  for (const ctx of contexts.splice(0)) await ctx.stop();
});

/** A context as a new process would have it, and the events that it tells. */
async function newContext(options: ContextOptions = {}): Promise<{ ctx: Context; seen: SuperstepEvent[] }> {
  const ctx = await Context.create({ master: "local[1]", ...options });
  contexts.push(ctx);
  const seen: SuperstepEvent[] = [];
  ctx.on((event) => seen.push(event));
  return { ctx, seen };
}

interface HasVertices {
  readonly vertices: { collect(): Promise<unknown> };
  unpersist(): Promise<void>;
}

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A run of something iterative over a graph. */
type Algorithm = (
  ctx: Context,
  options: CheckpointOptions & { signal?: AbortSignal },
  numPartitions?: number,
) => Promise<{ graph: HasVertices; supersteps: number; converged: boolean }>;

const arcs = randomArcs(8, 60, 200);
const chain = Array.from({ length: 30 }, (_none, at): Arc => ({ srcId: at, dstId: at + 1, attr: 1 + (at % 3) }));

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

const algorithms: Record<string, Algorithm> = {
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

/** What a run comes to: the vertices in their order, and how it ended. */
async function resultOf(run: Awaited<ReturnType<Algorithm>>) {
  const { supersteps, converged } = run;
  return { vertices: await run.graph.vertices.collect(), supersteps, converged };
}

/** As supersteps, also where an algorithm has a form that takes none; and nothing is written. */
const neverDue: CheckpointOptions = { checkpointDirectory: path.join(root, "never"), checkpointEvery: 1_000_000 };
const results = new Map<Algorithm, ReturnType<typeof resultOf>>();

/** The result without checkpoints, computed once. */
function uninterrupted(algorithm: Algorithm): ReturnType<typeof resultOf> {
  const run = async () => resultOf(await algorithm((await newContext()).ctx, neverDue));
  const result = results.get(algorithm) ?? run();
  results.set(algorithm, result);
  return result;
}

/** Runs until a superstep has ended, and is cancelled then. */
async function cancelledAfter(superstep: number, algorithm: Algorithm, options: CheckpointOptions): Promise<void> {
  const { ctx } = await newContext();
  const controller = new AbortController();
  ctx.on((event) => event.type === "superstep" && event.n === superstep && controller.abort());
  const run = algorithm(ctx, { checkpointDirectory: directory, signal: controller.signal, ...options });
  await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
  await ctx.stop();
}

/** What each superstep did, by its number. */
const workIn = (seen: readonly SuperstepEvent[]): string[] =>
  seen.flatMap((event) =>
    event.type === "superstep"
      ? `${event.n}: ${event.active} active, ${event.messages} messages, ${event.edgesScanned} scanned, ${event.delta}`
      : [],
  );
const firstSuperstep = (seen: readonly SuperstepEvent[]): number | undefined =>
  seen.find((event) => event.type === "superstep")?.n;
const warnings = (seen: readonly SuperstepEvent[]): string[] =>
  seen.flatMap((event) => (event.type === "warning" ? event.code : []));
const runFolders = (): string[] => (existsSync(directory) ? readdirSync(directory) : []);
const checkpoints = (): string[] => {
  const [folder, ...more] = runFolders();
  expect(more).toEqual([]);
  const names = folder === undefined ? [] : readdirSync(path.join(directory, folder));
  return names.filter((name) => name !== "in-use").toSorted(byCode);
};
const fileOf = (checkpoint: string, name: "columns" | "manifest"): string =>
  path.join(directory, runFolders()[0]!, checkpoint, name);

describe("checkpoints of supersteps", () => {
  describe.each(Object.entries(algorithms))("of %s", (_name, algorithm) => {
    it.each([1, 3])("bring the same bits when the run is resumed, one every %i supersteps", async (every) => {
      const whole = await newContext();
      const expected = await resultOf(await algorithm(whole.ctx, neverDue));
      expect(expected.supersteps).toBeGreaterThan(7);
      await cancelledAfter(7, algorithm, { checkpointEvery: every });
      const last = Math.floor(7 / every) * every;
      expect(checkpoints().at(-1)).toBe(`at-${String(last).padStart(10, "0")}`);

      const { ctx, seen } = await newContext({ master: "local[2]" });
      const resumed = await algorithm(ctx, { checkpointDirectory: directory, checkpointEvery: every, resume: true }, 5);
      expect(workIn(seen)).toEqual(workIn(whole.seen).slice(last));
      expect(seen).toContainEqual(expect.objectContaining({ type: "resumed", superstep: last }));
      expect(await resultOf(resumed)).toEqual(expected);
      expect([warnings(seen), runFolders()]).toEqual([[], []]);
    });
  });

  it("are written every ten supersteps by default, if the context has a directory, and told as events", async () => {
    const { ctx, seen } = await newContext();
    ctx.setCheckpointDir(directory);
    const { supersteps } = await graphOf(ctx, chain, 2).bfs({ source: 0 });
    expect(supersteps).toBe(30);
    const told = seen.flatMap((event) => (event.type === "checkpoint" ? event : []));
    expect(told.map(({ superstep }) => superstep)).toEqual([10, 20, 30]);
    for (const { bytes, checksum } of told) expect([bytes, checksum]).toEqual([31 * 9, expect.any(Number)]);
    expect(runFolders()).toEqual([]);
  });

  it("are not written without a directory", async () => {
    const { ctx, seen } = await newContext();
    await graphOf(ctx, chain, 2).bfs({ source: 0 });
    expect(seen.filter(({ type }) => type === "checkpoint")).toEqual([]);
  });

  it("keep the latest two, as long as the run goes on", async () => {
    const { ctx } = await newContext();
    const kept: string[][] = [];
    ctx.on((event) => event.type === "superstep" && kept.push(checkpoints()));
    await algorithms["bfs"]!(ctx, { checkpointDirectory: directory, checkpointEvery: 3 });
    const numbers = kept.map((names) => names.map((name) => Number(name.slice(3))).join(" "));
    expect(numbers.slice(0, 10)).toEqual(["", "", "", "3", "3", "3", "3 6", "3 6", "3 6", "6 9"]);
  });

  it("leave nothing in the arena", async () => {
    const { ctx } = await newContext();
    const used = await usedAfterGarbage(ctx);
    await cancelledAfter(7, algorithms["sssp"]!, { checkpointEvery: 2 });
    const { graph } = await algorithms["sssp"]!(ctx, { checkpointDirectory: directory, resume: true });
    await graph.unpersist();
    expect(await usedAfterGarbage(ctx)).toBe(used);
  });

  it("stay when a vertex program throws", async () => {
    const { ctx } = await newContext();
    const run = graphOf(ctx, chain, 2).pregel<number>({
      initialMessage: 0,
      vertexProgram: (id, attr) => {
        if (id === 9) throw new Error("nine");
        return attr + 1;
      },
      sendMessage: (edge) => edge.srcAttr === 1 && edge.srcId === 0 && edge.sendToDst(1),
      mergeMessage: (a, b) => a + b,
      checkpointDirectory: directory,
    });
    await expect(run).rejects.toMatchObject({ code: "TASK_FAILED" });
    const failing = (limit: number) => (id: VertexId, attr: number, message: number) => {
      if (message > limit) throw new Error(`at ${id}`);
      return Math.max(attr, message);
    };
    const second = graphOf(ctx, chain, 2).pregel<number>({
      initialMessage: 0,
      vertexProgram: failing(5),
      sendMessage: (edge) => {
        if (edge.srcAttr >= edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
      },
      mergeMessage: (a, b) => Math.max(a, b),
      checkpointDirectory: directory,
      checkpointEvery: 1,
    });
    await expect(second).rejects.toMatchObject({ code: "TASK_FAILED" });
    expect(checkpoints().map((name) => Number(name.slice(3)))).toEqual([4, 5]);
  });
});

describe("a checkpoint that is damaged", () => {
  const change = (file: string, at: (length: number) => number): void => {
    const bytes = readFileSync(file);
    bytes[at(bytes.length)]! ^= 4;
    writeFileSync(file, bytes);
  };
  const damages: [string, (checkpoint: string) => void][] = [
    ["a byte of its columns changed", (at) => change(fileOf(at, "columns"), (length) => length - 3)],
    ["a byte of the header of its columns changed", (at) => change(fileOf(at, "columns"), () => 9)],
    ["columns cut short", (at) => truncateSync(fileOf(at, "columns"), 100)],
    ["bytes behind its columns", (at) => writeFileSync(fileOf(at, "columns"), "x", { flag: "a" })],
    ["no columns", (at) => rmSync(fileOf(at, "columns"))],
    ["a byte of its manifest changed", (at) => change(fileOf(at, "manifest"), (length) => length >> 1)],
    ["an empty manifest", (at) => writeFileSync(fileOf(at, "manifest"), "")],
    ["no manifest", (at) => rmSync(fileOf(at, "manifest"))],
    [
      "the manifest of another superstep",
      (at) => cpSync(fileOf("at-0000000004", "manifest"), fileOf(at, "manifest"), { force: true }),
    ],
  ];

  it.each(damages)("is passed over for the one before: %s", async (_what, damage) => {
    const algorithm = algorithms["pregel over records, strings and missing values"]!;
    const expected = await uninterrupted(algorithm);
    await cancelledAfter(7, algorithm, { checkpointEvery: 2 });
    expect(checkpoints()).toEqual(["at-0000000004", "at-0000000006"]);
    damage("at-0000000006");
    const { ctx, seen } = await newContext();
    const resumed = await algorithm(ctx, { checkpointDirectory: directory, resume: true });
    expect([firstSuperstep(seen), warnings(seen)]).toEqual([5, ["CHECKPOINT_DAMAGED"]]);
    expect(await resultOf(resumed)).toEqual(expected);
    expect(runFolders()).toEqual([]);
  });

  it("leads back to the beginning if there is no other", async () => {
    const algorithm = algorithms["sssp"]!;
    const expected = await uninterrupted(algorithm);
    await cancelledAfter(7, algorithm, { checkpointEvery: 3 });
    for (const name of checkpoints()) change(fileOf(name, "columns"), (length) => length - 1);
    const { ctx, seen } = await newContext();
    const run = await algorithm(ctx, { checkpointDirectory: directory, resume: true });
    expect([firstSuperstep(seen), warnings(seen)]).toEqual([
      1,
      ["CHECKPOINT_DAMAGED", "CHECKPOINT_DAMAGED", "NOTHING_TO_RESUME"],
    ]);
    expect(await resultOf(run)).toEqual(expected);
  });
});

describe("resume", () => {
  const program = (step: number, extra: object = {}, arcsOf: readonly Arc[] = chain) => {
    const run: Algorithm = (ctx, options) =>
      graphOf(ctx, arcsOf, 3).pregel<number>({
        initialMessage: Infinity,
        vertexProgram: (id, attr, message) => Math.min(id === 0 ? 0 : attr || 1e9, message),
        sendMessage: (edge) => {
          if (edge.srcAttr + step < edge.dstAttr) edge.sendToDst(edge.srcAttr + step);
        },
        mergeMessage: (a, b) => Math.min(a, b),
        maxSupersteps: 25,
        ...extra,
        ...options,
      });
    return run;
  };
  const heavier = chain.map((edge, at) => (at === 5 ? { ...edge, attr: 99 } : edge));
  const reading = (edge: EdgeContext<number, number, number>) => {
    if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
  };

  it.each<[string, Algorithm, Algorithm, string[]]>([
    ["a captured value", program(1), program(2), ["sendMessage"]],
    ["the limit", program(1), program(1, { maxSupersteps: 20 }), ["maxSupersteps (25, now 20)"]],
    ["the direction", program(1), program(1, { activeDirection: "out" }), ["activeDirection (either, now out)"]],
    ["the initial message", program(1), program(1, { initialMessage: 1e12 }), ["initialMessage"]],
    ["an edge", program(1), program(1, {}, [...chain, { srcId: 3, dstId: 0, attr: 1 }]), ["the edges"]],
    ["a vertex", program(1), program(1, {}, edges("77>78")), ["the vertex ids", "the edges", "the vertex attributes"]],
    [
      "the attribute of an edge, where it is read",
      program(1, { sendMessage: reading }),
      program(1, { sendMessage: reading }, heavier),
      ["the edge attributes"],
    ],
    [
      "attributes of vertices",
      program(1),
      (ctx, options) =>
        graphOf(ctx, chain, 3)
          .mapVertices((id) => (id === 4 ? 1 : 0))
          .pregel<number>({
            initialMessage: Infinity,
            vertexProgram: (_id, attr) => attr,
            sendMessage: (edge) => edge.sendToDst(1),
            mergeMessage: (a) => a,
            maxSupersteps: 25,
            ...options,
          }),
      ["the vertex attributes", "vertexProgram", "sendMessage", "mergeMessage", "tripletFields (src, dst, now )"],
    ],
  ])("refuses another run, saying what differs: %s", async (_what, before, now, differing) => {
    await cancelledAfter(7, before, { checkpointEvery: 3 });
    const { ctx } = await newContext();
    const kept = checkpoints();
    const error = await now(ctx, { checkpointDirectory: directory, resume: true }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { differing, superstep: 6 },
      message: expect.stringContaining(differing.join(", ")) as string,
    });
    expect(checkpoints()).toEqual(kept);
  });

  it("takes attributes of edges that nothing reads for what they are", async () => {
    await cancelledAfter(7, program(1), { checkpointEvery: 3 });
    const { ctx, seen } = await newContext();
    await program(1, {}, heavier)(ctx, { checkpointDirectory: directory, resume: true });
    expect(firstSuperstep(seen)).toBe(7);
  });

  it("tells another value in a broadcast", async () => {
    const withBroadcast =
      (value: number): Algorithm =>
      (ctx, options) => {
        const step = ctx.broadcast({ step: value });
        return graphOf(ctx, chain, 2)
          .mapVertices((id): number => (id === 0 ? 0 : 1e9))
          .pregel<number>({
            initialMessage: 1e9,
            vertexProgram: (_id, attr, message) => Math.min(attr, message),
            sendMessage: (edge) => {
              const next = edge.srcAttr + step.value.step;
              if (next < edge.dstAttr) edge.sendToDst(next);
            },
            mergeMessage: (a, b) => Math.min(a, b),
            ...options,
          });
      };
    await cancelledAfter(7, withBroadcast(2), { checkpointEvery: 3 });
    const { ctx, seen } = await newContext();
    const other = withBroadcast(3)(ctx, { checkpointDirectory: directory, resume: true });
    await expect(other).rejects.toMatchObject({ details: { differing: ["sendMessage"] } });
    ctx.broadcast("moves the numbers of broadcasts");
    const { ctx: again, seen: seenAgain } = await newContext();
    again.broadcast("moves the numbers of broadcasts");
    await withBroadcast(2)(again, { checkpointDirectory: directory, resume: true });
    expect([firstSuperstep(seen), firstSuperstep(seenAgain)]).toEqual([undefined, 7]);
  });

  it("starts from the beginning, and says so, where there is nothing", async () => {
    const { ctx, seen } = await newContext();
    await algorithms["bfs"]!(ctx, { checkpointDirectory: directory, resume: true });
    expect([firstSuperstep(seen), warnings(seen)]).toEqual([1, ["NOTHING_TO_RESUME"]]);
  });

  it("goes on with the run that was under way, of several in one program", async () => {
    const runs = [program(1), program(2), program(3)];
    const { ctx } = await newContext();
    ctx.setCheckpointDir(directory, { every: 3 });
    const expected = [];
    for (const run of runs.slice(0, 2)) expected.push(await resultOf(await run(ctx, {})));
    const controller = new AbortController();
    ctx.on((event) => event.type === "superstep" && event.n === 8 && controller.abort());
    await expect(runs[2]!(ctx, { signal: controller.signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expected.push(await uninterrupted(runs[2]!));

    const { ctx: again, seen } = await newContext();
    again.setCheckpointDir(directory, { every: 3, resume: true });
    const results = [];
    for (const run of runs) results.push(await resultOf(await run(again, {})));
    expect(results).toEqual(expected);
    expect(seen.filter(({ type }) => type === "resumed")).toEqual([expect.objectContaining({ superstep: 6 })]);
    expect(runFolders()).toEqual([]);
  });

  it("refuses what another version of Node or of Superstep wrote; the former unless it is asked for", async () => {
    const algorithm = algorithms["bfs"]!;
    const expected = await uninterrupted(algorithm);
    const rewritten = async (writer: object): Promise<void> => {
      rmSync(directory, { recursive: true, force: true });
      await cancelledAfter(7, algorithm, { checkpointEvery: 3 });
      const { manifestText } = await import("../../../graph/superstep/checkpoint/manifest.ts");
      for (const name of checkpoints()) {
        const manifest = parseManifest(readFileSync(fileOf(name, "manifest"), "utf8"))!;
        const other = { ...manifest, writer: { ...manifest.writer, ...writer } };
        writeFileSync(fileOf(name, "manifest"), manifestText(other));
      }
    };
    const resumed = async (options: CheckpointOptions) => {
      const { ctx, seen } = await newContext();
      const run = await algorithm(ctx, { checkpointDirectory: directory, resume: true, ...options });
      return { result: await resultOf(run), first: firstSuperstep(seen) };
    };
    await rewritten({ node: "v18.0.0" });
    await expect(resumed({})).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/"v18\.0\.0".*resumeAcrossVersions/) as string,
    });
    expect(await resumed({ resumeAcrossVersions: true })).toEqual({ result: expected, first: 7 });
    await rewritten({ superstep: "0.0.1" });
    await expect(resumed({ resumeAcrossVersions: true })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining('Superstep "0.0.1"') as string,
    });
  });
});

describe("a run that is not resumed", () => {
  it("replaces what the same program left, at its first checkpoint, and says so before", async () => {
    const algorithm = algorithms["sssp"]!;
    await cancelledAfter(12, algorithm, { checkpointEvery: 5 });
    expect(checkpoints()).toEqual(["at-0000000005", "at-0000000010"]);
    const { ctx, seen } = await newContext();
    const kept: string[][] = [];
    ctx.on((event) => event.type === "superstep" && kept.push(checkpoints()));
    await algorithm(ctx, { checkpointDirectory: directory, checkpointEvery: 3 });
    expect([firstSuperstep(seen), warnings(seen)]).toEqual([1, ["CHECKPOINT_REPLACED"]]);
    expect(seen.findIndex(({ type }) => type === "warning")).toBeLessThan(
      seen.findIndex(({ type }) => type === "superstep"),
    );
    expect(kept[2]).toEqual(["at-0000000005", "at-0000000010"]);
    expect(kept[3]).toEqual(["at-0000000003"]);
    expect(runFolders()).toEqual([]);
  });

  it("removes them also if it ends before its first checkpoint", async () => {
    await cancelledAfter(7, algorithms["sssp"]!, { checkpointEvery: 3 });
    const { ctx } = await newContext();
    await algorithms["sssp"]!(ctx, { checkpointDirectory: directory, checkpointEvery: 1000 });
    expect(runFolders()).toEqual([]);
  });

  it("leaves alone what other runs left, and files of others", async () => {
    await cancelledAfter(7, algorithms["pageRank, rounds"]!, { checkpointEvery: 3 });
    const [others] = runFolders();
    const before = readdirSync(path.join(directory, others!), { recursive: true }).map(String).toSorted(byCode);
    writeFileSync(path.join(directory, "notes.txt"), "mine");
    writeFileSync(path.join(directory, others!, "notes.txt"), "mine");
    const { ctx, seen } = await newContext();
    await algorithms["pageRank, until it settles"]!(ctx, { checkpointDirectory: directory, checkpointEvery: 3 });
    expect(warnings(seen)).toEqual([]);
    expect(readdirSync(path.join(directory, others!), { recursive: true }).map(String).toSorted(byCode)).toEqual(
      [...before, "notes.txt"].toSorted(byCode),
    );
    await algorithms["pageRank, rounds"]!(ctx, { checkpointDirectory: directory, resume: true });
    expect(readdirSync(directory, { recursive: true }).map(String).toSorted(byCode)).toEqual(
      ["notes.txt", others!, path.join(others!, "notes.txt")].toSorted(byCode),
    );
  });

  it("removes what a process left that died while it wrote", async () => {
    const algorithm = algorithms["bfs"]!;
    await cancelledAfter(7, algorithm, { checkpointEvery: 3 });
    const folder = path.join(directory, runFolders()[0]!);
    mkdirSync(path.join(folder, "at-0000000009.temporary-12-ab"));
    writeFileSync(path.join(folder, "at-0000000009.temporary-12-ab", "columns"), "half");
    const { ctx } = await newContext();
    await algorithm(ctx, { checkpointDirectory: directory, resume: true });
    expect(runFolders()).toEqual([]);
  });
});

describe("a folder of checkpoints", () => {
  const endless: Algorithm = (ctx, options) =>
    graphOf(ctx, edges("1>2>1"), 1).pregel<number>({
      initialMessage: 0,
      vertexProgram: (_id, attr) => attr,
      sendMessage: (edge) => edge.sendToDst(1),
      mergeMessage: (a) => a,
      maxSupersteps: 60,
      checkpointDirectory: directory,
      checkpointEvery: 2,
      ...options,
    });

  it("is of one run at a time", async () => {
    const { ctx } = await newContext();
    const outcomes = await Promise.allSettled([endless(ctx, {}), endless(ctx, {})]);
    expect(outcomes.map(({ status }) => status).toSorted(byCode)).toEqual(["fulfilled", "rejected"]);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({
      reason: {
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(`process ${process.pid} runs the same program`) as string,
      },
    });
    expect(runFolders()).toEqual([]);
  });

  it.skipIf(process.platform !== "linux")(
    "is refused while another process lives, and free once it is gone",
    async () => {
      await cancelledAfter(7, endless, {});
      const claim = path.join(directory, runFolders()[0]!, "in-use");
      expect(existsSync(claim)).toBe(false);
      const startOf = (pid: number): string => {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!;
      };
      const living = { machine: os.hostname(), pid: process.ppid, started: startOf(process.ppid) };
      writeFileSync(claim, JSON.stringify(living));
      const { ctx, seen } = await newContext();
      await expect(endless(ctx, { resume: true })).rejects.toMatchObject({ details: { pid: process.ppid } });
      expect(readFileSync(claim, "utf8")).toBe(JSON.stringify(living));
      let last = 8;
      for (const gone of [
        { ...living, started: "1" },
        { ...living, machine: "elsewhere" },
        { ...living, pid: 2 ** 30 },
        { ...living, pid: process.pid },
        "not a claim",
      ]) {
        writeFileSync(claim, JSON.stringify(gone));
        last += 3;
        const controller = new AbortController();
        ctx.on((event) => event.type === "superstep" && event.n === last && controller.abort());
        const run = endless(ctx, { resume: true, signal: controller.signal });
        await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
        expect(existsSync(claim)).toBe(false);
      }
      expect(seen.filter(({ type }) => type === "resumed")).toHaveLength(5);
    },
  );
});

describe("a context that is asked to end", () => {
  const isEnd = (error: unknown) => hasCode(error, "CANCELLED") || hasCode(error, "CONTEXT_STOPPED");

  it("ends the superstep that it is at, writes a checkpoint, and can be resumed", async () => {
    const algorithm = algorithms["pregel over records, strings and missing values"]!;
    const expected = await uninterrupted(algorithm);
    const controller = new AbortController();
    const { ctx, seen } = await newContext({ signal: controller.signal });
    ctx.on((event) => event.type === "superstep" && event.n === 4 && controller.abort());
    const run = algorithm(ctx, { checkpointDirectory: directory, checkpointEvery: 3 });
    await expect(run).rejects.toMatchObject({
      code: "CANCELLED",
      message: expect.stringMatching(/stopped after superstep 4; its checkpoint is in/) as string,
      details: { superstep: 4 },
    });
    expect(seen.flatMap((event) => (event.type === "superstep" ? event.n : []))).toEqual([1, 2, 3, 4]);
    expect(checkpoints()).toEqual(["at-0000000003", "at-0000000004"]);
    await expect(ctx.range(3).count()).rejects.toSatisfy(isEnd);
    const { ctx: again } = await newContext();
    expect(await resultOf(await algorithm(again, { checkpointDirectory: directory, resume: true }))).toEqual(expected);
  });

  it("keeps its state also where the superstep was the last one, and where no message was left", async () => {
    for (const name of ["pageRank, rounds", "pageRank, probabilities", "bfs"]) {
      directory = path.join(root, String(number++));
      const expected = await uninterrupted(algorithms[name]!);
      const last = expected.supersteps + (name === "bfs" ? 1 : 0); // in the last one of bfs nothing is sent
      const controller = new AbortController();
      const { ctx } = await newContext({ signal: controller.signal });
      ctx.on((event) => event.type === "superstep" && event.n === last && controller.abort());
      const run = algorithms[name]!(ctx, { checkpointDirectory: directory });
      await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
      const { ctx: again } = await newContext();
      const resumed = await algorithms[name]!(again, { checkpointDirectory: directory, resume: true });
      expect(await resultOf(resumed)).toEqual(expected);
    }
  });

  it("ends at once without a directory", async () => {
    const controller = new AbortController();
    const { ctx } = await newContext({ signal: controller.signal });
    ctx.on((event) => event.type === "superstep" && event.n === 4 && controller.abort());
    await expect(varied(ctx, {})).rejects.toSatisfy(isEnd);
    expect(runFolders()).toEqual([]);
  });
});

describe("options of checkpoints", () => {
  it.each([
    [{ checkpointEvery: 0 }, /checkpointEvery must be an integer >= 1, got 0/],
    [{ checkpointEvery: 1.5, checkpointDirectory: "x" }, /checkpointEvery must be an integer >= 1, got 1\.5/],
    [{ checkpointEvery: 3 }, /checkpointEvery needs checkpointDirectory/],
    [{ resume: true }, /resume needs checkpointDirectory, or context\.setCheckpointDir/],
    [{ resume: "yes" as unknown as boolean, checkpointDirectory: "x" }, /resume must be true or false, got "yes"/],
    [{ checkpointDirectory: "" }, /checkpointDirectory must be a path, got ""/],
    [{ checkpointDirectory: process.execPath }, /checkpointDirectory must be one that exists or can be made/],
  ])("are refused out of range: %j", async (options, message) => {
    const { ctx } = await newContext();
    const run = graphOf(ctx, chain, 2).bfs({ source: 0, ...options });
    await expect(run).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(message) as string,
    });
    expect(() => ctx.setCheckpointDir(directory, { every: -1 })).toThrow(/every must be an integer >= 1, got -1/);
  });
});
