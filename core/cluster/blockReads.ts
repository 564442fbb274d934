/**
 * Reads blocks of other hosts, many at once: what is asked of a host in one turn, or while answers of it are under way, goes
 * together.
 */
import { SuperstepError } from "../errors.ts";
import type { BlockId } from "../host/task.ts";
import { readAnswer } from "./blockBatch.ts";

/** Asks a host for blocks: the answer as `answerBlocks` makes it. */
export type AskForBlocks = (host: number, ids: readonly BlockId[]) => Promise<Uint8Array>;

interface Read {
  readonly id: BlockId;
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  waiting: Read[];
  underWay: number;
}

/** Answers of one host under way at the same time, and blocks that are asked for in one. */
const maxUnderWay = 2;
const maxIds = 512;

export class BlockReads {
  readonly #ask: AskForBlocks;
  readonly #queues: Map<number, Queue> = new Map();

  constructor(ask: AskForBlocks) {
    this.#ask = ask;
  }

  /**
   * The bytes of a block, in a shared buffer of its own; undefined if the host does not have it.
   *
   * @throws SuperstepError BLOCK_CORRUPT if it was damaged; or what asking for it throws.
   */
  read(host: number, id: BlockId): Promise<Uint8Array | undefined> {
    let queue = this.#queues.get(host);
    if (queue === undefined) this.#queues.set(host, (queue = { waiting: [], underWay: 0 }));
    const { waiting } = queue;
    return new Promise((resolve, reject) => {
      waiting.push({ id, resolve, reject });
      if (waiting.length === 1) queueMicrotask(() => this.#next(host, queue));
    });
  }

  #next(host: number, queue: Queue): void {
    while (queue.underWay < maxUnderWay && queue.waiting.length > 0) {
      queue.underWay++;
      const reads = queue.waiting.splice(0, maxIds);
      void this.#readAll(host, queue, reads).finally(() => {
        queue.underWay--;
        this.#next(host, queue);
        if (queue.underWay === 0 && this.#queues.get(host) === queue) this.#queues.delete(host);
      });
    }
  }

  async #readAll(host: number, queue: Queue, reads: readonly Read[]): Promise<void> {
    try {
      const ids = reads.map(({ id }) => id);
      const answers = readAnswer(await this.#ask(host, ids), reads.length);
      for (const [index, read] of reads.entries()) {
        const answer = answers[index]!;
        if (answer === "later") queue.waiting.push(read);
        else if (answer !== "damaged") read.resolve(answer.bytes);
        else read.reject(new SuperstepError("BLOCK_CORRUPT", `a block of host ${host} was damaged there`));
      }
    } catch (error) {
      for (const read of reads) read.reject(error);
    }
  }
}
