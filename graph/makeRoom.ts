import { hasCode } from "../core/errors.ts";
import type { Driver } from "../core/cluster/driver.ts";

/**
 * What `make` gives. If the arena has no room for it, what graphs that nobody holds any more still take is given back,
 * and `make` runs once more: such graphs weigh little on the heap, so the garbage collector is in no hurry to find them.
 */
export async function makeRoom<T>(driver: Driver, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!hasCode(error, "OUT_OF_MEMORY") || !(await collectAbandoned(driver))) throw error;
    return make();
  }
}

/** Turns of the event loop in which nothing is given back, after which finalizers count as done. */
const quietTurns = 3;

/** True if that gave memory back. */
async function collectAbandoned(driver: Driver): Promise<boolean> {
  const { arena } = driver;
  const before = arena.usedBytes;
  driver.collectGarbage();
  for (let quiet = 0, used = before; quiet < quietTurns; quiet++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (arena.usedBytes < used) quiet = -1;
    used = arena.usedBytes;
  }
  return arena.usedBytes < before;
}
