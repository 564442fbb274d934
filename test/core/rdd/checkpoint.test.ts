import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCheckpointFile, writeCheckpointFile } from "../../../core/rdd/checkpointFile.ts";
import type { RDD } from "../../../core/rdd/rdd.ts";
import { useContext } from "../../support/context.ts";

describe("checkpoint", () => {
  const ctx = useContext("local[2]");
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "superstep-checkpoint-"));
    ctx.setCheckpointDir(path.join(root, "made/if/needed"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const directoriesOf = (rdd: RDD<unknown>): string[] => {
    const parent = ctx.checkpointDir!;
    return readdirSync(parent)
      .filter((name) => name.startsWith(`rdd-${rdd.id}-`))
      .map((name) => path.join(parent, name));
  };
  const squares = (): RDD<[number, number]> =>
    ctx
      .range(0, 100, 1, 4)
      .map((x) => [x % 7, x * x])
      .reduceByKey((a, b) => a + b, 3);

  it("cuts the lineage of what it is called on, and of what was made of it before", async () => {
    const rdd = squares();
    const child = rdd.mapValues((x) => x + 1);
    const before = await child.collect();
    const { partitioner } = rdd;
    expect(await rdd.checkpoint()).toBe(rdd);
    expect(rdd.isCheckpointed).toBe(true);
    expect(rdd.dependencies).toEqual([]);
    expect(rdd.partitioner).toBe(partitioner);
    expect(child.toDebugString().split("\n").length).toBe(2);
    expect(await child.collect()).toEqual(before);
    expect(await rdd.lookup(3)).toEqual([before.find(([key]) => key === 3)![1] - 1]);
  });

  it("writes one file a partition under a directory of its own, and nothing else", async () => {
    const rdd = await squares().checkpoint();
    const [directory] = directoriesOf(rdd);
    expect(readdirSync(directory!).sort()).toEqual(["part-00000", "part-00001", "part-00002"]);
  });

  it.each([
    ["a changed byte in the records", (file: string) => writeFileSync(file, changed(readFileSync(file), -3))],
    ["a changed header", (file: string) => writeFileSync(file, changed(readFileSync(file), 9))],
    ["a cut file", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, -1))],
    ["a lost file", (file: string) => rmSync(file)],
  ])("fails with BLOCK_CORRUPT, naming the file, on %s", async (_what, damage) => {
    const rdd = await squares().checkpoint();
    const file = path.join(directoriesOf(rdd)[0]!, "part-00001");
    damage(file);
    await expect(rdd.mapValues((x) => x).collect()).rejects.toMatchObject({
      code: "BLOCK_CORRUPT",
      message: expect.stringContaining(JSON.stringify(file)) as string,
    });
  });

  it("changes nothing and leaves nothing when a task fails", async () => {
    const rdd = ctx.range(0, 4, 1, 4).map((x) => {
      if (x === 3) throw new Error("no");
      return x;
    });
    await expect(rdd.checkpoint()).rejects.toMatchObject({ code: "TASK_FAILED" });
    expect(rdd.isCheckpointed).toBe(false);
    expect(rdd.dependencies.length).toBe(1);
    expect(directoriesOf(rdd)).toEqual([]);
  });

  it("needs a directory", async () => {
    expect(() => ctx.setCheckpointDir("")).toThrow(/^setCheckpointDir: directory must be a path/);
    expect(() => ctx.setCheckpointDir("/dev/null/no")).toThrow(/^setCheckpointDir: directory must be one that exists/);
  });

  it("lineage of 2,000 generations works, and 2,000 generations with checkpoints keep it short", async () => {
    let deep = ctx.range(0, 10, 1, 2);
    for (let round = 0; round < 2000; round++) deep = deep.map((x) => x + 1);
    expect(await deep.sum()).toBe(45 + 20_000);
    let short = ctx.range(0, 10, 1, 2);
    for (let round = 1; round <= 40; round++) {
      short = short.map((x) => x + 1);
      if (round % 10 === 0) await short.checkpoint();
    }
    expect(short.toDebugString().split("\n").length).toBe(1);
    expect(await short.sum()).toBe(45 + 400);
  });
});

describe("localCheckpoint", () => {
  const ctx = useContext("local[2]");

  it("cuts lineage and reads the block store from then on", async () => {
    const computed = ctx.accumulator(0, (a, b) => a + b);
    const rdd = ctx.range(0, 10, 1, 2).map((x) => {
      computed.add(1);
      return x;
    });
    expect(await rdd.localCheckpoint()).toBe(rdd);
    expect(rdd.isCheckpointed).toBe(true);
    expect(rdd.dependencies).toEqual([]);
    expect(rdd.storageLevel).toBe("memoryAndDisk");
    expect(await rdd.map((x) => x * 2).collect()).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(computed.value).toBe(10);
    expect(() => rdd.unpersist()).toThrow(/^unpersist: after localCheckpoint\(\)/);
  });

  it("a lost block is an error, not another result", async () => {
    const rdd = await ctx.range(0, 10, 1, 2).persist("memory").localCheckpoint();
    expect(rdd.storageLevel).toBe("memoryAndDisk");
    ctx.driver.removeBlocks({ kind: "rdd", rdd: rdd.id });
    await expect(rdd.collect()).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
  });
});

describe("checkpoint without a directory", () => {
  const ctx = useContext("local[1]");

  it("is refused", async () => {
    await expect(ctx.parallelize([1]).checkpoint()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "checkpoint: call context.setCheckpointDir(directory) first",
    });
  });
});

describe("checkpoint files", () => {
  it("every single changed byte is found", () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-checkpoint-"));
    try {
      const records = [1, "two", { three: [3n] }];
      const file = writeCheckpointFile(path.join(directory, "part"), 0, records);
      expect(readCheckpointFile(file)).toEqual(records);
      const good = readFileSync(file.path);
      for (let at = 0; at < good.length; at++) {
        writeFileSync(file.path, changed(good, at));
        expect(() => readCheckpointFile(file)).toThrow(/must hold 3 records/);
      }
      writeFileSync(file.path, Buffer.concat([good, Buffer.of(0)]));
      expect(() => readCheckpointFile(file)).toThrow(/must hold 3 records/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at < 0 ? copy.length + at : at]! ^= 0x10;
  return copy;
}
