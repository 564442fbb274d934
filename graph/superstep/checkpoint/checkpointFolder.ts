/**
 * The folder of one run's checkpoints: `supersteps-<operation>-<key>` in the checkpoint directory, in it a folder for
 * each checkpoint, `at-0000000010` after ten supersteps. One that is being written has another name until it is whole.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { type Manifest, manifestText, parseManifest } from "./manifest.ts";

const written = /^at-(\d{10})$/;
const unfinished = /^at-\d{10}\.temporary-[-0-9a-f]+$/;
/** Leftovers of a process that died may be held by nobody, but by a virus scanner. */
const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;

export class CheckpointFolder {
  readonly path: string;

  constructor(directory: string, operation: string, key: string) {
    this.path = path.join(directory, `${folderStart(operation)}${key.slice(0, 16)}`);
  }

  /** Supersteps of the checkpoints that are there, the latest first. */
  supersteps(): Promise<number[]> {
    return checkpointsIn(this.path);
  }

  /** Where the columns of a checkpoint are. */
  columnsPath(superstep: number): string {
    return path.join(this.path, folderName(superstep), "columns");
  }

  /** The manifest of a checkpoint; undefined if it is missing or damaged. */
  manifest(superstep: number): Promise<Manifest | undefined> {
    return readManifest(this.path, superstep);
  }

  /**
   * Adds a checkpoint: `write` fills its folder under a name of its own, which it is given, and returns the manifest.
   * Then, and only then, the folder gets its name, in place of one that was there.
   */
  async add(superstep: number, write: (folder: string) => Promise<Manifest>): Promise<void> {
    const target = path.join(this.path, folderName(superstep));
    const temporary = `${target}.temporary-${randomUUID()}`;
    await mkdir(temporary, { recursive: true });
    try {
      const text = manifestText(await write(temporary));
      await writeWhole(path.join(temporary, "manifest"), text);
      await syncFolder(temporary);
      await rm(target, removal);
      await rename(temporary, target);
      await syncFolder(this.path);
    } catch (error) {
      await rm(temporary, removal);
      throw error;
    }
  }

  /** Removes all checkpoints but those after the supersteps `kept`, and what a process that died left half-written. */
  async keepOnly(kept: readonly number[]): Promise<void> {
    const names = new Set(kept.map(folderName));
    for (const name of await namesIn(this.path)) {
      if ((written.test(name) && !names.has(name)) || unfinished.test(name)) {
        await rm(path.join(this.path, name), removal);
      }
    }
  }

  /** Removes all checkpoints. */
  clear(): Promise<void> {
    return this.keepOnly([]);
  }

  /** Removes the folder if nothing is in it. */
  async removeEmpty(): Promise<void> {
    await rmdir(this.path).catch(() => undefined); // not there, or holding files that are not ours
  }
}

/** The latest readable manifest of each run of an operation in a checkpoint directory. */
export async function manifestsOf(directory: string, operation: string): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for (const name of await namesIn(directory)) {
    if (!name.startsWith(folderStart(operation))) continue;
    const folder = path.join(directory, name);
    for (const superstep of await checkpointsIn(folder)) {
      const manifest = await readManifest(folder, superstep);
      if (manifest === undefined) continue;
      if (manifest.run.operation === operation) found.push(manifest);
      break;
    }
  }
  return found;
}

async function checkpointsIn(folder: string): Promise<number[]> {
  const found = (await namesIn(folder)).flatMap((name) => written.exec(name)?.[1] ?? []);
  return found.map(Number).sort((a, b) => b - a);
}

async function readManifest(folder: string, superstep: number): Promise<Manifest | undefined> {
  const text = await readFile(path.join(folder, folderName(superstep), "manifest"), "utf8").catch(() => undefined);
  const manifest = text === undefined ? undefined : parseManifest(text);
  return manifest?.superstep === superstep ? manifest : undefined;
}

function folderStart(operation: string): string {
  return `supersteps-${operation.replaceAll(/[^\w.-]/g, "_").slice(0, 40)}-`;
}

function folderName(superstep: number): string {
  return `at-${String(superstep).padStart(10, "0")}`;
}

/** Names in a folder; none if there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Writes a file to the disk, reads it back, and compares. */
async function writeWhole(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if ((await readFile(file, "utf8")) !== text) throw new Error(`${file}: what is read back is not what was written`);
}

/** Makes the names in a folder last. Not every system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync().catch(() => undefined);
  } finally {
    await handle?.close();
  }
}
