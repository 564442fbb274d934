import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Context } from "../../core/context.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/**
 * What the context's arena uses once the garbage is collected: what abandoned graphs held is given back by finalizers,
 * at their own time, so it is asked for until it stays the same for five rounds.
 */
export async function usedAfterGarbage({ driver }: Context): Promise<number> {
  let used = driver.arena.usedBytes;
  for (let same = 0; same < 5; same++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (driver.arena.usedBytes !== used) same = -1;
    used = driver.arena.usedBytes;
  }
  return used;
}
