import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { create, errorOf, operators, run } from "./testDrivers.ts";

describe("blocks", () => {
  const id = (partition: number) => ({ kind: "rdd", rdd: 1, partition }) as const;

  it("that tasks store are there for other tasks and the driver, at any level", async () => {
    const driver = await create();
    const levels = ["memory", "memoryAndDisk", "disk"];
    await run(
      driver,
      "store",
      levels.map((level, i) => ({ id: id(i), fill: i + 1, level })),
    );
    const expected = levels.map((_, i) => new Uint8Array(64).fill(i + 1));
    expect(await run(driver, "fetch", [id(0), id(1), id(2), id(3)])).toEqual([...expected, undefined]);
    expect(await driver.getBlock(id(2))).toEqual(expected[2]);
    expect(driver.blockUsage).toMatchObject({ blocks: 3, memoryBytes: 128, diskBytes: 64 });
    await driver.putBlock(id(9), new Uint8Array([4]), "memory");
    expect(await run(driver, "fetch", [id(9)])).toEqual([new Uint8Array([4])]);
    expect(driver.hasBlock(id(9))).toBe(true);
    driver.removeBlocks({ kind: "rdd", rdd: 1 });
    expect(driver.blockUsage).toMatchObject({ blocks: 0, memoryBytes: 0, diskBytes: 0 });
    expect(driver.hasBlock(id(9))).toBe(false);
    expect(await run(driver, "fetch", [id(0), id(9)])).toEqual([undefined, undefined]);
  });

  it("are shared with their thread, not copied, unless they are a small view of much", async () => {
    const driver = await create();
    await run(driver, "storeShared", [0], id(0));
    expect((await driver.getBlock(id(0)))![0]).toBe(9);
    await run(driver, "storeView", [0], id(1));
    const stored = await driver.getBlock(id(1));
    expect([stored, stored!.buffer.byteLength]).toEqual([new Uint8Array(8).fill(7), 8]);
  });

  it("that are columns are copied, so that they do not change with them", async () => {
    const driver = await create({ config: { arenaBytes: 65536 } });
    const ref = driver.arena.allocate("uint8", 65536);
    driver.arena.view(ref).fill(5);
    await run(driver, "storeColumn", [ref], id(2));
    driver.arena.view(ref).fill(6);
    expect((await driver.getBlock(id(2)))!.every((byte) => byte === 5)).toBe(true);
  });

  it("of an unusual name are refused", async () => {
    const driver = await create({ master: "local[1]" });
    const bad = { kind: "rdd", rdd: "../x", partition: 0 };
    expect(await errorOf(run(driver, "fetch", [bad]))).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await errorOf(run(driver, "store", [{ id: bad, fill: 1, level: "disk" }]))).toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("of a shuffle that are damaged on disk are written again, alone, for a later job", async () => {
    const parent = await mkdtemp(path.join(os.tmpdir(), "driver-test-"));
    const driver = await create({ config: { spillDirectory: parent, resubmitDelayMs: 10 } });
    const counter = new Int32Array(new SharedArrayBuffer(12));
    const map = {
      name: "map",
      operator: operators.ref("mapSide"),
      shared: counter,
      tasks: [0, 1, 2],
      parents: [],
      shuffleId: 5,
    };
    const reduce = { name: "reduce", operator: operators.ref("reduceSide"), tasks: [0, 1], parents: [0] };
    const job = { name: "shuffle", stages: [map, reduce] };
    const expected = [
      [0, 10, 20],
      [1, 11, 21],
    ];
    expect(await driver.runJob(job)).toEqual(expected);
    const [directory] = await readdir(parent);
    const files = (await readdir(path.join(parent, directory!))).filter((file) => file.startsWith("shuffle-5-1-"));
    expect(files).toHaveLength(2);
    await truncate(path.join(parent, directory!, files[0]!), 3);
    expect(await driver.runJob(job)).toEqual(expected);
    expect([...counter]).toEqual([1, 2, 1]);
    driver.releaseShuffle(5);
    expect(driver.blockUsage.blocks).toBe(0);
    expect(await driver.runJob(job)).toEqual(expected);
    expect([...counter]).toEqual([2, 3, 2]);
    await driver.stop();
    expect(await readdir(parent)).toEqual([]);
    await rm(parent, { recursive: true });
  });
});
