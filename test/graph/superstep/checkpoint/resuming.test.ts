import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasCode } from "../../../../core/errors.ts";
import type { CheckpointOptions } from "../../../../graph/superstep/checkpoint/checkpointOptions.ts";
import { parseManifest } from "../../../../graph/superstep/checkpoint/manifest.ts";
import type { EdgeContext } from "../../../../graph/types.ts";
import { edges, graphOf, type Arc } from "../../../support/graphs.ts";
import {
  type Algorithm,
  algorithms,
  cancelledAfter,
  chain,
  checkpoints,
  directory,
  fileOf,
  firstSuperstep,
  newContext,
  newDirectory,
  resultOf,
  runFolders,
  uninterrupted,
  warnings,
} from "./checkpointRuns.ts";

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
      const { manifestText } = await import("../../../../graph/superstep/checkpoint/manifest.ts");
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
      newDirectory();
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
    await expect(algorithms["pregel over records, strings and missing values"]!(ctx, {})).rejects.toSatisfy(isEnd);
    expect(runFolders()).toEqual([]);
  });
});
