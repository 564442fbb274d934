import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { VertexId } from "../../../../graph/types.ts";
import { edges, graphOf } from "../../../support/graphs.ts";
import { usedAfterGarbage } from "../../../support/usedBytes.ts";
import {
  type Algorithm,
  algorithms,
  byCode,
  cancelledAfter,
  chain,
  checkpoints,
  directory,
  firstSuperstep,
  newContext,
  resultOf,
  runFolders,
  uninterrupted,
  warnings,
  wholeRun,
  workIn,
} from "./checkpointRuns.ts";

describe("checkpoints of supersteps", () => {
  describe.each(Object.entries(algorithms))("of %s", (_name, algorithm) => {
    it.each([1, 3])("bring the same bits when the run is resumed, one every %i supersteps", async (every) => {
      const { result: expected, work } = await wholeRun(algorithm);
      expect(expected.supersteps).toBeGreaterThan(7);
      await cancelledAfter(7, algorithm, { checkpointEvery: every });
      const last = Math.floor(7 / every) * every;
      expect(checkpoints().at(-1)).toBe(`at-${String(last).padStart(10, "0")}`);

      const { ctx, seen } = await newContext({ master: "local[2]" });
      const resumed = await algorithm(ctx, { checkpointDirectory: directory, checkpointEvery: every, resume: true }, 5);
      expect(workIn(seen)).toEqual(work.slice(last));
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
    expect(await usedAfterGarbage(ctx, used)).toBe(used);
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

describe("checkpoints that are kept until their program lets go of them", () => {
  it("stay when the run has ended well, and are resumed; go when released, also after the context was stopped", async () => {
    const algorithm = algorithms["sssp"]!;
    const expected = await uninterrupted(algorithm);
    const { ctx } = await newContext();
    ctx.setCheckpointDir(directory, { every: 4, keep: true });
    expect(await resultOf(await algorithm(ctx, {}))).toEqual(expected);
    expect(ctx.checkpoints.areKept).toBe(true);
    const kept = checkpoints();
    expect(kept).toHaveLength(2);

    const { ctx: again, seen } = await newContext();
    again.setCheckpointDir(directory, { every: 4, keep: true, resume: true });
    expect(await resultOf(await algorithm(again, {}))).toEqual(expected);
    expect(seen).toContainEqual(expect.objectContaining({ type: "resumed", superstep: Number(kept[1]!.slice(3)) }));
    expect(checkpoints()).toEqual(kept);
    await again.stop();
    await again.releaseCheckpoints();
    expect([runFolders(), again.checkpoints.areKept]).toEqual([[], false]);
  });

  it("are replaced without a word by the next run of the same program in the same context", async () => {
    const { ctx, seen } = await newContext();
    ctx.setCheckpointDir(directory, { every: 4, keep: true });
    for (let run = 0; run < 2; run++) await algorithms["bfs"]!(ctx, {});
    expect([warnings(seen), checkpoints().length]).toEqual([[], 2]);
    await ctx.releaseCheckpoints();
    expect(runFolders()).toEqual([]);
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
