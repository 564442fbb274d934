/**
 * Directories that users name.
 */
import { mkdirSync, statSync } from "node:fs";
import path from "node:path";

/**
 * Makes a directory, and those above it, unless they are there. Throws what the system says where that cannot be: Node's own
 * way tries for ever where a file system lets nobody make anything, such as /proc.
 */
export function makeDirectory(directory: string, mode: number = 0o777): void {
  const above = path.dirname(path.resolve(directory));
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && statSync(above, { throwIfNoEntry: false }) === undefined) {
      makeDirectory(above, mode);
      makeDirectory(directory, mode);
    } else if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
