/**
 * The directory of one worker, in which each process that it starts has one of its own.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { excerpt, invalidArgument } from "../../errors.ts";

/** Private to this user, under a common root. */
export class WorkDirectory {
  readonly path: string;

  /**
   * Makes a directory under `root`, and removes those that workers of this machine left which have died.
   *
   * @throws SuperstepError INVALID_ARGUMENT if it cannot be made.
   */
  constructor(root: string) {
    try {
      mkdirSync(root, { recursive: true, mode: 0o700 });
      this.path = mkdtempSync(path.join(path.resolve(root), `worker-${process.pid}-`));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw invalidArgument("worker", "the work directory", `one that can be made (${code})`, root);
    }
    removeLeftOvers(root);
  }

  /** A new directory for a process. `name` is checked to be a plain name. */
  make(name: string): string {
    const directory = path.join(this.path, name);
    if (path.dirname(directory) !== this.path) throw invalidArgument("worker", "a name", "a plain one", excerpt(name));
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
    const pid = /^worker-(\d+)-[A-Za-z0-9]{6}$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(path.join(root, name), { recursive: true, force: true });
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
