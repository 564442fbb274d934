/**
 * Where bytes of a result go: a file that appears whole or not at all, or a stream that may close early.
 */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { type FileHandle, access, constants, link, open, realpath, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Writable } from "node:stream";
import { SuperstepError, excerpt } from "../../../core/errors.ts";

/** Takes bytes in order. Either `commit` or `abort` ends it. */
export interface Output {
  /**
   * Takes `bytes`, which the caller must not change any more. Resolves when more may be sent.
   *
   * @throws SuperstepError NO_CAPACITY if the disk is full; INVALID_ARGUMENT if the system refuses them otherwise.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Publishes what was written: a file gets its name now. */
  commit(): Promise<void>;
  /** Leaves nothing behind. Safe to call after `commit`. */
  abort(): Promise<void>;
}

/** Thrown by `write` when the reader of a stream has gone: the rest is not wanted, and that is no failure. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** Options of `openOutput`. */
export interface OutputOptions {
  /** Whether an existing file may be replaced. Default false. */
  readonly force?: boolean;
}

/**
 * Checks, before any work is done, that `openOutput` will accept `file`.
 *
 * @throws SuperstepError INVALID_ARGUMENT if it exists and `force` is not set, is a directory, or its directory is
 *   missing, or may not be written to.
 */
export async function checkOutput(file: string, { force = false }: OutputOptions = {}): Promise<void> {
  const target = await locate(file, force);
  const directory = await stat(path.dirname(target.path)).catch(() => undefined);
  if (directory?.isDirectory() !== true) {
    throw outputError(`output: there is no directory ${excerpt(path.dirname(file))}; make it first`, file);
  }
  await access(target.isSpecial ? file : path.dirname(target.path), constants.W_OK).catch(refusal(file));
}

/**
 * Opens `file` for writing. Bytes go to a temporary name in the same directory; `commit` syncs and renames it, so
 * that a reader sees the old file or the whole new one. A device or a pipe is written as it is.
 *
 * @throws SuperstepError INVALID_ARGUMENT as `checkOutput`.
 */
export async function openOutput(file: string, options: OutputOptions = {}): Promise<Output> {
  await checkOutput(file, options);
  const target = await locate(file, options.force ?? false);
  return target.isSpecial ? openSpecial(file) : openReplacement(file, target, options.force ?? false);
}

/** An output that writes to `stream` (standard output), one chunk at a time; `commit` does not end the stream. */
export function streamOutput(stream: Writable): Output {
  let failure: Error | undefined;
  const onError = (error: Error): void => void (failure ??= error);
  stream.on("error", onError);
  return {
    async write(bytes) {
      if (failure === undefined && !stream.destroyed) {
        await new Promise<void>((resolve) => stream.write(bytes, (error) => (error && onError(error), resolve())));
      }
      const hasGone = failure === undefined ? stream.destroyed : (failure as NodeJS.ErrnoException).code === "EPIPE";
      if (hasGone) throw new OutputClosed("the reader of the output has gone");
      if (failure !== undefined) refusal("-")(failure);
    },
    async commit() {},
    async abort() {},
  };
}

/** Removes every unfinished temporary file, at once: for signal handlers. */
export function removeTemporaryFiles(): void {
  for (const temporary of temporaryFiles) rmSync(temporary, { force: true });
  temporaryFiles.clear();
}

interface Target {
  /** Where the file really lives: symbolic links followed. */
  readonly path: string;
  /** A device, pipe or socket, which cannot be replaced. */
  readonly isSpecial: boolean;
  /** Permission bits of the file to be replaced. */
  readonly mode: number | undefined;
}

const temporaryFiles = new Set<string>();
let removesAtExit = false;

async function locate(file: string, force: boolean): Promise<Target> {
  const existing = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    return refusal(file)(error);
  });
  if (existing === undefined) return { path: file, isSpecial: false, mode: undefined };
  if (existing.isDirectory()) throw outputError(`output: ${excerpt(file)} is a directory; name a file in it`, file);
  if (!existing.isFile()) return { path: file, isSpecial: true, mode: undefined };
  if (!force) throw existsError(file);
  return { path: await realpath(file), isSpecial: false, mode: existing.mode & 0o777 };
}

async function openReplacement(file: string, target: Target, force: boolean): Promise<Output> {
  const directory = path.dirname(target.path);
  const temporary = path.join(
    directory,
    `.${path.basename(target.path).slice(0, 50)}.${randomBytes(6).toString("hex")}.tmp`,
  );
  if (!removesAtExit) {
    removesAtExit = true;
    process.once("exit", removeTemporaryFiles);
  }
  temporaryFiles.add(temporary);
  const handle = await open(temporary, "wx", target.mode ?? 0o666).catch((error: unknown) => {
    temporaryFiles.delete(temporary);
    return refusal(file)(error);
  });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  return {
    write: (bytes) => writeAll(handle, bytes).catch(refusal(file)),
    async commit() {
      await handle.sync().catch(refusal(file));
      await close();
      await publish(temporary, target.path, file, force);
      temporaryFiles.delete(temporary);
      await syncDirectory(directory);
    },
    async abort() {
      await close();
      if (!temporaryFiles.delete(temporary)) return;
      await rm(temporary, { force: true });
    },
  };
}

async function openSpecial(file: string): Promise<Output> {
  const handle = await open(file, "w").catch(refusal(file));
  return {
    async write(bytes) {
      try {
        await writeAll(handle, bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EPIPE")
          throw new OutputClosed("the reader of the output has gone");
        refusal(file)(error);
      }
    },
    commit: () => handle.close(),
    abort: () => handle.close(),
  };
}

/** Gives the file its name. Without `force`, a hard link does it, which fails if the name was taken meanwhile. */
async function publish(temporary: string, target: string, file: string, force: boolean): Promise<void> {
  if (!force) {
    try {
      await link(temporary, target);
      await rm(temporary);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw existsError(file);
      // a file system without hard links: rename must do
    }
  }
  await rename(temporary, target).catch(refusal(file));
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
}

async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // not every system can sync a directory; the file itself is synced
  }
}

function existsError(file: string): SuperstepError {
  return outputError(`output: ${excerpt(file)} exists; --force (or { force: true }) replaces it`, file);
}

/** Throws what the system said of `file` (`-`: standard output) as an error that names it; any other error as it is. */
function refusal(file: string): (error: unknown) => never {
  return (error) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof SuperstepError) throw error;
    const what = file === "-" ? "standard output" : excerpt(file);
    const options = { details: { file, system: code }, cause: error };
    if (["ENOSPC", "EFBIG", "EDQUOT"].includes(code)) {
      const next = "free some, or name a file elsewhere";
      throw new SuperstepError(
        "NO_CAPACITY",
        `output: there is no room for ${what} on its disk (${code}); ${next}`,
        options,
      );
    }
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `output: ${what} cannot be written (${code}); name another file`,
      options,
    );
  };
}

function outputError(message: string, file: string): SuperstepError {
  return new SuperstepError("INVALID_ARGUMENT", message, { details: { file } });
}
