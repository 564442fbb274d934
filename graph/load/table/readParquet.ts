/**
 * Tables from Parquet.
 */
import { stat } from "node:fs/promises";
import os from "node:os";
import { Worker } from "node:worker_threads";
import { SuperstepError, excerpt } from "../../../core/errors.ts";
import { threadArguments } from "../../../core/host/threadArguments.ts";
import { decodeError } from "../../../core/remoteError.ts";
import type { FromParquetThread } from "./parquetThread.ts";
import type { Table } from "./table.ts";
import { openToRead } from "./tableBytes.ts";
import { tableInputError } from "./tableInputError.ts";

/** Options of `readParquet`. */
export interface ReadParquetOptions {
  /**
   * Milliseconds without a column of a row group after which the file counts as damaged. Default: 20 s, and 2 s for each
   * MiB of the file, many times what a sound one takes.
   */
  readonly stallMs?: number;
}

/**
 * Reads a Parquet file, one row group at a time, in a thread of its own: a damaged one may make the decoder loop for
 * ever, or take all memory of its thread. Integers are exact; dates and times become ISO 8601 text.
 *
 * @throws SuperstepError INVALID_INPUT if the file is damaged, or a column is nested, repeated or of a type without a
 *   place in a table; OUT_OF_MEMORY if it holds more than memory does.
 */
export async function readParquet(file: string, options: ReadParquetOptions = {}): Promise<Table> {
  await (await openToRead(file)).close();
  const { size } = await stat(file);
  const stallMs = options.stallMs ?? 20_000 + 2_000 * Math.ceil(size / 2 ** 20);
  const used = takeIdle();
  const worker = used ?? startThread();
  try {
    const table = await decodedBy(worker, file, stallMs);
    keepIdle(worker);
    return table;
  } catch (error) {
    await worker.terminate();
    if (used !== undefined && error instanceof ThreadFailed) return await readParquet(file, options); // on a new thread
    throw error instanceof ThreadFailed ? error.asError(file) : error;
  }
}

/** A thread that ended, by what some file made it do: if it had read others before, perhaps not by this one. */
class ThreadFailed extends Error {
  asError(file: string): SuperstepError {
    const cause = this.cause as NodeJS.ErrnoException | undefined;
    if (cause?.code === "ERR_WORKER_OUT_OF_MEMORY") {
      const text = `${file}: the table takes more than a thread's memory; is the file damaged?`;
      return new SuperstepError("OUT_OF_MEMORY", text, { cause });
    }
    const got = excerpt(cause?.message ?? "one at which the decoder stops");
    return tableInputError(file, { expected: "a sound Parquet file", got }, this);
  }
}

function decodedBy(worker: Worker, file: string, stallMs: number): Promise<Table> {
  let onEnd: () => void = () => {};
  const table = new Promise<Table>((resolve, reject) => {
    const onStall = (): void => {
      const got = `one whose decoding did not get on for ${stallMs / 1000} s`;
      reject(tableInputError(file, { expected: "a sound Parquet file", got }));
    };
    let timer = setTimeout(onStall, stallMs);
    const onMessage = (message: FromParquetThread): void => {
      clearTimeout(timer);
      if (message.type === "progress") timer = setTimeout(onStall, stallMs);
      else if (message.type === "table") resolve(message.table);
      else reject(decodeError(message.error));
    };
    const onError = (cause: Error): void =>
      reject(new ThreadFailed("thrown where the decoder waits for nobody", { cause }));
    const onExit = (): void => reject(new ThreadFailed("the thread ended"));
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    onEnd = () => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    };
    worker.postMessage(file);
  });
  return table.finally(onEnd);
}

const entry = new URL(`./parquetThread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

function startThread(): Worker {
  const execArgv = threadArguments(process.execArgv);
  const maxOldGenerationSizeMb = Math.max(64, Math.min(4096, Math.floor(os.totalmem() / 2 ** 21)));
  const options = { name: "superstep-parquet", resourceLimits: { maxOldGenerationSizeMb } };
  const worker = new Worker(entry, execArgv === undefined ? options : { ...options, execArgv });
  worker.once("exit", () => {
    if (idle?.worker === worker) idle = undefined;
  });
  return worker.on("error", () => {}); // also heard by whoever waits; an idle thread fails nobody
}

/** A thread that has read a file to its end waits this long for another one, in milliseconds. */
const idleMs = 1000;
let idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout } | undefined;

function keepIdle(worker: Worker): void {
  if (idle !== undefined) {
    void worker.terminate();
    return;
  }
  worker.unref();
  const timer = setTimeout(() => void worker.terminate(), idleMs).unref();
  idle = { worker, timer };
}

function takeIdle(): Worker | undefined {
  const found = idle;
  if (found === undefined) return undefined;
  idle = undefined;
  clearTimeout(found.timer);
  found.worker.ref();
  return found.worker;
}
