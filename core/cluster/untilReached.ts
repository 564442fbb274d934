/** Trying again: a peer that cannot be reached now may be so in a moment. */
import { hasCode } from "../errors.ts";
import type { Clock } from "../net/clock.ts";

const firstRetryMs = 50;
const maxRetryMs = 1000;

/** How long to try. */
export interface Patience {
  readonly clock: Clock;
  /** Milliseconds from the first time in vain in which it is begun again. */
  readonly patienceMs: number;
  /** True if nobody waits for it any more. */
  readonly isOver: () => boolean;
}

/** What `work` gives. While it rejects with UNREACHABLE it is tried again, until that is over; all else is passed on. */
export async function untilReached<R>(work: () => Promise<R>, { clock, patienceMs, isOver }: Patience): Promise<R> {
  let deadline: number | undefined;
  for (let retryMs = firstRetryMs; ; retryMs = Math.min(maxRetryMs, 2 * retryMs)) {
    try {
      return await work();
    } catch (error) {
      deadline ??= clock.now() + patienceMs;
      if (!hasCode(error, "UNREACHABLE") || isOver() || clock.now() + retryMs > deadline) throw error;
    }
    await new Promise<void>((resolve) => clock.after(retryMs, resolve));
  }
}
