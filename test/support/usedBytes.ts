import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Context } from "../../core/context.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Collections in a row that give nothing back, after which there is nothing to give: finalizers run when they run. */
const idleCollections = 5;

/**
 * What the context's arena uses once the garbage is collected: what abandoned graphs held is given back by finalizers,
 * in turns of their own, and then what those held; until no more than `expected` is used, or several collections in a
 * row give nothing back.
 */
export async function usedAfterGarbage({ driver }: Context, expected = 0): Promise<number> {
  let used = driver.arena.usedBytes;
  for (let idle = 0; used > expected && idle < idleCollections;) {
    collectGarbage();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    idle = driver.arena.usedBytes === used ? idle + 1 : 0;
    used = driver.arena.usedBytes;
  }
  return used;
}
