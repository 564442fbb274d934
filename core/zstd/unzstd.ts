/**
 * Zstd, read to its last byte: several frames are one text, frames to be skipped are skipped; anything cut, damaged or
 * left over is an error, checksums included.
 */
import { Worker } from "node:worker_threads";
import { threadArguments } from "../host/threadArguments.ts";
import type { FromZstdThread, ZstdFault, ZstdRequest } from "./zstdThread.ts";

/** Compressed bytes. Plain data. */
export type ZstdSource =
  | { readonly kind: "file"; readonly path: string; readonly size: number }
  /** In shared memory. */
  | { readonly kind: "memory"; readonly segments: readonly Uint8Array[] };

/** A source that cannot be decompressed. */
export class ZstdError extends Error {
  readonly fault: ZstdFault;

  constructor(fault: ZstdFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Pieces of up to 128 KiB that the thread may be ahead. */
const maxPiecesAhead = 16;

/**
 * The text of a source, in pieces that belong to the caller. A thread of its own decompresses beside the consumer; it is
 * ended if the text is not read to its end. The last piece may come before the error that makes the text void: publish
 * nothing before the end.
 *
 * Memory: 2 MiB ahead of the consumer, and the window of the frame, at most 128 MiB.
 *
 * @throws ZstdError if the source is cut or damaged, needs a dictionary, or a larger window.
 */
export async function* unzstd(source: ZstdSource): AsyncGenerator<Uint8Array, void, undefined> {
  const worker = takeIdle() ?? startWorker();
  const messages: FromZstdThread[] = [];
  let failure: Error | undefined;
  let wake: () => void = () => {};
  const onMessage = (message: FromZstdThread): void => {
    messages.push(message);
    wake();
  };
  const onError = (error: Error): void => {
    failure ??= error;
    wake();
  };
  const onExit = (): void => onError(new Error("the thread that decompresses zstd ended"));
  worker.on("message", onMessage).on("error", onError).on("exit", onExit);
  const credits = new Int32Array(new SharedArrayBuffer(4)).fill(maxPiecesAhead);
  worker.postMessage({ source, credits } satisfies ZstdRequest);
  let isWhole = false;
  try {
    while (!isWhole) {
      const message = messages.shift();
      if (message === undefined) {
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => (wake = resolve));
      } else if (message.type === "piece") {
        yield message.bytes;
        Atomics.add(credits, 0, 1);
        Atomics.notify(credits, 0);
      } else if (message.type === "end") {
        isWhole = true;
      } else {
        throw new ZstdError(message.fault, message.message);
      }
    }
  } finally {
    worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    if (isWhole) keepIdle(worker);
    else await worker.terminate();
  }
}

/** A thread that has read a source to its end waits this long for another one, in milliseconds. */
const idleMs = 1000;
let idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout } | undefined;

function startWorker(): Worker {
  const entry = new URL(`./zstdThread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
  const execArgv = threadArguments(process.execArgv);
  const worker = new Worker(entry, execArgv === undefined ? { name: zstdName } : { name: zstdName, execArgv });
  worker.once("exit", () => {
    if (idle?.worker === worker) idle = undefined;
  });
  return worker.on("error", () => {}); // also heard by whoever waits; an idle thread fails nobody
}

const zstdName = "superstep-zstd";

function keepIdle(worker: Worker): void {
  if (idle !== undefined) {
    void worker.terminate();
    return;
  }
  worker.unref();
  const onIdle = (): void => {
    idle = undefined; // at once: nobody must take a thread that is about to end
    void worker.terminate();
  };
  idle = { worker, timer: setTimeout(onIdle, idleMs).unref() };
}

function takeIdle(): Worker | undefined {
  const found = idle;
  if (found === undefined) return undefined;
  idle = undefined;
  clearTimeout(found.timer);
  found.worker.ref();
  return found.worker;
}
