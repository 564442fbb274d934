import type { Context } from "../../core/context.ts";
import type { SuperstepEvent } from "../../core/schedule/events.ts";

type Superstep = Extract<SuperstepEvent, { readonly type: "superstep" }>;

/** Runs `run` and gives its result beside the supersteps that were reported meanwhile. */
export async function withSupersteps<R>(
  ctx: Context,
  run: () => Promise<R>,
): Promise<{ result: R; scanned: number[]; messages: number[]; active: number[] }> {
  const seen: Superstep[] = [];
  const stop = ctx.driver.events.subscribe((event) => {
    if (event.type === "superstep") seen.push(event);
  });
  try {
    const result = await run();
    return {
      result,
      scanned: seen.map(({ edgesScanned }) => edgesScanned!),
      messages: seen.map(({ messages }) => messages),
      active: seen.map(({ active }) => active),
    };
  } finally {
    stop();
  }
}
