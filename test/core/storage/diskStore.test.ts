import { spawnSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DiskStore, type StoredBlock } from "../../../core/storage/diskStore.ts";

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251);
const builtModule = new URL("../../../dist/core/storage/diskStore.js", import.meta.url).href;
let parent: string;
let store: DiskStore;

beforeEach(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), "disk-store-test-"));
  store = new DiskStore(parent);
});
afterEach(async () => {
  store.close();
  await rm(parent, { recursive: true });
});

describe("DiskStore", () => {
  it("reads what was written, into shared memory", async () => {
    const stored = await store.write("rdd-1-2", bytes);
    expect(stored).toMatchObject({ bytes: 5000, checksum: crc32(bytes) });
    const read = await store.read(stored);
    expect(read).toEqual(bytes);
    expect(read.buffer).toBeInstanceOf(SharedArrayBuffer);
    const empty = await store.write("rdd-1-3", new Uint8Array(0));
    expect(await store.read(empty)).toEqual(new Uint8Array(0));
  });

  it("writes views of shared memory, and only what they show", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(100), 40, 10).fill(9);
    expect(await store.read(await store.write("rdd-1-2", shared))).toEqual(new Uint8Array(10).fill(9));
  });

  it("makes its directory with the first block, for this user alone, and removes it when closed", async () => {
    expect(await readdir(parent)).toEqual([]);
    await store.write("rdd-1-2", bytes);
    const [name] = await readdir(parent);
    const directory = path.join(parent, name!);
    expect(name).toContain(String(process.pid));
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const [file] = await readdir(directory);
    expect((await stat(path.join(directory, file!))).mode & 0o777).toBe(0o600);
    store.close();
    expect(await readdir(parent)).toEqual([]);
    await expect(store.write("rdd-1-2", bytes)).rejects.toMatchObject({ code: "CONTEXT_STOPPED" });
  });

  const fileOf = (stored: StoredBlock): string => path.join(store.directory!, stored.file);
  const damages: [string, (file: string, other: string) => Promise<void>][] = [
    ["a bit at the start", async (file) => writeFile(file, flipped(await readFile(file), 0))],
    ["a bit in the middle", async (file) => writeFile(file, flipped(await readFile(file), 2500))],
    ["a bit at the end", async (file) => writeFile(file, flipped(await readFile(file), 4999))],
    ["cut by one byte", (file) => truncate(file, 4999)],
    ["cut to nothing", (file) => truncate(file, 0)],
    ["longer by a byte", (file) => appendFile(file, "x")],
    ["another block's content", async (file, other) => writeFile(file, await readFile(other))],
    ["gone", (file) => rm(file)],
    [
      "a directory",
      async (file) => {
        await rm(file);
        await mkdir(file);
      },
    ],
  ];
  it.each(damages)("refuses a block whose file is %s", async (_what, damage) => {
    const stored = await store.write("rdd-1-2", bytes);
    const other = await store.write("rdd-1-3", Uint8Array.from(bytes).reverse());
    await damage(fileOf(stored), fileOf(other));
    await expect(store.read(stored)).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
    expect(await store.read(other)).toEqual(Uint8Array.from(bytes).reverse());
  });

  it("writes on when its directory was removed, and says so of the blocks that were in it", async () => {
    const lost = await store.write("rdd-1-2", bytes);
    await rm(store.directory!, { recursive: true });
    const stored = await store.write("rdd-1-3", bytes);
    expect(await store.read(stored)).toEqual(bytes);
    await expect(store.read(lost)).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
  });

  it("leaves no part of a block that could not be put in its place", async () => {
    await store.write("rdd-1-1", bytes);
    await mkdir(path.join(store.directory!, "rdd-1-2.2")); // renaming a file onto a directory fails
    await expect(store.write("rdd-1-2", bytes)).rejects.toMatchObject({ code: "EISDIR" });
    expect((await readdir(store.directory!)).sort()).toEqual(["rdd-1-1.1", "rdd-1-2.2"]);
  });

  it.runIf(process.platform === "linux")("passes on that there is no space, and leaves no part of the block", () => {
    const program = `
      import { readdirSync } from "node:fs";
      import { DiskStore } from ${JSON.stringify(builtModule)};
      const store = new DiskStore(${JSON.stringify(parent)});
      await store.write("rdd-1-1", new Uint8Array(1000));
      const code = await store.write("rdd-1-2", new Uint8Array(1e6)).catch((error) => error.code);
      console.log(code, ...readdirSync(store.directory));`;
    const limited = ["-c", 'ulimit -f 16; exec "$0" --input-type=module -e "$1"', process.execPath, program];
    expect(spawnSync("bash", limited, { encoding: "utf8" }).stdout.trim()).toBe("EFBIG rdd-1-1.1");
  });

  it("is removed when its process ends without closing it; what a killed one left is removed by the next", async () => {
    const program = (end: string): string => `
      import { DiskStore } from ${JSON.stringify(builtModule)};
      await new DiskStore(${JSON.stringify(parent)}).write("rdd-1-1", new Uint8Array(10));
      ${end}`;
    const run = (end: string) => spawnSync(process.execPath, ["--input-type=module", "-e", program(end)]);
    expect(run("").status).toBe(0);
    expect(run("process.exit(3)").status).toBe(3);
    expect(await readdir(parent)).toEqual([]);
    expect(run('process.kill(process.pid, "SIGKILL"); await new Promise((r) => setTimeout(r, 9e3))').signal).toBe(
      "SIGKILL",
    );
    expect(await readdir(parent)).toHaveLength(1);
    await mkdir(path.join(parent, "someone-elses"));
    await store.write("rdd-1-1", bytes);
    expect(new Set(await readdir(parent))).toEqual(new Set(["someone-elses", path.basename(store.directory!)]));
  });
});

function flipped(content: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(content);
  copy[at]! ^= 4;
  return copy;
}
