/**
 * The directory of one worker, in which each process that it starts has one of its own.
 */
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { invalidArgument } from "../../errors.ts";
import { makeDirectory } from "../../storage/makeDirectory.ts";

const prefix = "superstep-worker-";

/** Private to this user, in a directory that may be everybody's, such as that of the system for temporary files. */
export class WorkDirectory {
  readonly path: string;

  /**
   * Makes a directory in `root`, and removes those that workers of this user on this machine left there which have died.
   *
   * @throws SuperstepError INVALID_ARGUMENT if it cannot be made.
   */
  constructor(root: string) {
    try {
      makeDirectory(root, 0o700);
      this.path = mkdtempSync(path.join(path.resolve(root), `${prefix}${process.pid}-`));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw invalidArgument("worker", "the work directory", `one that can be made (${code})`, root);
    }
    removeLeftOvers(root);
  }

  /** A new directory for a process. `name`: letters, digits, dots, underscores and hyphens, and not only dots. */
  make(name: string): string {
    if (!/^[\w.-]+$/.test(name) || /^\.+$/.test(name)) throw invalidArgument("worker", "a name", "a plain one", name);
    const directory = path.join(this.path, name);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return directory;
  }

  /** Removes a process's directory, or all of it. */
  remove(directory: string = this.path): void {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

function removeLeftOvers(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = /^superstep-worker-(\d+)-[A-Za-z0-9]{6}$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const directory = path.join(root, name);
    const found = lstatSync(directory, { throwIfNoEntry: false });
    const isOwn = process.getuid === undefined || found?.uid === process.getuid();
    if (found?.isDirectory() === true && isOwn) rmSync(directory, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
