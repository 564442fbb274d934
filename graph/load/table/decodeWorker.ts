/**
 * A thread that decodes typed files, as the others see it.
 */
import os from "node:os";
import { Worker } from "node:worker_threads";
import { SuperstepError, excerpt } from "../../../core/errors.ts";
import { threadArguments } from "../../../core/host/threadArguments.ts";
import { decodeError } from "../../../core/remoteError.ts";
import type { DecodeRequest, FileRequest, FromDecodeThread } from "./decodeThread.ts";
import { tableInputError } from "./tableInputError.ts";

const formatNames = { parquet: "Parquet", arrow: "Arrow" } as const;

/** A thread that ended, by what some file made it do. */
export class ThreadFailed extends Error {
  /** As an error of the file at hand. */
  asError({ source: { name }, format }: FileRequest): SuperstepError {
    const cause = this.cause as NodeJS.ErrnoException | undefined;
    if (cause?.code === "ERR_WORKER_OUT_OF_MEMORY") {
      const text = `${name}: the table takes more than a thread's memory; is the file damaged?`;
      return new SuperstepError("OUT_OF_MEMORY", text, { cause });
    }
    const got = excerpt(cause?.message ?? "one at which the decoder stops");
    return tableInputError(name, { expected: `a sound ${formatNames[format]} file`, got }, this);
  }
}

/** One thread; one request at a time. */
export class DecodeWorker {
  readonly #worker: Worker;
  #isBusy = false;

  /** Starts the thread; `onEnded` is called when it has ended. */
  constructor(onEnded: () => void) {
    this.#worker = startThread().once("exit", onEnded);
  }

  /**
   * The answer to a request. A thread that is busy after it must be ended.
   *
   * @throws ThreadFailed if the thread ends; SuperstepError what decoding throws, INVALID_INPUT if it does not get on.
   */
  ask<Answer>(request: FileRequest, stallMs: number): Promise<Answer> {
    const worker = this.#worker;
    let onEnd: () => void = () => {};
    const answer = new Promise<Answer>((resolve, reject) => {
      const onStall = (): void => {
        const got = `one whose decoding did not get on for ${stallMs / 1000} s`;
        const expected = `a sound ${formatNames[request.format]} file`;
        reject(tableInputError(request.source.name, { expected, got }));
      };
      let timer = setTimeout(onStall, stallMs);
      const onMessage = (message: FromDecodeThread): void => {
        clearTimeout(timer);
        if (message.type === "progress") timer = setTimeout(onStall, stallMs);
        else this.#isBusy = false;
        if (message.type === "answer") resolve(message.answer as Answer);
        if (message.type === "error") reject(decodeError(message.error));
      };
      const onError = (cause: Error): void =>
        reject(new ThreadFailed("thrown where the decoder waits for nobody", { cause }));
      const onExit = (): void => reject(new ThreadFailed("the thread ended"));
      worker.on("message", onMessage).on("error", onError).on("exit", onExit);
      onEnd = () => {
        clearTimeout(timer);
        worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      };
      this.#isBusy = true;
      worker.postMessage(request);
    });
    return answer.finally(onEnd);
  }

  /** The thread has not answered yet, and perhaps never will. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Ends the thread, whatever it does. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Lets go of the file at hand. Until `resume` the process does not wait for this thread. */
  rest(): void {
    this.#worker.postMessage({ type: "close" } satisfies DecodeRequest);
    this.#worker.unref();
  }

  /** Ends `rest`. */
  resume(): void {
    this.#worker.ref();
  }
}

const entry = new URL(`./decodeThread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

function startThread(): Worker {
  const execArgv = threadArguments(process.execArgv);
  const maxOldGenerationSizeMb = Math.max(64, Math.min(4096, Math.floor(os.totalmem() / 2 ** 21)));
  const options = { name: "superstep-decode", resourceLimits: { maxOldGenerationSizeMb } };
  const worker = new Worker(entry, execArgv === undefined ? options : { ...options, execArgv });
  return worker.on("error", () => {}); // also heard by whoever waits; an idle thread fails nobody
}
