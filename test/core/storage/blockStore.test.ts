import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BlockId, StorageLevel } from "../../../core/host/task.ts";
import { blockKey, groupKey } from "../../../core/storage/blockId.ts";
import { BlockStore } from "../../../core/storage/blockStore.ts";
import { fetchForTask } from "../../../core/storage/fetchForTask.ts";

let parent: string;
let store: BlockStore;

beforeEach(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), "block-store-test-"));
  store = new BlockStore({ memoryBytes: 1000, spillDirectory: parent });
});
afterEach(async () => {
  await store.close();
  expect(await readdir(parent)).toEqual([]);
  await rm(parent, { recursive: true });
});

const rdd = (partition: number, of = 1): BlockId => ({ kind: "rdd", rdd: of, partition });
const shuffle = (map: number, reduce = 0): BlockId => ({ kind: "shuffle", shuffle: 1, map, reduce });
const block = (fill: number, length = 400): Uint8Array => new Uint8Array(new SharedArrayBuffer(length)).fill(fill);
const onDisk = async (): Promise<string[]> => {
  const [directory] = await readdir(parent);
  return directory === undefined ? [] : (await readdir(path.join(parent, directory))).sort();
};

describe("BlockStore", () => {
  it("gives back the very memory that it was given, while there is room", async () => {
    const bytes = block(7);
    await store.put(rdd(0), bytes, "memory");
    expect(await store.get(rdd(0))).toBe(bytes);
    expect(await store.get(rdd(1))).toBeUndefined();
    expect(store.usage).toEqual({ blocks: 1, memoryBytes: 400, diskBytes: 0, spilled: 0, dropped: 0 });
  });

  it("has a block from the call on, before it is known whether there is room", () => {
    void store.put(rdd(0), block(1), "memory");
    expect(store.has(rdd(0))).toBe(true);
  });

  it("copies what is not in shared memory", async () => {
    const bytes = new Uint8Array(10).fill(3);
    await store.put(rdd(0), bytes, "memory");
    bytes.fill(4);
    const stored = await store.get(rdd(0));
    expect(stored).toEqual(new Uint8Array(10).fill(3));
    expect(stored!.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("drops the block of level memory that was used longest ago", async () => {
    await store.put(rdd(0), block(0), "memory");
    await store.put(rdd(1), block(1), "memory");
    await store.get(rdd(0));
    await store.put(rdd(2), block(2), "memory");
    expect([0, 1, 2].map((partition) => store.has(rdd(partition)))).toEqual([true, false, true]);
    expect(store.usage).toMatchObject({ memoryBytes: 800, dropped: 1, spilled: 0 });
    expect(await onDisk()).toEqual([]);
  });

  it("spills the block of level memoryAndDisk that was used longest ago, and reads it from disk", async () => {
    await store.put(rdd(0), block(5), "memoryAndDisk");
    await store.put(rdd(1), block(6), "memoryAndDisk");
    await store.put(rdd(2), block(7), "memoryAndDisk");
    expect(await onDisk()).toEqual(["rdd-1-0.1"]);
    expect(store.usage).toMatchObject({ blocks: 3, memoryBytes: 800, diskBytes: 400, spilled: 1, dropped: 0 });
    for (const partition of [0, 1, 2]) expect(await store.get(rdd(partition))).toEqual(block(5 + partition));
  });

  it("writes blocks of level disk at once", async () => {
    await store.put(rdd(0), block(5), "disk");
    expect(store.usage).toMatchObject({ memoryBytes: 0, diskBytes: 400 });
    expect(await store.get(rdd(0))).toEqual(block(5));
  });

  it.each(["memory", "memoryAndDisk"] as const)("never drops map outputs or broadcasts of level %s", async (level) => {
    const broadcast: BlockId = { kind: "broadcast", broadcast: 4 };
    await store.put(broadcast, block(99), level);
    for (let map = 0; map < 5; map++) await store.put(shuffle(map), block(map), level);
    expect(store.usage.memoryBytes).toBeLessThanOrEqual(1000);
    for (let map = 0; map < 5; map++) expect(await store.get(shuffle(map))).toEqual(block(map));
    expect(await store.get(broadcast)).toEqual(block(99));
  });

  it("lets no other block give way to one that is larger than all the room", async () => {
    await store.put(rdd(0), block(0), "memory");
    await store.put(rdd(1), block(1, 1001), "memory");
    await store.put(shuffle(0), block(2, 1001), "memory");
    expect([store.has(rdd(0)), store.has(rdd(1)), store.has(shuffle(0))]).toEqual([true, false, true]);
    expect(store.usage).toMatchObject({ memoryBytes: 400, diskBytes: 1001 });
  });

  it("replaces a block of the same id, wherever it was", async () => {
    for (const level of ["disk", "memory", "disk", "memoryAndDisk"] as const) {
      await store.put(rdd(0), block(level.length), level);
      expect(await store.get(rdd(0))).toEqual(block(level.length));
      expect(store.usage.blocks).toBe(1);
      expect(store.usage.memoryBytes + store.usage.diskBytes).toBe(400);
    }
  });

  it("removes what goes together, in memory and on disk", async () => {
    await store.put(rdd(0), block(0), "disk");
    await store.put(rdd(1), block(1), "memory");
    await store.put(rdd(0, 2), block(2), "memory");
    await store.put(shuffle(0), block(3), "disk");
    expect(store.remove({ kind: "rdd", rdd: 1 })).toBe(2);
    expect(store.remove({ kind: "rdd", rdd: 1 })).toBe(0);
    expect(await store.get(rdd(0))).toBeUndefined();
    expect([store.has(rdd(0, 2)), store.has(shuffle(0))]).toEqual([true, true]);
    expect(store.remove({ kind: "shuffle", shuffle: 1 })).toBe(1);
    expect(store.usage).toMatchObject({ blocks: 1, memoryBytes: 400, diskBytes: 0 });
    await expect.poll(onDisk).toEqual([]);
  });

  it("forgets a block that is damaged on disk, after saying so", async () => {
    await store.put(rdd(0), block(0), "disk");
    const [directory] = await readdir(parent);
    await truncate(path.join(parent, directory!, "rdd-1-0.1"), 399);
    await expect(store.get(rdd(0))).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
    expect(await store.get(rdd(0))).toBeUndefined();
    expect(store.usage).toMatchObject({ blocks: 0, diskBytes: 0 });
  });

  it("keeps nothing of a block that the disk refuses, and all others", async () => {
    const nowhere = new BlockStore({ memoryBytes: 1000, spillDirectory: path.join(parent, "missing") });
    await nowhere.put(shuffle(0), block(0), "memoryAndDisk");
    await expect(nowhere.put(rdd(0), block(1), "disk")).rejects.toMatchObject({ code: "ENOENT" });
    await nowhere.put(shuffle(1), block(1), "memoryAndDisk");
    await expect(nowhere.put(shuffle(2), block(2), "memoryAndDisk")).rejects.toMatchObject({ code: "ENOENT" });
    expect(await nowhere.get(shuffle(0))).toEqual(block(0));
    expect(await nowhere.get(shuffle(1))).toEqual(block(1));
    expect(nowhere.usage).toMatchObject({ blocks: 2, memoryBytes: 800 });
    await nowhere.close();
  });

  it("holds what a simple map would hold, whatever is put, read and removed at the same time", async () => {
    const actions = fc.array(
      fc.record({
        what: fc.constantFrom("put", "put", "put", "get", "remove"),
        key: fc.nat(5),
        level: fc.constantFrom<StorageLevel>("memory", "memoryAndDisk", "disk"),
        length: fc.nat(900),
      }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(actions, async (list) => {
        const own = new BlockStore({ memoryBytes: 1000, spillDirectory: parent });
        const expected = new Map<number, { bytes: Uint8Array; mayBeDropped: boolean }>();
        const pending: Promise<unknown>[] = [];
        let fill = 0;
        for (const { what, key, level, length } of list) {
          if (what === "put") {
            const bytes = block(++fill % 256, length);
            expected.set(key, { bytes, mayBeDropped: level === "memory" });
            pending.push(own.put(rdd(0, key), bytes, level));
          } else if (what === "remove") {
            expected.delete(key);
            own.remove({ kind: "rdd", rdd: key });
          } else
            pending.push(
              own.get(rdd(0, key)).then((bytes) => expect(bytes?.every((byte) => byte === bytes[0])).not.toBe(false)),
            );
        }
        await Promise.all(pending);
        expect(own.usage.memoryBytes).toBeLessThanOrEqual(1000);
        for (let key = 0; key <= 5; key++) {
          const entry = expected.get(key);
          const bytes = await own.get(rdd(0, key));
          if (entry === undefined) expect(bytes).toBeUndefined();
          else if (bytes !== undefined || !entry.mayBeDropped) expect(bytes).toEqual(entry.bytes);
        }
        const total = own.usage.memoryBytes + own.usage.diskBytes;
        expect(total).toBeLessThanOrEqual([...expected.values()].reduce((sum, { bytes }) => sum + bytes.length, 0));
        for (let key = 0; key <= 5; key++) own.remove({ kind: "rdd", rdd: key });
        await expect.poll(onDisk, { interval: 1 }).toEqual([]); // also of what was removed while it was written
        await own.close();
      }),
      { numRuns: 100, seed: 5 },
    );
  });
});

describe("fetchForTask", () => {
  const damage = async (): Promise<void> => {
    const [directory] = await readdir(parent);
    for (const file of await onDisk()) await truncate(path.join(parent, directory!, file), 1);
  };

  it("gives a task what there is", async () => {
    await store.put(rdd(0), block(3), "disk");
    expect(await fetchForTask(store, rdd(0))).toEqual(block(3));
    expect(await fetchForTask(store, rdd(1))).toBeUndefined();
  });

  it("takes a damaged block of an RDD for one that is not there: it is computed again", async () => {
    await store.put(rdd(0), block(3), "disk");
    await damage();
    expect(await fetchForTask(store, rdd(0))).toBeUndefined();
  });

  it("names a damaged map output, so that it is written again", async () => {
    await store.put(shuffle(2, 5), block(3), "disk");
    await damage();
    const error = { code: "FETCH_FAILED", details: { shuffle: 1, map: 2, reduce: 5 } };
    await expect(fetchForTask(store, shuffle(2, 5))).rejects.toMatchObject(error);
  });

  it("passes on that a broadcast is damaged", async () => {
    await store.put({ kind: "broadcast", broadcast: 1 }, block(3), "disk");
    await damage();
    await expect(fetchForTask(store, { kind: "broadcast", broadcast: 1 })).rejects.toMatchObject({
      code: "BLOCK_CORRUPT",
    });
  });
});

describe("blockKey", () => {
  it("is different for different blocks, and begins with its group's", () => {
    const ids: BlockId[] = [
      rdd(1, 11),
      rdd(11, 1),
      shuffle(1, 11),
      shuffle(11, 1),
      { kind: "broadcast", broadcast: 1 },
    ];
    expect(new Set(ids.map(blockKey)).size).toBe(ids.length);
    for (const id of ids) expect(blockKey(id).startsWith(groupKey(id))).toBe(true);
  });

  it.each([
    { kind: "rdd", rdd: "../../etc", partition: 0 },
    { kind: "rdd", rdd: 1, partition: "/absolute" },
    { kind: "rdd", rdd: 1, partition: -1 },
    { kind: "rdd", rdd: 1.5, partition: 0 },
    { kind: "rdd", rdd: 1 },
    { kind: "shuffle", shuffle: 1, map: "\0", reduce: 0 },
    { kind: "broadcast", broadcast: Number.NaN },
    { kind: "../rdd", rdd: 1, partition: 0 },
    {},
  ])("refuses %j", async (id) => {
    expect(() => blockKey(id as unknown as BlockId)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    await expect(store.get(id as unknown as BlockId)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
