import { SuperstepError } from "../../../core/errors.ts";
import { Decoder } from "../table/decoder.ts";
import type { FileRequest } from "../table/decodeThread.ts";

/**
 * Threads that decode parts of typed files side by side; started when there is work for them. Always
 * release it.
 */
export class DecoderPool {
  readonly #decoders: Decoder[] = [];
  readonly #numThreads: number;
  readonly #signal: AbortSignal | undefined;

  constructor(numThreads: number, signal: AbortSignal | undefined) {
    this.#numThreads = numThreads;
    this.#signal = signal;
  }

  /**
   * The answers to all requests, in their order. Once `onAnswer` returns false no further request is begun, and answers
   * that are not there then are missing at the end.
   *
   * @throws SuperstepError what the first request that fails throws; CANCELLED.
   */
  async askAll<Answer>(
    requests: readonly FileRequest[],
    onAnswer: (index: number, answer: Answer) => boolean = () => true,
  ): Promise<Answer[]> {
    const answers: Answer[] = [];
    const failures: unknown[] = [];
    let next = 0;
    let isStopped = false;
    const serve = async (decoder: Decoder): Promise<void> => {
      while (next < requests.length && !isStopped) {
        const index = next++;
        const request = requests[index]!;
        try {
          answers[index] = await decoder.ask<Answer>(request, undefined);
          if (!onAnswer(index, answers[index])) isStopped = true;
        } catch (error) {
          failures[index] = error;
          isStopped = true;
        }
      }
    };
    while (this.#decoders.length < Math.min(this.#numThreads, requests.length)) this.#decoders.push(new Decoder());
    await this.#unlessCancelled(Promise.all(this.#decoders.map(serve)));
    const failure = failures.find((error) => error !== undefined);
    if (failure !== undefined) throw failure;
    return answers;
  }

  /** Leaves the threads to others; ends those still at work. */
  async release(): Promise<void> {
    await Promise.all(this.#decoders.map((decoder) => decoder.release()));
  }

  async #unlessCancelled(work: Promise<unknown>): Promise<void> {
    const signal = this.#signal;
    if (signal === undefined) return void (await work);
    let onAbort: () => void = () => {};
    const cancelled = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(new SuperstepError("CANCELLED", "read: cancelled", { cause: signal.reason }));
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
    });
    work.catch(() => {}); // of no interest once cancelled
    try {
      await Promise.race([work, cancelled]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
