import path from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll } from "vitest";
import type { ShippedFunction } from "../../../core/function/ship.ts";

/** What came back from the thread. */
export interface ThreadOutcome {
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly code?: string; readonly stack: string };
}

/** A thread for one test file: revives each function sent to it and calls it. */
export function useReviver(): (shipped: ShippedFunction, args: readonly unknown[]) => Promise<ThreadOutcome> {
  const threads: Worker[] = [];
  let nextId = 0;
  const waiting = new Map<number, (outcome: ThreadOutcome) => void>();
  beforeAll(() => {
    const thread = new Worker(path.join(path.dirname(fileURLToPath(import.meta.url)), "reviver.mjs"));
    threads.push(thread);
    thread.on("message", ({ id, ...outcome }: ThreadOutcome & { id: number }) => {
      waiting.get(id)!(outcome);
      waiting.delete(id);
    });
  });
  afterAll(async () => {
    await threads[0]?.terminate();
  });
  return (shipped, args) =>
    new Promise((resolve) => {
      const id = nextId++;
      waiting.set(id, resolve);
      threads[0]!.postMessage({ id, shipped, args });
    });
}
