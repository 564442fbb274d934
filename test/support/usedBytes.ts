import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Context } from "../../core/context.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/**
 * What the context's arena uses once the garbage is collected: what abandoned graphs held is given back by finalizers,
 * in turns of their own, and then what those held; until a collection gives nothing back.
 */
export async function usedAfterGarbage({ driver }: Context): Promise<number> {
  for (;;) {
    const before = driver.arena.usedBytes;
    collectGarbage();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (driver.arena.usedBytes === before) return before;
  }
}
