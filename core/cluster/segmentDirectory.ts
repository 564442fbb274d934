/**
 * The directory through which the processes of one run on one machine bring bytes to each other: see `Segments`.
 */
import { rmSync } from "node:fs";
import { makeRunDirectory, removeLeftovers } from "../storage/diskStore.ts";

/** Where Linux keeps files in memory. */
const memory = "/dev/shm";

/**
 * Makes it, and removes those of runs that were killed; undefined where the machine has no files in memory, or none for
 * this user. It goes with this process, or by `remove` before.
 */
export function segmentDirectory(parent: string = memory): { path: string; remove: () => void } | undefined {
  try {
    removeLeftovers(parent);
    const path = makeRunDirectory(parent);
    const remove = (): void => {
      process.off("exit", remove);
      rmSync(path, { recursive: true, force: true });
    };
    process.on("exit", remove);
    return { path, remove };
  } catch {
    return undefined; // sockets remain
  }
}
