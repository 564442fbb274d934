/**
 * Waiting for Ctrl-C.
 */

/** Resolves once `signal` aborts. Keeps the process alive until then. */
export function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const alive = setInterval(() => undefined, 2 ** 30);
    const onAbort = (): void => {
      clearInterval(alive);
      resolve();
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
