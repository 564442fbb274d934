/**
 * Blocks on disk: one file a block in a private directory of this process, checked by length and CRC-32 when read.
 */
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { crc32 } from "node:zlib";
import { SuperstepError } from "../errors.ts";
import { isRunning } from "./runningProcess.ts";

/** Where a stored block is, and what it must be found to be: its length in bytes, and its CRC-32. */
export interface StoredBlock {
  /** The file's name; no two blocks ever have the same. */
  readonly file: string;
  readonly bytes: number;
  readonly checksum: number;
}

/**
 * Files under `superstep-<machine>-<pid>-<random>`, mode 0700, made with the first block and removed by `close` and at
 * the process's exit. Directories that killed processes of this user and machine left are removed when one is made.
 *
 * A block is written under another name, then renamed: a file is whole or not there. It is not synced: no process reads
 * it after this one.
 */
export class DiskStore {
  readonly #parent: string;
  #directory: string | undefined;
  #isClosed = false;
  #lastFile = 0;

  /** `parent`: an existing directory. */
  constructor(parent: string) {
    this.#parent = parent;
  }

  /** The directory, once there is one. */
  get directory(): string | undefined {
    return this.#directory;
  }

  /**
   * Writes a block to a new file. `name`: as made by `blockKey`.
   *
   * @throws the system's own error (ENOSPC, …); nothing of the block is left then.
   */
  async write(name: string, bytes: Uint8Array): Promise<StoredBlock> {
    const directory = this.#makeDirectory();
    const file = `${name}.${++this.#lastFile}`;
    const target = path.join(directory, file);
    const part = `${target}.part`;
    try {
      await writeNew(part, bytes);
      await rename(part, target);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    return { file, bytes: bytes.byteLength, checksum: crc32(bytes) };
  }

  /**
   * Reads a block into shared memory.
   *
   * @throws SuperstepError BLOCK_CORRUPT if the file is gone or unreadable, or is not what was written.
   */
  async read({ file: name, bytes, checksum }: StoredBlock): Promise<Uint8Array> {
    const file = path.join(this.#makeDirectory(), name);
    let content: Uint8Array;
    try {
      content = await readFile(file);
    } catch (cause) {
      throw new SuperstepError("BLOCK_CORRUPT", `block ${name}: its file cannot be read`, { cause, details: { name } });
    }
    const found = crc32(content);
    if (content.byteLength !== bytes || found !== checksum) {
      const details = {
        name,
        bytes: content.byteLength,
        expectedBytes: bytes,
        checksum: found,
        expectedChecksum: checksum,
      };
      const message =
        `block ${name}: ${content.byteLength} bytes with CRC-32 ${found} were read, ` +
        `${bytes} with ${checksum} were written`;
      throw new SuperstepError("BLOCK_CORRUPT", message, { details });
    }
    const shared = new Uint8Array(new SharedArrayBuffer(bytes));
    shared.set(content);
    return shared;
  }

  /** Removes a block's file. A file that resists goes with the directory. */
  async remove({ file }: StoredBlock): Promise<void> {
    if (this.#directory === undefined) return;
    await rm(path.join(this.#directory, file), { force: true }).catch(() => undefined);
  }

  /** Removes the directory and all in it. Idempotent. */
  close(): void {
    this.#isClosed = true;
    if (this.#directory === undefined) return;
    process.off("exit", this.#removeDirectory);
    this.#removeDirectory();
    this.#directory = undefined;
  }

  #makeDirectory(): string {
    if (this.#isClosed) throw new SuperstepError("CONTEXT_STOPPED", "block store: it was closed");
    if (this.#directory === undefined) {
      removeLeftovers(this.#parent);
      this.#directory = makeRunDirectory(this.#parent);
      process.on("exit", this.#removeDirectory);
    } else mkdirSync(this.#directory, { recursive: true, mode: 0o700 }); // someone may have cleaned up
    return this.#directory;
  }

  readonly #removeDirectory = (): void => {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
  };
}

/** Processes of other machines or containers may share the directory: their ids say nothing here. */
const prefix: string = `superstep-${os.hostname().replace(/[^\w.]/g, "_")}-`;

/**
 * Makes a directory in `parent` for this process alone, mode 0700: `removeLeftovers` removes it once the process has ended.
 */
export function makeRunDirectory(parent: string): string {
  return mkdtempSync(path.join(parent, `${prefix}${process.pid}-`)); // 0700 by contract of mkdtemp
}

async function writeNew(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(bytes);
  } finally {
    await handle.close();
  }
}

/** Removes directories that killed processes of this user and machine left in `parent`. */
export function removeLeftovers(parent: string): void {
  for (const name of namesIn(parent)) {
    const pid = name.startsWith(prefix) ? /^(\d+)-\w+$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid === undefined || isRunning(Number(pid))) continue;
    const directory = path.join(parent, name);
    try {
      const stat = lstatSync(directory);
      if (stat.isDirectory() && stat.uid === process.getuid?.()) rmSync(directory, { recursive: true, force: true });
    } catch {
      // another process was quicker, or it is not ours to remove
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // who writes to it meets the reason
  }
}
