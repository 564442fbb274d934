/**
 * Decodes typed files in another thread: a damaged one may make a decoder loop for ever, or take all memory of its
 * thread, and then that thread is ended.
 */
import { DecodeWorker, ThreadFailed } from "./decodeWorker.ts";
import type { FileRequest } from "./decodeThread.ts";

/** A thread to ask, one request at a time. Always release it. */
export class Decoder {
  #worker: DecodeWorker;
  /** Has answered before: if it fails, that may be by what an earlier file made it do. */
  #isUsed: boolean;

  constructor() {
    const worker = takeIdle();
    this.#isUsed = worker !== undefined;
    this.#worker = worker ?? startWorker();
  }

  /**
   * The answer to a request. `stallMs`: milliseconds without progress after which the file counts as damaged; default
   * 20 s, and 2 s for each MiB of the file, many times what a sound one takes.
   *
   * @throws SuperstepError what decoding throws; INVALID_INPUT if it does not get on; OUT_OF_MEMORY.
   */
  async ask<Answer>(request: FileRequest, stallMs: number | undefined): Promise<Answer> {
    const limitMs = stallMs ?? 20_000 + 2_000 * Math.ceil(request.source.size / 2 ** 20);
    try {
      const answer = await this.#worker.ask<Answer>(request, limitMs);
      this.#isUsed = true;
      return answer;
    } catch (error) {
      const wasUsed = this.#isUsed;
      this.#isUsed = true;
      if (!(error instanceof ThreadFailed)) throw error;
      if (!wasUsed) throw error.asError(request);
      await this.#worker.end();
      this.#worker = startWorker();
      this.#isUsed = false;
      return this.ask(request, stallMs);
    }
  }

  /** Leaves the thread to whoever needs one next; ends it if it is still at work. */
  async release(): Promise<void> {
    if (this.#worker.isBusy || idle.size >= mostIdle) await this.#worker.end();
    else keepIdle(this.#worker);
  }
}

/** A thread that is not needed waits this long for another file, in milliseconds. */
const idleMs = 1000;
const mostIdle = 4;
const idle = new Map<DecodeWorker, NodeJS.Timeout>();

function startWorker(): DecodeWorker {
  const worker: DecodeWorker = new DecodeWorker(() => idle.delete(worker));
  return worker;
}

function keepIdle(worker: DecodeWorker): void {
  worker.rest();
  const onIdle = (): void => {
    idle.delete(worker); // at once: nobody must take a thread that is about to end
    void worker.end();
  };
  idle.set(worker, setTimeout(onIdle, idleMs).unref());
}

function takeIdle(): DecodeWorker | undefined {
  const [found] = idle;
  if (found === undefined) return undefined;
  const [worker, timer] = found;
  idle.delete(worker);
  clearTimeout(timer);
  worker.resume();
  return worker;
}
